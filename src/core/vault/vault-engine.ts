// The vault as the worker runs it: opens and closes the file, takes the writer's lock for every change, and hands each operation to
// the module that knows it. Runs in the worker thread; callers use vault-client.ts.

import { AppError } from '../../shared/model/app-error.ts';
import type { CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CheckpointId, ItemKey, SessionId, SnapshotId } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { KeptSnapshot, RetentionLimits } from '../../shared/model/retention.ts';
import type { Snapshot, SnapshotSummary } from '../../shared/model/snapshot.ts';
import { buildVault, joinVault } from './build-vault.ts';
import { DEFAULT_MAX_SNAPSHOT_BYTES, keyringOptions, type EngineOptions } from './engine-options.ts';
import {
  explainDiskError,
  isDiskFull,
  withAsyncExportErrors,
  withAsyncStorageErrors,
  withStorageErrors,
} from './errors.ts';
import type { IntactBytes } from './content/stream-reader.ts';
import type { VaultSecret } from './keyring/keyring.ts';
import type { JoinedVault } from './keyring/share-keyring.ts';
import { createCheckpoint, deleteCheckpoints, editCheckpoint, writeSetting } from './log/checkpoints.ts';
import { readChanges, readDensity } from './log/history.ts';
import {
  exportStream,
  listSnapshots,
  readIntact,
  readSnapshot,
  readStream,
  resolveSnapshot,
} from './log/read-snapshots.ts';
import { findStoredSession, listSessions, readMessages, removeSessions, saveSession } from './log/sessions.ts';
import { learnNewest, listNewestStreams } from './log/newest-streams.ts';
import { createBodyCache, saveSnapshot, type KnownContent } from './log/save-snapshot.ts';
import { REPLICA_SETTINGS } from './log/records.ts';
import type { VaultState } from './log/vault-state.ts';
import { cannotWrite, openVaultFiles, type Obstacle, type OpenedVault } from './open-vault.ts';
import { ReplicaEngine } from './replica/replica-engine.ts';
import { fingerprintsOf, listTexts, placesOf } from './search/list-texts.ts';
import { SearchIndex } from './search/search-index.ts';
import { SessionSearch } from './search/search-sessions.ts';
import { searchVault } from './search/search-vault.ts';
import { freeBytes, keepReserve, releaseReserve, restoreReserve } from './upkeep/reserve.ts';
import type { WorkControl } from './upkeep/slices.ts';
import { runUpkeep } from './upkeep/upkeep.ts';
import { forgetSince } from './upkeep/forget.ts';
import { IntegrityEngine } from './upkeep/integrity-engine.ts';
import { explainKept, pruneVault, type PruneDeps } from './upkeep/prune.ts';
import { redactTexts } from './upkeep/redact.ts';
import { rotateVault, rotationDone } from './upkeep/rotate.ts';
import { readStatistics } from './upkeep/statistics.ts';
import type {
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
  SearchAnswer,
  SearchQuery,
  Vault,
  VaultStatistics,
} from './vault.ts';
import type {
  MessageWindow,
  SessionChange,
  SessionRemoval,
  SessionSaved,
  SessionSearchAnswer,
  SessionSearchQuery,
} from './vault-sessions.ts';
import { settleVault, type SettleDeps } from './settle-vault.ts';
import type { RedactReport, TextPage, TextPlace, TextSpot } from './vault-texts.ts';
import { vaultFiles, type VaultFiles } from './vault-files.ts';
import { assertVaultExists } from './vault-place.ts';
import type { Presence } from './presence.ts';
import type { WriterLock } from './writer-lock.ts';

export class VaultEngine {
  readonly notices: OpeningNotice[];
  readonly files: VaultFiles;
  readonly #state: VaultState;
  readonly #lock: WriterLock | null;
  readonly #presence: Presence;
  readonly #obstacle: Obstacle | null;
  readonly #options: EngineOptions;
  /** What sync asks of the vault. */
  readonly replica: ReplicaEngine;
  /** What proves that the vault is whole. */
  readonly integrity: IntegrityEngine;
  readonly #search: SearchIndex;
  readonly #sessionSearch: SessionSearch;
  readonly #bodyCache = createBodyCache();
  /** Content ids of the streams that this run committed last. */
  readonly #knowledge: KnownContent = new Map();
  #hasReleasedReserve: boolean;
  #hasClosed = false;

