// The composition root: builds the services over one data folder and owns their lifetime. The only file of the core that knows
// them all. An `App` is the folder with its vault closed, an `OpenApp` the same with the vault open.

import { existsSync } from 'node:fs';

import { AppError, type PlainError } from '../shared/model/app-error.ts';
import type { SourceId } from '../shared/model/ids.ts';
import type { SnapshotItem } from '../shared/model/item.ts';
import { Collector, type CaptureOutcome, type CaptureRequest, type CaptureSettings } from './capture/collector.ts';
import { Maintenance, type MaintenanceDeps } from './capture/maintenance.ts';
import type { ExclusionEnvironment } from './capture/rules/exclusion.ts';
import { IgnoreFiles } from './capture/rules/ignore-files.ts';
import { noteLeftOut, readLeftOut, type LeftOutEntry } from './capture/left-out.ts';
import { realPathSync } from './capture/rules/real-path.ts';
import { Scheduler, type StopOptions } from './capture/scheduler.ts';
import type { Clock } from './clock.ts';
import { readConfigSync, type Config, type ConfigPlace } from './config/config.ts';
import { dataFiles, openDataFolder, type DataFolder } from './config/data-folder.ts';
import { SessionStore } from './sessions/session-store.ts';
import { SettingsReader } from './settings-reader.ts';
import { sourceIdsOf } from './sources/registry.ts';
import type { Host, Source, SourceDetection } from './sources/source.ts';
import { privateParents, removeLeftFolders } from './sources/host/private-folder.ts';
import { readCpuMs } from './system/cpu-time.ts';
import { FREE_ATTEMPTS, UnlockPace } from './unlock/unlock-pace.ts';
import { WrongPasswordFile } from './unlock/wrong-passwords.ts';
import { backupsToSearch } from './vault/repair/backups.ts';
import type { VaultSecret } from './vault/vault-client.ts';
import type { OpeningNotice, Vault } from './vault/vault.ts';

const DETECT_DEADLINE_MS = 5_000;

/** How vaults are opened and made; a test hands in others. */
export interface VaultOpener {
  open(options: {
    path: string;
    secret: VaultSecret;
    nowMs: number;
    maxSnapshotBytes: number;
    notices: readonly OpeningNotice[];
  }): Promise<Vault>;
  create(options: {
    path: string;
    password: string;
    nowMs: number;
    maxSnapshotBytes: number;
  }): Promise<{ readonly vault: Vault; readonly recoveryKey: string }>;
}

export interface AppDeps {
  /** The data folder; see `resolveDataFolder`. */
  readonly home: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly sources: readonly Source[];
  readonly vaults: VaultOpener;
}

export interface FoundSource extends SourceDetection {
  readonly id: SourceId;
  readonly title: string;
}

export interface App {
  /** The names of the data folder's files; nothing is made or touched before the vault is. */
  readonly folder: Omit<DataFolder, 'mended'>;
  readonly host: Host;
  readonly clock: Clock;
  readonly sources: readonly Source[];
  readonly configPlace: ConfigPlace;
  /** What exclusion rules are compiled with. */
  readonly exclusionEnvironment: ExclusionEnvironment;
  hasVault(): boolean;
  /** @throws AppError CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID */
  readConfig(): Config;
  /** Looks what there is to capture here, without reading content. A source that fails or hangs is not present, and says why. */
  detectSources(): Promise<readonly FoundSource[]>;
  /** Makes the data folder and what `config set` writes into it. @throws AppError as `openDataFolder` */
  prepareFolder(): DataFolder;
  /** How long the next password has to wait after wrong ones; 0 for not at all. */
  unlockWaitMs(): number;
  /** Does something else that checks a secret, such as a repair, under the same wait. @throws AppError VAULT_TOO_MANY_ATTEMPTS */
  attempt<Result>(secret: VaultSecret, work: () => Promise<Result>): Promise<Result>;
  /** @throws AppError of `openVault`, of the configuration and of the data folder; VAULT_TOO_MANY_ATTEMPTS after wrong passwords */
  open(secret: VaultSecret): Promise<OpenApp>;
  /** Makes the vault; nothing is captured before a source is turned on. The recovery key is seen here only. */
  create(password: string): Promise<{ readonly app: OpenApp; readonly recoveryKey: string }>;
}

/** Hears of what goes on beside the captures. */
export type UpkeepListener = Pick<MaintenanceDeps, 'onFailed' | 'onHealth' | 'onHealed'>;

