// What the commands need of the application: the port that `open-core.ts` fills from src/core and that tests fill with fakes. It
// keeps the commands free of how the services are built, and start-up free of loading them before they are needed.

import type { PlainError } from '../shared/model/app-error.ts';
import type { CheckpointAttributes } from '../shared/model/checkpoint.ts';
import type { SnapshotId, SourceId } from '../shared/model/ids.ts';
import type { JsonValue } from '../shared/model/json.ts';
import type { RestorePlan, RestoreReport, RestoreStep } from '../shared/model/restore.ts';
import type { RetentionLimits } from '../shared/model/retention.ts';
import type { Gap, SnapshotKind, SnapshotSummary } from '../shared/model/snapshot.ts';
import type { ShellIntegration } from '../core/shell-integration/shell-integration.ts';
import type { BrowserSetup } from '../core/browser-setup/browser-setup.ts';
import type { PathMapping } from '../core/restore/map-paths.ts';
import type { RestoreOptions } from '../core/sources/source.ts';
import type { HookPlace } from '../core/sessions/hooks/hook-files.ts';
import type { JoinVaultRequest } from '../core/create-sync.ts';
import type { JoinDecision } from '../core/sync/answer-join.ts';
import type { SyncCode, SyncConflict, SyncDevice, SyncJoin, SyncStatus } from '../shared/contract/sync.ts';
import type { ExportReport, ExportRequest } from '../core/export/export-vault.ts';
import type { SessionDesk } from '../core/sessions/session-desk.ts';
import type { PublishingDesk } from '../core/sync/publishing/publishing-desk.ts';
import type { VaultSecret } from '../core/vault/vault-client.ts';
import type { MergeOptions } from '../core/vault/merge/merge-client.ts';
import type { MergeReport } from '../core/vault/merge/merge-report.ts';
import type { RepairReport } from '../core/vault/repair/repair-vault.ts';
import type { LongWorkOptions, Vault } from '../core/vault/vault.ts';
import type { RunningCaptures } from './status/running-captures.ts';

/** A source of this installation, and what there is of it on this machine. */
export interface FoundSource {
  readonly id: SourceId;
  readonly title: string;
  readonly isPresent: boolean;
  /** "2 servers, 5 sessions". */
  readonly summary: string;
}

/** One capture as a command reports it. */
export interface CaptureOutcome {
  readonly summary: SnapshotSummary;
  readonly gaps: readonly Gap[];
  readonly durationMs: number;
}

export interface CaptureRequest {
  readonly kind: SnapshotKind;
  readonly checkpoint?: CheckpointAttributes;
}

/** What happens while `run` captures. */
export interface RunEvents {
  onCaptured(outcome: CaptureOutcome): void;
  /** A capture failed; it is tried again at the next interval. */
  onFailed(error: PlainError): void;
  /** Something beside the captures went wrong: a sentence. */
  onWarning(line: string): void;
}

export interface RunOptions extends RunEvents {
  readonly intervalMs: number;
  /** Ends the run: a last capture follows. */
  readonly signal: AbortSignal;
}

export interface RestoreRequest {
  /** Where the snapshot is, if not in the own history. */
  readonly from?: Pick<Vault, 'readSnapshot' | 'readStream'>;
  readonly snapshotId: SnapshotId;
  /** Kinds, keys or globs; empty means everything. */
  readonly only: readonly string[];
  /** Only what belongs to this project. */
  readonly project?: string;
  /** Folders that lie elsewhere now. */
  readonly mappings?: readonly PathMapping[];
  readonly options: RestoreOptions;
  readonly signal: AbortSignal;
}

export interface RestoreProgress {
  readonly signal: AbortSignal;
  readonly onStep: (step: RestoreStep) => void;
}

/** A configuration value as `config list` shows it. */
export interface ConfigEntry {
  readonly key: string;
  readonly description: string;
  readonly value: JsonValue;
  readonly defaultValue: JsonValue;
}

/** The settings that commands act upon. */
export interface CliSettings {
  readonly intervalMs: number;
  readonly enabledSources: readonly SourceId[];
  readonly retention: RetentionLimits;
  readonly backup: { readonly folder: string; readonly keep: number };
}

export interface ServeOptions {
  /** 0 takes any that is free. */
  readonly port: number;
  /** Unlocks at once; null leaves that to the window. */
  readonly secret: VaultSecret | null;
  readonly version: string;
  readonly pid: number;
  readonly isProcessAlive: (pid: number) => boolean;
}

/** The window as a browser opens it. */
export interface RunningShell {
  /** Good once, and for a few minutes. */
  readonly address: string;
  /** True where it ran before: then it goes on when this command ends. */
  readonly isAnothers: boolean;
  /** Opens the address in the user's browser; false where there is none. */
  openInBrowser(): Promise<boolean>;
  /** Captures a last time and ends. */
  close(): Promise<void>;
}

