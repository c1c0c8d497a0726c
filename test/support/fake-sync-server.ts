// A sync server in memory: what the contract says of one, without a network. Several clients share one `FakeSyncState`.

import { createHash } from 'node:crypto';

import { concatBytes } from '../../src/shared/replication/bytes.ts';
import {
  encodeWireEntries,
  parseBody,
  parseSignedPart,
  parseWireEntries,
  type WireEntry,
} from '../../src/shared/replication/entry.ts';
import { createMissingFrame } from '../../src/shared/replication/frames.ts';
import {
  NO_ENTRY_HASH,
  type DeviceId,
  type EntryHash,
  type ObjectId,
  type VaultKeyId,
} from '../../src/shared/replication/ids.ts';
import { SyncRefusal, type SyncServer } from '../../src/core/sync/server-port.ts';
import type { RefusalBody } from '../../src/shared/replication/errors.ts';

export interface FakeDevice {
  readonly deviceId: DeviceId;
  readonly signingKey: string;
  readonly agreementKey: string;
  readonly name: string;
  revokedAtMs: number | null;
}

export class FakeSyncState {
  generation = 'first';
  epoch = 0;
  vaultId: VaultKeyId | null = null;
  readonly devices = new Map<DeviceId, FakeDevice>();
  readonly logs = new Map<DeviceId, WireEntry[]>();
  readonly objects = new Map<ObjectId, Uint8Array>();
  readonly listeners = new Set<(notice: { device: DeviceId; index: number }) => void>();
  slots = { revision: 0, slots: '' };
  readonly damaged = new Set<ObjectId>();

  headOf(device: DeviceId): { device: DeviceId; index: number; hash: EntryHash } {
    const log = this.logs.get(device) ?? [];
    const last = log.at(-1);
    return { device, index: log.length, hash: last === undefined ? NO_ENTRY_HASH : hashOf(last) };
  }

  /** All bytes that an operator could read. */
  bytes(): Buffer {
    const entries = [...this.logs.values()].map((log) => Buffer.from(encodeWireEntries(log)));
    return Buffer.concat([...entries, ...this.objects.values(), Buffer.from(this.slots.slots, 'base64')]);
  }
}

