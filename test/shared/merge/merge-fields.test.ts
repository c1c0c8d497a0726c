// What becomes of edits that were made apart: rules as a table, and as a property that any order of delivery ends alike.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  compareClocks,
  MAX_AHEAD_MS,
  NO_CLOCK,
  tickClock,
  witnessClock,
} from '../../../src/shared/merge/hybrid-clock.ts';
import {
  joinField,
  judgeVersions,
  MERGE_STRATEGIES,
  stampOf,
  viewField,
  writeField,
  type FieldState,
  type FieldVersion,
} from '../../../src/shared/merge/merge-fields.ts';

function aVersion(
  value: string | null,
  wallMs: number | null,
  device = 'a',
  replaces: readonly string[] = [],
): FieldVersion {
  return { value, clock: wallMs === null ? null : { wallMs, counter: 0 }, device, replaces };
}

describe('judgeVersions()', () => {
  it.each([
    { name: 'the same value', local: aVersion('x', 1), remote: aVersion('x', 2), outcome: 'identical' },
    { name: 'a newer one', local: aVersion('x', 1), remote: aVersion('y', 2), outcome: 'newer' },
    { name: 'an older one', local: aVersion('x', 2), remote: aVersion('y', 1), outcome: 'older' },
    { name: 'one without a time', local: aVersion('x', 2), remote: aVersion('y', null), outcome: 'untimed' },
    { name: 'one without a time here', local: aVersion('x', null), remote: aVersion('y', 1), outcome: 'untimed' },
    { name: 'the same moment', local: aVersion('x', 1, 'a'), remote: aVersion('y', 1, 'b'), outcome: 'newer' },
  ])('[S7] $name is $outcome', ({ local, remote, outcome }) => {
    expect(judgeVersions(local, remote)).toBe(outcome);
  });
});

describe('viewField()', () => {
  it('[S7] shows the newest of edits made apart and keeps the others', () => {
    const first = aVersion('first', 1);
    const apart = [aVersion('here', 2, 'a', [stampOf(first)]), aVersion('there', 3, 'b', [stampOf(first)])];
    const state = apart.reduce<FieldState>((joined, version) => joinField(joined, [version]), [first]);

    const view = viewField(state, 'latest');

    expect(view?.current.value).toBe('there');
    expect(view?.others.map(({ value }) => value)).toEqual(['here']);
  });

  it('[S7] has nothing to choose once somebody has chosen', () => {
    const apart = joinField([aVersion('here', 2, 'a')], [aVersion('there', 3, 'b')]);

    const { state } = writeField(apart, 'here', { clock: { wallMs: 4, counter: 0 }, device: 'a' });

    expect(viewField(state, 'latest')).toMatchObject({ current: { value: 'here' }, others: [] });
  });

  it('[S7] shows what says more, where that is wanted', () => {
    const state = joinField([aVersion('a long description', 1, 'a')], [aVersion('', 9, 'b')]);

    expect(viewField(state, 'most-complete')?.current.value).toBe('a long description');
    expect(viewField(state, 'latest')?.current.value).toBe('');
  });

  it('[S7] keeps a field that only one side has', () => {
    expect(viewField(joinField([aVersion('only here', 1)], []), 'latest')?.current.value).toBe('only here');
  });
});

describe('devices that edit one field', () => {
  const edits = fc.array(
    fc.record({
      device: fc.integer({ min: 0, max: 3 }),
      value: fc.constantFrom('', 'x', 'yy', 'zzz', null),
      nowMs: fc.integer({ min: 0, max: 5 }),
      /** Whom it hears first, if anybody. */
      hears: fc.option(fc.integer({ min: 0, max: 3 })),
    }),
    { maxLength: 30 },
  );

  it('[S7] converge in any order of delivery, and lose no edit that nobody has replaced', () => {
    fc.assert(
      fc.property(edits, fc.infiniteStream(fc.nat(1_000)), (history, random) => {
        const states: FieldState[] = [[], [], [], []];
        const clocks = [NO_CLOCK, NO_CLOCK, NO_CLOCK, NO_CLOCK];
        const all: FieldVersion[] = [];
        for (const { device, value, nowMs, hears } of history) {
          if (hears !== null) states[device] = joinField(states[device] ?? [], states[hears] ?? []);
          const clock = tickClock(clocks[device] ?? NO_CLOCK, nowMs);
          clocks[device] = clock;
          const written = writeField(states[device] ?? [], value, { clock, device: String(device) });
          states[device] = written.state;
          all.push(written.version);
        }
        const shuffled = (): FieldVersion[] =>
          all
            .map((version) => ({ version, at: Number(random.next().value) }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ version }) => version);
        const deliver = (): FieldState =>
          [...shuffled(), ...shuffled()].reduce<FieldState>((state, version) => joinField(state, [version]), []);

        const [one, other] = [deliver(), deliver()];

        expect(one).toEqual(other);
        for (const strategy of MERGE_STRATEGIES) expect(viewField(one, strategy)).toEqual(viewField(other, strategy));
        const view = viewField(one, 'latest');
        const replaced = new Set(all.flatMap(({ replaces }) => replaces));
        const shown = [view?.current, ...(view?.others ?? [])].map((version) => JSON.stringify(version?.value ?? null));
        for (const version of all)
          if (!replaced.has(stampOf(version))) expect(shown).toContain(JSON.stringify(version.value));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a hybrid clock', () => {
  it('[S7] only rises, also while the wall clock goes back', () => {
    const first = tickClock(NO_CLOCK, 1_000);

    const second = tickClock(first, 500);

    expect(compareClocks(second, first)).toBeGreaterThan(0);
    expect(tickClock({ wallMs: 7, counter: 0xffff }, 0)).toEqual({ wallMs: 8, counter: 0 });
  });

  it('[S7] is never pulled further than five minutes ahead', () => {
    const own = { wallMs: 1_000, counter: 0 };

    expect(witnessClock(own, { wallMs: 1_000 + MAX_AHEAD_MS + 1, counter: 0 }, 1_000)).toEqual(own);
    expect(witnessClock(own, { wallMs: 2_000, counter: 3 }, 1_000)).toEqual({ wallMs: 2_000, counter: 3 });
  });
});
