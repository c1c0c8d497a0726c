// How sync stands, in words with a tone. Pure.

import type { SyncStatus } from '../../shared/contract/sync.ts';
import { formatAge, formatBytes, formatSpan, plural } from './format.ts';
import { plainTitle } from './visible-text.ts';

export interface SyncWords {
  readonly tone: 'good' | 'warn' | 'bad' | 'none';
  readonly text: string;
}

/** One line for the frame; null where sync was never turned on. */
export function tellSync(status: SyncStatus, nowMs: number): SyncWords | null {
  const { isOn, state, account, retryAt, error, troubles, pendingJoins, conflicts } = status;
  if (account === null && !isOn) return null;
  if (!isOn) return { tone: 'none', text: 'Sync is off' };
  if (error?.code === 'SYNC_ASKS') return { tone: 'bad', text: 'Sync asks before it deletes' };
  if (pendingJoins > 0) return { tone: 'warn', text: `${plural(pendingJoins, 'device')} asks to join` };
  switch (state) {
    case 'off':
      return { tone: 'warn', text: 'Sync: not signed in' };
    case 'disconnected':
      return { tone: 'bad', text: 'Sync: disconnected' };
    case 'reconnecting':
      return { tone: 'warn', text: `Sync: reconnecting${tellRetry(retryAt, nowMs)}` };
    case 'syncing':
      return { tone: 'good', text: `Syncing${tellProgress(status)}` };
    case 'connected':
      if (error !== null) return { tone: 'warn', text: 'Sync: something went wrong' };
      if (troubles.length > 0) return { tone: 'warn', text: tellTroubles(troubles) };
      return conflicts > 0
        ? { tone: 'warn', text: `Synced; ${plural(conflicts, 'conflict')}` }
        : { tone: 'good', text: tellLevel(status, nowMs) };
  }
}

/** What has not reached the server yet, as a sentence. */
export function tellWaiting({ waiting: { snapshots, entries } }: SyncStatus): string {
  if (snapshots + entries === 0) return 'Nothing: all that may leave this device is on the server.';
  const waiting = [
    ...(snapshots === 0 ? [] : [plural(snapshots, 'snapshot')]),
    ...(entries === 0 ? [] : [plural(entries, 'other change')]),
  ];
  return `${waiting.join(' and ')} ${snapshots + entries === 1 ? 'waits' : 'wait'} to be sent.`;
}

/** "Sending: 3 of 12, 4.2 MB so far"; null while nothing travels. */
export function tellTravel({ progress }: SyncStatus): string | null {
  if (progress === null) return null;
  const { direction, done, total, bytes, deviceName } = progress;
  const from = deviceName === undefined ? '' : ` from ${deviceName}`;
  return `${direction === 'sending' ? 'Sending' : 'Receiving'}${from}: ${done} of ${total}, ${formatBytes(bytes)} so far`;
}

function tellTroubles(troubles: SyncStatus['troubles']): string {
  const names = [...new Set(troubles.map(({ deviceName }) => plainTitle(deviceName)))];
  return names.length === 1 ? `Sync: trouble with ${names[0]}` : `Sync: trouble with ${plural(names.length, 'device')}`;
}

function tellProgress({ progress }: SyncStatus): string {
  return progress === null ? '…' : `: ${progress.done} of ${progress.total}`;
}

function tellRetry(retryAt: string | null, nowMs: number): string {
  const ms = retryAt === null ? 0 : Date.parse(retryAt) - nowMs;
  return ms > 0 ? `, next try in ${formatSpan(Math.max(1_000, ms))}` : '…';
}

function tellLevel({ waiting, lastSyncAt }: SyncStatus, nowMs: number): string {
  const count = waiting.snapshots + waiting.entries;
  if (count > 0) return `Sync: ${count} waiting`;
  return lastSyncAt === null ? 'Sync: connected' : `Synced ${formatAge(lastSyncAt, nowMs)}`;
}

/** The states by name, for who wants to know exactly. */
export const SYNC_STATE_NAMES: Readonly<Record<SyncStatus['state'], string>> = {
  off: 'Off',
  disconnected: 'Disconnected',
  reconnecting: 'Reconnecting',
  syncing: 'Syncing',
  connected: 'Connected',
};

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

/** As people call it; what is not known as it calls itself. */
export function tellPlatform(platform: string): string {
  return PLATFORMS[platform] ?? platform;
}