export interface OpenApp extends AsyncDisposable {
  readonly vault: Vault;
  readonly scheduler: Scheduler;
  readonly sessions: SessionStore;
  /** The configuration in force while captures run. */
  config(): Config;
  /** Reads the settings and rules of captures anew. @throws AppError where the rules cannot be read */
  loadCaptureSettings(): Promise<CaptureSettings>;
  /** Why config.json as it stands is not in force, or null. */
  configError(): PlainError | null;
  /** Where backups go. */
  backupFolder(): string;
  captureNow(request: CaptureRequest): Promise<CaptureOutcome>;
  /** What captures left out, oldest first, up to the newest capture that was told of. */
  leftOut(): Promise<readonly LeftOutEntry[]>;
  /** What is open now; nothing is stored. */
  lookNow(signal: AbortSignal): Promise<readonly SnapshotItem[]>;
  /**
   * Captures by itself from now on, thins, backs up and looks whether the vault is whole. An `intervalMs` given here goes before the
   * configured one.
   */
  start(listener: UpkeepListener, options?: { readonly intervalMs?: number }): void;
  /** Ends the captures, the last one taken where asked, and closes the vault. Idempotent. */
  close(options?: StopOptions): Promise<CaptureOutcome | null>;
}

/** Builds the app over a data folder; touches nothing. */
export function createApp(deps: AppDeps): App {
  const folder = dataFiles(deps.home);
  const configPlace: ConfigPlace = { path: folder.config, sourceIds: sourceIdsOf(deps.sources) };
  const { platform, homeDir, uid } = deps.host;
  const readConfig = (): Config => readConfigSync(configPlace);
  const prepareFolder = (): DataFolder => openDataFolder(folder.path, { platform, uid });
  const pace = new UnlockPace({ clock: deps.clock, file: new WrongPasswordFile(`${folder.vault}.attempts`) });
  const ignoreFiles = new IgnoreFiles(platform);
  const app: App = {
    folder,
    host: deps.host,
    clock: deps.clock,
    sources: deps.sources,
    configPlace,
    exclusionEnvironment: {
      ...{ homeDir, platform, realPath: realPathSync },
      isMarkedPath: (path) => ignoreFiles.isIgnored(path),
      refreshMarks: () => ignoreFiles.refresh(),
    },
    hasVault: () => existsSync(folder.vault),
    unlockWaitMs: () => pace.waitMs(),
    attempt: (secret, work) => pace.attempt(secret, work),
    readConfig,
    detectSources: () => Promise.all(deps.sources.map((source) => detect(source, deps))),
    prepareFolder,
    open: async (secret) => {
      if (!app.hasVault())
        throw new AppError('VAULT_MISSING', 'There is no vault here yet.', { hint: 'Make one with `cairn init`.' });
      const options = vaultOptions(app, readConfig());
      prepareFolder();
      const notices = noticesOf(pace.failures());
      return openApp(app, await pace.attempt(secret, () => deps.vaults.open({ ...options, secret, notices })));
    },
    create: async (password) => {
      const options = vaultOptions(app, readConfig());
      prepareFolder();
      const { vault, recoveryKey } = await deps.vaults.create({ ...options, password });
      return { app: await openApp(app, vault), recoveryKey };
    },
  };
  return app;
}

function vaultOptions(app: App, config: Config): { path: string; nowMs: number; maxSnapshotBytes: number } {
  return { path: app.folder.vault, nowMs: app.clock.nowMs(), maxSnapshotBytes: config.maxSnapshotBytes };
}

/** The owner hears of somebody's guesses; a slip of one's own hand is no news. */
function noticesOf(wrongPasswords: number): readonly OpeningNotice[] {
  if (wrongPasswords < FREE_ATTEMPTS) return [];
  const message = `${wrongPasswords} wrong passwords were tried since the vault was last opened with the right one.`;
  return [{ code: 'wrong-passwords', message }];
}

/** Builds the services over an open vault, which is closed again where that fails. */
async function openApp(app: App, vault: Vault): Promise<OpenApp> {
  try {
    // Old text that a killed restore had ready for a pane must not wait for the next restore.
    await removeLeftFolders(privateParents(app.host.platform), app.host.uid);
    return new Services(app, vault);
  } catch (error) {
    await vault.close();
    throw error;
  }
}

