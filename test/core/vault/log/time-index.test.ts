import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TimeIndex, type TimeIndexEntry } from '../../../../src/core/vault/log/time-index.ts';
import { parseSnapshotId } from '../../../../src/shared/model/ids.ts';
import { SNAPSHOT_KINDS } from '../../../../src/shared/model/snapshot.ts';

const entry: fc.Arbitrary<Omit<TimeIndexEntry, 'sequence'>> = fc.record({
  takenAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  id: fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: 16, maxLength: 16 })
    .map((digits) => parseSnapshotId(digits.join(''))),
  kind: fc.constantFrom(...SNAPSHOT_KINDS),
  keyframe: fc.nat(),
});
const entries = fc
  .array(entry, { maxLength: 200 })
  .map((list) => list.map((one, index) => ({ ...one, sequence: index * 2 + 1 })));

function indexOf(list: readonly TimeIndexEntry[]): TimeIndex {
  const index = new TimeIndex(1);
  for (const one of list) index.append(one);
  return index;
}

function toList(index: TimeIndex): TimeIndexEntry[] {
  return Array.from({ length: index.count }, (_, at) => ({
    sequence: index.sequenceAt(at),
    takenAtMs: index.timeAt(at),
    id: index.idAt(at),
    kind: index.kindAt(at),
    keyframe: index.keyframeAt(at),
  }));
}

describe('TimeIndex', () => {
  it('[V12] gives back its entries, through blocks and clones too', () => {
    fc.assert(
      fc.property(entries, fc.nat(200), (list, cut) => {
        const index = indexOf(list);
        const at = Math.min(cut, list.length);
        const loaded = new TimeIndex();
        loaded.appendBlock(index.encodeBlock(0, at));
        loaded.appendBlock(index.encodeBlock(at, list.length));

        expect(toList(index)).toEqual(list);
        expect(toList(loaded)).toEqual(list);
        expect(toList(index.clone())).toEqual(list);
      }),
    );
  });

  it('finds by sequence, id, prefix and time as a plain search does', () => {
    fc.assert(
      fc.property(
        entries,
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 1, max: 16 }),
        (list, timeMs, digits) => {
          const index = indexOf(list);
          for (const [at, one] of list.entries()) {
            expect(index.indexOfSequence(one.sequence)).toBe(at);
            expect(index.indexOfSequence(one.sequence + 1)).toBe(-1);
            const prefix = one.id.slice(0, digits);
            expect(index.indexesOfPrefix(prefix, 1000)).toEqual(
              list
                .map((_, other) => other)
                .filter((other) => list[other]!.id.startsWith(prefix))
                .toReversed(),
            );
          }
          const best = Math.max(-1, ...list.filter((one) => one.takenAtMs <= timeMs).map((one) => one.takenAtMs));
          expect(index.indexAtTime(timeMs) < 0 ? -1 : index.timeAt(index.indexAtTime(timeMs))).toBe(best);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps what a filter keeps, in order', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 2, max: 5 }), (list, step) => {
        const index = indexOf(list);
        index.filter((at) => at % step !== 0);

        expect(toList(index)).toEqual(list.filter((_, at) => at % step !== 0));
      }),
    );
  });

  it('refuses a block that is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(() => new TimeIndex().appendBlock(Buffer.from([7, 7, ...bytes]))).toThrow(RangeError);
      }),
    );
  });
});
