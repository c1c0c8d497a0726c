// The plan as a table: how things stand here and there, and what follows.

import { describe, expect, it } from 'vitest';

import { planSync, type LocalState, type LogHead, type RemoteState } from '../../../src/core/sync/plan.ts';
import { NO_ENTRY_HASH, type DeviceId, type EntryHash } from '../../../src/shared/replication/ids.ts';

const device = (digit: string): DeviceId => digit.repeat(64) as DeviceId; // of the id's form
const hash = (digit: string): EntryHash => digit.repeat(64) as EntryHash; // as above
const ME = device('a');
const OTHER = device('b');
const THIRD = device('c');

function here(changes: Partial<LocalState> = {}): LocalState {
  return {
    deviceId: ME,
    own: { index: 0, hash: NO_ENTRY_HASH },
    held: new Map(),
    seen: new Map(),
    generation: 'one',
    ...changes,
  };
}

function there(heads: Readonly<Record<string, LogHead>> = {}, generation = 'one'): RemoteState {
  return { generation, heads: Object.entries(heads).map(([id, head]) => ({ device: id as DeviceId, ...head })) }; // as above
}

const at = (index: number, digit = '1'): LogHead => ({ index, hash: hash(digit) });

describe('planSync()', () => {
  it.each([
    { name: 'nothing is new', local: here(), remote: there(), plan: [] },
    {
      name: 'the own log is ahead',
      local: here({ own: at(5) }),
      remote: there({ [ME]: at(3) }),
      plan: [{ type: 'push', from: 4, through: 5 }],
    },
    {
      name: 'the server does not know this device yet',
      local: here({ own: at(2), generation: null }),
      remote: there(),
      plan: [{ type: 'push', from: 1, through: 2 }],
    },
    {
      name: 'others are ahead',
      local: here({ held: new Map([[OTHER, at(2)]]) }),
      remote: there({ [THIRD]: at(1), [OTHER]: at(4) }),
      plan: [
        { type: 'pull', device: OTHER, after: 2, through: 4 },
        { type: 'pull', device: THIRD, after: 0, through: 1 },
      ],
    },
    {
      name: 'the server has more of this device than it wrote: the vault is an older copy',
      local: here({ own: at(2) }),
      remote: there({ [ME]: at(3) }),
      plan: [{ type: 'renew' }],
    },
    {
      name: 'the server has other entries of this device',
      local: here({ own: at(2, '1') }),
      remote: there({ [ME]: at(2, '2') }),
      plan: [{ type: 'renew' }],
    },
    {
      name: 'another log went back',
      local: here({ held: new Map([[OTHER, at(5)]]), seen: new Map([[OTHER, at(7)]]) }),
      remote: there({ [OTHER]: at(6) }),
      plan: [{ type: 'distrust', device: OTHER, reason: 'rolled-back' }],
    },
    {
      name: 'another log is gone: the absence of something is no deletion',
      local: here({ seen: new Map([[OTHER, at(7)]]) }),
      remote: there(),
      plan: [{ type: 'distrust', device: OTHER, reason: 'rolled-back' }],
    },
    {
      name: 'another log says something else at the same place',
      local: here({ held: new Map([[OTHER, at(5, '1')]]) }),
      remote: there({ [OTHER]: at(5, '2') }),
      plan: [{ type: 'distrust', device: OTHER, reason: 'other-history' }],
    },
    {
      name: 'the server was restored from a backup: push again, delete nothing',
      local: here({ own: at(9), held: new Map([[OTHER, at(5)]]), seen: new Map([[OTHER, at(5)]]) }),
      remote: there({ [ME]: at(4), [OTHER]: at(3) }, 'two'),
      plan: [{ type: 'check-objects' }, { type: 'push', from: 5, through: 9 }],
    },
    {
      name: 'a restored server stays behind until the device has sent again what was lost',
      local: here({ held: new Map([[OTHER, at(5)]]), seen: new Map([[OTHER, at(3)]]) }),
      remote: there({ [OTHER]: at(3) }),
      plan: [],
    },
    {
      name: 'a restored server may have lost a log whole, and gets it again bit by bit',
      local: here({
        held: new Map([[OTHER, at(5)]]),
        seen: new Map([
          [OTHER, at(0)],
          [THIRD, at(0)],
        ]),
      }),
      remote: there({ [OTHER]: at(2) }),
      plan: [],
    },
    {
      name: 'a restored server goes back once more, within its generation',
      local: here({ held: new Map([[OTHER, at(5)]]), seen: new Map([[OTHER, at(3)]]) }),
      remote: there({ [OTHER]: at(2) }),
      plan: [{ type: 'distrust', device: OTHER, reason: 'rolled-back' }],
    },
  ])('[S3, S4] $name', ({ local, remote, plan }) => {
    expect(planSync(local, remote)).toEqual(plan);
    expect(planSync(local, { ...remote, heads: remote.heads.toReversed() })).toEqual(plan);
  });
});
