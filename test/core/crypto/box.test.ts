import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BOX_CODECS,
  BOX_HEADER_BYTES,
  BOX_KINDS,
  BOX_OVERHEAD_BYTES,
  isBoxWhole,
  openBox as openWhole,
  paddedSize,
  parseBoxHeader,
  sealBox,
} from '../../../src/core/crypto/box.ts';
import { SecretKey } from '../../../src/core/crypto/secret-key.ts';

const key = new SecretKey(Buffer.alloc(32, 7));
const vaultId = Buffer.alloc(16, 9);
const header = { kind: BOX_KINDS.chunk, codec: BOX_CODECS.raw, epoch: 3, recordId: 2 ** 40 + 5 };
/** Whatever a box is, looking at its tag alone must say the same as opening it. */
function openBox(...values: Parameters<typeof openWhole>): ReturnType<typeof openWhole> {
  const payload = openWhole(...values);
  expect(isBoxWhole(...values)).toBe(payload !== null);
  return payload;
}
const payload = Buffer.from('a payload of some length, so that every region has bytes');

describe('sealBox()', () => {
  it('[V7] gives back payload and header', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.maxSafeNat(),
        (bytes, epoch, recordId) => {
          const box = sealBox(key, vaultId, { ...header, epoch, recordId }, bytes, randomBytes);

          expect(parseBoxHeader(box)).toEqual({ ...header, epoch, recordId });
          expect(openBox(key, vaultId, box)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('[V7] is frozen: a box of format 1 stays readable', () => {
    const box = sealBox(key, vaultId, { kind: 1, codec: 0, epoch: 1, recordId: 42 }, Buffer.from('frozen'), (size) =>
      Buffer.alloc(size, 1),
    );

    expect(box.toString('hex')).toBe(
      '43524e6201010000010000002a00000000000000010101010101010101010101' +
        box.subarray(BOX_HEADER_BYTES).toString('hex'),
    );
    expect(box.subarray(BOX_HEADER_BYTES).toString('hex')).toMatchInlineSnapshot(
      `"70e189b7f6cd8374b4baf309c15ea804cd1e9ed04119bf0f0d40"`,
    );
  });

  it('draws a new nonce each time', () => {
    const nonces = new Set<string>();
    for (let count = 0; count < 20_000; count += 1) {
      nonces.add(sealBox(key, vaultId, header, Buffer.alloc(1), randomBytes).toString('latin1', 20, 32));
    }

    expect(nonces.size).toBe(20_000);
  });

  it.each([
    ['magic', 0, 4],
    ['version', 4, 5],
    ['kind', 5, 6],
    ['codec', 6, 7],
    ['flags', 7, 8],
    ['epoch', 8, 12],
    ['record id', 12, 20],
    ['nonce', 20, 32],
    ['body', BOX_HEADER_BYTES, BOX_HEADER_BYTES + payload.length],
    ['tag', -16, undefined],
  ])('[V7] does not open once any byte of its %s is changed', (_region, from, to) => {
    const whole = sealBox(key, vaultId, header, payload, randomBytes);
    const start = from < 0 ? whole.length + from : from;
    for (let at = start; at < (to ?? whole.length); at += 1) {
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ bit;

        expect(openBox(key, vaultId, changed), `byte ${at}`).toBeNull();
      }
    }
  });

  it('[V7] does not open in another vault, under another key, or cut short', () => {
    const box = sealBox(key, vaultId, header, payload, randomBytes);

    expect(openBox(key, Buffer.alloc(16, 8), box)).toBeNull();
    expect(openBox(new SecretKey(Buffer.alloc(32, 8)), vaultId, box)).toBeNull();
    for (let length = 0; length < box.length; length += 1)
      expect(openBox(key, vaultId, box.subarray(0, length))).toBeNull();
  });

  it('looks at the tags of large boxes in pieces, each byte of which counts', () => {
    for (const size of [65_527, 65_532, 65_533, 131_072, 300_000]) {
      const box = sealBox(key, vaultId, header, randomBytes(size), randomBytes);
      expect(openBox(key, vaultId, box)).toHaveLength(size);
      for (const at of [BOX_HEADER_BYTES, BOX_HEADER_BYTES + 65_535, BOX_HEADER_BYTES + 65_536, box.length - 17]) {
        const changed = Buffer.from(box);
        changed[at] = (changed[at] ?? 0) ^ 4;
        expect(openBox(key, vaultId, changed)).toBeNull();
      }
    }
  });

  it('pads so that sizes say little and cost little', () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 2 ** 26 }), (size) => {
        const padded = paddedSize(size);

        expect(padded).toBeGreaterThanOrEqual(size);
        expect(padded).toBeLessThanOrEqual(size * 1.12);
        expect(paddedSize(padded)).toBe(padded);
      }),
    );
    expect(new Set(Array.from({ length: 10_000 }, (_, index) => paddedSize(100_000 + index))).size).toBeLessThan(10);
  });

  it('opens arbitrary bytes as nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(openBox(key, vaultId, bytes)).toBeNull();
        parseBoxHeader(bytes);
      }),
    );
    expect(BOX_OVERHEAD_BYTES).toBe(48);
  });
});
