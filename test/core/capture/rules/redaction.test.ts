import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { redactBytes } from '../../../../src/core/capture/rules/redact-bytes.ts';
import { redactArguments, redactItem } from '../../../../src/core/capture/rules/redaction.ts';
import { ITEM_KINDS, STREAM_KINDS, type StreamContent } from '../../../../src/shared/model/item.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import { findSecrets, redactText } from '../../../../src/shared/secrets/redact-text.ts';
import { aConversation, aStream, aTerminal, text, utf8 } from '../../../support/captures.ts';
import { PLAIN_LINES, SECRET_LINES } from './redaction-corpus.ts';

const SECRET = `ghp_${'aB3d'.repeat(9)}`;
/** A regular expression that backtracks takes minutes on these sizes, a linear one milliseconds: the limit tells them apart. */
const ADVERSARIAL_LIMIT_MS = 1_500;
const MEGABYTE = 1 << 20;

describe('redactText() on the corpus', () => {
  it('finds the secrets and leaves the rest, and says how well', () => {
    const lines = Object.entries(SECRET_LINES).flatMap(([name, group]) => group.map((entry) => ({ name, ...entry })));
    const missed = lines.filter(({ line, secrets }) => secrets.some((secret) => redactText(line).includes(secret)));
    const mistaken = PLAIN_LINES.filter((line) => redactText(line) !== line);

    const found = lines.length - missed.length;
    const recall = found / lines.length;
    const precision = found / (found + mistaken.length);
    process.stdout.write(
      `redaction corpus: ${lines.length} with secrets, ${PLAIN_LINES.length} without; ` +
        `recall ${(recall * 100).toFixed(1)} %, precision ${(precision * 100).toFixed(1)} %\n`,
    );
    expect({ missed, mistaken }).toEqual({ missed: [], mistaken: [] });
  });

  it('keeps what stands around a secret', () => {
    expect(redactText(`a ${SECRET} b`)).toBe('a [REDACTED:github-token] b');
    expect(redactText('mysql -phunter2 app')).toBe('mysql -p[REDACTED:flag] app');
    expect(redactText('https://dev:hunter2@a.example/x')).toBe('https://dev:[REDACTED:url-password]@a.example/x');
  });

  it('finds nothing in what it wrote itself', () => {
    for (const { line } of Object.values(SECRET_LINES).flat()) {
      const once = redactText(line);
      expect(redactText(once)).toBe(once);
    }
  });
});

describe('findSecrets()', () => {
  it('gives ordered spans without overlap for any text', () => {
    const pieces = fc.constantFrom(
      '=',
      '"',
      ':',
      '--password ',
      'TOKEN',
      'eyJ',
      '.',
      '://',
      '@',
      ' ',
      '\n',
      'mysql -p',
      '\x1b[1m',
      SECRET,
      '-----BEGIN ',
    );
    const texts = fc.array(fc.oneof(pieces, fc.string())).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (value) => {
        let from = 0;
        for (const { start, end } of findSecrets(value)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(value.length);
          from = end;
        }
      }),
    );
  });

  it('is linear in hostile text', () => {
    const hostile = [
      '=',
      'A=',
      'TOKEN="',
      '-',
      '--a-',
      '--password ',
      'eyJ',
      'eyJaaaaaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      '://a:',
    ];
    const more = [
      'mysql -',
      'curl -u ',
      'Bearer ',
      'Authorization: ',
      'Cookie: a',
      '\x1b[0;0;0mghp_',
      '"password": "\\',
      'sk-',
      'sk-a',
      'x-token:',
      'AKIA',
    ];
    for (const piece of [...hostile, ...more]) {
      const value = piece.repeat(Math.ceil(MEGABYTE / piece.length));
      const startedAt = performance.now();
      findSecrets(value);
      expect({ piece, isFast: performance.now() - startedAt < ADVERSARIAL_LIMIT_MS }).toEqual({ piece, isFast: true });
    }
  });
});

describe('redactBytes()', () => {
  it('gives the very bytes where there is nothing to hide', () => {
    const bytes = utf8('日本 \x1b[31mred\x1b[0m\n');

    expect(redactBytes(bytes)).toBe(bytes);
  });

  it('leaves every other byte as it is, whatever the encoding, in a buffer of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (before, after) => {
        const bytes = new Uint8Array([...before, 10, ...utf8(SECRET), 10, ...after]);
        const redacted = redactBytes(bytes);
        expect(text(redacted)).not.toContain(SECRET);
        expect(redacted.byteLength).toBe(redacted.buffer.byteLength);
      }),
    );
    const redacted = redactBytes(new Uint8Array([0xff, 0xfe, 10, ...utf8(SECRET), 10, 0xe6, 0x97, 0xa5]));
    expect([...redacted.subarray(0, 3), ...redacted.subarray(-4)]).toEqual([0xff, 0xfe, 10, 10, 0xe6, 0x97, 0xa5]);
  });
});

describe('redactArguments()', () => {
  it.each([
    { argv: ['tool', '--password', 'hunter2'], redacted: ['tool', '--password', '[REDACTED:flag]'] },
    { argv: ['tool', '--password=hunter2'], redacted: ['tool', '--password=[REDACTED:assignment]'] },
    { argv: ['/usr/bin/mysql', '-phunter2', 'app'], redacted: ['/usr/bin/mysql', '-p[REDACTED:flag]', 'app'] },
    { argv: ['mysql', '-p', 'app'], redacted: ['mysql', '-p', 'app'] },
    { argv: ['sshpass', '-p', 'hunter2', 'ssh'], redacted: ['sshpass', '-p', '[REDACTED:flag]', 'ssh'] },
    { argv: ['sh', '-c', 'mysql -phunter2'], redacted: ['sh', '-c', 'mysql -p[REDACTED:flag]'] },
    { argv: ['vim', '-p', 'a', 'b'], redacted: ['vim', '-p', 'a', 'b'] },
    { argv: ['tool', '--token', '--verbose'], redacted: ['tool', '--token', '--verbose'] },
  ])('$argv', ({ argv, redacted }) => {
    expect(redactArguments(argv)).toEqual(redacted);
  });
});

