// Fills the commands' port from the application core: the CLI's composition, loaded only when a command needs it.

import { join } from 'node:path';

import type { PlainError } from '../shared/model/app-error.ts';
import { createApp, type App, type OpenApp } from '../core/app.ts';
import { systemClock } from '../core/clock.ts';
import { tellDamage, tellFailedWork, tellHealed } from '../core/capture/maintenance-words.ts';
import { enableSourcesSync, getConfigValueSync, listConfigSync, setConfigValueSync } from '../core/config/config.ts';
import {
  exclusionKindOf,
  listExclusionSettings,
  parseRuleText,
  readExclusionRules,
  writeExclusionRules,
} from '../core/config/exclusion-settings.ts';
import { listSyncSettings, syncFieldOf, writeSyncSetting } from '../core/config/sync-settings.ts';
import { readSelection } from '../core/sync/sync-records.ts';
import { createPublishing } from '../core/create-publishing.ts';
import { createRestores } from '../core/create-restores.ts';
import { createSessions } from '../core/create-sessions.ts';
import { createSync, joinReplica } from '../core/create-sync.ts';
import type { ShellIntegration } from '../core/shell-integration/shell-integration.ts';
import { createHost } from '../core/sources/host/create-host.ts';
import type { Source } from '../core/sources/source.ts';
import { createSources } from '../core/sources/registry.ts';
import { findTmuxTerminal } from '../core/sources/tmux/open-tmux-terminal.ts';
import { createVault, openVault } from '../core/vault/vault-client.ts';
import type { RepairReport } from '../core/vault/repair/repair-vault.ts';
import type { VaultSecret } from '../core/vault/vault-client.ts';
import type { LongWorkOptions } from '../core/vault/vault.ts';
import type { JsonValue } from '../shared/model/json.ts';
import type { CliSettings, Core, OpenCore, RunOptions } from './core.ts';
import { exportTo } from './export-to.ts';
import { findHome } from './find-home.ts';
import { controlSync, holdHistories } from './sync-control.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface CreateCoreOptions {
  readonly home?: string | undefined;
  /** Other sources than Cairn's own. */
  readonly sources?: readonly Source[] | undefined;
}

/** Builds the application over the data folder that was named; touches nothing. @throws AppError USAGE_INVALID */
export function createCore(options: CreateCoreOptions, env: Environment): Core {
  const host = createHost(env, process.platform);
  const app = createApp({
    home: findHome(options.home, env),
    host,
    clock: systemClock,
    sources: options.sources ?? createSources(),
    vaults: { open: openVault, create: createVault },
  });
  const core: Core = {
    home: app.folder.path,
    hasVault: () => app.hasVault(),
    assessPassword,
    readSettings: async () => readSettings(app),
    detectSources: () => app.detectSources(),
    enableSources: async (ids) => {
      app.prepareFolder();
      enableSourcesSync(app.configPlace, ids);
    },
    createVault: async (password) => {
      const { app: opened, recoveryKey } = await app.create(password);
      return { recoveryKey, open: createOpenCore(app, opened) };
    },
    open: async (secret) => createOpenCore(app, await app.open(secret)),
    repair: async (secret, options) => repair(app, secret, options),
    merge: async (secret, options) => {
      const { startMerge } = await import('../core/vault/merge/merge-client.ts');
      const place = { path: app.folder.vault, secret, nowMs: app.clock.nowMs() };
      return app.attempt(secret, () => startMerge({ ...options, ...place }));
    },
    join: (request) => joinReplica(app, request),
    unlockWaitMs: () => app.unlockWaitMs(),
    connect: async (isProcessAlive) => (await import('./remote/connect.ts')).connect(app, isProcessAlive),
    readRunningCaptures: async (isProcessAlive) =>
      (await import('./remote/running-captures.ts')).readRunningCaptures(app.folder, isProcessAlive),
    serve: async (options) =>
      (await import('./serve/start-serve.ts')).startServe(app, options, (say, signal) =>
        core.proveRestore(say, signal),
      ),
    proveRestore: async (say, signal) =>
      (await import('../core/proof/prove-restore.ts')).proveRestore({ env, say, signal }),
    shellIntegration: (willWrite) => openShellIntegration(app, willWrite),
    browserSetup: async () => (await import('../core/browser-setup/browser-setup.ts')).createBrowserSetup(host),
    hookPlace: () => ({ host, home: app.folder.path, node: process.execPath }),
    ...createConfigAccess(app),
  };
  return core;
}

async function repair(
  app: App,
  secret: VaultSecret,
  options: LongWorkOptions & { readonly isDryRun: boolean },
): Promise<RepairReport> {
  const { startRepair } = await import('../core/vault/repair/repair-client.ts');
  const { backupsToSearch } = await import('../core/vault/repair/backups.ts');
  const backups = backupsToSearch(readSettings(app).backup.folder);
  return app.attempt(secret, () =>
    startRepair({ ...options, path: app.folder.vault, secret, backups, nowMs: app.clock.nowMs() }),
  );
}

