// What this vault says in logs that it wrote as another device, once that device was ended (docs/decisions/0049): after everything that they
// told stands in the own log.

import type { AccountDevice } from '../../shared/replication/account.ts';
import { encodeWireEntries, parseWireEntries } from '../../shared/replication/entry.ts';
import type { DeviceId } from '../../shared/replication/ids.ts';
import { MAX_ENTRIES_PER_BATCH } from '../../shared/replication/limits.ts';
import type { StatusAnswer } from '../../shared/replication/replica.ts';
import type { ServerLog, VaultReplica } from '../vault/vault-replica.ts';
import { SyncRefusal, type SyncServer } from './server-port.ts';
import { slices } from './slices.ts';

const MAX_BYTES = 1024 * 1024;

export interface LastWordsDeps {
  readonly server: SyncServer;
  readonly replica: VaultReplica;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** Earlier identities of this vault that were ended, and in whose logs there may be something to say. */
export async function findEnded(
  replica: VaultReplica,
  status: StatusAnswer,
  devices: readonly AccountDevice[],
): Promise<DeviceId[]> {
  const ended = new Set(devices.filter((device) => device.revokedAtMs !== null).map(({ deviceId }) => deviceId));
  const onServer = new Set(status.heads.map(({ device }) => device));
  const earlier = await replica.earlier();
  return earlier
    .filter(({ deviceId, hasNews }) => hasNews && ended.has(deviceId) && onServer.has(deviceId))
    .map(({ deviceId }) => deviceId);
}

/** Says them, a log at a time. What the server does not take is tried again at the next round. */
export async function sayLastWords(
  deps: LastWordsDeps,
  ended: readonly DeviceId[],
  status: StatusAnswer,
): Promise<void> {
  const { server, replica, nowMs, signal } = deps;
  for (const { deviceId, index } of await replica.earlier()) {
    const head = status.heads.find(({ device }) => device === deviceId);
    if (head === undefined || !ended.includes(deviceId)) continue;
    const next = head.index > index ? await pullOne(deps, status, deviceId, index) : null;
    const log: ServerLog = { deviceId, index: head.index, hash: head.hash, next };
    const words = await replica.lastWords(log, { nowMs: nowMs(), signal });
    if (words === null) continue;
    try {
      for (const entries of slices(parseWireEntries(words) ?? [], MAX_ENTRIES_PER_BATCH))
        await server.push(status.vaultId, encodeWireEntries(entries), signal);
    } catch (error) {
      // Another vault that came from the same one may have spoken, or the server is too old to take it.
      if (error instanceof SyncRefusal && !error.isRetryable) continue;
      throw error;
    }
    await replica.noteLastWords(deviceId);
  }
}

function pullOne(
  { server, signal }: LastWordsDeps,
  status: StatusAnswer,
  device: DeviceId,
  index: number,
): Promise<Uint8Array> {
  const others = status.heads.filter((head) => head.device !== device);
  const after = [{ device, index }, ...others.map((head) => ({ device: head.device, index: head.index }))];
  return server.pull(status.vaultId, { after, maxEntries: 1, maxBytes: MAX_BYTES }, signal);
}
