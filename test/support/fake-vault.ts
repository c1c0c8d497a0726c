// A `Vault` in memory for tests of what stands above it. It keeps the contract of saving, reading, naming and knowing streams
// (test/contract/vault.contract.ts runs on it and on the real one); it has no cryptography, no file and no second process.

import { writeFileSync } from 'node:fs';

import { AppError } from '../../src/shared/model/app-error.ts';
import type { Checkpoint, CheckpointAttributes } from '../../src/shared/model/checkpoint.ts';
import {
  parseCheckpointId,
  parseSnapshotId,
  type CheckpointId,
  type ItemKey,
  type SnapshotId,
  type SourceId,
} from '../../src/shared/model/ids.ts';
import type { KnownStream, SnapshotItem } from '../../src/shared/model/item.ts';
import type { JsonObject } from '../../src/shared/model/json.ts';
import type { RetentionLimits } from '../../src/shared/model/retention.ts';
import type { Snapshot, SnapshotSummary } from '../../src/shared/model/snapshot.ts';
import { explainRetention, planRetention, type RetentionInput } from '../../src/shared/retention/plan-retention.ts';
import type {
  BackupReport,
  ChangesPage,
  ChangesQuery,
  Density,
  HealReport,
  KeysInfo,
  ListSnapshotsQuery,
  Progress,
  PruneReport,
  SaveRequest,
  SaveResult,
  SearchQuery,
  SourceState,
  Vault,
  VaultHealth,
  VaultStatistics,
  VerifyReport,
} from '../../src/core/vault/vault.ts';
import { countChanged, placeItem, sumBytes, toSnapshotItem, type FakeSnapshot } from './fake-vault-content.ts';
import { fakeChanges, fakeDensity, fakeSearch } from './fake-vault-history.ts';
import { FakeSessions } from './fake-vault-sessions.ts';
import { resolveFakeReference } from './fake-vault-reference.ts';

const DAY_MS = 86_400_000;

export class FakeVault implements Vault {
  readonly notices: Vault['notices'] = [];
  /** Every request that was saved, in order; what a test looks at first. */
  readonly saved: SaveRequest[] = [];
  /** Budgets of the `upkeep` calls. */
  readonly upkeeps: number[] = [];
  healthNow: VaultHealth = {
    ...{ quickAtMs: null, deepAtMs: null, lastVerifiedAtMs: null, provenBackupAtMs: null },
    ...{ pass: null, damage: null },
  };
  isClosed = false;
  #snapshots: FakeSnapshot[] = [];
  #checkpoints: Checkpoint[] = [];
  readonly #settings = new Map<string, JsonObject>();
  readonly #sessions = new FakeSessions();
  readonly #known = new Map<ItemKey, Map<string, KnownStream>>();
  readonly #sources = new Map<SourceId, { atMs: number; snapshot: SnapshotId }>();
  #failures: Error[] = [];
  #ids = 0;

  /** Makes the next saves fail, one error each. */
  failNextSaves(...errors: readonly Error[]): void {
    this.#failures.push(...errors);
  }

