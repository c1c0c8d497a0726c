import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { BOX_CODECS, BOX_KINDS } from '../../../src/core/crypto/box.ts';
import { KeyTree } from '../../../src/core/crypto/key-tree.ts';
import { SecretKey } from '../../../src/core/crypto/secret-key.ts';

const VAULT_ID = Buffer.alloc(16, 9);
const BYTES = Buffer.from('some bytes');

function aTree(vaultKey = Buffer.alloc(32, 7)): KeyTree {
  return new KeyTree(new SecretKey(Buffer.from(vaultKey)), VAULT_ID, randomBytes);
}

describe('KeyTree', () => {
  it('[V2] is frozen: what follows from a vault key stays what it was in format 1', () => {
    const tree = aTree();

    expect({
      contentId: tree.contentId(BYTES).toString('hex'),
      chain: tree.chain(BYTES).toString('hex'),
      headerMac: tree.headerMac(BYTES).toString('hex'),
      gear: tree.deriveGearBytes().subarray(0, 16).toString('hex'),
    }).toEqual({
      contentId: '7645ef1d82b9ea8b75360e713cf87f85',
      chain: 'b741721924ab41ad47e40648c0ff98aaa055b953182b85e52990e5423dbe9737',
      headerMac: 'bdb6a9e36c42aaa6d35d360c71d5997e710f6e9a3f96eb0ef55f746ea441560a',
      gear: 'ac3726d6096d2a7568e182b51d45fa21',
    });
  });

  it('[V2] gives each purpose a key of its own', () => {
    const tree = aTree();
    const derived = [tree.contentId(BYTES), tree.chain(BYTES), tree.headerMac(BYTES)].map((bytes) =>
      bytes.subarray(0, 16).toString('hex'),
    );

    expect(new Set(derived).size).toBe(derived.length);
    expect(aTree(Buffer.alloc(32, 8)).contentId(BYTES).equals(tree.contentId(BYTES))).toBe(false);
  });

  it('[V3] seals under the newest epoch that it was given, and opens under every one it has', () => {
    const tree = aTree();
    const [first, second] = [tree.wrapNewEpoch(1), tree.wrapNewEpoch(2)];
    expect(tree.hasEpoch(1)).toBe(false);
    tree.addEpoch(first);
    const old = tree.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 5, BYTES);
    tree.addEpoch(second);
    const fresh = tree.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 5, BYTES);

    expect([old, fresh].map((box) => tree.open(BOX_KINDS.chunk, 5, box)?.header.epoch)).toEqual([1, 2]);
    tree.dropEpoch(1);
    expect(tree.open(BOX_KINDS.chunk, 5, old)).toBeNull();
    expect(tree.open(BOX_KINDS.chunk, 5, fresh)?.payload).toEqual(BYTES);
  });

  it('[V3] takes no epoch key that was wrapped by another vault key, or under another number', () => {
    const tree = aTree();
    const wrapped = tree.wrapNewEpoch(1);

    expect(aTree(Buffer.alloc(32, 8)).addEpoch(wrapped)).toBe(false);
    expect(tree.addEpoch({ ...wrapped, epoch: 2 })).toBe(false);
    expect(aTree().addEpoch(wrapped)).toBe(true);
  });

  it('[V3] gives each kind of record a subkey of its own', () => {
    const tree = aTree();
    tree.addEpoch(tree.wrapNewEpoch(1));
    const box = tree.seal(BOX_KINDS.chunk, BOX_CODECS.raw, 5, BYTES);
    const retyped = Buffer.from(box);
    retyped[5] = BOX_KINDS.record;

    expect(tree.openAny(box)?.payload).toEqual(BYTES);
    expect(tree.openAny(retyped)).toBeNull();
  });
});
