import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ByteSink } from '../../../../src/core/sources/documents/byte-sink.ts';

describe('ByteSink', () => {
  it('gives what was added, line by line, and stops at the first line without room', () => {
    const line = fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.filter((byte) => byte !== 10 && byte !== 0));
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.nat(300), (lines, lineEnd, maxBytes) => {
        const sink = new ByteSink(lineEnd, maxBytes);
        let whole = Buffer.alloc(0);
        let count = 0;
        for (const bytes of lines) {
          sink.addLine(bytes);
          const next = Buffer.concat([whole, bytes, Buffer.from(lineEnd)]);
          if (next.length > maxBytes) break;
          whole = next;
          count += 1;
        }
        expect(Buffer.from(sink.take())).toEqual(whole);
        expect({ lines: sink.lines, length: sink.length, isCut: sink.isCut }).toEqual({
          lines: count,
          length: whole.length,
          isCut: count < lines.length,
        });
      }),
    );
  });

  it('grows beyond its first room, and turns newlines of memory into zeros', () => {
    const sink = new ByteSink('\n', 1_000_000);
    for (let at = 0; at < 20_000; at += 1) sink.addLine(Buffer.from('a\nb\n'), { isEnded: at % 2 === 0 });

    expect(Buffer.from(sink.take()).toString()).toBe('a\0b\0\na\0b\0'.repeat(10_000));
  });
});