  private constructor(files: VaultFiles, opened: OpenedVault, options: EngineOptions) {
    this.files = files;
    this.#presence = opened.presence;
    this.notices = [...opened.notices];
    this.#state = opened.state;
    this.#lock = opened.lock;
    this.#obstacle = opened.obstacle;
    this.#hasReleasedReserve = opened.hasReleasedReserve;
    this.#options = options;
    this.#sessionSearch = new SessionSearch(opened.state);
    const { random, maxSnapshotBytes = DEFAULT_MAX_SNAPSHOT_BYTES } = options;
    this.replica = new ReplicaEngine({
      save: { state: opened.state, random, maxSnapshotBytes },
      bodyCache: this.#bodyCache,
      keyring: keyringOptions(files, options),
      prune: this.#pruneDeps('Taking the history of another device'),
      read: (work) => this.#read(work),
      write: (what, work) => this.#write(what, work),
      work: (what, work) => this.#work(what, work),
      noteSaved: () => this.#search.noteSaved(),
    });
    this.integrity = new IntegrityEngine({
      state: opened.state,
      files,
      read: (work) => this.#read(work),
      write: (what, work) => this.#write(what, work),
      work: (what, work) => this.#work(what, work),
      dropDamagedIndex: () => this.#search.dropDamaged(),
    });
    this.#search = new SearchIndex({
      state: opened.state,
      canWrite: opened.lock !== null,
      withLock: (work) => this.#write('Indexing', work),
    });
  }

  /** Makes a vault where none is. @throws AppError VAULT_EXISTS */
  static async create(
    database: string,
    password: string,
    nowMs: number,
    options: EngineOptions,
  ): Promise<{ engine: VaultEngine; recoveryKey: string }> {
    const files = vaultFiles(database);
    const recoveryKey = await buildVault(files, password, nowMs, keyringOptions(files, options));
    const engine = await VaultEngine.open(database, { type: 'password', text: password }, nowMs, options);
    return { engine, recoveryKey };
  }

  /** The file of a vault that another device has, with the same key and slots. Its history begins anew. @throws as `create` and `open` */
  static async join(database: string, shared: JoinedVault, nowMs: number, options: EngineOptions) {
    const files = vaultFiles(database);
    const secret = await joinVault(files, shared, nowMs, keyringOptions(files, options));
    const engine = await VaultEngine.open(database, secret, nowMs, options);
    await engine.replica.becomeDevice(shared.device);
    // The slot that an approved device opened the new file with has served.
    if (shared.secret.type === 'approved') await engine.setKeychainSecret(null, nowMs);
    return engine;
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
    const opened = await openVaultFiles(files, secret, keyringOptions(files, options));
    const engine = new VaultEngine(files, opened, options);
    try {
      if (opened.lock !== null) await engine.#settle(secret, opened, nowMs);
      engine.#search.noteOpened();
      return engine;
    } catch (error) {
      engine.#release();
      throw error;
    }
  }

  async save(request: SaveRequest): Promise<SaveResult> {
    const startMs = performance.now();
    const { random, maxSnapshotBytes = DEFAULT_MAX_SNAPSHOT_BYTES } = this.#options;
    const deps = { state: this.#state, random, maxSnapshotBytes };
    const write = () =>
      this.#write('Saving the snapshot', async () => {
        const result = await saveSnapshot(deps, request, this.#knowledge, this.#bodyCache);
        this.#learn();
        this.#search.noteSaved();
        return result;
      });
    const result = await this.#search.besides(write);
    return { ...result, workMs: performance.now() - startMs };
  }

  /** After the answer has gone out: moves the log into the file, so that a lost log costs nothing. */
  checkpointLog(mode: 'PASSIVE' | 'TRUNCATE'): void {
    if (this.#lock === null) return;
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

  readStream(
    id: SnapshotId,
    key: ItemKey,
    stream: string,
    fromByte: number,
    maxBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#work('Reading the vault', () =>
      this.#read(() => readStream(this.#state, id, key, stream, fromByte, maxBytes)),
    );
  }

  readIntact(...values: Parameters<Vault['readIntact']>): Promise<IntactBytes> {
    return this.#work('Reading the vault', () => this.#read(() => readIntact(this.#state, ...values)));
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

  search(query: SearchQuery): Promise<SearchAnswer> {
    return this.#work('Searching', () =>
      this.#read(() => searchVault({ state: this.#state, index: this.#search }, query)),
    );
  }

  listTexts(after: string | null, maxBytes: number): Promise<TextPage> {
    return this.#work('Reading the vault', () =>
      this.#search.whenLevel((segments) => listTexts(this.#state, segments, after, maxBytes)),
    );
  }

  placesOf(spots: readonly Omit<TextSpot, 'bytes'>[]): Promise<TextPlace[][]> {
    return this.#work('Reading the vault', () =>
      this.#search.whenLevel((segments) => placesOf(this.#state, segments, spots)),
    );
  }

  fingerprints(values: readonly Uint8Array[]): string[] {
    return this.#read(() => fingerprintsOf(this.#state, values));
  }

  redact(spots: readonly TextSpot[], control: WorkControl): Promise<RedactReport> {
    return this.#work('Redacting', () => redactTexts(this.#pruneDeps('Redacting'), spots, control));
  }

  async forget(sinceMs: number, control: WorkControl): Promise<number> {
    const removed = await this.#free('Forgetting', () => forgetSince(this.#pruneDeps('Forgetting'), sinceMs, control));
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
    return this.#free('Deleting checkpoints', () =>
      this.#write('Deleting checkpoints', () => deleteCheckpoints(this.#state, ids)),
    );
  }

  listCheckpoints() {
    return this.#read(() => this.#state.records.checkpoints().map((record) => record.checkpoint));
  }

  readSetting(name: string): JsonObject | null {
    // The keys of this device never leave its thread.
    if (name === REPLICA_SETTINGS.log) return null;
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

  searchSessions(query: SessionSearchQuery): Promise<SessionSearchAnswer> {
    return this.#work('Searching', () => this.#read(() => this.#sessionSearch.search(query)));
  }

  removeSessions(removals: readonly SessionRemoval[]): Promise<number> {
    return this.#write('Deleting sessions', () => removeSessions(this.#state, removals));
  }

  prune(limits: RetentionLimits, nowMs: number, isDryRun: boolean, control: WorkControl): Promise<PruneReport> {
    return this.#free('Pruning', () => pruneVault(this.#pruneDeps('Pruning'), limits, nowMs, isDryRun, control));
  }

  #pruneDeps(what: string): PruneDeps {
    return {
      state: this.#state,
      withLock: (work) => this.#write(what, work),
      forgetFrom: (sequence) => this.#search.forgetFrom(sequence),
      afterSweep: () => this.#search.compact(),
    };
  }

  async upkeep(budgetMs: number): Promise<void> {
    await this.#write('Upkeep', () => runUpkeep(this.#state, this.files, budgetMs));
    keepReserve(this.files);
    await this.#search.upkeep(budgetMs);
  }

  statistics(inactiveAfterMs: number, nowMs: number): VaultStatistics {
    return this.#read(() => ({
      ...readStatistics(this.#state, this.files, inactiveAfterMs, nowMs),
      search: this.#search.statistics(),
    }));
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
    return this.#work('Rotating the keys', () =>
      rotateVault(
        { state: this.#state, files: this.files, withLock: (work) => this.#write('Rotating the keys', work) },
        nowMs,
        control,
      ),
    );
  }

  /** The streams that the newest snapshot holds, for a caller that starts. */
  newestStreams(): readonly { readonly key: ItemKey; readonly stream: string; readonly sizeBytes: number }[] {
    return listNewestStreams(this.#state);
  }

  async close(): Promise<void> {
    if (this.#hasClosed) return;
    await this.#search.close();
    this.#hasClosed = true;
    const lock = this.#lock;
    try {
      if (lock !== null) {
        await lock.hold(async () => {
          this.#state.refresh();
          this.integrity.noteProgress();
          await runUpkeep(this.#state, this.files, 0);
        }, 2_000);
        this.#state.writeDb.pragma('wal_checkpoint(TRUNCATE)');
      }
    } catch (error) {
      // Closing goes on: what was acknowledged is committed, the rest is done at the next opening.
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#hasClosed = true;
    this.#state.helper.close();
    this.#state.readDb.close();
    this.#state.writeDb.close();
    this.#lock?.close();
    this.#presence.close();
    this.#state.keys.wipe();
    if (this.#hasReleasedReserve) restoreReserve(this.files);
  }

  async #settle(secret: VaultSecret, opened: OpenedVault, nowMs: number): Promise<void> {
    const { random, maxSnapshotBytes = DEFAULT_MAX_SNAPSHOT_BYTES } = this.#options;
    const state = this.#state;
    const write: SettleDeps['write'] = (what, work) => this.#write(what, work);
    this.notices.push(...(await settleVault({ state, write, random, maxSnapshotBytes }, secret, opened, nowMs)));
  }

  /** After a save, the newest manifest is what this run's hints speak of. */
  #learn(): void {
    learnNewest(this.#state, this.#knowledge);
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
    return this.#work(what, () => {
      if (this.#lock === null) throw cannotWrite(this.#obstacle, what);
      return this.#lock.hold(() => {
        this.#state.refresh();
        return work();
      });
    });
  }

  /** Long work, or work of several transactions: failures of the disk come out as what they are. */
  async #work<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await withAsyncStorageErrors(what, work);
    } catch (error) {
      throw explainDiskError(what, error, () => freeBytes(this.files.folder));
    }
  }

  /** What gives space back may use the reserve, and begins anew with it: each of its steps can be done twice. */
  async #free<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#work(what, work);
    } catch (error) {
      if (!isDiskFull(error) || this.#lock === null || !releaseReserve(this.files)) throw error;
      this.#hasReleasedReserve = true;
      return await this.#work(what, work);
    }
  }

  #assertOpen(): void {
    if (this.#hasClosed)
      throw new AppError('VAULT_CLOSED', 'The vault was closed in the meantime.', { hint: 'Open it again.' });
  }
}
