import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BOX_CODECS } from '../../../../src/core/crypto/box.ts';
import { CodecHelper, type Decoded } from '../../../../src/core/vault/content/codec-helper.ts';
import { decodeContent, encodeContent, type Encoded } from '../../../../src/core/vault/content/codec.ts';
import {
  AVERAGE_CHUNK_BYTES,
  createGearTable,
  findCutPoints,
  MAX_CHUNK_BYTES,
  MIN_CHUNK_BYTES,
} from '../../../../src/core/vault/content/fastcdc.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { matchBlocks } from '../../../../src/core/vault/content/match-blocks.ts';

function noise(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed | 1;
  for (let at = 0; at < size; at += 1) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe('findCutPoints()', () => {
  const gear = createGearTable(noise(1, 1024));

  it('[V10] cuts everything, in sizes between its bounds, around its average', () => {
    const content = noise(7, 12_000_000);
    const cuts = findCutPoints(content, gear);
    const sizes = cuts.map((end, index) => end - (cuts[index - 1] ?? 0));

    expect(cuts.at(-1)).toBe(content.length);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(MIN_CHUNK_BYTES);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    const average = content.length / sizes.length;
    expect(average).toBeGreaterThan(AVERAGE_CHUNK_BYTES * 0.6);
    expect(average).toBeLessThan(AVERAGE_CHUNK_BYTES * 1.6);
    expect(findCutPoints(new Uint8Array(), gear)).toEqual([]);
  });

  it('[V10] finds its cuts again behind an insertion, and elsewhere under another key', () => {
    const content = noise(3, 4_000_000);
    const cuts = new Set(findCutPoints(content, gear));
    const moved = findCutPoints(
      Buffer.concat([content.subarray(0, 100_000), Buffer.from('inserted'), content.subarray(100_000)]),
      gear,
    );

    expect(moved.filter((end) => cuts.has(end - 8)).length).toBeGreaterThan(moved.length * 0.7);
    const otherKey = findCutPoints(content, createGearTable(noise(2, 1024)));
    expect(otherKey.filter((end) => cuts.has(end)).length).toBeLessThan(3);
  });
});

describe('matchBlocks()', () => {
  // Few different bytes, so that runs and blocks really repeat.
  const anyBytes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 800 }).map((bytes) => Buffer.from(bytes));

  function rebuild(old: Buffer, fresh: Buffer): Buffer {
    return Buffer.concat(
      matchBlocks(old, fresh).map((operation) =>
        operation.type === 'copy'
          ? old.subarray(operation.from, operation.from + operation.length)
          : fresh.subarray(operation.start, operation.end),
      ),
    );
  }

  it('rebuilds the new content, whatever the two are', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, fc.nat(800), (a, b, at) => {
        expect(rebuild(a, b)).toEqual(b);
        const edited = Buffer.concat([a.subarray(0, at), b, a.subarray(at)]);
        expect(rebuild(a, edited)).toEqual(edited);
        expect(rebuild(edited, a)).toEqual(a);
      }),
    );
  });

  it('finds moved blocks between several edits', () => {
    const old = noise(5, 60_000);
    const fresh = Buffer.concat([
      Buffer.from('head'),
      old.subarray(30_000),
      Buffer.from('middle'),
      old.subarray(0, 30_000),
      Buffer.from('tail'),
    ]);
    const inserted = matchBlocks(old, fresh).reduce(
      (sum, operation) => sum + (operation.type === 'insert' ? operation.end - operation.start : 0),
      0,
    );

    expect(rebuild(old, fresh)).toEqual(fresh);
    expect(inserted).toBeLessThan(400);
  });

  it('is not slowed down by content that repeats itself', () => {
    const old = Buffer.alloc(200_000, 65);
    const fresh = Buffer.alloc(250_000, 65);
    fresh[100_000] = 66;

    expect(rebuild(old, fresh)).toEqual(fresh);
    expect(matchBlocks(old, fresh).length).toBeLessThan(10);
  });
});

describe('the codec', () => {
  it('gives back what it was given, here and from the helper thread', async () => {
    const helper = new CodecHelper();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 200 }), async (bytes, times) => {
        const content = Buffer.concat(Array.from({ length: times }, () => bytes));
        const decoded = (encoded: Encoded): Buffer =>
          decodeContent(encoded.codec, Buffer.from(encoded.payload), content.length);
        const helped: Buffer[] = [];
        const payloads: Buffer[] = [];
        await helper.encode([content, bytes], 1, (encoded) => {
          helped.push(decoded(encoded));
          if (encoded.codec === BOX_CODECS.zstd) payloads.push(Buffer.from(encoded.payload));
        });
        expect(decoded(encodeContent(content))).toEqual(content);
        expect(helped).toEqual([content, Buffer.from(bytes)]);

        const back: Decoded[] = [];
        const jobs = payloads.map((payload) => ({ payload, writes: null }));
        await helper.decode(jobs, content.length, (result) => back.push(result === null ? null : Buffer.from(result)));
        expect(back).toEqual(payloads.map((payload) => decodeContent(BOX_CODECS.zstd, payload, content.length)));
      }),
      { numRuns: 40 },
    );
    helper.close();
  });

  it('writes parts of a content into a file from the helper thread, and says what could not be written', async () => {
    using folder = makeTemporaryFolder();
    const helper = new CodecHelper();
    const content = Buffer.from('0123456789'.repeat(100));
    const { payload } = encodeContent(content);
    const path = join(folder.path, 'file');
    const file = openSync(path, 'wx');
    const writes = [
      { skip: 5, length: 10, at: 0 },
      { skip: 0, length: 3, at: 10 },
    ];
    const became: Decoded[] = [];
    const jobs = [
      { payload, writes: { file, writes } },
      { payload, writes: { file, writes: [{ skip: 995, length: 6, at: 13 }] } },
      { payload: Buffer.from('no frame'), writes: { file, writes } },
    ];
    await helper.decode(jobs, content.length, (result) => became.push(result));
    closeSync(file);
    helper.close();
    expect(became).toEqual(['written', null, null]);
    expect(readFileSync(path, 'utf8')).toBe('5678901234012');
  });

  it('says so when its helper thread is gone, so that the work is done here', async () => {
    const helper = new CodecHelper();
    const unused = (): never => expect.unreachable('there is no result');
    const work = helper.encode([Buffer.alloc(1_000_000)], 1, unused);
    helper.close();

    expect(await work).toBe(false);
    expect(await helper.encode([Buffer.alloc(1000)], 1, () => undefined)).toBe(true);
    helper.close();
  });

  it('refuses content that is larger than it may be, and bytes that are no frame', () => {
    const { payload } = encodeContent(new Uint8Array(100_000));

    expect(() => decodeContent(BOX_CODECS.zstd, Buffer.from(payload), 99_999)).toThrow(/larger/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => decodeContent(BOX_CODECS.zstd, Buffer.from(bytes), 1000)).toThrow();
      }),
    );
  });
});
