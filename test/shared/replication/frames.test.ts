import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { concatBytes, toHex } from '../../../src/shared/replication/bytes.ts';
import {
  createMissingFrame,
  FRAME_HEADER_BYTES,
  frameParts,
  FrameReader,
  parseFrames,
  type ObjectFrame,
} from '../../../src/shared/replication/frames.ts';
import type { ObjectId } from '../../../src/shared/replication/ids.ts';
import { MAX_FRAME_PAYLOAD_BYTES, MAX_OBJECT_BYTES } from '../../../src/shared/replication/limits.ts';

const encodeFrame = (frame: ObjectFrame) => concatBytes(frameParts([frame]));
const hexOf = (sizeBytes: number) =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((bytes) => toHex(bytes));

const frame: fc.Arbitrary<ObjectFrame> = fc
  .record({
    id: hexOf(16) as fc.Arbitrary<ObjectId>,
    hash: hexOf(32),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    offset: fc.nat(1_000),
    after: fc.nat(1_000),
  })
  .map(({ after, ...rest }) => ({ ...rest, totalBytes: rest.offset + rest.bytes.length + after }));

const frames = fc.array(fc.oneof(frame, (hexOf(16) as fc.Arbitrary<ObjectId>).map(createMissingFrame)), {
  maxLength: 10,
});

describe('FrameReader', () => {
  it('[S11] gives back the frames, however the bytes were cut into pieces', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(400), { maxLength: 30 }), (written, cuts) => {
        const bytes = concatBytes(written.map((one) => encodeFrame(one)));
        const reader = new FrameReader();
        const read: ObjectFrame[] = [];
        let offset = 0;
        for (const cut of cuts) {
          read.push(...reader.push(bytes.subarray(offset, offset + cut)));
          offset = Math.min(bytes.length, offset + cut);
        }
        read.push(...reader.push(bytes.subarray(offset)));

        expect(read).toEqual(written);
        expect(reader.isBetweenFrames).toBe(true);
      }),
    );
  });

  it('takes any bytes; what is no frame makes it broken for good', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
        const reader = new FrameReader();
        for (const piece of pieces) reader.push(piece);
        const wasBroken = reader.isBroken;
        const more = reader.push(encodeFrame(createMissingFrame('00'.repeat(16) as ObjectId)));
        if (wasBroken) expect([more, reader.isBetweenFrames]).toEqual([[], false]);
      }),
    );
  });

  it('keeps the frames before what makes no sense', () => {
    const good = encodeFrame(createMissingFrame('ab'.repeat(16) as ObjectId));
    const bad = new Uint8Array(FRAME_HEADER_BYTES).fill(255);
    const reader = new FrameReader();

    expect([reader.push(concatBytes([good, bad])).length, reader.isBroken]).toEqual([1, true]);
  });
});

describe('parseFrames()', () => {
  it('gives null where the batch breaks off', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (one, at) => {
        const bytes = encodeFrame(one);
        const cut = 1 + (at % (bytes.length - 1));
        expect(parseFrames(bytes.subarray(0, cut))).toBeNull();
      }),
    );
  });
});

describe('frameParts()', () => {
  const whole: ObjectFrame = {
    id: 'ab'.repeat(16) as ObjectId,
    hash: 'cd'.repeat(32),
    totalBytes: 3,
    offset: 0,
    bytes: Uint8Array.from([1, 2, 3]),
  };

  it('has this layout (frozen)', () => {
    expect(toHex(encodeFrame(whole))).toBe(`${'ab'.repeat(16)}${'cd'.repeat(32)}000000030000000000000003010203`);
  });

  it.each<[string, Partial<ObjectFrame>]>([
    ['a part past the end', { offset: 1 }],
    ['an empty part', { bytes: new Uint8Array(0) }],
    ['an object beyond the limit', { totalBytes: MAX_OBJECT_BYTES + 1 }],
    ['a part beyond the limit', { totalBytes: MAX_OBJECT_BYTES, bytes: new Uint8Array(MAX_FRAME_PAYLOAD_BYTES + 1) }],
    ['an id of another length', { id: 'ab' as ObjectId }],
  ])('refuses %s', (_, change) => {
    expect(() => encodeFrame({ ...whole, ...change })).toThrow(RangeError);
  });
});