class Services implements OpenApp {
  readonly vault: Vault;
  readonly scheduler: Scheduler;
  readonly sessions: SessionStore;
  readonly #app: App;
  readonly #settings: SettingsReader;
  #intervalMs: number | null = null;
  #maintenance: Maintenance | null = null;
  #closing: Promise<CaptureOutcome | null> | null = null;
  /** The newest note of what captures left out; closing waits for it. */
  #noting: Promise<void> = Promise.resolve();

  constructor(app: App, vault: Vault) {
    const { host, clock, sources } = app;
    this.vault = vault;
    this.#app = app;
    this.#settings = new SettingsReader({
      place: app.configPlace,
      sources,
      vault,
      environment: app.exclusionEnvironment,
    });
    this.sessions = new SessionStore({
      vault,
      sources,
      nowMs: () => clock.nowMs(),
    });
    const collector = new Collector({ vault, host, clock, loadSettings: () => this.#settings.load() });
    this.scheduler = new Scheduler({
      collector,
      vault,
      clock,
      host,
      cpuMs: readCpuMs,
      intervalMs: () => this.#intervalMs ?? this.#settings.config().captureIntervalMs,
      sources: () => this.#settings.watchedSources(),
    });
    this.scheduler.on('captured', ({ summary, leftOut }) => {
      const entry = { atMs: summary.takenAtMs, leftOut };
      // A full disk: the snapshot is safe, and the log says one thing less.
      this.#noting = this.#noting.then(() => noteLeftOut(vault, entry)).catch(() => undefined);
    });
  }

  config(): Config {
    return this.#settings.config();
  }

  loadCaptureSettings(): Promise<CaptureSettings> {
    return this.#settings.load();
  }

  configError(): PlainError | null {
    return this.#settings.configError();
  }

  async leftOut(): Promise<readonly LeftOutEntry[]> {
    await this.#noting; // a capture is told of before this is noted
    return readLeftOut(this.vault);
  }

  backupFolder(): string {
    return this.config().backup.folder ?? this.#app.folder.backups;
  }

  captureNow(request: CaptureRequest): Promise<CaptureOutcome> {
    return this.scheduler.captureNow(request);
  }

  lookNow(signal: AbortSignal): Promise<readonly SnapshotItem[]> {
    return this.scheduler.lookNow(signal);
  }

  start(listener: UpkeepListener, options: { readonly intervalMs?: number } = {}): void {
    if (this.#maintenance !== null || this.#closing !== null) return;
    this.#intervalMs = options.intervalMs ?? null;
    const maintenance = new Maintenance({
      vault: this.vault,
      clock: this.#app.clock,
      ...listener,
      backupsToSearch: () => backupsToSearch(this.backupFolder()),
      cleanUpSessions: () => this.#cleanUpSessions(),
      settings: () => {
        const { retention, backup, verifyEveryMs } = this.config();
        return { retention, backup: { ...backup, folder: this.backupFolder() }, verifyEveryMs };
      },
    });
    this.#maintenance = maintenance;
    this.scheduler.on('captured', () => maintenance.consider());
    this.scheduler.start();
  }

  close(options: StopOptions = { hasLastCapture: false }): Promise<CaptureOutcome | null> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #cleanUpSessions(): Promise<void> {
    const { isCleanupAutomatic, ...limits } = this.config().sessions;
    if (isCleanupAutomatic) await this.sessions.cleanup({ ...limits, includesGone: false }, { isDryRun: false });
  }

  /** The reverse of the start. */
  async #close(options: StopOptions): Promise<CaptureOutcome | null> {
    try {
      await this.#maintenance?.stop();
      return await this.scheduler.stop(options);
    } finally {
      await this.#noting;
      await this.vault.close();
    }
  }
}

async function detect(source: Source, { host, clock }: AppDeps): Promise<FoundSource> {
  const { id, title } = source;
  const late = Promise.withResolvers<SourceDetection>();
  const cancel = clock.setTimer(
    () => late.resolve({ isPresent: false, summary: 'did not answer' }),
    DETECT_DEADLINE_MS,
  );
  try {
    return { id, title, ...(await Promise.race([source.detect(host), late.promise])) };
  } catch (error) {
    // Not being able to look is what there is to say about it; the next captures would say the same.
    return {
      id,
      title,
      isPresent: false,
      summary: error instanceof AppError ? error.message : 'could not be looked at',
    };
  } finally {
    cancel();
  }
}
