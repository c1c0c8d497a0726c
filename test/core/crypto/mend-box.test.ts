import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BOX_CODECS, BOX_KINDS } from '../../../src/core/crypto/box.ts';
import { KeyTree } from '../../../src/core/crypto/key-tree.ts';
import { SecretKey } from '../../../src/core/crypto/secret-key.ts';

const VAULT_ID = Buffer.alloc(16, 7);

function aKeyTree(): KeyTree {
  const keys = new KeyTree(new SecretKey(randomBytes(32)), VAULT_ID, randomBytes);
  for (const epoch of [1, 2]) keys.addEpoch(keys.wrapNewEpoch(epoch));
  return keys;
}

function flipped(box: Buffer, ...bits: readonly number[]): Buffer {
  const copy = Buffer.from(box);
  for (const bit of bits) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('KeyTree.mend()', () => {
  const keys = aKeyTree();

  it('puts any single flipped bit of a box right, header, nonce, ciphertext or tag', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), fc.nat(9_999), (size, where) => {
        const box = keys.seal(BOX_KINDS.chunk, BOX_CODECS.zstd, 77, randomBytes(size));
        const damaged = flipped(box, Math.floor((where / 10_000) * box.length * 8));

        expect(keys.mend(BOX_KINDS.chunk, 77, damaged)?.equals(box)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('puts bits all over a small box right', () => {
    const box = keys.seal(BOX_KINDS.record, BOX_CODECS.raw, 3, Buffer.from('a name'));
    for (let bit = 0; bit < box.length * 8; bit += 5)
      expect(keys.mend(BOX_KINDS.record, 3, flipped(box, bit))?.equals(box), `bit ${bit}`).toBe(true);
  });

  it('puts a bit of a large box right', () => {
    const box = keys.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 1, randomBytes(300_000));

    expect(keys.mend(BOX_KINDS.chunk, 1, flipped(box, 1_234_567))?.equals(box)).toBe(true);
  });

  it.each([
    ['two flipped bits', (box: Buffer) => flipped(box, 400, 900)],
    ['a byte that was lost', (box: Buffer) => box.subarray(0, box.length - 1)],
    ['nothing but a header', (box: Buffer) => box.subarray(0, 32)],
    ['no bytes', () => Buffer.alloc(0)],
  ])('gives nothing back of a box with %s', (_what, damage) => {
    const box = keys.seal(BOX_KINDS.snapshot, BOX_CODECS.raw, 9, randomBytes(200));

    expect(keys.mend(BOX_KINDS.snapshot, 9, damage(box))).toBeNull();
  });

  it('never makes a box of another vault or another record open', () => {
    const other = new KeyTree(new SecretKey(randomBytes(32)), VAULT_ID, randomBytes);
    other.addEpoch(other.wrapNewEpoch(1));
    const foreign = other.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 5, randomBytes(100));
    const elsewhere = keys.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 6, randomBytes(100));

    expect(keys.mend(BOX_KINDS.chunk, 5, foreign)).toBeNull();
    expect(keys.mend(BOX_KINDS.chunk, 5, elsewhere)).toBeNull();
  });
});
