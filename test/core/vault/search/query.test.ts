import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { foldText } from '../../../../src/core/vault/search/fold.ts';
import { matchText, parseQuery } from '../../../../src/core/vault/search/query.ts';
import { isBinary, readPieces } from '../../../../src/core/vault/search/searchable-text.ts';
import { TermCollector } from '../../../../src/core/vault/search/terms.ts';

/** The hit as it stands in the text, or null. */
function found(query: string, text: string): string | null {
  const [match] = matchText(parseQuery(query), text, { isRecord: false, limit: 1 });
  return match === undefined ? null : text.slice(match.from, match.to);
}

function termsOf(text: string): Set<number> {
  const collector = new TermCollector();
  collector.begin();
  collector.collect(text);
  return new Set(collector.terms);
}

describe('matchText()', () => {
  it.each([
    ['a word whatever its case', 'ERROR', 'an Error here', 'Error'],
    ['the beginning of a word', 'migr', 'run the migration', 'migr'],
    ['a part in camel case', 'name', 'getUserName()', 'Name'],
    ['parts together, from one on', 'username', 'getUserName()', 'UserName'],
    ['a part after capitals', 'server', 'HTTPServer', 'Server'],
    ['a part in snake case', 'token', 'api_token_id', 'token'],
    ['a name with its signs', 'api_token', 'the api_token_id', 'api_token'],
    ['a path', 'core/app.ts', 'see src/core/app.ts:12', 'core/app.ts'],
    ['diacritics by plain letters', 'cafe', 'Un Café', 'Café'],
    ['plain letters by diacritics', 'Café', 'un cafe', 'cafe'],
    ['letters that are written in two', 'cafe', 'un cafe\u0301 noir', 'cafe\u0301'],
    ['Chinese in the middle of a run', '数据', '删除数据库', '数据'],
    ['one character of Japanese', '猫', '黒猫', '猫'],
    ['signs alone', '=>', 'x => y', '=>'],
    ['a short word as a whole', 'go', 'let it go now', 'go'],
    ['a phrase', '"fix login"', 'we fix login now', 'fix login'],
    ['words that stand apart', 'login fix', 'fix the login', 'login'],
  ])('finds %s', (_, query, text, hit) => {
    expect(found(query, text)).toBe(hit);
  });

  it.each([
    ['the middle of a word', 'gration', 'migration'],
    ['a short word that goes on', 'go', 'google'],
    ['a phrase that goes on', '"fix log"', 'fix login'],
    ['words on different lines', 'fix login', 'fix\nlogin'],
    ['one word of two', 'fix login', 'fix it'],
  ])('does not find %s', (_, query, text) => {
    expect(found(query, text)).toBeNull();
  });

  it('finds anything anywhere where it is asked to', () => {
    expect(matchText(parseQuery('gratio', true), 'migration', { isRecord: false, limit: 1 })).toMatchObject([
      { from: 2, to: 8 },
    ]);
  });

  it('prefers words that are whole and stand together', () => {
    const score = (text: string): number =>
      matchText(parseQuery('log in'), text, { isRecord: false, limit: 1 })[0]?.score ?? 0;
    expect(score('please log in here')).toBeGreaterThan(score('in the log'));
    expect(score('in the log')).toBeGreaterThan(score('in the logger'));
  });

  it('gives each line once, at most so many', () => {
    const matches = matchText(parseQuery('a1x'), 'a1x a1x\nno\na1x\na1x', { isRecord: false, limit: 2 });
    expect(matches.map(({ start, end }) => [start, end])).toEqual([
      [0, 7],
      [11, 14],
    ]);
  });

  const words = fc.stringMatching(/^[a-zA-Z0-9_./é数-]{1,12}$/);

  it('[V22] matches only where the index has every term it looks up', () => {
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.nat(12),
        fc.nat(12),
        fc.boolean(),
        (parts, at, from, length, isQuoted) => {
          const text = parts.join(' ');
          const start = at % text.length;
          const piece = text.slice(start, start + 1 + from + length).trim();
          const query = parseQuery(isQuoted ? `"${piece}"` : piece);
          if (matchText(query, text, { isRecord: false, limit: 1 }).length === 0) return;
          const terms = termsOf(text);
          expect(query.terms.filter((term) => !terms.has(term))).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('[V22] the same for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(), fc.nat(20), (text, at, length) => {
        const start = text.length === 0 ? 0 : at % text.length;
        const query = parseQuery(text.slice(start, start + length).replaceAll('"', ''));
        if (matchText(query, text, { isRecord: true, limit: 1 }).length === 0) return;
        const terms = termsOf(text);
        expect(query.terms.filter((term) => !terms.has(term))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('foldText()', () => {
  it('says where each character stands in the original', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: folded, positions } = foldText(text);
        if (positions === null) expect(folded).toHaveLength(text.length);
        else {
          expect(positions).toHaveLength(folded.length + 1);
          expect([...positions].every((at, index) => index === 0 || at > (positions[index - 1] ?? 0))).toBe(true);
        }
      }),
    );
  });
});

describe('readPieces()', () => {
  it('gives the texts of a record, without what ties records together and without encoded bytes', () => {
    const record = {
      type: 'user',
      uuid: 'not-looked-for',
      message: { content: [{ type: 'text', text: 'hello there' }, { data: 'A'.repeat(400) }] },
    };
    const [piece] = readPieces(Buffer.from(`${JSON.stringify(record)}\n`), true);
    expect(piece?.text).toBe('hello there');
  });

  it('leaves out records that copy what stands elsewhere, and tells torn ones as they are', () => {
    const bytes = Buffer.from('{"type":"file-history-snapshot","text":"copy"}\n{"torn":"te\n');
    expect(readPieces(bytes, true).map(({ text }) => text)).toEqual(['{"torn":"te']);
  });

  it('gives terminal lines without control sequences, line for line', () => {
    const bytes = Buffer.from('\u001b[31mred\u001b[0m text\n\u001b]0;unended\nnext\n');
    expect(readPieces(bytes, false)[0]?.text).toBe('red text\n\nnext\n');
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isTranscript) => {
        const pieces = readPieces(Buffer.from(bytes), isTranscript);
        expect(pieces.every(({ startByte, endByte }) => startByte >= 0 && endByte <= bytes.length)).toBe(true);
        expect(isBinary(bytes)).toBe(bytes.includes(0));
      }),
    );
  });
});
