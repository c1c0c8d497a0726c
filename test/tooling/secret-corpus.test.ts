import { describe, expect, it } from 'vitest';

import { parseSecretCorpus, reportSecretCorpus } from '../../scripts/secret-corpus.ts';
import { made } from '../support/secret-samples.ts';

const TOKEN = `ghp_${made(36)}`;

function row(text: string, secrets: readonly string[]): string {
  const places = secrets.map((secret) => [text.indexOf(secret), text.indexOf(secret) + secret.length]);
  return JSON.stringify({ source: 'owner/repository', kind: 'github', text, secrets: places, commit: 'c0ffee' });
}

describe('parseSecretCorpus()', () => {
  it('reads a labelled text a line, and takes no notice of what it does not know', () => {
    const [text] = parseSecretCorpus(`${row(`a ${TOKEN}`, [TOKEN])}\n\n`);

    expect(text?.secrets).toEqual([{ start: 2, end: 42 }]);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a member missing', '{"source":"a","text":"b","secrets":[]}'],
    ['a place outside the text', '{"source":"a","kind":"b","text":"c","secrets":[[0,2]]}'],
    ['a place that is none', '{"source":"a","kind":"b","text":"c","secrets":[1]}'],
  ])('refuses %s, and says in which line', (_, line) => {
    expect(() => parseSecretCorpus(`\n${line}\n`)).toThrow(/^Line 2 /);
  });
});

describe('reportSecretCorpus()', () => {
  it('counts a secret as taken out where none of it is left', async () => {
    const corpus = parseSecretCorpus(
      [row(`a ${TOKEN}`, [TOKEN]), row(`a ${TOKEN} b`, [`${TOKEN} b`]), row('nothing', []), row(TOKEN, [])].join('\n'),
    );

    const report = await reportSecretCorpus(corpus, { isVerbose: false });

    expect(report).toContain('| owner/repository | captured | 2 | 1 | 50.0 % | 2 | 1 | 50.0 % |');
    expect(report).toContain('| **all** | published | 2 | 1 | 50.0 % | 2 | 1 | 50.0 % |');
    expect(report).toContain('captured, missed: github 1 of 2.');
    expect(report).not.toContain(TOKEN);
  });
});
