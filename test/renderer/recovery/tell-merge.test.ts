import { describe, expect, it } from 'vitest';

import {
  decide,
  tellBalance,
  tellVersion,
  type MergeConflictView,
} from '../../../src/renderer/features/recovery/tell-merge.ts';

const CONFLICT: MergeConflictView = {
  ...{ kind: 'checkpoint', id: '00112233445566aa', name: 'Before', field: 'name' },
  ...{ ours: 'Before', theirs: 'Before the move', taken: 'theirs' },
};
const NOTHING: Parameters<typeof tellBalance>[0] = {
  ...{ isSameVault: true, snapshots: 0, inBoth: 3, unreadable: 0, newerLeftOut: 0, incoming: null, itemsLeftOut: 0 },
  ...{ checkpointsAdded: 0, checkpointsChanged: 0, sessionsAdded: 0, sessionsChanged: 0, sessionsDeletedHere: 0 },
  ...{ conflicts: [], isNothingNew: true, isShared: false, keptAs: null },
};

describe('tellBalance()', () => {
  it('says nothing where nothing is won or lost', () => {
    expect(tellBalance(NOTHING)).toEqual({ here: { wins: [], loses: [] }, there: { wins: [], loses: [] } });
  });

  it('counts what comes in and what is replaced here, and what stays out there', () => {
    const { here, there } = tellBalance({
      ...NOTHING,
      ...{
        snapshots: 2,
        checkpointsAdded: 1,
        sessionsChanged: 1,
        unreadable: 3,
        newerLeftOut: 4,
        sessionsDeletedHere: 1,
      },
      incoming: { from: '2026-03-01T10:00:00.000Z', to: '2026-03-04T10:00:00.000Z' },
      conflicts: [CONFLICT, { ...CONFLICT, taken: 'ours' }, { ...CONFLICT, taken: 'both' }],
    });

    expect(here.wins).toEqual([
      expect.stringMatching(/^2 snapshots of .+ to .+/),
      '1 checkpoint',
      'messages of, or changes to, 1 conversation',
    ]);
    expect(here.loses).toEqual([expect.stringMatching(/^1 value that the other one’s take/)]);
    expect(there.loses).toEqual([
      '4 snapshots newer than the newest one here: merge again after the next capture',
      '3 snapshots that cannot be read there',
      '1 conversation that you deleted here',
      '1 value, since what is here counts',
    ]);
  });
});

describe('decide()', () => {
  it('follows the strategy, or the choices by hand, where what is here stays by itself', () => {
    const name = 'checkpoint.00112233445566aa.name';
    const taken = (isByHand: boolean, choices: Parameters<typeof decide>[2]) =>
      decide([CONFLICT], isByHand, choices).map((conflict) => conflict.taken);
    expect([taken(false, {}), taken(true, {}), taken(true, { [name]: 'theirs' })]).toEqual([
      ['theirs'],
      ['ours'],
      ['theirs'],
    ]);
  });
});

describe('tellVersion()', () => {
  it.each([
    ['description', '', 'empty'],
    ['pinned', 'true', 'yes'],
    ['tags', '["a","b"]', 'a, b'],
    ['tags', '[]', 'none'],
    ['tags', '["cut of…', '["cut of…'],
    ['name', '["not a list"]', '["not a list"]'],
  ])('tells %s %s as %s', (field, text, told) => {
    expect(tellVersion(field, text)).toBe(told);
  });
});
