// Whatever bytes stand where the vault's own should: a typed answer, never another error.

import { serialize } from 'node:v8';
import { zstdCompressSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseHeader } from '../../../src/core/vault/keyring/header.ts';
import { encodeSidecar, parseSidecar } from '../../../src/core/vault/keyring/sidecar.ts';
import { parseDeposit } from '../../../src/core/vault/upkeep/inbox.ts';
import { PARITY_GROUP, parseParity } from '../../../src/core/vault/upkeep/parity.ts';
import { aCapture, aTerminal } from '../../support/captures.ts';

const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));

/** Arbitrary bytes after a beginning that is right. */
function after(...beginning: readonly number[]): fc.Arbitrary<Buffer> {
  return bytes.map((rest) => Buffer.concat([Buffer.from(beginning), rest]));
}

describe('parseHeader()', () => {
  const magic = [...Buffer.from('CRNh\u0001\0\0\0', 'latin1')];

  it('[V6] takes arbitrary bytes, with and without its beginning', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, after(...magic)), (input) => {
        expect(parseHeader(input)).toBeNull();
      }),
    );
  });

  it('[V6] takes arbitrary JSON in its place, of any length that it claims', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(2000), (json, claimed) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(claimed, 0);
        expect(
          parseHeader(Buffer.concat([Buffer.from(magic), length, Buffer.from(json), Buffer.alloc(64)])),
        ).toBeNull();
      }),
    );
  });
});

describe('parseSidecar()', () => {
  it('[V6] takes arbitrary bytes, with and without its beginning', () => {
    const magic = [...Buffer.from('CRNk\u0001\0\0\0', 'latin1')];
    fc.assert(
      fc.property(fc.oneof(bytes, after(...magic)), (input) => {
        const sidecar = parseSidecar(input);
        const sizes = sidecar === null ? [] : [sidecar.header, ...sidecar.boxes].map(({ length }) => length + 4);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(input.length);
      }),
    );
  });

  it('[V6] gives back what was encoded, and loses only what lies behind a cut', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.array(bytes, { maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (header, boxes, cut) => {
          const encoded = encodeSidecar({ header, boxes });
          expect(parseSidecar(encoded)).toEqual({ header, boxes });
          const left = parseSidecar(encoded.subarray(0, Math.floor(encoded.length * cut)));
          expect(boxes.slice(0, left?.boxes.length ?? 0)).toEqual(left?.boxes ?? []);
        },
      ),
    );
  });
});

describe('parseParity()', () => {
  it('[V17a] takes arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, after(3, 0, 0, 0)), (input) => {
        const group = parseParity(input);
        if (group === null) return;
        expect(group.members.length).toBeGreaterThan(0);
        expect(group.members.length).toBeLessThanOrEqual(PARITY_GROUP);
        expect(group.xor.length).toBe(input.length - 4 - group.members.length * 12);
      }),
    );
  });
});

describe('parseDeposit()', () => {
  it('[V5] takes arbitrary bytes, compressed or not', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        expect(parseDeposit(input)).toBeNull();
        expect(parseDeposit(zstdCompressSync(input))).toBeNull();
      }),
    );
  });

  it('[V5] takes arbitrary values, and a capture for what it is', () => {
    const deposit = (value: unknown): ReturnType<typeof parseDeposit> =>
      parseDeposit(zstdCompressSync(serialize(value)));
    const capture = aCapture([aTerminal('a')]);
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(deposit(value)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('takenAtMs', 'kind', 'items', 'carried', 'gaps', 'goodSources'),
        fc.jsonValue(),
        (name, value) => {
          const spoiled = deposit({ ...capture, [name]: value });
          if (spoiled !== null) expect(Array.isArray(spoiled.items)).toBe(true);
        },
      ),
    );
    expect(deposit(capture)).toEqual(capture);
  });
});
