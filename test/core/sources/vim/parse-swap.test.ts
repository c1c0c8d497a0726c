import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseSwapHeader, parseSwapText, type OriginalFile } from '../../../../src/core/sources/vim/parse-swap.ts';

const FIXTURES = new URL('../../../fixtures/editors/', import.meta.url);
/** Of Vim 9.0, by a modified file of some lines. */
const SMALL = readFileSync(new URL('vim-dirty-file3.txt.swp', FIXTURES));
/** The same with 1,000 lines, the first deleted and one put before line 500: most lines stand in the file alone. */
const LARGE = readFileSync(new URL('vim-large.swp', FIXTURES));
const LARGE_FILE = Array.from({ length: 1000 }, (_, at) => `line number ${at + 1} with some text to fill the page`);
const LARGE_TEXT = LARGE_FILE.toSpliced(499, 0, 'unsaved text').slice(1);

function original(lines: readonly string[], mtimeS = parseSwapHeader(LARGE)?.fileMtimeS ?? 0): () => OriginalFile {
  return () => ({ bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')), mtimeS });
}

function textOf(swap: Uint8Array, readOriginal: () => OriginalFile | null = () => null, maxBytes = 1_000_000) {
  const read = parseSwapText(swap, readOriginal, maxBytes);
  return read.result === 'text' ? { ...read, bytes: Buffer.from(read.bytes).toString() } : read;
}

/** A swap file as newer Neovims write it: positions and counts of lines with 32 bits. */
function narrowSwap(lines: readonly string[], countBits: 32 | 64): Buffer {
  const page = 4096;
  const swap = Buffer.alloc(3 * page);
  SMALL.copy(swap, 0, 0, page);
  swap.write('tp', page, 'latin1');
  swap.writeUInt16LE(1, page + 2);
  swap.writeUInt16LE(Math.floor((page - 8) / 24), page + 4);
  swap.writeBigInt64LE(2n, page + 8);
  swap.writeInt32LE(lines.length, page + 16);
  swap.writeInt32LE(1, page + 20);
  swap.writeInt32LE(1, page + 24);
  const data = 2 * page;
  swap.write('ad', data, 'latin1');
  swap.writeUInt32LE(page, data + 12);
  swap.writeUInt32LE(lines.length, data + 16);
  let end = page;
  for (const [index, line] of lines.entries()) {
    const bytes = Buffer.from(`${line}\0`);
    end -= bytes.length;
    bytes.copy(swap, data + end);
    swap.writeUInt32LE(end, data + (countBits === 64 ? 24 : 20) + index * 4);
  }
  return swap;
}

describe('parseSwapHeader()', () => {
  it('tells whose text it is, and that it holds changes', () => {
    expect(parseSwapHeader(SMALL)).toEqual({
      isEncrypted: false,
      pageBytes: 4096,
      fileMtimeS: 0x6b00af5f,
      pid: 0x7c7c,
      user: 'root',
      host: 'vm',
      fileName: '/home/dev/projects/proj/demo/file3.txt',
      isInSameFolder: true,
      lineEnd: '\n',
      encoding: 'utf-8',
      isModified: true,
    });
  });

  it.each([
    { name: 'nothing', bytes: Buffer.alloc(0) },
    { name: 'a cut one', bytes: SMALL.subarray(0, 1000) },
    { name: 'text', bytes: Buffer.alloc(4096, 'b0VIM') },
    { name: 'one of another byte order', bytes: Buffer.from(SMALL).fill(Buffer.from('30313233', 'hex'), 1008, 1012) },
    { name: 'one with senseless pages', bytes: Buffer.from(SMALL).fill(0xff, 12, 16) },
    { name: 'one with a name that is no text', bytes: Buffer.from(SMALL).fill(0xff, 109, 111) },
  ])('refuses $name', ({ bytes }) => {
    expect(parseSwapHeader(bytes)).toBeNull();
  });
});

describe('parseSwapText()', () => {
  it('reads a text that is all in the swap file without asking for its file', () => {
    const read = textOf(SMALL, () => {
      throw new Error('not needed');
    });

    expect(read).toMatchObject({ result: 'text', isCut: false, isUncertain: false });
    expect(read.result === 'text' ? read.bytes : '').toMatch(/^.+\n/);
  });

  it('puts lines of the file and changed ones together', () => {
    expect(textOf(LARGE, original(LARGE_FILE))).toEqual({
      result: 'text',
      bytes: LARGE_TEXT.map((line) => `${line}\n`).join(''),
      isCut: false,
      isUncertain: false,
    });
  });

  it('says that the text may be mixed where the file was written since, or lost lines', () => {
    expect(textOf(LARGE, original(LARGE_FILE, 1))).toMatchObject({ result: 'text', isUncertain: true });
    expect(textOf(LARGE, original(LARGE_FILE.slice(0, 900)))).toMatchObject({ result: 'text', isUncertain: true });
  });

  it('says that it needs the file where that cannot be read', () => {
    expect(textOf(LARGE)).toEqual({ result: 'needs-file' });
  });

  it('cuts at a line, and says so', () => {
    expect(textOf(LARGE, original(LARGE_FILE), 120)).toEqual({
      result: 'text',
      bytes: `${LARGE_TEXT[0]}\n${LARGE_TEXT[1]}\n`,
      isCut: true,
      isUncertain: false,
    });
  });

  it.each([32, 64] as const)('reads the layout of newer Neovims, with counts of %i bits', (bits) => {
    expect(textOf(narrowSwap(['one', 'zwölf', ''], bits))).toEqual({
      result: 'text',
      bytes: 'one\nzwölf\n\n',
      isCut: false,
      isUncertain: false,
    });
  });

  it('reads a block that points to itself once', () => {
    const swap = Buffer.from(SMALL);
    swap.writeBigInt64LE(1n, 4096 + 8);

    expect(textOf(swap)).toEqual({ result: 'damaged' });
  });

  it('takes any bytes, whatever is damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(LARGE.length - 1), fc.nat(255)), { maxLength: 40 });
    // Where the structure is.
    const inPointers = fc.array(fc.tuple(fc.integer({ min: 4096, max: 4700 }), fc.nat(255)), { maxLength: 10 });

    fc.assert(
      fc.property(fc.oneof(damage, inPointers), (changes) => {
        const swap = Buffer.from(LARGE);
        for (const [at, value] of changes) swap[at] = value;
        const read = textOf(swap, original(LARGE_FILE));
        if (read.result === 'text') expect(read.bytes.length).toBeLessThanOrEqual(1_000_000);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (tail) => {
        expect(textOf(Buffer.concat([SMALL.subarray(0, 4096), tail])).result).not.toBe('encrypted');
      }),
    );
  });
});
