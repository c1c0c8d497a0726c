import { describe, expect, it } from 'vitest';

import { tellSync, tellTravel, tellWaiting } from '../../../src/renderer/components/tell-sync.ts';
import type { SyncStatus } from '../../../src/shared/contract/sync.ts';

const NOW_MS = Date.parse('2026-03-04T12:00:00.000Z');
const at = (seconds: number): string => new Date(NOW_MS + seconds * 1_000).toISOString();
const ERROR = { code: 'SYNC_OFFLINE', message: 'No.', hint: 'Look.', retryable: true } as const;
const TROUBLE = { deviceId: 'b'.repeat(64), deviceName: 'Laptop', error: ERROR };

const aStatus = (status: Partial<SyncStatus> = {}): SyncStatus => ({
  isOn: true,
  state: 'connected',
  account: { server: 'https://example.org', email: 'a@example.org' },
  device: null,
  waiting: { snapshots: 0, entries: 0 },
  progress: null,
  lastSyncAt: at(-8),
  retryAt: null,
  error: null,
  troubles: [],
  pendingJoins: 0,
  conflicts: 0,
  ...status,
});

describe('tellSync()', () => {
  it('says nothing where nobody has signed in', () => {
    expect(tellSync(aStatus({ isOn: false, state: 'off', account: null }), NOW_MS)).toBeNull();
  });

  it.each([
    ['level', aStatus(), 'good', 'Synced 8 seconds ago'],
    ['waiting', aStatus({ waiting: { snapshots: 1, entries: 12 } }), 'good', 'Sync: 13 waiting'],
    ['never level', aStatus({ lastSyncAt: null }), 'good', 'Sync: connected'],
    ['turned off', aStatus({ isOn: false, state: 'off' }), 'none', 'Sync is off'],
    ['signed out', aStatus({ state: 'off', account: null }), 'warn', 'Sync: not signed in'],
    ['disconnected', aStatus({ state: 'disconnected', error: ERROR }), 'bad', 'Sync: disconnected'],
    [
      'reconnecting',
      aStatus({ state: 'reconnecting', retryAt: at(30) }),
      'warn',
      'Sync: reconnecting, next try in 30 seconds',
    ],
    ['reconnecting now', aStatus({ state: 'reconnecting', retryAt: at(-1) }), 'warn', 'Sync: reconnecting…'],
    [
      'syncing',
      aStatus({ state: 'syncing', progress: { direction: 'sending', done: 3, total: 12, bytes: 1 } }),
      'good',
      'Syncing: 3 of 12',
    ],
    ['a failure that matters', aStatus({ error: ERROR }), 'warn', 'Sync: something went wrong'],
    ['trouble', aStatus({ troubles: [TROUBLE], conflicts: 2 }), 'warn', 'Sync: trouble with Laptop'],
    [
      'more trouble',
      aStatus({ troubles: [TROUBLE, TROUBLE, { ...TROUBLE, deviceName: 'Studio' }] }),
      'warn',
      'Sync: trouble with 2 devices',
    ],
    ['conflicts', aStatus({ conflicts: 2 }), 'warn', 'Synced; 2 conflicts'],
    ['a device that asks', aStatus({ pendingJoins: 1, conflicts: 2 }), 'warn', '1 device asks to join'],
    [
      'the brake',
      aStatus({ error: { ...ERROR, code: 'SYNC_ASKS' }, pendingJoins: 1 }),
      'bad',
      'Sync asks before it deletes',
    ],
  ] as const)('%s', (_case, status, tone, text) => {
    expect(tellSync(status, NOW_MS)).toEqual({ tone, text });
  });
});

describe('tellWaiting() and tellTravel()', () => {
  it('count what waits and what travels', () => {
    expect(tellWaiting(aStatus())).toBe('Nothing: all that may leave this device is on the server.');
    expect(tellWaiting(aStatus({ waiting: { snapshots: 2, entries: 3 } }))).toBe(
      '2 snapshots and 3 other changes wait to be sent.',
    );
    expect(tellTravel(aStatus())).toBeNull();
    expect(
      tellTravel(
        aStatus({ progress: { direction: 'receiving', done: 1, total: 2, bytes: 4_200_000, deviceName: 'Laptop' } }),
      ),
    ).toBe('Receiving from Laptop: 1 of 2, 4.2 MB so far');
  });
});