/** The application over one data folder, its vault still closed. */
export interface Core {
  /** The data folder. */
  readonly home: string;
  hasVault(): boolean;
  /** A sentence on how strong a password is. @throws AppError VAULT_WEAK_PASSWORD */
  assessPassword(password: string): Promise<string>;
  /** @throws AppError CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID */
  readSettings(): Promise<CliSettings>;
  detectSources(signal: AbortSignal): Promise<readonly FoundSource[]>;
  /** Writes which sources are captured; all others are off. */
  enableSources(ids: readonly SourceId[]): Promise<void>;
  createVault(password: string): Promise<{ readonly recoveryKey: string; readonly open: OpenCore }>;
  /** @throws AppError VAULT_TOO_MANY_ATTEMPTS while `unlockWaitMs` is not over */
  open(secret: VaultSecret): Promise<OpenCore>;
  /** Rebuilds the vault from what is whole, or says what that would win. @throws AppError of `repairVault` */
  repair(secret: VaultSecret, options: LongWorkOptions & { readonly isDryRun: boolean }): Promise<RepairReport>;
  /** Brings another vault into this one, or says what would come in. @throws AppError of `mergeVaults` */
  merge(secret: VaultSecret, options: Omit<MergeOptions, 'path' | 'secret' | 'nowMs'>): Promise<MergeReport>;
  /** Makes the vault here as one more device of the vault that an account has. @throws AppError VAULT_EXISTS and codes of sync */
  readonly join?: (request: JoinVaultRequest) => Promise<void>;
  /** How long the next password has to wait after wrong ones; 0 for not at all. */
  unlockWaitMs(): number;
  /** The open vault of an app that runs over the same folder; null where none runs, or its vault is locked. */
  connect(isProcessAlive: (pid: number) => boolean): Promise<OpenCore | null>;
  /** What such an app says of its captures, its vault open or locked; null where none runs. */
  readRunningCaptures(isProcessAlive: (pid: number) => boolean): Promise<RunningCaptures | null>;
  /** Starts the serve shell, or finds the one that runs. @throws AppError where the port is taken or nothing was built */
  serve(options: ServeOptions): Promise<RunningShell>;
  /** Shows with a scratch thing that a restore works; false where there is nothing to show it with. */
  proveRestore(say: (line: string) => void, signal: AbortSignal): Promise<boolean>;
  /** What puts the shell hooks into start files. `willWrite` makes the data folder, where the scripts lie. */
  shellIntegration(willWrite: boolean): Promise<ShellIntegration>;
  /** What sets the browser extension up. @throws AppError EXEC_FAILED where this installation has none */
  browserSetup(): Promise<BrowserSetup>;
  /** Where hooks of AI tools would be put, and for which data folder. */
  hookPlace(): HookPlace;
  /** True for keys that are sealed in the vault (exclusion rules, what sync sends): reading them needs it open. */
  isSealedConfigKey(key: string): boolean;
  listConfig(open: OpenCore | null): Promise<readonly ConfigEntry[]>;
  readConfig(key: string, open: OpenCore | null): Promise<JsonValue>;
  /** @throws AppError CONFIG_UNKNOWN_KEY, CONFIG_INVALID */
  writeConfig(key: string, text: string, open: OpenCore | null): Promise<JsonValue>;
}

/** Sync as commands use it, in this process or in a running app. */
export interface SyncControl {
  status(): Promise<SyncStatus>;
  login(request: SyncLoginRequest): Promise<SyncStatus>;
  /** A code that lets this device in wherever it is entered. */
  requestCode(request: { readonly server: string; readonly deviceName?: string }): Promise<SyncCode>;
  /** Logs in and turns sync on where the code was entered; false where it was not yet. */
  checkCode(): Promise<boolean>;
  logout(): Promise<SyncStatus>;
  setOn(isOn: boolean): Promise<SyncStatus>;
  /** @throws AppError why it is not level */
  now(options: { readonly acceptDeletions: boolean }): Promise<SyncStatus>;
  devices(): Promise<readonly SyncDevice[]>;
  rename(name: string): Promise<SyncStatus>;
  revoke(reference: string): Promise<readonly SyncDevice[]>;
  joins(): Promise<readonly SyncJoin[]>;
  answerJoin(reference: string, answer: JoinDecision): Promise<readonly SyncJoin[]>;
  conflicts(): Promise<readonly SyncConflict[]>;
  resolve(entity: string, field: string, value: JsonValue): Promise<readonly SyncConflict[]>;
}

export interface SyncLoginRequest {
  readonly server: string;
  readonly email: string;
  readonly password: string;
  readonly signUp: boolean;
  readonly deviceName?: string;
}

/** The application with its vault open. */
export interface OpenCore {
  readonly vault: Vault;
  /** Sync of this vault; absent in a vault that only stands in for one. */
  readonly sync?: SyncControl;
  /** Another device's history, as it is here: only to be read. @throws AppError DEVICE_NOT_FOUND */
  readonly history?: (device: string) => Promise<Vault>;
  readonly sessions: SessionDesk;
  readonly publishing: PublishingDesk;
  capture(request: CaptureRequest, signal: AbortSignal): Promise<CaptureOutcome>;
  /** Captures until the signal, then once more. */
  run(options: RunOptions): Promise<void>;
  planRestore(request: RestoreRequest): Promise<RestorePlan>;
  /** Captures the present, then carries the plan out. */
  applyRestore(plan: RestorePlan, request: RestoreRequest, progress: RestoreProgress): Promise<RestoreReport>;
  /** Writes what can be read as plain files. @throws AppError as `exportVault` */
  exportTo(request: ExportRequest): Promise<ExportReport>;
  /** @throws AppError RESTORE_NOTHING_TO_UNDO */
  undoRestore(progress: RestoreProgress): Promise<RestoreReport>;
  close(): Promise<void>;
}
