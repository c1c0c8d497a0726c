// The vault of a running app, as commands see one. What a running app does not do for others is refused.

import { resolve } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import type { BridgeOperation, LongBridgeOperation } from '../../core/api/local/bridge-operations.ts';
import type { LongWorkOptions, Vault } from '../../core/vault/vault.ts';
import type { RunningApp } from './running-app.ts';

type Result<Name extends keyof Vault> = Vault[Name] extends (...values: never[]) => infer Answer ? Answer : never;

/** Every call goes to the app; closing it closes nothing there. @param device whose history, if not the own one */
export function createRemoteVault(app: RunningApp, notices: Vault['notices'], device?: string): Vault {
  const whose = device === undefined ? {} : { device };
  // The other end answers a call of this name with this result: both are typed by `Vault`.
  const call = <Name extends BridgeOperation>(name: Name, ...values: readonly unknown[]): Result<Name> =>
    app.call(name, values, whose) as Result<Name>;
  const work = <Name extends LongBridgeOperation>(
    name: Name,
    values: readonly unknown[],
    { signal, onProgress, ...rest }: LongWorkOptions,
  ): Result<Name> =>
    app.call(name, [...values, rest], {
      ...whose,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    }) as Result<Name>;
  return {
    notices,
    known: () => new Map(),
    listSnapshots: (query) => call('listSnapshots', query),
    resolveSnapshot: (reference, nowMs) => call('resolveSnapshot', reference, nowMs),
    readSnapshot: (id) => call('readSnapshot', id),
    readStream: (id, key, stream, fromByte = 0, maxBytes = Number.MAX_SAFE_INTEGER) =>
      call('readStream', id, key, stream, fromByte, maxBytes),
    readIntact: (id, key, stream, fromByte, maxBytes) => call('readIntact', id, key, stream, fromByte, maxBytes),
    exportStream: (id, key, stream, path) => call('exportStream', id, key, stream, resolve(path)),
    density: (fromMs, toMs, bins, gapLimits) => call('density', fromMs, toMs, bins, gapLimits),
    explainKept: (ids, limits, nowMs) => call('explainKept', ids, limits, nowMs),
    changes: (query) => call('changes', query),
    search: (query) => call('search', query),
    listTexts: (after, maxBytes) => call('listTexts', after, maxBytes),
    placesOf: (spots) => call('placesOf', spots),
    fingerprints: (values) => call('fingerprints', values),
    redact: (spots, options) => work('redact', [spots], options),
    forget: (sinceMs, options) => work('forget', [sinceMs], options),
    createCheckpoint: (snapshot, attributes, nowMs) => call('createCheckpoint', snapshot, attributes, nowMs),
    editCheckpoint: (id, changes, nowMs) => call('editCheckpoint', id, changes, nowMs),
    deleteCheckpoints: (ids) => call('deleteCheckpoints', ids),
    listCheckpoints: () => call('listCheckpoints'),
    readSetting: (name) => call('readSetting', name),
    writeSetting: (name, value) => call('writeSetting', name, value),
    listSessions: () => call('listSessions'),
    findSession: (id) => call('findSession', id),
    saveSession: (change) => call('saveSession', change),
    readMessages: (id, window) => call('readMessages', id, window),
    searchSessions: (query) => call('searchSessions', query),
    removeSessions: (removals) => call('removeSessions', removals),
    prune: (limits, nowMs, options) => work('prune', [limits, nowMs], options),
    verify: (options) => work('verify', [], options),
    health: () => call('health'),
    heal: (options) => work('heal', [], options),
    // The app does that by itself.
    verifySlice: () => call('health'),
    backup: (options) => {
      // The app runs in a folder of its own: a relative name means one of this process.
      const moved = { ...options, folder: resolve(options.folder) };
      return work('backup', [], moved);
    },
    statistics: (options) => call('statistics', options),
    keys: (nowMs) => call('keys', nowMs),
    upkeep: async () => undefined,
    save: refuse,
    changePassword: refuse,
    replaceRecoveryKey: refuse,
    setKeychainSecret: refuse,
    rotate: refuse,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function refuse(): Promise<never> {
  return Promise.reject(
    new AppError('VAULT_LOCKED', 'This needs the password, whatever runs.', { hint: 'Give it, and try again.' }),
  );
}
