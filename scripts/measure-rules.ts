// Measures the rules that take secrets out of captures, and writes docs/secret-rules.md: recall on tokens that are made here from their
// issuers' published forms, standing as they stand in terminals and files; mistakes on text that holds none. `npm run rules`. With
// `-- --corpus FILE` it measures a corpus that others labelled instead, and prints what it found (secret-corpus.ts says the form).

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { findSecrets } from '../src/shared/secrets/redact-text.ts';
import { parseSecretCorpus, reportSecretCorpus } from './secret-corpus.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORT = join(ROOT, 'docs/secret-rules.md');
/** From here on the report is kept as it is: what was measured there needs files that are not the project's. */
const KEPT_FROM = '\n## ';
const RUNS_PER_FORM = 100;
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const DIGITS = '0123456789';
const WORD = UPPER + LOWER + DIGITS;
const HEX = `${DIGITS}abcdef`;
const URL_SAFE = `${WORD}-_`;

/** Draws from a fixed seed: the same table each time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = createRandom(20_261_120);
const draw = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[random(alphabet.length)] ?? '').join('');

/** What the issuers say their tokens look like; some of these no rule of ours knows by its form. */
const FORMS: Readonly<Record<string, () => string>> = {
  'AWS access key id': () => `AKIA${draw(`${UPPER}234567`, 16)}`,
  'GitHub personal token': () => `ghp_${draw(WORD, 36)}`,
  'GitHub fine-grained token': () => `github_pat_${draw(WORD, 22)}_${draw(WORD, 59)}`,
  'GitLab personal token': () => `glpat-${draw(URL_SAFE, 20)}`,
  'Slack bot token': () => `xoxb-${draw(DIGITS, 12)}-${draw(DIGITS, 13)}-${draw(WORD, 24)}`,
  'Google API key': () => `AIza${draw(URL_SAFE, 35)}`,
  'Stripe live key': () => `sk_live_${draw(WORD, 24)}`,
  'npm token': () => `npm_${draw(WORD, 36)}`,
  'PyPI token': () => `pypi-AgEIcHlwaS5vcmc${draw(URL_SAFE, 150)}`,
  'OpenAI project key': () => `sk-proj-${draw(URL_SAFE, 120)}`,
  'Anthropic key': () => `sk-ant-api03-${draw(URL_SAFE, 93)}AA`,
  'Hugging Face token': () => `hf_${draw(UPPER + LOWER, 34)}`,
  'SendGrid key': () => `SG.${draw(URL_SAFE, 22)}.${draw(URL_SAFE, 43)}`,
  'DigitalOcean token': () => `dop_v1_${draw(HEX, 64)}`,
  'HashiCorp Vault token': () => `hvs.${draw(URL_SAFE, 90)}`,
  'age secret key': () => `AGE-SECRET-KEY-1${draw('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`,
  'JSON web token': () => `eyJhbGciOiJIUzI1NiJ9.eyJ${draw(URL_SAFE, 60)}.${draw(URL_SAFE, 43)}`,
  'Telegram bot token': () => `${draw(DIGITS, 10)}:AA${draw(URL_SAFE, 33)}`,
  'Twilio key': () => `SK${draw(HEX, 32)}`,
  'Mailgun key': () => `key-${draw(HEX, 32)}`,
  'AWS secret key, without its name': () => draw(`${WORD}+/`, 40),
  'Azure storage key, without its name': () => `${draw(`${WORD}+/`, 86)}==`,
};

/** How tokens stand in what is captured. */
const PLACES: readonly ((token: string) => string)[] = [
  (token) => token,
  (token) => `the token is ${token}, keep it`,
  (token) => `\u001b[32m${token}\u001b[0m`,
  (token) => `curl -d '{"value":"${token}"}' https://api.example/v1`,
];
/** The same, named: what names them is a rule of its own. */
const NAMED_PLACES: readonly ((token: string) => string)[] = [
  (token) => `export API_TOKEN=${token}`,
  (token) => `Authorization: Bearer ${token}`,
  (token) => `  "client_secret": "${token}",`,
  (token) => `deploy --token ${token} --yes`,
];

