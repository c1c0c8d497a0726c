import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fromHex, toHex } from '../../../src/shared/replication/bytes.ts';
import {
  encodeBody,
  encodeSignedPart,
  encodeWireEntries,
  parseBody,
  parseSignedPart,
  parseWireEntries,
  ENTRY_KINDS,
  type EntryKind,
  type IndexRange,
  type SignedPart,
} from '../../../src/shared/replication/entry.ts';
import {
  NO_ENTRY_HASH,
  type DeviceId,
  type EntryHash,
  type ObjectId,
  type VaultKeyId,
} from '../../../src/shared/replication/ids.ts';

const hexOf = (sizeBytes: number) =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((bytes) => toHex(bytes));

/** Distances that make ascending ranges which do not touch. */
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 50 })), { maxLength: 20 })
  .map((steps) => {
    let next = 0;
    return steps.map(([distance, length]): IndexRange => {
      const first = next + distance;
      next = first + length + 1;
      return { first, last: first + length };
    });
  });

const signedPart: fc.Arbitrary<SignedPart> = fc.record({
  kind: fc.constantFrom(...(Object.keys(ENTRY_KINDS) as EntryKind[])),
  vaultId: hexOf(32) as fc.Arbitrary<VaultKeyId>,
  deviceId: hexOf(32) as fc.Arbitrary<DeviceId>,
  index: fc.integer({ min: 10_000, max: Number.MAX_SAFE_INTEGER }),
  previousHash: hexOf(32) as fc.Arbitrary<EntryHash>,
  epoch: fc.nat(0xffff_ffff),
  clock: fc.record({ wallMs: fc.maxSafeNat(), counter: fc.nat(0xffff) }),
  bodyHash: hexOf(32),
  retires: ranges,
});

const body = fc.record({
  requires: fc.uniqueArray(hexOf(16) as fc.Arbitrary<ObjectId>, { maxLength: 30 }).map((ids) => ids.toSorted()),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe('encodeSignedPart()', () => {
  it('[S2] is read back as what was written, and every written part has one encoding', () => {
    fc.assert(
      fc.property(signedPart, (part) => {
        const bytes = encodeSignedPart(part);

        const read = parseSignedPart(bytes);

        expect(read).toEqual(part);
        expect(read === null ? null : toHex(encodeSignedPart(read))).toBe(toHex(bytes));
      }),
    );
  });

  it.each<[string, Partial<SignedPart>]>([
    ['an index of 0', { index: 0 }],
    ['a counter beyond two bytes', { clock: { wallMs: 1, counter: 65_536 } }],
    ['a range that ends at itself', { index: 9, retires: [{ first: 3, last: 9 }] }],
    [
      'ranges that touch',
      {
        index: 9,
        retires: [
          { first: 1, last: 2 },
          { first: 3, last: 4 },
        ],
      },
    ],
    [
      'ranges out of order',
      {
        index: 9,
        retires: [
          { first: 5, last: 6 },
          { first: 1, last: 2 },
        ],
      },
    ],
    ['a hash that is none', { bodyHash: 'ab' }],
  ])('refuses %s', (_, change) => {
    expect(() => encodeSignedPart({ ...FROZEN_PART, ...change })).toThrow(RangeError);
  });
});

describe('parseSignedPart()', () => {
  it('takes any bytes, and gives nothing that would be written otherwise', () => {
    const mutated = fc.tuple(signedPart, fc.nat(), fc.nat(255)).map(([part, at, value]) => {
      const bytes = encodeSignedPart(part);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated), (bytes) => {
        const part = parseSignedPart(bytes);
        if (part !== null) expect(toHex(encodeSignedPart(part))).toBe(toHex(bytes));
      }),
    );
  });

  it('refuses every cut and every addition', () => {
    const bytes = encodeSignedPart(FROZEN_PART);
    for (let length = 0; length < bytes.length; length += 1)
      expect(parseSignedPart(bytes.subarray(0, length))).toBeNull();
    expect(parseSignedPart(Uint8Array.from([...bytes, 0]))).toBeNull();
  });
});

describe('encodeBody()', () => {
  it('is read back as what was written', () => {
    fc.assert(
      fc.property(body, (written) => {
        expect(parseBody(encodeBody(written))).toEqual(written);
      }),
    );
  });

  it('parseBody() takes any bytes, and gives nothing that would be written otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = parseBody(bytes);
        if (read !== null) expect(toHex(encodeBody(read))).toBe(toHex(bytes));
      }),
    );
  });

  it('refuses ids out of order, or twice', () => {
    const [one, other] = ['0a'.repeat(16), '0b'.repeat(16)] as ObjectId[];
    expect(() => encodeBody({ requires: [other!, one!], payload: new Uint8Array(0) })).toThrow(RangeError);
    expect(() => encodeBody({ requires: [one!, one!], payload: new Uint8Array(0) })).toThrow(RangeError);
  });
});

