// Sync over an open vault, with this machine's network, clock and name.

import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

import type { AppEvent } from '../shared/contract/schemas.ts';
import type { App, OpenApp } from './app.ts';
import { createLoginServer, createSyncServer } from './sync/http-server.ts';
import { SyncService } from './sync/sync-service.ts';
import { openVault } from './vault/vault-client.ts';

/** Null where the vault is somebody else's, or can only be read. */
export function createSync(
  app: Pick<App, 'clock' | 'folder' | 'host'>,
  { vault }: Pick<OpenApp, 'vault'>,
  emit: (event: AppEvent) => void,
): SyncService | null {
  const { replica } = vault;
  if (replica === undefined || vault.notices.some(({ code }) => code === 'opened-read-only')) return null;
  const nowMs = (): number => app.clock.nowMs();
  return new SyncService({
    vault: Object.assign(vault, { replica }),
    clock: app.clock,
    lanesFolder: join(app.folder.path, 'replicas'),
    openVault,
    hostName: hostname().slice(0, 80) || 'this device',
    platform: app.host.platform,
    random: Math.random,
    network: describeNetwork,
    connect: {
      login: (url) => createLoginServer({ url, nowMs }),
      sync: (url, tokens) => createSyncServer({ url, nowMs }, tokens),
    },
    onChanged: () => emit({ type: 'sync.changed' }),
    onDevicesChanged: () => emit({ type: 'devices.changed' }),
  });
}

/** Sync that goes on by itself while the vault is open: with each capture, and with what others send. */
export function keepSync(
  app: Pick<App, 'clock' | 'folder' | 'host'>,
  opened: Pick<OpenApp, 'vault' | 'scheduler'>,
  emit: (event: AppEvent) => void,
): SyncService | null {
  const sync = createSync(app, opened, emit);
  if (sync === null) return null;
  opened.scheduler.on('captured', () => sync.noteChange());
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