  /** What a start of Cairn leaves of the knowledge about streams: their sizes, no version. */
  restart(): void {
    for (const streams of this.#known.values())
      for (const [name, { sizeBytes }] of streams) streams.set(name, { version: '', sizeBytes });
  }

  async save(request: SaveRequest): Promise<SaveResult> {
    this.#assertOpen();
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    this.saved.push(request);
    const latest = this.#snapshots.at(-1);
    const needsWhole: { key: ItemKey; stream: string }[] = [];
    const streams = new Map<ItemKey, Map<string, Uint8Array<ArrayBuffer>>>();
    const items: SnapshotItem[] = [];
    for (const item of request.items) {
      if (streams.has(item.key)) continue;
      const { content, lacking } = placeItem(item, latest);
      for (const stream of lacking) needsWhole.push({ key: item.key, stream });
      streams.set(item.key, content);
      items.push(toSnapshotItem(item, content));
    }
    for (const key of new Set(request.carried)) {
      const earlier = latest?.snapshot.itemList.find((item) => item.key === key);
      if (latest === undefined || earlier === undefined || streams.has(key)) continue;
      streams.set(key, new Map(latest.streams.get(key)));
      items.push(earlier.stale ? earlier : { ...earlier, stale: true, goodAtMs: latest.snapshot.takenAtMs });
    }
    const id = parseSnapshotId(this.#newId());
    const changed = countChanged(latest, items, streams);
    const checkpoint =
      request.checkpoint === undefined ? undefined : this.#addCheckpoint(id, request.checkpoint, request.takenAtMs);
    const summary: SnapshotSummary = {
      id,
      takenAtMs: request.takenAtMs,
      kind: request.kind,
      items: items.length,
      changed,
      gaps: request.gaps.length,
    };
    this.#snapshots.push({ snapshot: { ...summary, itemList: items, gapList: request.gaps }, streams });
    for (const source of request.goodSources) this.#sources.set(source, { atMs: request.takenAtMs, snapshot: id });
    this.#learn(request, streams, needsWhole);
    return {
      summary: { ...summary, ...(checkpoint === undefined ? {} : { checkpoint }) },
      leftOut: [],
      needsWhole,
      storedBytes: sumBytes(request),
      workMs: 0,
    };
  }

  known(): ReadonlyMap<ItemKey, ReadonlyMap<string, KnownStream>> {
    return this.#known;
  }

  async listSnapshots(query: ListSnapshotsQuery): Promise<readonly SnapshotSummary[]> {
    this.#assertOpen();
    const before = query.before === undefined ? this.#snapshots.length : this.#positionOf(query.before);
    return this.#snapshots
      .slice(0, before)
      .map(({ snapshot }) => this.#summaryOf(snapshot))
      .filter(({ takenAtMs }) => takenAtMs >= (query.sinceMs ?? -Infinity) && takenAtMs <= (query.untilMs ?? Infinity))
      .filter(({ checkpoint }) => query.checkpointsOnly !== true || checkpoint !== undefined)
      .toReversed()
      .slice(0, query.limit);
  }

  async resolveSnapshot(reference: string, nowMs: number): Promise<SnapshotId> {
    this.#assertOpen();
    const snapshots = this.#snapshots.map(({ snapshot }) => snapshot);
    return resolveFakeReference(snapshots, this.#checkpoints, reference, nowMs);
  }

  async readSnapshot(id: SnapshotId): Promise<Snapshot> {
    this.#assertOpen();
    const { snapshot } = this.#at(id);
    return { ...snapshot, ...this.#summaryOf(snapshot) };
  }

  async exportStream(id: SnapshotId, key: ItemKey, stream: string, path: string): Promise<void> {
    writeFileSync(path, await this.readStream(id, key, stream), { flag: 'wx', mode: 0o600 });
  }

  async readIntact(...values: Parameters<Vault['readIntact']>): ReturnType<Vault['readIntact']> {
    return { bytes: await this.readStream(...values), holes: [] };
  }

  async readStream(
    id: SnapshotId,
    key: ItemKey,
    stream: string,
    fromByte = 0,
    maxBytes = Number.MAX_SAFE_INTEGER,
  ): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertOpen();
    const bytes = this.#at(id).streams.get(key)?.get(stream);
    if (bytes === undefined) throw new AppError('ITEM_NOT_FOUND', 'The snapshot holds no such item.');
    return bytes.slice(fromByte, fromByte + maxBytes);
  }

  async density(fromMs: number | null, toMs: number | null, bins: number): Promise<Density> {
    this.#assertOpen();
    return fakeDensity(this.#whole(), fromMs, toMs, bins);
  }

  async changes(query: ChangesQuery): Promise<ChangesPage> {
    this.#assertOpen();
    return fakeChanges(this.#whole(), query, (snapshot) => this.#summaryOf(snapshot));
  }

  /** Titles and contents are the real vault's business. */
  async listTexts(): ReturnType<Vault['listTexts']> {
    this.#assertOpen();
    return { texts: [], next: null, position: 0, total: 0 };
  }

  async placesOf(spots: Parameters<Vault['placesOf']>[0]): ReturnType<Vault['placesOf']> {
    this.#assertOpen();
    return spots.map(() => []);
  }

  async fingerprints(values: Parameters<Vault['fingerprints']>[0]): ReturnType<Vault['fingerprints']> {
    this.#assertOpen();
    return values.map((_, at) => String(at).padStart(12, '0'));
  }

  async redact(spots: Parameters<Vault['redact']>[0]): ReturnType<Vault['redact']> {
    this.#assertOpen();
    return { chunks: 0, spots: 0, left: spots.length };
  }

  async search(query: SearchQuery): ReturnType<Vault['search']> {
    this.#assertOpen();
    const matches = fakeSearch(this.#whole(), query);
    return { matches: matches.slice(0, query.limit), isComplete: matches.length <= query.limit };
  }

  async forget(sinceMs: number): Promise<number> {
    this.#assertOpen();
    const before = this.#snapshots.length;
    const named = new Set(this.#checkpoints.map(({ snapshotId }) => snapshotId));
    this.#snapshots = this.#snapshots.filter(({ snapshot }) => snapshot.takenAtMs < sinceMs || named.has(snapshot.id));
    this.#known.clear();
    this.#sessions.forget(sinceMs);
    return before - this.#snapshots.length;
  }

  async createCheckpoint(snapshot: SnapshotId, attributes: CheckpointAttributes, nowMs: number): Promise<Checkpoint> {
    this.#assertOpen();
    return this.#addCheckpoint(this.#at(snapshot).snapshot.id, attributes, nowMs);
  }

  async editCheckpoint(id: CheckpointId, changes: Partial<CheckpointAttributes>, nowMs: number): Promise<Checkpoint> {
    this.#assertOpen();
    const earlier = this.#checkpoints.find((checkpoint) => checkpoint.id === id);
    if (earlier === undefined) throw new AppError('CHECKPOINT_NOT_FOUND', 'There is no such checkpoint.');
    const edited = { ...earlier, ...changes, updatedAtMs: nowMs };
    this.#checkpoints = this.#checkpoints.map((checkpoint) => (checkpoint.id === id ? edited : checkpoint));
    return edited;
  }

  async deleteCheckpoints(ids: readonly CheckpointId[]): Promise<number> {
    this.#assertOpen();
    const before = this.#checkpoints.length;
    this.#checkpoints = this.#checkpoints.filter(({ id }) => !ids.includes(id));
    return before - this.#checkpoints.length;
  }

  async listCheckpoints(): Promise<readonly Checkpoint[]> {
    this.#assertOpen();
    return this.#checkpoints;
  }

  async readSetting(name: string): Promise<JsonObject | null> {
    this.#assertOpen();
    return this.#settings.get(name) ?? null;
  }

  async writeSetting(name: string, value: JsonObject | null): Promise<void> {
    this.#assertOpen();
    if (value === null) this.#settings.delete(name);
    else this.#settings.set(name, structuredClone(value));
  }

  async listSessions(): ReturnType<Vault['listSessions']> {
    this.#assertOpen();
    return this.#sessions.list();
  }

  async findSession(...[id]: Parameters<Vault['findSession']>): ReturnType<Vault['findSession']> {
    this.#assertOpen();
    return this.#sessions.list().find((session) => session.id === id) ?? null;
  }

  async saveSession(...[change]: Parameters<Vault['saveSession']>): ReturnType<Vault['saveSession']> {
    this.#assertOpen();
    return this.#sessions.save(change);
  }

  async readMessages(...[id, window]: Parameters<Vault['readMessages']>): ReturnType<Vault['readMessages']> {
    this.#assertOpen();
    return this.#sessions.readMessages(id, window);
  }

  async searchSessions(...[query]: Parameters<Vault['searchSessions']>): ReturnType<Vault['searchSessions']> {
    this.#assertOpen();
    return this.#sessions.search(query);
  }

  async removeSessions(...[removals]: Parameters<Vault['removeSessions']>): Promise<number> {
    this.#assertOpen();
    return this.#sessions.remove(removals);
  }

  async explainKept(ids: readonly SnapshotId[], limits: RetentionLimits, nowMs: number) {
    this.#assertOpen();
    return explainRetention(this.#retentionInput(limits, nowMs), new Set(ids));
  }

  #retentionInput(limits: RetentionLimits, nowMs: number): RetentionInput {
    const snapshots = this.#snapshots;
    const columns = {
      count: snapshots.length,
      timeAt: (at: number) => snapshotAt(snapshots, at).takenAtMs,
      kindAt: (at: number) => snapshotAt(snapshots, at).kind,
      idAt: (at: number) => snapshotAt(snapshots, at).id,
    };
    const lastGood = [...this.#sources.values()].map(({ snapshot }) => snapshot);
    return { snapshots: columns, checkpoints: this.#checkpoints, lastGood, nowMs, limits };
  }

  async prune(limits: RetentionLimits, nowMs: number, options: { readonly isDryRun: boolean }): Promise<PruneReport> {
    this.#assertOpen();
    const plan = planRetention(this.#retentionInput(limits, nowMs));
    if (!options.isDryRun) {
      this.#snapshots = this.#snapshots.filter(({ snapshot }) => !plan.remove.includes(snapshot.id));
      this.#checkpoints = this.#checkpoints.filter(({ id }) => !plan.removeCheckpoints.includes(id));
    }
    return { plan, freedBytes: plan.remove.length * 8192, removedSnapshots: options.isDryRun ? 0 : plan.remove.length };
  }

  async verify(): Promise<VerifyReport> {
    this.#assertOpen();
    return { ok: true, checked: this.#snapshots.length, damaged: [] };
  }

  async health(): Promise<VaultHealth> {
    this.#assertOpen();
    return this.healthNow;
  }

  async verifySlice(): Promise<VaultHealth> {
    return this.health();
  }

  async heal(): Promise<HealReport> {
    this.#assertOpen();
    return { healed: 0, left: 0 };
  }

  async backup(): Promise<BackupReport> {
    this.#assertOpen();
    return { name: 'vault-fake.db', sizeBytes: 8192, checked: this.#snapshots.length, removed: [] };
  }

  async upkeep(budgetMs: number): Promise<void> {
    this.#assertOpen();
    this.upkeeps.push(budgetMs);
  }

  async statistics(options: { readonly inactiveDays: number; readonly nowMs: number }): Promise<VaultStatistics> {
    this.#assertOpen();
    const sources = [...this.#sources].map(([source, { atMs, snapshot }]): SourceState => ({
      source,
      lastGoodAtMs: atMs,
      lastGoodSnapshot: snapshot,
      isInactive: options.nowMs - atMs > options.inactiveDays * DAY_MS,
    }));
    const newest = this.#snapshots.at(-1);
    return {
      snapshots: this.#snapshots.length,
      checkpoints: this.#checkpoints.length,
      fileBytes: 8192,
      walBytes: 0,
      newestBytes: (newest?.snapshot.itemList ?? [])
        .flatMap((item) => item.streams)
        .reduce((sum, stream) => sum + stream.sizeBytes, 0),
      chunks: 0,
      oldestAtMs: this.#snapshots[0]?.snapshot.takenAtMs ?? null,
      newestAtMs: newest?.snapshot.takenAtMs ?? null,
      lastBackupAtMs: null,
      lastVerifiedAtMs: null,
      sources,
      inboxCount: 0,
      search: { storedBytes: 0, memoryBytes: 0, maxMemoryBytes: 0, notIndexed: 0 },
    };
  }

  async keys(nowMs: number): Promise<KeysInfo> {
    this.#assertOpen();
    const slots = [{ type: 'password', createdAtMs: nowMs, detail: 'none: in memory', isWhole: true }] as const;
    return { slots, epoch: 1, epochCreatedAtMs: nowMs, rotation: null, isRotationAdvised: false };
  }

  async changePassword(): Promise<void> {
    this.#assertOpen();
  }

  async replaceRecoveryKey(): Promise<string> {
    this.#assertOpen();
    return 'FAKE-RECOVERY-KEY';
  }

  async setKeychainSecret(): Promise<void> {
    this.#assertOpen();
  }

  async rotate(): Promise<Progress> {
    this.#assertOpen();
    return { done: this.#snapshots.length, total: this.#snapshots.length };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (this.isClosed) throw new AppError('VAULT_CLOSED', 'The vault was closed in the meantime.');
  }

  #newId(): string {
    this.#ids += 1;
    // Spread over the whole range, so that prefixes differ as those of random ids do.
    return ((BigInt(this.#ids) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn).toString(16).padStart(16, '0');
  }

  #addCheckpoint(snapshotId: SnapshotId, attributes: CheckpointAttributes, nowMs: number): Checkpoint {
    const { name, description, tags, priority, pinned } = attributes;
    const id = parseCheckpointId(this.#newId());
    const checkpoint = {
      id,
      snapshotId,
      name,
      description,
      tags,
      priority,
      pinned,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    this.#checkpoints = [...this.#checkpoints, checkpoint];
    return checkpoint;
  }

  #whole(): readonly Snapshot[] {
    return this.#snapshots.map(({ snapshot }) => snapshot);
  }

  #summaryOf({ id, takenAtMs, kind, items, changed, gaps }: Snapshot): SnapshotSummary {
    const checkpoint = this.#checkpoints.find(({ snapshotId }) => snapshotId === id);
    return { id, takenAtMs, kind, items, changed, gaps, ...(checkpoint === undefined ? {} : { checkpoint }) };
  }

  #positionOf(id: SnapshotId): number {
    const at = this.#snapshots.findIndex(({ snapshot }) => snapshot.id === id);
    if (at < 0) throw new AppError('SNAPSHOT_NOT_FOUND', 'There is no such snapshot.');
    return at;
  }

  #at(id: SnapshotId): FakeSnapshot {
    const found = this.#snapshots[this.#positionOf(id)];
    if (found === undefined) throw new AppError('SNAPSHOT_NOT_FOUND', 'There is no such snapshot.');
    return found;
  }

  #learn(
    request: SaveRequest,
    streams: ReadonlyMap<ItemKey, ReadonlyMap<string, Uint8Array>>,
    needsWhole: readonly { readonly key: ItemKey; readonly stream: string }[],
  ): void {
    for (const key of this.#known.keys()) if (!streams.has(key)) this.#known.delete(key);
    for (const item of request.items) {
      const entries = item.streams.map(({ name, version }): [string, KnownStream] => [
        name,
        { version, sizeBytes: streams.get(item.key)?.get(name)?.length ?? 0 },
      ]);
      this.#known.set(item.key, new Map(entries));
    }
    for (const { key, stream } of needsWhole) this.#known.get(key)?.delete(stream);
  }
}

function snapshotAt(snapshots: readonly FakeSnapshot[], at: number): Snapshot {
  const found = snapshots[at];
  if (found === undefined) throw new RangeError('no snapshot there');
  return found.snapshot;
}