describe('parseWireEntries()', () => {
  const wire = fc.record({
    signedBytes: fc.uint8Array({ minLength: 1, maxLength: 90 }),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    bodyBytes: fc.option(fc.uint8Array({ minLength: 1, maxLength: 90 })),
  });

  it('splits what was joined', () => {
    fc.assert(
      fc.property(fc.array(wire, { maxLength: 8 }), (entries) => {
        expect(parseWireEntries(encodeWireEntries(entries))).toEqual(entries);
      }),
    );
  });

  it('gives null for what breaks off, and never throws', () => {
    fc.assert(
      fc.property(fc.array(wire, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 60 }), (entries, cut) => {
        const bytes = encodeWireEntries(entries);
        expect(parseWireEntries(bytes.subarray(0, bytes.length - cut))).toBeNull();
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseWireEntries(bytes)));
  });
});

// Entry v1 is frozen: these never change. A new version gets vectors of its own.
const FROZEN_SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'; // RFC 8032, test 1
const FROZEN_BODY = { requires: ['00112233445566778899aabbccddeeff' as ObjectId], payload: Uint8Array.from([1, 2, 3]) };
const FROZEN_PART: SignedPart = {
  kind: 'snapshot',
  vaultId: 'aa'.repeat(32) as VaultKeyId,
  deviceId: 'bb'.repeat(32) as DeviceId,
  index: 7,
  previousHash: NO_ENTRY_HASH,
  epoch: 3,
  clock: { wallMs: 1_764_244_800_000, counter: 5 },
  bodyHash: createHash('sha256').update(encodeBody(FROZEN_BODY)).digest('hex'),
  retires: [
    { first: 1, last: 2 },
    { first: 4, last: 4 },
  ],
};

describe('entry v1 (frozen)', () => {
  it('has these bytes, this hash and this signature', () => {
    const bytes = encodeSignedPart(FROZEN_PART);
    const der = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from(FROZEN_SEED, 'hex'),
    ]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });

    const signature = sign(null, bytes, key);

    expect({
      signed: toHex(bytes),
      body: toHex(encodeBody(FROZEN_BODY)),
      hash: createHash('sha256').update(bytes).digest('hex'),
      signature: signature.toString('hex'),
    }).toMatchInlineSnapshot(`
      {
        "body": "0000000100112233445566778899aabbccddeeff00000003010203",
        "hash": "583052fb3701d70e37c332af9a0576282d9f4de0ff6daa09d06ec20e5a977048",
        "signature": "89359e3cf61902f5211f19c8f6db541b92ef9568acd68cb37081050957b6f5c4ca613d2d9d67f1aa69100498d12595adc4179ad4079bac09d373510027643307",
        "signed": "436169726e456e7472790101aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb00000000000000070000000000000000000000000000000000000000000000000000000000000000000000030000019ac52f42000005e12acd8091cc90a34bb5970735bef50b99f3dea4f35fd0c260fc2f850055e947000000020000000000000001000000000000000200000000000000040000000000000004",
      }
    `);
    expect(verify(null, bytes, createPublicKey(key), signature)).toBe(true);
  });

  it('reads hexadecimal text strictly', () => {
    expect(fromHex('0aff')).toEqual(Uint8Array.from([10, 255]));
    for (const text of ['0', 'zz', '0A', ' 0a']) expect(fromHex(text)).toBeNull();
  });
});
