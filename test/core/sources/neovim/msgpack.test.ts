import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeValue,
  encodeValue,
  ValueScanner,
  type Packed,
  type Sendable,
} from '../../../../src/core/sources/neovim/msgpack.ts';
import { parseNeovimState } from '../../../../src/core/sources/neovim/read-neovim.ts';

const anyBytes = fc.uint8Array({ maxLength: 400 });

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function scan(bytes: Uint8Array): number | null | 'none' {
  try {
    return new ValueScanner().scan(bytes);
  } catch (error) {
    if (error instanceof RangeError) return 'none';
    throw error;
  }
}

describe('decodeValue()', () => {
  it.each<[string, Packed]>([
    ['c0', null],
    ['c2', false],
    ['c3', true],
    ['7f', 127],
    ['e0', -32],
    ['cc ff', 255],
    ['cd ffff', 65_535],
    ['ce ffffffff', 4_294_967_295],
    ['cf 0000000100000000', 4_294_967_296],
    ['cf ffffffffffffffff', 18_446_744_073_709_551_615n],
    ['d0 80', -128],
    ['d1 8000', -32_768],
    ['d2 80000000', -2_147_483_648],
    ['d3 ffffffffffffffff', -1],
    ['ca 3f800000', 1],
    ['cb 3ff0000000000000', 1],
    ['a2 6869', hex('6869')],
    ['d9 01 ff', hex('ff')],
    ['da 0001 61', hex('61')],
    ['db 00000001 61', hex('61')],
    ['c4 01 00', hex('00')],
    ['c5 0001 00', hex('00')],
    ['c6 00000001 00', hex('00')],
    ['90', []],
    ['92 01 91 c0', [1, [null]]],
    ['dc 0001 01', [1]],
    ['dd 00000001 01', [1]],
    ['80', { entries: [] }],
    ['81 a1 61 01', { entries: [[hex('61'), 1]] }],
    ['de 0001 01 02', { entries: [[1, 2]] }],
    ['df 00000001 01 02', { entries: [[1, 2]] }],
    // Handles of buffers and windows.
    ['d4 00 01', null],
    ['c7 01 00 01', null],
    ['d8 00 00000000000000000000000000000000', null],
  ])('reads %s', (bytes, value) => {
    expect(decodeValue(hex(bytes))).toEqual(value);
    expect(scan(hex(bytes))).toBe(hex(bytes).length);
  });

  it.each(['', 'c1', 'a2 61', 'cd ff', '92 01', 'dd ffffffff', 'df ffffffff 01', 'c6 ffffffff'])(
    'gives nothing for %s',
    (bytes) => {
      expect(decodeValue(hex(bytes))).toBeUndefined();
    },
  );

  it('gives nothing for what is nested too deeply', () => {
    expect(decodeValue(Buffer.alloc(100_000, 0x91))).toBeUndefined();
  });

  it('takes any bytes, and agrees with the scanner on where a value ends', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const end = scan(bytes);
        const value = decodeValue(bytes);
        if (typeof end === 'number') {
          const alone = decodeValue(bytes.subarray(0, end));
          expect(value).toEqual(alone);
        } else expect(value).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads what was packed', () => {
    const value = fc.letrec<{ value: Sendable }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.string(),
        fc.array(tie('value')),
      ),
    })).value;
    const unpacked = (packed: unknown): unknown =>
      packed instanceof Uint8Array
        ? Buffer.from(packed).toString()
        : Array.isArray(packed)
          ? packed.map(unpacked)
          : packed;

    fc.assert(
      fc.property(value, (sent) => {
        const bytes = encodeValue(sent);
        expect(unpacked(decodeValue(bytes))).toEqual(sent);
        expect(scan(bytes)).toBe(bytes.length);
      }),
    );
  });
});

describe('ValueScanner', () => {
  it('finds the end whatever the parts are in which the bytes come', () => {
    const bytes = encodeValue([1, 7, null, ['a'.repeat(300), [true, [2]]]]);

    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (cuts) => {
        const scanner = new ValueScanner();
        for (const cut of cuts.toSorted((a, b) => a - b)) {
          expect(scanner.scan(bytes.subarray(0, cut))).toBe(cut === bytes.length ? cut : null);
        }
        expect(scanner.scan(Buffer.concat([bytes, Buffer.from([1])]))).toBe(bytes.length);
      }),
    );
  });

  it('refuses an answer with more values than any Neovim gives', () => {
    expect(scan(hex('dd ffffffff 01'))).toBe('none');
  });
});

describe('parseNeovimState()', () => {
  it('takes any value: a state, or null', () => {
    const scalar = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.uint8Array({ maxLength: 8 }),
    );
    const packed = fc.letrec<{ value: Packed }>((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, scalar as fc.Arbitrary<Packed>, fc.array(tie('value'), { maxLength: 16 })),
    })).value;
    const list = (maxLength: number) => fc.array(packed, { maxLength });
    const likely = fc.tuple(fc.integer(), fc.uint8Array({ maxLength: 4 }), fc.integer(), list(20), list(20), list(20));

    fc.assert(
      fc.property(fc.oneof(packed, likely), (answer) => {
        const state = parseNeovimState(answer);
        for (const window of state?.windows ?? []) expect(window.line).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves out a buffer whose name is no text, and keeps what it knows of one that lacks facts', () => {
    const text = (value: string) => Buffer.from(value);
    const state = parseNeovimState([
      7,
      text('/home/dev'),
      1000,
      [[1, hex('2fff'), 1], [2, text('/home/dev/a'), 1], text('x'), []],
      [
        [1000, 2, 1, 1, [3, 4]],
        [1001, 2, 1, 2, [1, 0]],
        [1002, 2],
      ],
      [
        [
          text('row'),
          [
            [text('leaf'), 1000],
            [text('col'), [[text('leaf'), 1002]]],
          ],
        ],
      ],
    ]);

    expect(state?.buffers.map(({ number, name }) => [number, name])).toEqual([
      [1, null],
      [2, '/home/dev/a'],
    ]);
    // 1001 floats: it is in no layout.
    expect(state?.windows).toEqual([{ id: 1000, buffer: 2, tab: 1, place: 1, line: 3, column: 5, split: 'row' }]);
  });
});