describe('redactItem()', () => {
  it('gives the same for a list that it has seen, whatever it is called', () => {
    const entries = [{ url: `https://a.example/?token=${SECRET}`, title: `key ${SECRET}` }];
    const redacted = (name: string) => JSON.stringify(redactItem(aTerminal('a', { attributes: { [name]: entries } })));

    for (const name of ['history', 'history', 'url', 'argv', 'history']) expect(redacted(name)).not.toContain(SECRET);
    expect(redacted('history')).toBe(redacted('history'));
    expect(entries[0]?.title).toContain(SECRET);
  });

  it('gives the very item where there is nothing to hide', () => {
    const item = aTerminal('a', { attributes: { argv: ['ls'], nested: [{ a: 'b' }] }, streams: [aStream()] });

    expect(redactItem(item)).toBe(item);
  });

  it('looks into title, attributes, scrollback and screens of terminals', () => {
    const streams = [aStream({ text: `$ ${SECRET}` }), aStream({ name: 'screen', kind: 'blob', text: SECRET })];
    const attributes: JsonObject = { command: `echo ${SECRET}`, pane: { argv: ['echo', SECRET] }, previews: [SECRET] };

    const redacted = redactItem(aTerminal(SECRET, { title: `run ${SECRET}`, attributes, streams }));

    const { key: _key, ...rest } = redacted;
    const contents = redacted.streams.map(({ content }) => (content.type === 'whole' ? text(content.bytes) : ''));
    expect(JSON.stringify([rest, contents])).not.toContain(SECRET);
    expect(contents).toEqual(['$ [REDACTED:github-token]', '[REDACTED:github-token]']);
  });

  it('never touches transcripts, patches, and the facts that name places', () => {
    const conversation = aConversation('one', `{"text":"${SECRET}"}`);
    const patch = { ...conversation, kind: 'repository' as const, streams: [aStream({ kind: 'blob', text: SECRET })] };
    const place = aTerminal('a', { attributes: { cwd: `/tmp/${SECRET}`, path: `/tmp/${SECRET}` } });

    expect(redactItem(conversation)).toBe(conversation);
    expect(redactItem(patch)).toBe(patch);
    expect(redactItem(place)).toBe(place);
  });

  it('leaves every stream of work to the byte: whatever is no terminal, and whatever only grows', () => {
    const secrets = fc.constantFrom(SECRET, `password=${'x7'.repeat(8)}`, 'https://me:hunter2hunter2@a.example');
    const bytes = fc
      .array(fc.oneof(fc.uint8Array({ maxLength: 20 }), secrets.map(utf8)), { maxLength: 8 })
      .map((parts) => Uint8Array.from(Buffer.concat(parts)));
    const content: fc.Arbitrary<StreamContent> = fc.oneof(
      bytes.map((whole) => ({ type: 'whole' as const, bytes: whole })),
      fc
        .tuple(bytes, bytes)
        .map(([overlap, rest]) => ({ type: 'appended' as const, fromByte: overlap.length, overlap, bytes: rest })),
    );
    const stream = fc.record({ kind: fc.constantFrom(...STREAM_KINDS), content });
    fc.assert(
      fc.property(fc.constantFrom(...ITEM_KINDS), fc.array(stream, { maxLength: 4 }), (kind, parts) => {
        const streams = parts.map(({ kind: streamKind, content: part }) =>
          aStream({ kind: streamKind, content: part }),
        );
        const before = structuredClone(streams);

        const redacted = redactItem(aTerminal('a', { kind, title: SECRET, streams })).streams;

        const isWork = (at: number): boolean =>
          before[at]?.kind === 'append' || (kind !== 'terminal' && before[at]?.kind === 'blob');
        expect(redacted.filter((_, at) => isWork(at))).toEqual(before.filter((_, at) => isWork(at)));
      }),
    );
  });

  it('takes only secrets of a known form out of URLs, so that a tab can be opened again', () => {
    const redactUrl = (url: string): unknown => redactItem(aTerminal('a', { attributes: { url } })).attributes['url'];

    expect(redactUrl('https://a.example/?reset_token=12345678')).toBe('https://a.example/?reset_token=12345678');
    expect(redactUrl(`https://a.example/?t=${SECRET}`)).toBe('https://a.example/?t=[REDACTED:github-token]');
  });

  it('makes an appended part fail its comparison where a secret spans both', () => {
    const overlap = utf8(`$ ${SECRET.slice(0, 20)}`);
    const content = {
      type: 'appended' as const,
      fromByte: overlap.length,
      overlap,
      bytes: utf8(`${SECRET.slice(20)}\n`),
    };

    const redacted = redactItem(aTerminal('a', { streams: [aStream({ content })] })).streams[0]?.content;

    expect(redacted?.type === 'appended' && text(redacted.overlap)).not.toBe(text(overlap));
    expect(JSON.stringify(redacted?.type === 'appended' && text(redacted.bytes))).not.toContain(SECRET.slice(20));
  });
});