async function openShellIntegration(app: App, willWrite: boolean): Promise<ShellIntegration> {
  if (willWrite) app.prepareFolder();
  const { ShellIntegration } = await import('../core/shell-integration/shell-integration.ts');
  const { readHookScripts } = await import('../core/shell-integration/hook-scripts.ts');
  const folder = join(app.folder.path, 'shell-integration');
  return new ShellIntegration({ host: app.host, folder, scripts: readHookScripts() });
}

/** The dictionaries are large: only those who choose a password wait for them. */
async function assessPassword(password: string): Promise<string> {
  const strength = await import('../core/crypto/password-strength.ts');
  await strength.assertStrongPassword(password);
  const { score } = await strength.assessPassword(password);
  return score > strength.MIN_PASSWORD_SCORE ? 'Very strong.' : 'Strong enough.';
}

function readSettings(app: App): CliSettings {
  const { captureIntervalMs, enabledSources, retention, backup } = app.readConfig();
  return {
    intervalMs: captureIntervalMs,
    enabledSources,
    retention,
    backup: { folder: backup.folder ?? app.folder.backups, keep: backup.keep },
  };
}

function createConfigAccess(app: App): Pick<Core, 'isSealedConfigKey' | 'listConfig' | 'readConfig' | 'writeConfig'> {
  return {
    isSealedConfigKey: (key) => exclusionKindOf(key) !== null || syncFieldOf(key) !== null,
    listConfig: async (open) => [
      ...listConfigSync(app.configPlace),
      ...(open === null ? [] : await listExclusionSettings(open.vault)),
      ...(open === null ? [] : await listSyncSettings(open.vault)),
    ],
    readConfig: async (key, open): Promise<JsonValue> => {
      const [kind, field] = [exclusionKindOf(key), syncFieldOf(key)];
      if (field !== null && open !== null) return (await readSelection(open.vault))[field];
      if (kind === null || open === null) return getConfigValueSync(app.configPlace, key);
      return (await readExclusionRules(open.vault))[kind];
    },
    writeConfig: async (key, text, open): Promise<JsonValue> => {
      const [kind, field] = [exclusionKindOf(key), syncFieldOf(key)];
      const { sourceIds } = app.configPlace;
      if (field !== null && open !== null) return (await writeSyncSetting(open.vault, field, text, sourceIds))[field];
      if (kind === null || open === null) {
        app.prepareFolder();
        return setConfigValueSync(app.configPlace, key, text);
      }
      const context = { environment: app.exclusionEnvironment, sourceIds };
      const change = { kind, rules: parseRuleText(kind, text) };
      return (await writeExclusionRules(open.vault, change, context))[kind];
    },
  };
}

function createOpenCore(app: App, opened: OpenApp): OpenCore {
  const restores = createRestores(app, opened, findTmuxTerminal);
  const sync = createSync(app, opened, () => undefined);
  return {
    vault: opened.vault,
    ...(sync === null ? {} : { sync: controlSync(sync), history: holdHistories(sync) }),
    sessions: createSessions(app, opened, findTmuxTerminal),
    publishing: createPublishing(opened, sync),
    capture: (request, signal) => opened.captureNow({ ...request, signal }),
    run: (options) => run(opened, options),
    planRestore: (request) => restores.plan(request),
    applyRestore: (plan, request, progress) => restores.apply(plan, request, progress),
    undoRestore: (progress) => restores.undo(progress),
    exportTo: (request) => exportTo(app, opened.vault, request),
    close: async () => {
      await sync?.close();
      await opened.close();
    },
  };
}

/** Captures until the signal, then once more; the vault stays open. */
async function run(app: OpenApp, options: RunOptions): Promise<void> {
  const { scheduler } = app;
  const warn = (what: string, { message }: PlainError): void => options.onWarning(`${what}: ${message}`);
  let toldConfigError = '';
  let knownDamage = 0;
  const undo = [
    scheduler.on('captured', (outcome) => {
      options.onCaptured(outcome);
      const error = app.configError();
      if (error !== null && error.message !== toldConfigError) warn('the settings before stay in force', error);
      toldConfigError = error?.message ?? '';
    }),
    scheduler.on('captureFailed', (error) => options.onFailed(error)),
    scheduler.on('upkeepFailed', (error) => warn('idle work failed', error)),
    scheduler.on('watchFailed', ({ source, error }) => warn(`${source} is captured at the interval only`, error)),
  ];
  try {
    app.start(
      {
        onFailed: (work, error) => warn(tellFailedWork(work), error),
        onHealth: ({ damage }) => {
          if (damage !== null && damage.records > knownDamage) options.onWarning(tellDamage(damage));
          knownDamage = damage?.records ?? 0;
        },
        onHealed: (report) => options.onWarning(tellHealed(report)),
      },
      options,
    );
    await aborted(options.signal);
    await scheduler.stop({ hasLastCapture: true });
  } finally {
    for (const off of undo) off();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
