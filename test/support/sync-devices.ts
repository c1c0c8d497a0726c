// Devices that share one vault and one server in memory, each with real files.

import { join } from 'node:path';

import { Lanes } from '../../src/core/sync/lanes.ts';
import { DEFAULT_SELECTION } from '../../src/core/sync/sync-records.ts';
import { syncOnce, type RoundDeps, type RoundResult } from '../../src/core/sync/sync-round.ts';
import type { Seen } from '../../src/core/sync/sync-records.ts';
import type { SyncServer } from '../../src/core/sync/server-port.ts';
import { createJoiningKeys, createSigningKeys } from '../../src/core/crypto/device-keys.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault, joinVault, openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import type { VaultReplica } from '../../src/core/vault/vault-replica.ts';
import type { SnapshotId } from '../../src/shared/model/ids.ts';
import type { DeviceId } from '../../src/shared/replication/ids.ts';
import { createFakeServer, type FakeSyncState } from './fake-sync-server.ts';
import { ManualClock } from './manual-clock.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from './test-vault.ts';

export interface SyncDevice extends AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly deviceId: DeviceId;
  vault: Vault;
  readonly replica: VaultReplica;
  readonly lanes: Lanes;
  server: SyncServer;
  seen: Seen;
  nowMs: number;
  sync(changes?: Partial<RoundDeps>): Promise<RoundResult>;
  /** Reads another device's history. */
  lane<Result>(device: SyncDevice, work: (vault: Vault) => Promise<Result>): Promise<Result>;
}

/** A device with a vault of its own, or one that joins the vault of another. */
export async function createSyncDevice(state: FakeSyncState, name: string, joins?: SyncDevice): Promise<SyncDevice> {
  const folder = makeTemporaryFolder();
  const path = join(folder.path, 'vault.db');
  const common = { path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR };
  const vault =
    joins === undefined
      ? (await createVault({ ...common, password: TEST_PASSWORD })).vault
      : await joined(common, name, joins);
  const { replica } = vault;
  if (replica === undefined) throw new RangeError('a real vault has a replica');
  const identity = await replica.begin(name);
  const clock = new ManualClock(TEST_NOW_MS);
  const lanes = new Lanes({ folder: join(folder.path, 'replicas'), replica, clock, openVault });
  const device: SyncDevice = {
    name,
    folder: folder.path,
    deviceId: identity.deviceId,
    vault,
    replica,
    lanes,
    server: createFakeServer(state, { ...identity, name }),
    seen: { server: '', generation: null, heads: new Map(), pushed: 0, lastSyncAtMs: null, slots: '' },
    nowMs: TEST_NOW_MS,
    sync: async (changes = {}) => {
      const result = await syncOnce(
        {
          server: device.server,
          replica,
          lanes,
          nowMs: () => device.nowMs,
          platform: 'linux',
          selection: DEFAULT_SELECTION,
          spend: async () => undefined,
          signal: new AbortController().signal,
          mayDelete: false,
          onPushed: () => undefined,
          onProgress: () => undefined,
          onReceived: () => undefined,
          ...changes,
        },
        device.seen,
      );
      device.seen = result.seen;
      return result;
    },
    lane: (other, work) => lanes.use(other.deviceId, work),
    [Symbol.asyncDispose]: async () => {
      await lanes.close();
      await device.vault.close();
      folder[Symbol.dispose]();
    },
  };
  await device.server.createVault(identity.vaultId, identity.epoch);
  return device;
}

async function joined(
  common: { readonly path: string; readonly nowMs: number },
  name: string,
  other: SyncDevice,
): Promise<Vault> {
  const pair = ({ publicKey, privateKey }: ReturnType<typeof createSigningKeys>) => ({
    publicKey: publicKey.toString('base64'),
    privateKey: privateKey.toString('base64'),
  });
  const keys = { signing: pair(createSigningKeys()), agreement: pair(createJoiningKeys()) };
  return joinVault({
    ...common,
    shared: {
      header: await other.replica.header(),
      device: { name, keys },
      secret: { type: 'password', text: TEST_PASSWORD },
    },
  });
}

/** Its own snapshots, newest first. */
export async function idsOf(device: SyncDevice): Promise<SnapshotId[]> {
  return (await device.vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
}

/** What one device has of another's history. */
export async function idsFrom(reader: SyncDevice, writer: SyncDevice): Promise<SnapshotId[]> {
  return reader.lane(writer, async (lane) => (await lane.listSnapshots({ limit: 1_000 })).map(({ id }) => id));
}

/** What went wrong in a round. */
export function codesOf(result: RoundResult): string[] {
  return result.troubles.map(({ error }) => error.code);
}
