// Sync over an open vault, with this machine's network, clock and name.

import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { AppError } from '../shared/model/app-error.ts';
import type { AppEvent } from '../shared/contract/schemas.ts';
import type { App, OpenApp } from './app.ts';
import { createSettingsPort } from './create-settings-port.ts';
import { createLoginServer, createSyncServer } from './sync/http-server.ts';
import { askForVault, type JoinRequest } from './sync/join-vault.ts';
import { writeAccount } from './sync/sync-records.ts';
import { SyncService } from './sync/sync-service.ts';
import { joinVault, openVault } from './vault/vault-client.ts';

type SyncApp = Pick<
  App,
  'clock' | 'folder' | 'host' | 'configPlace' | 'exclusionEnvironment' | 'readConfig' | 'prepareFolder'
>;

/** Null where the vault is somebody else's, or can only be read. */
export function createSync(
  app: SyncApp,
  opened: Pick<OpenApp, 'vault' | 'config' | 'loadCaptureSettings'>,
  emit: (event: AppEvent) => void,
): SyncService | null {
  const { vault } = opened;
  const { replica } = vault;
  if (replica === undefined || vault.notices.some(({ code }) => code === 'opened-read-only')) return null;
  const nowMs = (): number => app.clock.nowMs();
  return new SyncService({
    vault: Object.assign(vault, { replica }),
    clock: app.clock,
    lanesFolder: join(app.folder.path, 'replicas'),
    openVault,
    hostName: ownName(),
    platform: app.host.platform,
    random: Math.random,
    network: describeNetwork,
    connect: {
      login: (url) => createLoginServer({ url, nowMs }),
      sync: (url, tokens) => createSyncServer({ url, nowMs }, tokens),
    },
    settings: createSettingsPort(app, opened, () => emit({ type: 'settings.changed' })),
    retention: () => opened.config().retention,
    onChanged: () => emit({ type: 'sync.changed' }),
    onDevicesChanged: () => emit({ type: 'devices.changed' }),
  });
}

export type JoinVaultRequest = Omit<JoinRequest, 'deviceName'> & { readonly deviceName?: string | undefined };

/** Makes the vault of this data folder as one more file of the vault that an account has. @throws AppError VAULT_EXISTS, and of `askForVault` */
export async function joinReplica(
  app: Pick<App, 'clock' | 'folder' | 'host' | 'hasVault' | 'prepareFolder'>,
  request: JoinVaultRequest,
): Promise<void> {
  if (app.hasVault())
    throw new AppError('VAULT_EXISTS', 'There is a vault here already; it was left as it is.', {
      hint: 'Name another folder with --home; to sync this vault, use `cairn sync login`.',
    });
  const nowMs = (): number => app.clock.nowMs();
  const { shared, tokens, email } = await askForVault(
    {
      login: (url) => createLoginServer({ url, nowMs }),
      sync: (url, store) => createSyncServer({ url, nowMs }, store),
      platform: app.host.platform,
      nowMs,
      sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
    },
    { ...request, deviceName: request.deviceName ?? ownName() },
  );
  app.prepareFolder();
  const vault = await joinVault({ path: app.folder.vault, nowMs: nowMs(), shared });
  try {
    await writeAccount(vault, { server: request.server, email, isOn: true, ...tokens });
  } finally {
    await vault.close();
  }
}

function ownName(): string {
  return hostname().slice(0, 80) || 'this device';
}

/** Sync that goes on by itself while the vault is open: with each capture, and with what others send. */
export function keepSync(
  app: SyncApp,
  opened: Pick<OpenApp, 'vault' | 'scheduler' | 'config' | 'sessions' | 'loadCaptureSettings'>,
  emit: (event: AppEvent) => void,
): SyncService | null {
  const sync = createSync(app, opened, emit);
  if (sync === null) return null;
  opened.scheduler.on('captured', () => sync.noteChange());
  opened.sessions.onChanged(() => sync.noteChange());
  void sync
    .open()
    .catch(() => emit({ type: 'notice', text: 'Sync could not be started; `cairn sync status` says why.' }));
  return sync;
}

/** The addresses of this machine: they change when a network comes or goes. */
function describeNetwork(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses]) => (addresses ?? []).map(({ address }) => `${name} ${address}`))
    .toSorted()
    .join('\n');
}