function isGone(line: string, token: string): boolean {
  const spans = findSecrets(line);
  const start = line.indexOf(token);
  return spans.some((span) => span.start <= start && span.end >= start + token.length);
}

function recall(form: () => string, places: readonly ((token: string) => string)[]): number {
  let found = 0;
  for (let run = 0; run < RUNS_PER_FORM; run += 1) {
    const token = form();
    const place = places[run % places.length];
    if (place !== undefined && isGone(place(token), token)) found += 1;
  }
  return found / RUNS_PER_FORM;
}

interface PlainText {
  readonly name: string;
  readonly lines: number;
  readonly mistaken: number;
}

function measurePlain(name: string, folder: string, endings: RegExp): PlainText {
  const lines = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => endings.test(file))
    .slice(0, 400)
    .flatMap((file) => readFileSync(join(ROOT, folder, file), 'utf8').split('\n'));
  return { name, lines: lines.length, mistaken: lines.filter((line) => findSecrets(line).length > 0).length };
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { corpus: { type: 'string' }, verbose: { type: 'boolean', default: false } },
  });
  if (values.corpus === undefined) writeReport();
  else
    process.stdout.write(
      await reportSecretCorpus(parseSecretCorpus(readFileSync(values.corpus, 'utf8')), { isVerbose: values.verbose }),
    );
}

function writeReport(): void {
  const forms = Object.entries(FORMS).map(([name, form]) => ({
    name,
    bare: recall(form, PLACES),
    named: recall(form, NAMED_PLACES),
  }));
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8').split('\n');
  const plain: PlainText[] = [
    measurePlain("Cairn's own sources", 'src', /\.tsx?$/),
    measurePlain("Cairn's own documents", 'docs', /\.md$/),
    measurePlain('sources of React, bundled', 'node_modules/react-dom/cjs', /development\.js$/),
    measurePlain('sources of the database driver', 'node_modules/better-sqlite3', /\.(?:js|md|json)$/),
    {
      name: 'package-lock.json, full of checksums',
      lines: lock.length,
      mistaken: lock.filter((line) => findSecrets(line).length > 0).length,
    },
  ];
  const mean = (pick: (form: (typeof forms)[number]) => number): number =>
    forms.reduce((sum, form) => sum + pick(form), 0) / forms.length;
  const mistaken = plain.reduce((sum, text) => sum + text.mistaken, 0);
  const lines = plain.reduce((sum, text) => sum + text.lines, 0);
  const text = `# How well the rules find secrets

Written by \`npm run rules\`. Taking secrets out of captures is best effort: the vault's encryption is the protection (T13 in
[threat-model.md](threat-model.md)). Tokens are made from the forms that their issuers publish, ${RUNS_PER_FORM} of each, from a fixed seed; one is
found where no letter of it is left. *By form*: it stands alone, in prose, between colours, in a command's data. *Named*: behind
\`API_TOKEN=\`, \`Authorization: Bearer\`, \`"client_secret":\`, \`--token\`. What has no form of its own is found by its name or not at all. A second
corpus, of whole lines as they stand in terminals, is a test that lets nothing pass (test/core/capture/rules/redaction-corpus.ts).
What others labelled is measured apart, below.

| token | by form | named |
| --- | ---: | ---: |
${forms.map(({ name, bare, named }) => `| ${name} | ${percent(bare)} | ${percent(named)} |`).join('\n')}
| **all, each form alike** | **${percent(mean(({ bare }) => bare))}** | **${percent(mean(({ named }) => named))}** |

Text in which nothing is secret, and lines of it in which a rule saw something:

| text | lines | mistaken |
| --- | ---: | ---: |
${plain.map(({ name, lines: count, mistaken: wrong }) => `| ${name} | ${count} | ${wrong} |`).join('\n')}
| **all** | **${lines}** | **${mistaken} (${((mistaken / lines) * 1_000).toFixed(2)} in a thousand)** |
`;
  const before = readFileSync(REPORT, 'utf8');
  const kept = before.includes(KEPT_FROM) ? before.slice(before.indexOf(KEPT_FROM)) : '';
  writeFileSync(REPORT, `${text}${kept}`);
  process.stdout.write(text);
}

await main();
