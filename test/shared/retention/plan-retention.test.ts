import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Checkpoint } from '../../../src/shared/model/checkpoint.ts';
import { parseCheckpointId, parseSnapshotId, type SnapshotId } from '../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION, type RetentionLimits } from '../../../src/shared/model/retention.ts';
import type { SnapshotKind } from '../../../src/shared/model/snapshot.ts';
import { planRetention, type RetentionInput } from '../../../src/shared/retention/plan-retention.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 10, 20, 12, 30);

function id(index: number): SnapshotId {
  return parseSnapshotId(index.toString(16).padStart(16, '0'));
}

function checkpoint(snapshot: number, ageDays: number, pinned: boolean): Checkpoint {
  const atMs = NOW_MS - ageDays * DAY_MS;
  return {
    id: parseCheckpointId(id(snapshot)),
    snapshotId: id(snapshot),
    name: 'c',
    description: '',
    tags: [],
    priority: 'normal',
    pinned,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
}

function input(
  ages: readonly number[],
  overrides: Partial<RetentionInput> = {},
  kinds: readonly SnapshotKind[] = [],
): RetentionInput {
  return {
    snapshots: {
      count: ages.length,
      timeAt: (index) => NOW_MS - (ages[index] ?? 0),
      kindAt: (index) => kinds[index] ?? 'automatic',
      idAt: id,
    },
    checkpoints: [],
    lastGood: [],
    nowMs: NOW_MS,
    limits: DEFAULT_RETENTION,
    ...overrides,
  };
}

/** Ages, oldest first, as a vault lists its snapshots. */
const ages = fc
  .array(fc.integer({ min: 0, max: 60 * DAY_MS }), { minLength: 1, maxLength: 300 })
  .map((list) => list.toSorted((a, b) => b - a));
const limits: fc.Arbitrary<RetentionLimits> = fc.record({
  allHours: fc.integer({ min: 0, max: 48 }),
  hourlyDays: fc.integer({ min: 0, max: 14 }),
  dailyDays: fc.integer({ min: 0, max: 60 }),
  checkpointDays: fc.integer({ min: 0, max: 200 }),
  inactiveDays: fc.constant(7),
});

describe('planRetention()', () => {
  it('keeps all of a day, then the last of each hour for a week, then the last of each day for 30', () => {
    const every10Minutes = Array.from({ length: 40 * 144 }, (_, index) => (40 * 144 - 1 - index) * 600_000);

    const plan = planRetention(input(every10Minutes));

    expect(plan.keep).toMatchObject({ latest: 1, recent: 144, hourly: 6 * 24, daily: 23 });
    expect(plan.remove.length + Object.values(plan.keep).reduce((sum, count) => sum + count, 0)).toBe(
      every10Minutes.length,
    );
    expect(plan.remove[0]).toBe(id(0));
  });

  it('keeps the newest, each last good one, pinned checkpoints, and the others for 90 days', () => {
    const old = Array.from({ length: 6 }, (_, index) => (200 - index) * DAY_MS);
    const plan = planRetention(
      input(old, {
        lastGood: [id(1)],
        checkpoints: [checkpoint(2, 150, true), checkpoint(3, 10, false), checkpoint(4, 91, false)],
      }),
    );

    expect(plan.remove).toEqual([id(0), id(4)]);
    expect(plan.removeCheckpoints).toEqual([id(4)]);
    expect(plan.keep).toMatchObject({ 'last-good': 1, pinned: 1, checkpoint: 1, latest: 1 });
  });

  it('keeps what undoes a restore for a week, and what lies in the future', () => {
    const plan = planRetention(
      input([8 * DAY_MS, 3 * DAY_MS + 1000, 3 * DAY_MS, -DAY_MS, 0], {}, [
        'before-restore',
        'before-restore',
        'automatic',
        'automatic',
        'automatic',
      ]),
    );

    expect(plan.keep).toMatchObject({ undo: 1, recent: 1 });
  });

  it('removes nothing more when it is planned again', () => {
    fc.assert(
      fc.property(ages, limits, (list, bounds) => {
        const first = planRetention(input(list, { limits: bounds }));
        const gone = new Set(first.remove);
        const kept = list.map((age, index) => ({ age, index })).filter(({ index }) => !gone.has(id(index)));
        const again = planRetention({
          ...input(list, { limits: bounds }),
          snapshots: {
            count: kept.length,
            timeAt: (at) => NOW_MS - (kept[at]?.age ?? 0),
            kindAt: () => 'automatic',
            idAt: (at) => id(kept[at]?.index ?? 0),
          },
        });

        expect(again.remove).toEqual([]);
      }),
    );
  });

  it('removes no more where limits are wider, and never the newest', () => {
    fc.assert(
      fc.property(ages, limits, limits, (list, a, b) => {
        const wider = {
          ...a,
          allHours: Math.max(a.allHours, b.allHours),
          hourlyDays: Math.max(a.hourlyDays, b.hourlyDays),
          dailyDays: Math.max(a.dailyDays, b.dailyDays),
        };
        const narrow = new Set(planRetention(input(list, { limits: a })).remove);
        const wide = planRetention(input(list, { limits: wider })).remove;

        expect(wide.filter((snapshot) => !narrow.has(snapshot))).toEqual([]);
        expect(narrow.has(id(list.length - 1))).toBe(false);
      }),
    );
  });
});
