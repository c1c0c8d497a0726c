// Measures the rules that take out secrets on a corpus that others labelled, given as a file: `npm run rules -- --corpus FILE`. The file is
// JSON Lines, one labelled text a line, and stays outside the project, since such texts are others' work:
//   {"source": "owner/repository", "kind": "github", "text": "export T=ghp_…", "secrets": [[9, 49]]}
// `secrets` are the places of the secrets in the text, [start, end) in UTF-16 units; empty where its source says that the text holds none.
// `kind` groups what is missed. Further members (the commit and path a text is from) are for the reader and not looked at.

import { createSecretlintScanner } from '../src/scanner/secretlint-scanner.ts';
import { findOwnSecrets, findScannedSecrets } from '../src/shared/secrets/published-secrets.ts';
import { findSecrets } from '../src/shared/secrets/redact-text.ts';
import type { SecretSpan } from '../src/shared/secrets/secret-rule.ts';
import { AWS_KEY_RULE } from '../src/shared/secrets/strict-rules.ts';

export interface LabelledText {
  readonly source: string;
  readonly kind: string;
  readonly text: string;
  readonly secrets: readonly SecretSpan[];
}

/** The corpus. @throws Error that names the line which is not of the form above */
export function parseSecretCorpus(lines: string): LabelledText[] {
  return lines.split('\n').flatMap((line, number) => (line.trim() === '' ? [] : [parseLine(line, number + 1)]));
}

interface Outcome {
  readonly secrets: number;
  readonly found: number;
  readonly plain: number;
  readonly mistaken: readonly string[];
  /** By kind: how many secrets there are, and how many of them are still there. */
  readonly kinds: ReadonlyMap<string, { readonly secrets: number; readonly missed: number }>;
}

type FindSpans = (text: string) => Promise<readonly SecretSpan[]>;

/** What is taken out of captures, and out of what is published. */
const MODES: Readonly<Record<string, FindSpans>> = {
  captured: async (text) => findSecrets(text),
  published: findPublished,
};

/** The report as Markdown; the texts that were mistaken for secret ones are named only where `isVerbose`. */
export async function reportSecretCorpus(
  corpus: readonly LabelledText[],
  { isVerbose }: { readonly isVerbose: boolean },
): Promise<string> {
  const parts = [
    '| source | rules | secrets | taken out whole | recall | texts without | mistaken | precision |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  const missed: string[] = [];
  const sources = [...new Set(corpus.map(({ source }) => source))];
  for (const source of [...sources, null]) {
    for (const [mode, find] of Object.entries(MODES)) {
      const rows = source === null ? corpus : corpus.filter((row) => row.source === source);
      const outcome = await measure(rows, find);
      parts.push(tableRow(source ?? '**all**', mode, outcome));
      if (source === null) continue;
      missed.push(`${source}, ${mode}, missed: ${missedKinds(outcome)}.`);
      if (isVerbose) missed.push(...outcome.mistaken.map((text) => `mistaken: ${JSON.stringify(text)}`));
    }
  }
  return `${[...parts, '', ...missed].join('\n')}\n`;
}

async function measure(corpus: readonly LabelledText[], find: FindSpans): Promise<Outcome> {
  const kinds = new Map<string, { secrets: number; missed: number }>();
  const mistaken: string[] = [];
  let secrets = 0;
  let missed = 0;
  let plain = 0;
  for (const { text, kind, secrets: labelled } of corpus) {
    const spans = await find(text);
    if (labelled.length === 0) {
      plain += 1;
      if (spans.length > 0) mistaken.push(text);
    }
    const left = labelled.filter((secret) => !isCovered(secret, spans)).length;
    const known = kinds.get(kind) ?? { secrets: 0, missed: 0 };
    kinds.set(kind, { secrets: known.secrets + labelled.length, missed: known.missed + left });
    secrets += labelled.length;
    missed += left;
  }
  return { secrets, found: secrets - missed, plain, mistaken, kinds };
}

/** True where no letter of the secret is left. */
function isCovered(secret: SecretSpan, spans: readonly SecretSpan[]): boolean {
  for (let at = secret.start; at < secret.end; at += 1)
    if (!spans.some(({ start, end }) => start <= at && at < end)) return false;
  return true;
}

async function findPublished(text: string): Promise<readonly SecretSpan[]> {
  const hasAwsKey = findOwnSecrets(text, false).some(({ rule }) => rule === AWS_KEY_RULE);
  return [...findOwnSecrets(text, hasAwsKey), ...(await findScannedSecrets(text, scanner))];
}

function tableRow(source: string, mode: string, { secrets, found, plain, mistaken }: Outcome): string {
  const wrong = mistaken.length;
  const numbers = [secrets, found, percent(found, secrets), plain, wrong, percent(found, found + wrong)];
  return `| ${source} | ${mode} | ${numbers.join(' | ')} |`;
}

function missedKinds({ kinds }: Outcome): string {
  const lines = [...kinds]
    .filter(([, { missed }]) => missed > 0)
    .toSorted(([, one], [, two]) => two.missed - one.missed);
  return lines.map(([kind, { secrets, missed }]) => `${kind} ${missed} of ${secrets}`).join(', ') || 'nothing';
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`;
}

function parseLine(line: string, number: number): LabelledText {
  const row = parseObject(line);
  const { source, kind, text, secrets } = row ?? {};
  if (typeof source !== 'string' || typeof kind !== 'string' || typeof text !== 'string' || !Array.isArray(secrets))
    throw new Error(`Line ${number} of the corpus is not a labelled text.`);
  return { source, kind, text, secrets: secrets.map((place: unknown) => parsePlace(place, text, number)) };
}

function parsePlace(place: unknown, text: string, number: number): SecretSpan {
  const [start, end]: readonly unknown[] = Array.isArray(place) ? place : [];
  if (typeof start !== 'number' || typeof end !== 'number' || !(start >= 0 && start < end && end <= text.length))
    throw new Error(`Line ${number} of the corpus has a secret that is not in its text.`);
  return { start, end };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null; // members are looked at one by one
  } catch {
    return null;
  }
}

const scanner = createSecretlintScanner();
