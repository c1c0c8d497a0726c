// The vault as the worker runs it: opens and closes the file, takes the writer's lock for every change, and hands each operation to
// the module that knows it. Runs in the worker thread; callers use vault-client.ts.

import { chmodSync, linkSync } from 'node:fs';

import { AppError } from '../../shared/model/app-error.ts';
import type { CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CheckpointId, ItemKey, SessionId, SnapshotId } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { KeptSnapshot, RetentionLimits } from '../../shared/model/retention.ts';
import type { Snapshot, SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { RandomBytes } from '../crypto/cipher.ts';
import { DEFAULT_ARGON2, type Argon2Parameters } from '../crypto/key-slot.ts';
import { createDatabase, openReadDatabase, openWriteDatabase } from './database.ts';
import { withAsyncExportErrors, withAsyncStorageErrors, withStorageErrors } from './errors.ts';
import { createKeyring, type KeyringOptions, type VaultSecret } from './keyring/keyring.ts';
import { openKeyring } from './keyring/open-keyring.ts';
import { createCheckpoint, deleteCheckpoints, editCheckpoint, writeSetting } from './log/checkpoints.ts';
import { FIRST_HEAD, sealHead } from './log/head.ts';
import { readChanges, readDensity } from './log/history.ts';
import { mendTimeIndex } from './log/index-blocks.ts';
import { exportStream, listSnapshots, readSnapshot, readStream, resolveSnapshot } from './log/read-snapshots.ts';
import { findStoredSession, listSessions, readMessages, removeSessions, saveSession } from './log/sessions.ts';
import { createBodyCache, saveSnapshot, type KnownContent } from './log/save-snapshot.ts';
import { searchHistory } from './log/search.ts';
import { VaultState } from './log/vault-state.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { writeHeadSlot } from './tables/single-rows.ts';
import { drainInbox } from './upkeep/inbox.ts';
import { findRollback } from './upkeep/remember-head.ts';
import type { WorkControl } from './upkeep/slices.ts';
import { runUpkeep } from './upkeep/upkeep.ts';
import { forgetSince } from './upkeep/forget.ts';
import { backupVault } from './upkeep/backup.ts';
import { rebuildChunkBox } from './upkeep/parity.ts';
import { explainKept, pruneVault } from './upkeep/prune.ts';
import { rotateVault, rotationDone } from './upkeep/rotate.ts';
import { readStatistics } from './upkeep/statistics.ts';
import { verifyVault } from './upkeep/verify.ts';
import type {
  BackupReport,
  ChangesPage,
  ChangesQuery,
  Density,
  GapLimit,
  KeysInfo,
  ListSnapshotsQuery,
  OpeningNotice,
  Progress,
  PruneReport,
  SaveRequest,
  SaveResult,
  SearchQuery,
  VaultStatistics,
  VerifyReport,
} from './vault.ts';
import type { MessageWindow, SessionChange, SessionRemoval, SessionSaved } from './vault-sessions.ts';
import { vaultFiles, type VaultFiles } from './vault-files.ts';
import { assertNoVault, assertVaultExists, assertWritable, mendPermissions, removeLeftovers } from './vault-place.ts';
import { WriterLock } from './writer-lock.ts';

/** How much compressed content a snapshot may hold. */
export const DEFAULT_MAX_SNAPSHOT_BYTES = 50 * 1024 * 1024;

export interface EngineOptions {
  readonly random: RandomBytes;
  readonly argon2?: Argon2Parameters;
  readonly maxSnapshotBytes?: number;
}

export class VaultEngine {
  readonly notices: OpeningNotice[] = [];
  readonly files: VaultFiles;
  readonly #state: VaultState;
  readonly #lock: WriterLock;
  readonly #options: EngineOptions;
  readonly #bodyCache = createBodyCache();
  /** Content ids of the streams that this run committed last. */
  readonly #knowledge: KnownContent = new Map();
  #hasClosed = false;

  private constructor(files: VaultFiles, state: VaultState, lock: WriterLock, options: EngineOptions) {
    this.files = files;
    this.#state = state;
    this.#lock = lock;
    this.#options = options;
  }

  /**
   * Makes a vault where none is. It is built beside its place and linked there when it is whole: a crash leaves nothing half.
   * @throws AppError VAULT_EXISTS
   */
  static async create(
    database: string,
    password: string,
    nowMs: number,
    options: EngineOptions,
  ): Promise<{ engine: VaultEngine; recoveryKey: string }> {
    const files = vaultFiles(database);
    assertNoVault(files);
    assertWritable('Creating the vault', [files.folder]);
    const temporary = vaultFiles(`${database}.new-${process.pid}`);
    removeLeftovers(temporary);
    try {
      const recoveryKey = await buildVault(temporary, password, nowMs, options);
      withStorageErrors('Creating the vault', () => {
        linkSync(temporary.sidecar, files.sidecar);
        linkSync(temporary.database, files.database);
      });
      return {
        engine: await VaultEngine.open(database, { type: 'password', text: password }, nowMs, options),
        recoveryKey,
      };
    } finally {
      removeLeftovers(temporary);
    }
  }

  /** Opens a vault. @throws AppError VAULT_MISSING, VAULT_WRONG_PASSWORD, VAULT_SLOT_DAMAGED, VAULT_DAMAGED, VAULT_NEWER_FORMAT ... */
  static async open(
    database: string,
    secret: VaultSecret,
    nowMs: number,
    options: EngineOptions,
  ): Promise<VaultEngine> {
    const files = vaultFiles(database);
    assertVaultExists(files);
    assertWritable('Opening the vault', [files.folder, files.database]);
    const permissionNotices = mendPermissions(files);
    // Whatever was opened is closed again when the opening fails further on.
    const opened: { close(): void }[] = [];
    const readDb = openReadDatabase(files.database);
    opened.push(readDb);
    try {
      const unlocking = withAsyncStorageErrors('Opening the vault', () =>
        openKeyring(readDb, secret, keyringOptions(files, options)),
      );
      // Deriving the key takes its time in another thread: what needs no key is opened meanwhile.
      unlocking.catch(() => undefined);
      const lock = new WriterLock(files.lock);
      opened.push(lock);
      const writeDb = openWriteDatabase(files.database);
      opened.push(writeDb);
      const { keyring, notices, isMendNeeded, isSlotWeak } = await unlocking;
      await withAsyncStorageErrors('Bringing the vault to the new format', () =>
        lock.hold(() => runMigrations(writeDb)),
      );
      const state = withStorageErrors('Reading the vault', () => new VaultState(keyring, writeDb, readDb));
      state.store.healWith((recordId) => rebuildChunkBox(state, recordId));
      const engine = new VaultEngine(files, state, lock, options);
      engine.notices.push(...permissionNotices, ...notices, ...findRollback(state, files.sidecar));
      for (const finding of state.findings)
        engine.notices.push({ code: 'truncated', message: `Damage was found: ${finding}.` });
      await engine.#afterOpening(secret, isMendNeeded, isSlotWeak, nowMs);
      return engine;
    } catch (error) {
      for (const resource of opened.toReversed()) resource.close();
      throw error;
    }
  }

  async save(request: SaveRequest): Promise<SaveResult> {
    const startMs = performance.now();
    const result = await this.#write('Saving the snapshot', async () => {
      const deps = {
        state: this.#state,
        random: this.#options.random,
        maxSnapshotBytes: this.#options.maxSnapshotBytes ?? DEFAULT_MAX_SNAPSHOT_BYTES,
      };
      const result = await saveSnapshot(deps, request, this.#knowledge, this.#bodyCache);
      this.#learn();
      return result;
    });
    return { ...result, workMs: performance.now() - startMs };
  }

  /** After the answer has gone out: moves the log into the file, so that a lost log costs nothing. */
  checkpointLog(mode: 'PASSIVE' | 'TRUNCATE'): void {
    withStorageErrors('Moving the log into the vault', () => this.#state.writeDb.pragma(`wal_checkpoint(${mode})`));
  }

  listSnapshots(query: ListSnapshotsQuery): readonly SnapshotSummary[] {
    return this.#read(() => listSnapshots(this.#state, query));
  }

  resolveSnapshot(reference: string, nowMs: number): SnapshotId {
    return this.#read(() => resolveSnapshot(this.#state, reference, nowMs));
  }

  readSnapshot(id: SnapshotId): Snapshot {
    return this.#read(() => readSnapshot(this.#state, id));
  }

  readStream(id: SnapshotId, key: ItemKey, stream: string): Promise<Uint8Array<ArrayBuffer>> {
    return withAsyncStorageErrors('Reading the vault', () =>
      this.#read(() => readStream(this.#state, id, key, stream)),
    );
  }

  exportStream(id: SnapshotId, key: ItemKey, stream: string, path: string): Promise<void> {
    return withAsyncExportErrors(() => this.#read(() => exportStream(this.#state, id, key, stream, path)));
  }

  density(fromMs: number | null, toMs: number | null, bins: number, gapLimits: readonly GapLimit[]): Density {
    return this.#read(() => readDensity(this.#state, fromMs, toMs, bins, gapLimits));
  }

  explainKept(ids: readonly SnapshotId[], limits: RetentionLimits, nowMs: number): KeptSnapshot[] {
    return this.#read(() => explainKept(this.#state, ids, limits, nowMs));
  }

  changes(query: ChangesQuery): ChangesPage {
    return this.#read(() => readChanges(this.#state, query));
  }

  search(query: SearchQuery): ReturnType<typeof searchHistory> {
    return withAsyncStorageErrors('Searching', () => this.#read(() => searchHistory(this.#state, query)));
  }

  async forget(sinceMs: number, control: WorkControl): Promise<number> {
    const removed = await withAsyncStorageErrors('Forgetting', () =>
      forgetSince({ state: this.#state, withLock: (work) => this.#write('Forgetting', work) }, sinceMs, control),
    );
    this.#learn();
    return removed;
  }

  createCheckpoint(snapshot: SnapshotId, attributes: CheckpointAttributes, nowMs: number) {
    return this.#write('Saving the checkpoint', () =>
      createCheckpoint(this.#state, this.#options.random, snapshot, attributes, nowMs),
    );
  }

  editCheckpoint(id: CheckpointId, changes: Partial<CheckpointAttributes>, nowMs: number) {
    return this.#write('Saving the checkpoint', () => editCheckpoint(this.#state, id, changes, nowMs));
  }

  deleteCheckpoints(ids: readonly CheckpointId[]): Promise<number> {
    return this.#write('Deleting checkpoints', () => deleteCheckpoints(this.#state, ids));
  }

  listCheckpoints() {
    return this.#read(() => this.#state.records.checkpoints().map((record) => record.checkpoint));
  }

  readSetting(name: string): JsonObject | null {
    return this.#read(() => this.#state.records.findSetting(name)?.value ?? null);
  }

  writeSetting(name: string, value: JsonObject | null): Promise<void> {
    return this.#write('Saving the setting', () => writeSetting(this.#state, name, value));
  }

  listSessions() {
    return this.#read(() => listSessions(this.#state));
  }

  findSession(id: SessionId) {
    return this.#read(() => findStoredSession(this.#state, id));
  }

  saveSession(change: SessionChange): Promise<SessionSaved> {
    return this.#write('Saving the session', () => saveSession(this.#state, change));
  }

  readMessages(id: SessionId, window: Parameters<typeof readMessages>[2]): MessageWindow {
    return this.#read(() => readMessages(this.#state, id, window));
  }

  removeSessions(removals: readonly SessionRemoval[]): Promise<number> {
    return this.#write('Deleting sessions', () => removeSessions(this.#state, removals));
  }

  prune(limits: RetentionLimits, nowMs: number, isDryRun: boolean, control: WorkControl): Promise<PruneReport> {
    return withAsyncStorageErrors('Pruning', () =>
      pruneVault(
        { state: this.#state, withLock: (work) => this.#write('Pruning', work) },
        limits,
        nowMs,
        isDryRun,
        control,
      ),
    );
  }

  verify(isDeep: boolean, nowMs: number, control: WorkControl): Promise<VerifyReport> {
    return withAsyncStorageErrors('Verifying', () =>
      verifyVault(
        { state: this.#state, files: this.files, withLock: (work) => this.#write('Verifying', work) },
        isDeep,
        nowMs,
        control,
      ),
    );
  }

  backup(folder: string, keep: number, nowMs: number, control: WorkControl): Promise<BackupReport> {
    const deps = {
      state: this.#state,
      files: this.files,
      withLock: <Result>(work: () => Promise<Result> | Result) => this.#write('Backing up', work),
    };
    return withAsyncStorageErrors('Backing up', () => backupVault(deps, folder, keep, nowMs, control));
  }

  upkeep(budgetMs: number): Promise<void> {
    return this.#write('Upkeep', () => runUpkeep(this.#state, this.files, budgetMs));
  }

  statistics(inactiveAfterMs: number, nowMs: number): VaultStatistics {
    return this.#read(() => readStatistics(this.#state, this.files, inactiveAfterMs, nowMs));
  }

  keys(nowMs: number): KeysInfo {
    return this.#read(() => this.#state.keyring.info(nowMs, rotationDone(this.#state)));
  }

  changePassword(password: string, nowMs: number): Promise<void> {
    return this.#write('Changing the password', () =>
      this.#state.keyring.changePassword(this.#state.writeDb, password, nowMs),
    );
  }

  replaceRecoveryKey(nowMs: number): Promise<string> {
    return this.#write('Replacing the recovery key', () =>
      this.#state.keyring.replaceRecoveryKey(this.#state.writeDb, nowMs),
    );
  }

  setKeychainSecret(secret: Uint8Array | null, nowMs: number): Promise<void> {
    return this.#write('Changing the keys', () =>
      this.#state.keyring.setKeychainSecret(this.#state.writeDb, secret, nowMs),
    );
  }

  rotate(nowMs: number, control: WorkControl): Promise<Progress> {
    return withAsyncStorageErrors('Rotating the keys', () =>
      rotateVault(
        { state: this.#state, files: this.files, withLock: (work) => this.#write('Rotating the keys', work) },
        nowMs,
        control,
      ),
    );
  }

  /** The streams that the newest snapshot holds, for a caller that starts. */
  newestStreams(): readonly { readonly key: ItemKey; readonly stream: string; readonly sizeBytes: number }[] {
    const streams: { key: ItemKey; stream: string; sizeBytes: number }[] = [];
    for (const entry of this.#state.latest.manifest.values()) {
      for (const stream of entry.streams)
        streams.push({ key: entry.key, stream: stream.name, sizeBytes: stream.sizeBytes });
    }
    return streams;
  }

  async close(): Promise<void> {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    try {
      await this.#lock.hold(async () => {
        this.#state.refresh();
        await runUpkeep(this.#state, this.files, 0);
      }, 2_000);
      this.#state.writeDb.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // Closing goes on: what was acknowledged is committed, the rest is done at the next opening.
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#state.helper.close();
      this.#state.readDb.close();
      this.#state.writeDb.close();
      this.#lock.close();
      this.#state.keys.wipe();
    }
  }

  async #afterOpening(secret: VaultSecret, isMendNeeded: boolean, isSlotWeak: boolean, nowMs: number): Promise<void> {
    const { keyring, writeDb } = this.#state;
    if (isMendNeeded || isSlotWeak) {
      await this.#write('Mending the header', async () => {
        if (isSlotWeak && secret.type === 'password') {
          await keyring.changePassword(writeDb, secret.text, nowMs);
          this.notices.push({
            code: 'kdf-raised',
            message: "The password is now protected by today's stronger key derivation.",
          });
        } else keyring.mend(writeDb);
      });
    }
    if (this.#state.isHeadMendNeeded) {
      // The next head goes into the other slot than the newest: the one that did not open.
      await this.#write('Mending the head', () => {
        this.#state.commit('Mending the head', {}, () => undefined);
        this.#state.noteHeadMended();
      });
      this.notices.push({
        code: 'head-slot-mended',
        message: 'One of the two copies of what the vault holds last was damaged; it was written anew from the other.',
      });
    }
    if (this.#state.isIndexMendNeeded) {
      await this.#write('Mending the time index', () => mendTimeIndex(this.#state));
      this.notices.push({
        code: 'index-mended',
        message: 'The list of snapshots was incomplete and was made anew from the snapshots themselves.',
      });
    }
    const drained = await this.#write('Taking captures out of the inbox', () =>
      drainInbox(this.#state, {
        random: this.#options.random,
        maxSnapshotBytes: this.#options.maxSnapshotBytes ?? DEFAULT_MAX_SNAPSHOT_BYTES,
      }),
    );
    this.notices.push(...drained);
  }

  /** After a save, the newest manifest is what this run's hints speak of. */
  #learn(): void {
    this.#knowledge.clear();
    for (const entry of this.#state.latest.manifest.values()) {
      if (entry.streams.length > 0)
        this.#knowledge.set(entry.key, new Map(entry.streams.map((stream) => [stream.name, stream.contentId])));
    }
  }

  #read<Result>(work: () => Result): Result {
    this.#assertOpen();
    return withStorageErrors('Reading the vault', () => {
      this.#state.refresh();
      return work();
    });
  }

  #write<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result> {
    this.#assertOpen();
    return withAsyncStorageErrors(what, () =>
      this.#lock.hold(() => {
        this.#state.refresh();
        return work();
      }),
    );
  }

  #assertOpen(): void {
    if (this.#hasClosed)
      throw new AppError('VAULT_CLOSED', 'The vault was closed in the meantime.', { hint: 'Open it again.' });
  }
}

async function buildVault(files: VaultFiles, password: string, nowMs: number, options: EngineOptions): Promise<string> {
  const { keyring, recoveryKey } = await createKeyring(password, nowMs, keyringOptions(files, options));
  const db = createDatabase(files.database);
  try {
    chmodSync(files.database, 0o600);
    withStorageErrors('Creating the vault', () => {
      runMigrations(db);
      db.transaction(() => {
        writeHeadSlot(db, 0, sealHead(keyring.keys, { ...FIRST_HEAD, counter: 1 }));
        writeHeadSlot(db, 1, sealHead(keyring.keys, { ...FIRST_HEAD, counter: 2 }));
      })();
      keyring.mend(db);
    });
  } finally {
    db.close();
    keyring.keys.wipe();
  }
  return recoveryKey;
}

function keyringOptions(files: VaultFiles, options: EngineOptions): KeyringOptions {
  return { sidecarPath: files.sidecar, random: options.random, argon2: options.argon2 ?? DEFAULT_ARGON2 };
}
