// From how things stand here and on the server to what is to be done (S3, S4). Pure: the same two states give the same list, sorted.

import type { DeviceId, EntryHash } from '../../shared/replication/ids.ts';

export interface LogHead {
  readonly index: number;
  readonly hash: EntryHash;
}

export interface LocalState {
  readonly deviceId: DeviceId;
  /** The own log, as far as it is signed. */
  readonly own: LogHead;
  /** What is applied of others' logs. */
  readonly held: ReadonlyMap<DeviceId, LogHead>;
  /** The highest head that the server told in this generation, by device; also what is not applied yet. */
  readonly seen: ReadonlyMap<DeviceId, LogHead>;
  /** The server's generation at that time; null before the first round. */
  readonly generation: string | null;
}

export interface RemoteState {
  readonly generation: string;
  readonly heads: readonly (LogHead & { readonly device: DeviceId })[];
}

export type SyncOperation =
  /** The server was restored from a backup: ask for every object again, and delete nothing. */
  | { readonly type: 'check-objects' }
  /** Others' logs went back, or say something else than before: nothing of that device is taken. */
  | { readonly type: 'distrust'; readonly device: DeviceId; readonly reason: 'rolled-back' | 'other-history' }
  | { readonly type: 'pull'; readonly device: DeviceId; readonly after: number; readonly through: number }
  /** The own log is somebody else's too. */
  | { readonly type: 'renew' }
  | { readonly type: 'push'; readonly from: number; readonly through: number };

const ORDER: readonly SyncOperation['type'][] = ['check-objects', 'distrust', 'pull', 'renew', 'push'];

export function planSync(local: LocalState, remote: RemoteState): SyncOperation[] {
  const operations: SyncOperation[] = [];
  const isRestored = local.generation !== null && local.generation !== remote.generation;
  if (isRestored) operations.push({ type: 'check-objects' });
  const heads = new Map(remote.heads.map((head) => [head.device, head]));
  for (const head of remote.heads) {
    if (head.device === local.deviceId) continue;
    operations.push(...planDevice(local, head, isRestored));
  }
  if (!isRestored && local.generation !== null) {
    for (const [device, seen] of local.seen) {
      if (device !== local.deviceId && seen.index > 0 && !heads.has(device))
        operations.push({ type: 'distrust', device, reason: 'rolled-back' });
    }
  }
  operations.push(...planOwn(local, heads.get(local.deviceId)));
  return operations.toSorted(
    (a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type) || compareTexts(deviceOf(a), deviceOf(b)),
  );
}

function planDevice(
  local: LocalState,
  head: LogHead & { readonly device: DeviceId },
  isRestored: boolean,
): SyncOperation[] {
  const { device, index, hash } = head;
  const held = local.held.get(device);
  const seen = local.seen.get(device);
  const known = [held, seen].filter((other) => other !== undefined);
  // A server that was restored lacks what came last, until its device sends it again: in this generation, only what it told since counts.
  const before = seen ?? held;
  if (!isRestored && before !== undefined && before.index > index)
    return [{ type: 'distrust', device, reason: 'rolled-back' }];
  if (known.some((other) => other.index === index && other.hash !== hash))
    return [{ type: 'distrust', device, reason: 'other-history' }];
  const after = held?.index ?? 0;
  return index > after ? [{ type: 'pull', device, after, through: index }] : [];
}

function planOwn({ own }: LocalState, head: LogHead | undefined): SyncOperation[] {
  const index = head?.index ?? 0;
  if (head !== undefined && (index > own.index || (index === own.index && head.hash !== own.hash)))
    return [{ type: 'renew' }];
  return index < own.index ? [{ type: 'push', from: index + 1, through: own.index }] : [];
}

function deviceOf(operation: SyncOperation): string {
  return 'device' in operation ? operation.device : '';
}

function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
