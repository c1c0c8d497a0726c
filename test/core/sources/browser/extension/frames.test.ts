import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FrameReader, parseFrame, toFrame } from '../../../../../src/core/sources/browser/extension/frames.ts';

const MAX = 10_000;

/** What a reader makes of a stream that comes in pieces of these lengths. */
function readAll(
  stream: Uint8Array,
  lengths: readonly number[],
  maxBytes = MAX,
): { frames: Buffer[]; isRefused: boolean } {
  const reader = new FrameReader(maxBytes);
  const frames: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, stream.length]) {
    const reading = reader.push(stream.subarray(at, at + length));
    if (reading.result === 'too-large') return { frames, isRefused: true };
    frames.push(...reading.frames);
    at += length;
  }
  return { frames, isRefused: false };
}

describe('FrameReader', () => {
  it('gives every message back, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 }),
        fc.array(fc.nat(40), { maxLength: 60 }),
        (messages, lengths) => {
          const stream = Buffer.concat(messages.map((message) => toFrame(JSON.stringify(message))));
          const { frames, isRefused } = readAll(stream, lengths, 1024 * 1024);

          expect(isRefused).toBe(false);
          expect(frames.map(parseFrame)).toEqual(
            messages.map((message) => JSON.parse(JSON.stringify(message)) as unknown),
          );
        },
      ),
    );
  });

  it('takes any bytes, and never gives a frame larger than allowed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(20), { maxLength: 20 }), (bytes, lengths) => {
        const { frames } = readAll(bytes, lengths, 100);

        expect(frames.every((frame) => frame.length <= 100)).toBe(true);
        for (const frame of frames) parseFrame(frame);
      }),
    );
  });

  it('refuses a frame that is too large before it has come, and everything after it', () => {
    const reader = new FrameReader(8);

    expect(reader.push(toFrame('{"a":"123456789"}').subarray(0, 4))).toEqual({ result: 'too-large', sizeBytes: 17 });
    expect(reader.push(toFrame('{}'))).toMatchObject({ result: 'too-large' });
  });

  it('gives frames that came before the one that is too large', () => {
    const { frames, isRefused } = readAll(toFrame('{}'), [], 8);

    expect([frames.length, isRefused]).toEqual([1, false]);
  });
});

describe('parseFrame()', () => {
  it.each(['', 'x', '1', 'null', '[]', '"text"', '{"a":'])('takes %j for no message', (text) => {
    expect(parseFrame(Buffer.from(text))).toBeNull();
  });

  it('reads bytes that are no UTF-8 as such', () => {
    expect(parseFrame(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toEqual({ '\ufffd': 1 });
  });
});
