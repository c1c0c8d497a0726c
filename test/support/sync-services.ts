// Devices as the app has them: the sync service over a real vault, and a server reached over HTTP.

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { systemClock } from '../../src/core/clock.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createLoginServer, createSyncServer } from '../../src/core/sync/http-server.ts';
import { askForVault, type JoinRequest } from '../../src/core/sync/join-vault.ts';
import { writeAccount } from '../../src/core/sync/sync-records.ts';
import { SyncService } from '../../src/core/sync/sync-service.ts';
import { createVault, joinVault, openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { DEFAULT_RETENTION } from '../../src/shared/model/retention.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from './test-vault.ts';

export const EMAIL = 'ann@example.org';
export const ACCOUNT_PASSWORD = 'account password 1';

const nowMs = (): number => systemClock.nowMs();
export const CONNECT = {
  login: (url: string) => createLoginServer({ url, nowMs }),
  sync: (url: string, tokens: Parameters<typeof createSyncServer>[1]) => createSyncServer({ url, nowMs }, tokens),
};

export interface ServiceDevice extends AsyncDisposable {
  readonly folder: string;
  readonly vault: Vault;
  readonly sync: SyncService;
  /** Ends it and begins anew over the same files, after what is done to them in between. */
  restart(between?: () => Promise<void>): Promise<void>;
}

/** A device with a vault of its own; nobody is logged in. */
export async function createServiceDevice(name: string): Promise<ServiceDevice> {
  const folder = makeTemporaryFolder();
  const path = join(folder.path, 'vault.db');
  const { vault } = await createVault({ path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR, password: TEST_PASSWORD });
  return serve(name, folder, vault);
}

/** A device that joins the vault of an account. */
export async function joinServiceDevice(
  name: string,
  server: string,
  changes: Partial<JoinRequest> = {},
): Promise<ServiceDevice> {
  const folder = makeTemporaryFolder();
  const { shared, tokens, email } = await askForVault(
    { ...CONNECT, platform: 'linux', nowMs, sleep: (ms) => setTimeout(ms / 20) },
    {
      server,
      account: { email: EMAIL, password: ACCOUNT_PASSWORD },
      deviceName: name,
      secret: { type: 'password', text: TEST_PASSWORD },
      signal: new AbortController().signal,
      onCode: () => undefined,
      onWords: () => undefined,
      isSameWords: async () => true,
      ...changes,
    },
  );
  const path = join(folder.path, 'vault.db');
  const vault = await joinVault({ path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR, shared });
  await writeAccount(vault, { server, email, isOn: true, ...tokens });
  return serve(name, folder, vault);
}

async function serve(
  name: string,
  folder: ReturnType<typeof makeTemporaryFolder>,
  opened: Vault,
): Promise<ServiceDevice> {
  const path = join(folder.path, 'vault.db');
  const secret = { type: 'password', text: TEST_PASSWORD } as const;
  const open = async (vault: Vault): Promise<Pick<ServiceDevice, 'vault' | 'sync'>> => {
    const { replica } = vault;
    if (replica === undefined) throw new RangeError('a real vault has a replica');
    const sync = new SyncService({
      vault: Object.assign(vault, { replica }),
      clock: systemClock,
      lanesFolder: join(folder.path, 'replicas'),
      openVault,
      hostName: name,
      platform: 'linux',
      // The shortest waits between attempts.
      random: () => 0,
      network: () => '',
      connect: CONNECT,
      retention: () => DEFAULT_RETENTION,
      onChanged: () => undefined,
      onDevicesChanged: () => undefined,
    });
    await sync.open();
    return { vault, sync };
  };
  let now = await open(opened);
  const close = async (): Promise<void> => {
    await now.sync.close();
    await now.vault.close();
  };
  return {
    folder: folder.path,
    get vault() {
      return now.vault;
    },
    get sync() {
      return now.sync;
    },
    restart: async (between) => {
      await close();
      await between?.();
      now = await open(await openVault({ path, secret, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR }));
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      folder[Symbol.dispose]();
    },
  };
}
