// Sync in this process: for a vault that no app has open. Nothing goes on by itself; what is asked for is done.

import { describeCode } from '../core/sync/code-log-in.ts';
import type { SyncService } from '../core/sync/sync-service.ts';
import type { Vault } from '../core/vault/vault.ts';
import type { SyncControl } from './core.ts';

export function controlSync(service: SyncService): SyncControl {
  let opening: Promise<void> | null = null;
  const sync = async (): Promise<SyncService> => {
    opening ??= service.open({ isPassive: true });
    await opening;
    return service;
  };
  return {
    status: async () => (await sync()).status(),
    login: async ({ signUp, ...request }) => {
      const opened = await sync();
      await opened.logIn({ ...request, isSignUp: signUp });
      return opened.status();
    },
    requestCode: async (request) => describeCode(await (await sync()).requestCode(request)),
    checkCode: async () => (await sync()).checkCode(),
    logout: async () => {
      const opened = await sync();
      await opened.logOut();
      return opened.status();
    },
    setOn: async (isOn) => {
      const opened = await sync();
      await opened.setOn(isOn);
      return opened.status();
    },
    now: async ({ acceptDeletions }) => {
      const opened = await sync();
      await opened.syncNow({ acceptsDeletions: acceptDeletions });
      return opened.status();
    },
    devices: async () => (await sync()).devices(),
    rename: async (name) => {
      const opened = await sync();
      await opened.rename(name);
      return opened.status();
    },
    revoke: async (reference) => {
      const opened = await sync();
      await opened.revoke(reference);
      return opened.devices();
    },
    joins: async () => (await sync()).joins(),
    answerJoin: async (reference, answer) => {
      const opened = await sync();
      await opened.answerJoin(reference, answer);
      return opened.joins();
    },
    conflicts: async () => (await sync()).conflicts(),
    resolve: async (entity, field, value) => {
      const opened = await sync();
      await opened.edit(entity, { [field]: value });
      return opened.conflicts();
    },
  };
}

/** Other devices' histories, open until the process ends its sync. */
export function holdHistories(service: SyncService): (device: string) => Promise<Vault> {
  return (device) =>
    new Promise((resolve, reject) => {
      service
        .withDevice(device, (vault) => {
          resolve(vault);
          // It stays in use: closing the service closes it.
          return new Promise<never>(() => undefined);
        })
        .catch(reject);
    });
}
