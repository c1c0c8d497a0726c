import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSecretlintScanner } from '../../../src/scanner/secretlint-scanner.ts';
import type { JsonValue } from '../../../src/shared/model/json.ts';
import { redactText } from '../../../src/shared/secrets/redact-text.ts';
import { redactDocument } from '../../../src/shared/secrets/redact-document.ts';
import type { SecretScanner } from '../../../src/shared/secrets/secret-scanner.ts';
import { PLAIN_LINES, SECRET_LINES } from '../../core/capture/rules/redaction-corpus.ts';
import { made, SECRET_SAMPLES } from '../../support/secret-samples.ts';

const scanner = createSecretlintScanner();
const NO_SCANNER: SecretScanner = { find: async () => [] };
const GITHUB = `ghp_${made(36)}`;

async function redact(document: JsonValue): Promise<string> {
  return JSON.stringify((await redactDocument(document, { scanner })).document);
}

describe('redactDocument()', () => {
  it.each(Object.entries(SECRET_SAMPLES))('[S21] takes out: %s', async (_, { text, secret }) => {
    const { document, secrets, placeholders } = await redactDocument({ messages: [{ content: text }] }, { scanner });
    const [message] = document.messages;

    expect(message?.content).not.toContain(secret);
    expect(message?.content).toMatch(/\[REDACTED:[a-z0-9-]+:[0-9]+\]/);
    expect(secrets.length).toBeGreaterThan(0);
    expect(placeholders).toBeGreaterThan(0);
  });

  it.each(['', '…', '...'])(
    '[S21] takes out the beginning of a secret where a title was cut, ended by "%s"',
    async (dots) => {
      const summary = `Why is ${GITHUB.slice(0, 25)}${dots}`;
      const messages = [{ content: `Why is ${GITHUB} refused?` }];
      const { document, secrets } = await redactDocument({ summary, messages }, { scanner });

      expect(document.summary).toBe(`Why is [REDACTED:github-token:1]${dots}`);
      expect(secrets).toHaveLength(1);
      expect(secrets[0]?.places).toHaveLength(2);
    },
  );

  it.each([
    ['in JSON', (value: string) => `{"refresh_token": "${value}", "kind": "offline"}`],
    ['assigned', (value: string) => `REFRESH_TOKEN=${value} next`],
    ['of a colon', (value: string) => `refresh_token: ${value}\nnext: 1`],
    ['of a flag', (value: string) => `login --token ${value} now`],
  ])('[S21] takes out the whole of a very long value %s', async (_, line) => {
    const value = made(1_400);
    const redacted = await redact(line(value));

    expect(redacted).not.toContain(value.slice(-300));
    expect(redacted.length).toBeLessThan(120);
    expect(redactText(line(value))).not.toContain(value.slice(-300));
  });

  it('[S21] takes out all that captures know too', async () => {
    for (const { line, secrets } of Object.values(SECRET_LINES).flat()) {
      const redacted = await redact(line);
      for (const secret of secrets) expect(redacted).not.toContain(secret);
    }
  });

  it('says how much plain text it takes for a secret', async () => {
    const mistaken: string[] = [];
    for (const line of PLAIN_LINES) if ((await redact(line)) !== JSON.stringify(line)) mistaken.push(line);

    process.stdout.write(`redaction for publishing: ${mistaken.length} of ${PLAIN_LINES.length} plain lines touched\n`);
    expect(mistaken.length).toBeLessThanOrEqual(PLAIN_LINES.length / 4);
  });

  it('[S21] gives the same secret the same number, and counts both', async () => {
    const result = await redactDocument(
      { summary: `a ${GITHUB}`, messages: [`npm_${made(36)} and ${GITHUB}`, `again ${GITHUB}`] },
      { scanner },
    );

    expect(result.document).toEqual({
      summary: 'a [REDACTED:github-token:1]',
      messages: ['[REDACTED:npm-token:2] and [REDACTED:github-token:1]', 'again [REDACTED:github-token:1]'],
    });
    expect(result.secrets.map(({ rule, number, places }) => ({ rule, number, places }))).toEqual([
      { rule: 'github-token', number: 1, places: [['summary'], ['messages', 0], ['messages', 1]] },
      { rule: 'npm-token', number: 2, places: [['messages', 0]] },
    ]);
    expect(result.places).toBe(4);
    expect(result.placeholders).toBe(4);
  });

  it('goes on counting behind what the device has replaced, and leaves that as it is', async () => {
    const before = { text: `x [REDACTED:github-token:7] DB_PASSWORD=[REDACTED:assignment:3] npm_${made(36)}` };

    const result = await redactDocument(before, { scanner });

    expect(result.document.text).toBe(
      'x [REDACTED:github-token:7] DB_PASSWORD=[REDACTED:assignment:3] [REDACTED:npm-token:8]',
    );
    expect({ secrets: result.secrets.length, placeholders: result.placeholders }).toEqual({
      secrets: 1,
      placeholders: 3,
    });
  });

  it('calls a secret by its form, whatever name stands before it', async () => {
    expect(await redact(`GH_TOKEN=${GITHUB}`)).toBe('"GH_TOKEN=[REDACTED:github-token:1]"');
  });

  it('finds a value everywhere once it is known anywhere', async () => {
    const value = `${made(9)}-${made(9)}`;

    expect(await redact({ metadata: { env: `DB_PASSWORD=${value}` }, messages: [`what is ${value}?`] })).not.toContain(
      value,
    );
  });

  it('looks into names of members, values whose name says it, and arguments', async () => {
    const document = {
      [`k ${GITHUB}`]: 1,
      auth: { password: 'only the name says it', tokens: 3 },
      argv: ['mysql', '-phunter2', 'app'],
      command: ['deploy', '--token', 'abc.def.7'],
    };

    expect(JSON.parse(await redact(document))).toEqual({
      'k [REDACTED:github-token:1]': 1,
      auth: { password: '[REDACTED:assignment:2]', tokens: 3 },
      argv: ['mysql', '-p[REDACTED:flag:3]', 'app'],
      command: ['deploy', '--token', '[REDACTED:flag:4]'],
    });
  });

  it('an AWS secret without a name goes wherever its id stands in the session, and a hash stays', async () => {
    const id = `AKIA${made(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;
    const secret = made(40);
    const hash = made(40, 'abcdef0123456789');

    expect(await redact([`${secret} ${hash}`])).toContain(secret);
    const redacted = await redact([`first ${id}`, `later ${secret} ${hash}`]);
    expect(redacted).not.toContain(secret);
    expect(redacted).toContain(hash);
  });

  it('is done after one pass: a second one changes nothing', async () => {
    for (const { text } of Object.values(SECRET_SAMPLES)) {
      const once = await redact(text);
      expect(await redact(JSON.parse(once) as JsonValue)).toBe(once);
    }
  });

  it('[S20] gives nothing where the scanner fails, or finds without end', async () => {
    const failing: SecretScanner = { find: () => Promise.reject(new Error('scanner down')) };
    const endless: SecretScanner = {
      find: async (text) => [{ rule: 'x', start: text.trimEnd().length - 4, end: text.trimEnd().length }],
    };

    await expect(redactDocument({ a: 'some text here' }, { scanner: failing })).rejects.toThrow('scanner down');
    await expect(
      redactDocument({ a: 'some text here that is long enough for many rounds of it' }, { scanner: endless }),
    ).rejects.toMatchObject({
      code: 'PUBLISH_REDACTION_FAILED',
    });
  });

  it('keeps documents without secrets as they are, whatever their texts', async () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', 'é', '字', '🙂', '1', '.'), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ summary: words, messages: fc.array(fc.record({ content: words })), n: fc.integer() }),
        async (document) => {
          expect((await redactDocument(document, { scanner })).document).toEqual(document);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes a secret out wherever it stands and however it is wrapped', async () => {
    const wraps = [
      (text: string) => text,
      (text: string) => JSON.stringify({ v: text }),
      (text: string) => JSON.stringify(JSON.stringify([text])),
      (text: string) => encodeURIComponent(`x=${text} y`),
      (text: string) => Buffer.from(`a: ${text}\n`).toString('base64'),
      (text: string) => `\u001b[1m${text}\u001b[0m`,
    ];
    const around = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', '(', '🙂', '='), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(around, around, fc.constantFrom(...wraps), async (before, after, wrap) => {
        const redacted = await redact({ messages: [`${before} ${wrap(GITHUB)} ${after}`] });
        expect(redacted).not.toContain(GITHUB);
        expect(redacted).toContain('[REDACTED:');
      }),
      { numRuns: 60 },
    );
  });

  it('ends on hostile text of 100 kB', async () => {
    const size = 100_000;
    const hostile = [
      'a'.repeat(size),
      '-----BEGIN '.repeat(size / 11),
      '-----BEGIN PRIVATE KEY-----\n'.repeat(size / 28),
      '\\'.repeat(size),
      '\\"password\\": \\"'.repeat(size / 16),
      'password: '.repeat(size / 10),
      'eyJ.'.repeat(size / 4),
      '%25'.repeat(size / 3),
      '&amp;'.repeat(size / 5),
      'A'.repeat(size / 2) + '\nAAAA'.repeat(size / 10),
      'https://u:'.repeat(size / 10),
      'postgres://a:b'.repeat(size / 14),
      'AKIA'.repeat(size / 4),
      'Cookie: a=b '.repeat(size / 12),
      'sk-'.repeat(size / 3),
      '[REDACTED:a:1]'.repeat(size / 14),
    ];
    // Text that makes a rule go back again and again would take longer than the test may.
    for (const text of hostile) {
      const { document } = await redactDocument({ text }, { scanner });
      expect(document.text.length).toBeGreaterThan(0);
    }
  }, 120_000);

  it('needs no scanner for its own rules', async () => {
    const result = await redactDocument({ text: GITHUB }, { scanner: NO_SCANNER });
    expect(result.document.text).toBe('[REDACTED:github-token:1]');
  });
});