/** The server as one device may use it. */
export function createFakeServer(state: FakeSyncState, device: Omit<FakeDevice, 'revokedAtMs'>): SyncServer {
  state.devices.set(device.deviceId, { ...device, revokedAtMs: null });
  const assertAlive = (): void => {
    if (state.devices.get(device.deviceId)?.revokedAtMs !== null) throw refuse('device-revoked', 'SYNC_REVOKED');
  };
  return {
    account: async () => {
      assertAlive();
      const devices = [...state.devices.values()].map((other) => ({
        ...other,
        platform: 'linux',
        createdAtMs: 0,
        lastSeenAtMs: 0,
        vaultId: state.vaultId,
      }));
      const vaults = state.vaultId === null ? [] : [{ vaultId: state.vaultId, createdAtMs: 0 }];
      return { email: 'ann@example.org', vaults, devices };
    },
    createVault: async (vaultId, epoch) => {
      if (state.vaultId === null) state.epoch = epoch;
      state.vaultId ??= vaultId;
    },
    status: async (vaultId) => {
      assertAlive();
      return {
        vaultId,
        generation: state.generation,
        serverTimeMs: 0,
        epoch: state.epoch,
        heads: [...state.logs.keys()].map((id) => ({ ...state.headOf(id), isRevoked: false })),
        slotsRevision: state.slots.revision,
        pendingJoins: 0,
        quota: { usedBytes: 0, limitBytes: 0, usedObjects: 0, limitObjects: 0 },
      };
    },
    pull: async (_, { after, maxEntries }) => {
      assertAlive();
      const known = new Map(after.map((head) => [head.device, head.index]));
      const entries: WireEntry[] = [];
      for (const [id, log] of [...state.logs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
        entries.push(...log.slice(known.get(id) ?? 0));
      return encodeWireEntries(entries.slice(0, maxEntries));
    },
    push: async (_, bytes) => {
      assertAlive();
      const entries = parseWireEntries(bytes) ?? [];
      const author = authorOf(state, device.deviceId, entries);
      for (const entry of entries) pushOne(state, author, entry);
      const head = state.headOf(author);
      for (const listener of state.listeners) listener({ device: author, index: head.index });
      return head;
    },
    have: async (_, ids) => ({ missing: ids.filter((id) => !state.objects.has(id)), partial: [] }),
    upload: async (_, frames) =>
      frames.map(({ id, bytes }) => {
        const isKnown = state.objects.has(id);
        if (!isKnown) state.objects.set(id, Uint8Array.from(bytes));
        return { id, status: isKnown ? ('known' as const) : ('stored' as const), receivedBytes: bytes.length };
      }),
    getObjects: async (_, objects) =>
      objects.map(({ id, offset }) => {
        const box = state.objects.get(id);
        if (box === undefined) return createMissingFrame(id);
        return { id, hash: sha256(box), totalBytes: box.length, offset, bytes: box.subarray(offset) };
      }),
    free: async (_, ids) => {
      const named = new Set([...state.logs.values()].flat().flatMap(requiredBy));
      for (const id of ids) if (!named.has(id)) state.objects.delete(id);
    },
    reportDamaged: async (_, ids) => {
      for (const id of ids) {
        state.damaged.add(id);
        state.objects.delete(id);
      }
    },
    readSlots: async () => state.slots,
    writeSlots: async (_, slots) => {
      state.slots = { revision: slots.revision + 1, slots: slots.slots };
      return state.slots;
    },
    ask: () => Promise.reject(new RangeError('not in this fake')),
    askToJoin: () => Promise.reject(new RangeError('not in this fake')),
    readJoin: () => Promise.reject(new RangeError('not in this fake')),
    listJoins: async () => [],
    answerJoin: async () => undefined,
    rename: async () => undefined,
    revoke: async (id) => {
      const found = state.devices.get(id);
      if (found !== undefined) found.revokedAtMs = 1;
    },
    logOut: async () => undefined,
    listen: (_, { onOpen, onNotice }, signal) =>
      new Promise((resolve) => {
        state.listeners.add(onNotice);
        onOpen();
        signal.addEventListener('abort', () => {
          state.listeners.delete(onNotice);
          resolve();
        });
      }),
  };
}

/** Whoever pushes, or a device that was ended and only says what it retires. */
function authorOf(state: FakeSyncState, pusher: DeviceId, entries: readonly WireEntry[]): DeviceId {
  const parts = entries.map(({ signedBytes }) => parseSignedPart(signedBytes));
  const author = parts[0]?.deviceId ?? pusher;
  const isEnded = (state.devices.get(author)?.revokedAtMs ?? null) !== null;
  if (author === pusher || (isEnded && parts.every((part) => part?.kind === 'retire'))) return author;
  throw refuse('forbidden', 'SYNC_REFUSED');
}

function pushOne(state: FakeSyncState, device: DeviceId, entry: WireEntry): void {
  const part = parseSignedPart(entry.signedBytes);
  const body = entry.bodyBytes === null ? null : parseBody(entry.bodyBytes);
  if (part === null || part.deviceId !== device) throw refuse('bad-request', 'SYNC_REFUSED');
  const log = state.logs.get(device) ?? [];
  state.logs.set(device, log);
  const there = log[part.index - 1];
  if (there !== undefined) {
    if (hashOf(there) === hashOf(entry)) return;
    throw refuse('fork', 'SYNC_FORK', { head: state.headOf(device) });
  }
  if (part.index !== log.length + 1) throw refuse('gap', 'SYNC_REFUSED', { head: state.headOf(device) });
  if (part.previousHash !== state.headOf(device).hash) throw refuse('fork', 'SYNC_FORK');
  const isStale = part.kind === 'epoch' ? part.epoch <= state.epoch : part.epoch < state.epoch;
  if (part.kind !== 'epoch' && part.epoch > state.epoch) throw refuse('bad-request', 'SYNC_REFUSED');
  if (isStale) throw refuse('epoch-behind', 'SYNC_REFUSED', { epoch: state.epoch });
  const missing = (body?.requires ?? []).filter((id) => !state.objects.has(id));
  if (missing.length > 0) throw refuse('missing-objects', 'SYNC_REFUSED', { missing });
  state.epoch = Math.max(state.epoch, part.epoch);
  log.push({
    signedBytes: concatBytes([entry.signedBytes]),
    signature: concatBytes([entry.signature]),
    bodyBytes: entry.bodyBytes === null ? null : concatBytes([entry.bodyBytes]),
  });
  for (const { first, last } of part.retires)
    for (let index = first; index <= last; index += 1) {
      const retired = log[index - 1];
      if (retired !== undefined) log[index - 1] = { ...retired, bodyBytes: null };
    }
}

function requiredBy({ bodyBytes }: WireEntry): readonly ObjectId[] {
  return bodyBytes === null ? [] : (parseBody(bodyBytes)?.requires ?? []);
}

function refuse(
  code: RefusalBody['code'],
  as: 'SYNC_REFUSED' | 'SYNC_FORK' | 'SYNC_REVOKED',
  more: Partial<RefusalBody> = {},
): SyncRefusal {
  return new SyncRefusal(as, code, { code, message: code, hint: '', retryable: false, ...more }, {});
}

function hashOf(entry: WireEntry): EntryHash {
  return sha256(entry.signedBytes) as EntryHash; // as the hash is defined
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
