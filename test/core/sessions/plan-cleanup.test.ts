import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { planCleanup } from '../../../src/core/sessions/plan-cleanup.ts';
import { sessionIdOf } from '../../../src/core/sessions/session.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_000 * DAY_MS;

describe('planCleanup()', () => {
  it('never touches what is pinned or an only copy, and leaves the newest', () => {
    const candidates = fc.array(
      fc.record({ age: fc.integer({ min: 0, max: 400 }), pinned: fc.boolean(), isOriginGone: fc.boolean() }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(candidates, fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 300 }), (all, max, days) => {
        const sessions = all.map(({ age, ...rest }, at) => ({
          id: sessionIdOf('t', String(at)),
          updatedAtMs: NOW_MS - age * DAY_MS,
          ...rest,
        }));

        const plan = planCleanup(sessions, { maxSessions: max, retentionDays: days, includesGone: false }, NOW_MS);

        const gone = new Set([...plan.byAge, ...plan.byLimit]);
        expect(gone.size).toBe(plan.byAge.length + plan.byLimit.length);
        const stays = sessions.filter(({ id }) => !gone.has(id));
        expect(
          sessions.filter(({ id }) => gone.has(id)).some((session) => session.pinned || session.isOriginGone),
        ).toBe(false);
        const loose = stays.filter((session) => !session.pinned && !session.isOriginGone);
        if (max > 0) expect(loose.length).toBeLessThanOrEqual(max);
        if (days > 0) expect(loose.every(({ updatedAtMs }) => updatedAtMs >= NOW_MS - days * DAY_MS)).toBe(true);
        const newestGone = Math.max(
          ...plan.byLimit.map((id) => sessions.find((other) => other.id === id)?.updatedAtMs ?? 0),
        );
        expect(loose.every(({ updatedAtMs }) => updatedAtMs >= newestGone)).toBe(true);
      }),
    );
  });
});
