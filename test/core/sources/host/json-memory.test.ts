import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fitsMemory } from '../../../../src/core/sources/host/json-memory.ts';

const MEGABYTE = 1024 * 1024;
const LIMIT = 64 * MEGABYTE;

function filled(start: string, value: string, sizeBytes: number): Buffer {
  return Buffer.concat([Buffer.from(start), Buffer.alloc(sizeBytes, value)]);
}

describe('fitsMemory()', () => {
  it.each([
    ['one long text', filled('{"a":"', 'a', 16 * MEGABYTE), true],
    ['one long text of braces', filled('{"a":"', '{[,', 16 * MEGABYTE), true],
    ['one long text of escaped quotes and braces', filled('{"a":"', String.raw`\"{[,`, 16 * MEGABYTE), true],
    ['texts that end with a backslash', filled('[', String.raw`"\\",{},`, 16 * MEGABYTE), false],
    ['empty objects', filled('[', '{},', 16 * MEGABYTE), false],
    ['lists in lists', filled('[', '[[', 16 * MEGABYTE), false],
    ['few bytes of whatever', filled('[', '{},', MEGABYTE / 2), true],
    ['text beyond Latin', filled('{"a":"', 'ж', 24 * MEGABYTE), false],
  ])('tells of %s', (_, json, fits) => {
    expect(fitsMemory(json, LIMIT)).toBe(fits);
  });

  it('takes any bytes, and lets more pass the more may be taken', () => {
    const pad = Buffer.alloc(MEGABYTE + 1, ' ');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(4 * MEGABYTE), (noise, limit) => {
        const bytes = Buffer.concat([noise, pad, noise]);
        if (fitsMemory(bytes, limit)) expect(fitsMemory(bytes, limit + 1)).toBe(true);
        expect(fitsMemory(bytes, LIMIT)).toBe(true);
        expect(fitsMemory(bytes, MEGABYTE)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
