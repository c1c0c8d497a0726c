// The index of an open vault: follows the log in idle moments, writes what has come together, merges, and gives way to whatever is
// forgotten. It is never vital: what cannot be read is dropped and made anew from the snapshots.

import { setImmediate } from 'node:timers/promises';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import { ChunkCache, MAX_CACHED_BYTES } from '../content/chunk-cache.ts';
import { releaseOwner } from '../../../shared/memory/release.ts';
import type { Manifest } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import { LogFollower } from './follow-log.ts';
import {
  createTurns,
  IndexChanged,
  IndexDamaged,
  IndexStopped,
  IndexStore,
  MAX_INDEX_MEMORY_BYTES,
} from './index-store.ts';
import { joinUses, type JoinableUse } from './join-uses.ts';
import { KEEP_ALL, type MergeFilter } from './merge-segments.ts';
import type { SealedSegment } from './sealed-segment.ts';
import type { ChunkEntry, Segment, UseEntry } from './segment.ts';
import type { SearchStatistics } from '../vault.ts';
import { MAX_YOUNG_BYTES, YoungSegment } from './young-segment.ts';

/** After a save, and after opening, so long until the log is followed. */
const AFTER_SAVE_MS = 200;
const AFTER_OPENING_MS = 400;
/** Snapshots after which the young segment is written, however small: a kill costs this much following. */
const MAX_YOUNG_SNAPSHOTS = 240;
const MAX_YOUNG_WHEN_FAR = 4_096;
/** In idle time it is written when it is worth a commit. */
const WORTH_PAIRS = 12 * 1024;
const RECENT_MANIFESTS = 4;
const MAX_FAILURES = 5;
/** Other processes, and what is forgotten, may make it begin anew. */
const LEVEL_ATTEMPTS = 4;
/** Segments of a class are merged when so many lie side by side. */
const CLASSES = [
  { fromBytes: 0, belowBytes: 768 * 1024, count: 8 },
  { fromBytes: 768 * 1024, belowBytes: 5 * 1024 * 1024, count: 6 },
] as const;
/** More than these are merged in several steps: of each one page is in memory. */
const MAX_MERGED = 16;
/** A segment is written anew when so much of it is gone. */
const DEAD_SHARE = 0.1;

export interface SearchIndexDeps {
  readonly state: VaultState;
  /** False where the vault can only be read: then what one segment in memory takes is indexed. */
  readonly canWrite: boolean;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

export class SearchIndex {
  readonly #deps: SearchIndexDeps;
  readonly #store: IndexStore;
  readonly #follower: LogFollower;
  readonly #turn: () => Promise<void>;
  /** Chunks that searches read lately. */
  readonly contents = new ChunkCache(releaseOwner);
  readonly #recent = new Map<number, Manifest>();
  #young: YoungSegment | null = null;
  #manifest: Manifest = new Map();
  #isResumed = false;
  #followedSinceWrite = 0;
  #merging: Promise<void> | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  /** Resolved where no save is under way. */
  #saving: Promise<void> = Promise.resolve();
  #isStopped = false;
  #failures = 0;
  #isCompactionDue = true;
  /** Changes when what was prepared is of no use any more. */
  #generation = 0;
  #runGeneration = 0;

  constructor(deps: SearchIndexDeps) {
    this.#deps = deps;
    const isOver = (): boolean => this.#isStopped || this.#generation !== this.#runGeneration;
    this.#turn = createTurns(isOver, async () => {
      await setImmediate();
      await this.#saving;
    });
    this.#store = new IndexStore({ ...deps, turn: () => this.#turn() });
    this.#follower = new LogFollower({
      keys: deps.state.keys,
      store: deps.state.store,
      known: {
        chunk: (anchor) => this.#chunk(anchor),
        openUses: (anchor, key, name) => this.#openUses(anchor, key, name),
      },
      young: () => this.#youngSegment(),
      turn: async () => {
        await this.#turn();
        if (this.#youngSegment().isFull) await this.#write();
      },
    });
  }

  statistics(): SearchStatistics {
    return {
      storedBytes: this.#storedBytes(),
      memoryBytes: this.#store.memoryBytes + (this.#young?.memoryBytes ?? 0) + this.contents.sizeBytes,
      maxMemoryBytes: MAX_INDEX_MEMORY_BYTES + MAX_YOUNG_BYTES + MAX_CACHED_BYTES,
      notIndexed: this.behind,
    };
  }

  #storedBytes(): number {
    try {
      return this.#store.segments().reduce((sum, { head }) => sum + head.storedBytes, 0);
    } catch {
      return 0; // it cannot be read: the next search or capture makes it anew
    }
  }

  /** Between searches only so much stays in memory. */
  trim(): void {
    this.#store.trim();
  }

  /** All segments in the order of the log, the young one last. @throws IndexDamaged */
  segments(): readonly Segment[] {
    const sealed = this.#store.segments();
    return this.#young === null ? sealed : [...sealed, this.#young];
  }

  /** Snapshots that are not yet in the index. */
  get behind(): number {
    const { index } = this.#deps.state;
    return index.count - index.positionFrom((this.#young?.through ?? this.#writtenThrough()) + 1);
  }

  /** Runs a save of this process, to which the index gives way. */
  async besides<Result>(save: () => Promise<Result>): Promise<Result> {
    const done = Promise.withResolvers<void>();
    this.#saving = done.promise;
    try {
      return await save();
    } finally {
      done.resolve();
    }
  }

  /** A snapshot was committed: called before anything else can be. */
  noteSaved(): void {
    const { sequence, manifest } = this.#deps.state.latest;
    this.#recent.set(sequence, manifest);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= RECENT_MANIFESTS) break;
      this.#recent.delete(oldest);
    }
    this.#schedule(AFTER_SAVE_MS);
  }

  noteOpened(): void {
    this.#schedule(AFTER_OPENING_MS);
  }

  /** Follows the log to its end; false where the time was not enough. Never throws for what is wrong with the index itself. */
  async level(budgetMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + budgetMs;
    const work = this.#exclusively(() => this.#follow(deadlineMs));
    if (budgetMs === Number.POSITIVE_INFINITY) return (await work) ?? false;
    // Other work may be under way that takes longer.
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), budgetMs);
    try {
      return (await Promise.race([work, late.promise])) ?? false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Works on an index that has followed the log to its end. @throws AppError VAULT_BUSY where that does not come about */
  async whenLevel<Result>(work: (segments: readonly Segment[]) => Result): Promise<Result> {
    for (let attempt = 0; attempt < LEVEL_ATTEMPTS; attempt += 1) {
      if (await this.level(Number.POSITIVE_INFINITY)) return work(this.segments());
    }
    throw new AppError('VAULT_BUSY', 'The search index could not be made.', {
      hint: 'Check the vault with `cairn verify`, and try again.',
      isRetryable: true,
    });
  }

  /** Idle work: what is young is written, what is small merged, what is full of gaps written anew. Takes the lock itself. */
  async upkeep(budgetMs: number): Promise<void> {
    if (!this.#deps.canWrite || budgetMs <= 0 || (this.#young === null && !this.#isCompactionDue)) return;
    await this.#exclusively(async () => {
      if (!(await this.#follow(performance.now() + budgetMs))) return;
      const young = this.#youngSegment();
      if (young.pairCount >= WORTH_PAIRS || this.#followedSinceWrite >= MAX_YOUNG_SNAPSHOTS) await this.#write();
      if (this.#isCompactionDue) await this.#compact(1);
    });
  }

  /** Writes segments anew of which chunks are gone. */
  async compact(): Promise<void> {
    this.#isCompactionDue = true;
    await this.#exclusively(() => this.#compact(Number.MAX_SAFE_INTEGER));
  }

  /** The segments that must go in the commit that forgets snapshots from a sequence on. */
  forgetFrom(sequence: number): { readonly removeInto: () => void; readonly done: () => void } {
    const recordIds = this.#store.segmentsFrom(sequence);
    return { removeInto: () => this.#store.removeInto(recordIds), done: () => this.#restart() };
  }

  /** A search found that the index cannot be read: it goes, and is made anew. */
  async dropDamaged(): Promise<void> {
    await this.#exclusively(() => Promise.reject(new IndexDamaged('a search could not read it')));
  }

  /** Ends what runs, and writes what is young. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isStopped = true;
    await this.#tail;
    await this.#merging;
    if (!this.#deps.canWrite) return;
    const young = this.#young;
    if (young === null || young.isEmpty || young.pairCount < WORTH_PAIRS) return;
    this.#isStopped = false;
    await this.#exclusively(() => this.#write());
    this.#isStopped = true;
    await this.#merging;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#isStopped || this.#failures > MAX_FAILURES) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.level(Number.POSITIVE_INFINITY);
    }, delayMs).unref();
  }

  /** One work at a time. Null where it ended early: the index was dropped or changed, or the vault is being closed. */
  async #exclusively<Result>(work: () => Promise<Result>): Promise<Result | null> {
    const turn = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await turn;
    try {
      if (this.#isStopped) return null;
      this.#runGeneration = this.#generation;
      return await work();
    } catch (error) {
      return await this.#handle(error);
    } finally {
      this.#store.trim();
      resolve();
    }
  }

  async #handle(error: unknown): Promise<null> {
    // What was followed by halves is followed again from what is written.
    this.#reset();
    if (error instanceof IndexDamaged) await this.#drop();
    else if (error instanceof IndexChanged) this.#schedule(AFTER_SAVE_MS);
    // Captures and reads tell of what is wrong with the vault. What goes wrong again and again is left alone: texts are read through then.
    else if (!(error instanceof IndexStopped)) this.#failures += 1;
    return null;
  }

  async #drop(): Promise<void> {
    this.#failures += 1;
    try {
      await this.#deps.withLock(() => this.#store.drop());
      this.#schedule(AFTER_SAVE_MS);
    } catch {
      // The vault is busy or damaged: the next search or capture finds the index as it is and tries again.
    }
  }

  async #follow(deadlineMs: number): Promise<boolean> {
    const { state } = this.#deps;
    state.refresh();
    if (!this.#store.isCurrent()) this.#reset();
    this.#runGeneration = this.#generation;
    await this.#prepare();
    for (;;) {
      state.refresh();
      const young = this.#youngSegment();
      const at = state.index.positionFrom(young.through + 1);
      if (at >= state.index.count) return true;
      if (performance.now() > deadlineMs) return false;
      const sequence = state.index.sequenceAt(at);
      const manifest = this.#manifestOf(sequence) ?? this.#manifest;
      await this.#follower.follow(this.#manifest, manifest, sequence, { isResumed: this.#isResumed });
      this.#manifest = manifest;
      this.#isResumed = false;
      this.#followedSinceWrite += 1;
      // Far behind, many snapshots in a row that hold the same are no reason to write.
      const isFar = state.index.count - at > MAX_YOUNG_SNAPSHOTS;
      const most = isFar ? MAX_YOUNG_WHEN_FAR : MAX_YOUNG_SNAPSHOTS;
      if (this.#youngSegment().isFull || this.#followedSinceWrite >= most) await this.#write();
      await this.#turn();
    }
  }

  /** Finds where to go on: behind the newest segment whose last snapshot is still there. */
  async #prepare(): Promise<void> {
    if (this.#young !== null) return;
    const { state } = this.#deps;
    const through = this.#sealedThrough();
    if (through > 0 && state.index.indexOfSequence(through) < 0) {
      await this.#deps.withLock(() => {
        const recordIds = this.#store.segmentsFrom(through);
        state.commit('Tidying the search index', {}, () => this.#store.removeInto(recordIds));
        this.#store.forget();
      });
      await this.#prepare();
      return;
    }
    const manifest = through === 0 ? new Map() : this.#manifestOf(through);
    if (manifest === null) throw new IndexDamaged('the snapshot that the index ends with cannot be read');
    this.#manifest = manifest;
    this.#young = new YoungSegment(through + 1);
    this.#isResumed = true;
    this.#followedSinceWrite = 0;
  }

  #writtenThrough(): number {
    try {
      return this.#sealedThrough();
    } catch {
      return 0; // as above
    }
  }

  #sealedThrough(): number {
    return this.#store.segments().at(-1)?.through ?? 0;
  }

  #youngSegment(): YoungSegment {
    if (this.#young === null) throw new IndexStopped('the index is being made anew');
    return this.#young;
  }

  #manifestOf(sequence: number): Manifest | null {
    const recent = this.#recent.get(sequence);
    if (recent !== undefined) return recent;
    try {
      return this.#deps.state.readSnapshot(sequence).manifest;
    } catch {
      return null; // damaged: verification tells of it
    }
  }

  #chunk(anchor: number): ChunkEntry | undefined {
    const segments = this.segments();
    for (let at = segments.length - 1; at >= 0; at -= 1) {
      const chunk = segments[at]?.chunk(anchor);
      if (chunk !== undefined) return chunk;
    }
    return undefined;
  }

  #openUses(anchor: number, key: ItemKey, name: string): readonly UseEntry[] {
    const found: JoinableUse[] = [];
    for (const segment of this.segments()) {
      for (const at of segment.usesOf(anchor)) {
        const use = segment.use(at);
        if (segment.names[use.name] === name && segment.item(use.item).key === key) found.push({ ...use, place: '' });
      }
    }
    return joinUses(found).filter((use) => use.first !== 0 && use.last === 0);
  }

  /** Writes the young segment, and begins another. */
  async #write(): Promise<void> {
    if (!this.#deps.canWrite) throw new IndexStopped('nothing can be written');
    const young = this.#youngSegment();
    this.#followedSinceWrite = 0;
    if (young.isEmpty && young.through < young.from) return;
    const generation = this.#generation;
    await this.#store.write([young], KEEP_ALL, () => this.#generation === generation);
    this.#young = new YoungSegment(young.through + 1);
    this.#merging ??= this.#mergeWhileDue().finally(() => {
      this.#merging = null;
    });
  }

  /** Beside the following of the log, which must not wait for it. Never rejects. */
  async #mergeWhileDue(): Promise<void> {
    const generation = this.#generation;
    try {
      while (await this.#mergeIfDue());
    } catch (error) {
      // What was to be merged may be gone by now, or the vault is being closed: then that is why.
      const isOver = error instanceof IndexChanged || error instanceof IndexStopped;
      if (generation === this.#generation && !isOver) await this.#handle(error);
    }
  }

  /** True where something was merged, and more may be due. */
  async #mergeIfDue(): Promise<boolean> {
    for (const { fromBytes, belowBytes, count } of CLASSES) {
      const segments = this.#store.segments();
      const end = segments.findLastIndex((segment) => segment.head.storedBytes >= fromBytes) + 1;
      let start = end;
      while (start > 0 && (segments[start - 1]?.head.storedBytes ?? belowBytes) < belowBytes) start -= 1;
      if (end - start < count) continue;
      await this.#rewrite(segments.slice(start, Math.min(end, start + MAX_MERGED)), KEEP_ALL);
      return true;
    }
    return false;
  }

  async #compact(limit: number): Promise<void> {
    const { state } = this.#deps;
    const chunks = new Set(state.readDb.prepare<[], number>('SELECT record_id FROM chunks').pluck().all());
    const { index } = state;
    const filter: MergeFilter = {
      keepsDocument: ({ anchor }) => chunks.has(anchor),
      keepUse: (use) => {
        const isGone = use.anchor > 0 && !chunks.has(use.anchor);
        const isPast = use.first !== 0 && use.last !== 0 && !hasSnapshot(index, use.first, use.last);
        return isGone || isPast ? null : use;
      },
    };
    await this.#merging;
    let left = limit;
    for (const segment of this.#store.segments()) {
      if (left <= 0) return;
      if (deadShare(segment, filter) < DEAD_SHARE) continue;
      await this.#rewrite([segment], filter);
      left -= 1;
    }
    this.#isCompactionDue = false;
  }

  async #rewrite(inputs: readonly SealedSegment[], filter: MergeFilter): Promise<void> {
    const generation = this.#generation;
    await this.#store.write(inputs, filter, () => this.#generation === generation);
  }

  #restart(): void {
    this.#reset();
    this.#schedule(AFTER_SAVE_MS);
  }

  #reset(): void {
    this.#generation += 1;
    this.#young = null;
    this.#store.forget();
    this.contents.clear();
  }
}

function hasSnapshot(index: VaultState['index'], first: number, last: number): boolean {
  const at = index.positionFrom(first);
  return at < index.count && index.sequenceAt(at) <= last;
}

function deadShare(segment: SealedSegment, filter: MergeFilter): number {
  let dead = 0;
  for (let at = 0; at < segment.documentCount; at += 1) {
    const document = segment.document(at);
    if (document.anchor > 0 && !filter.keepsDocument(document)) dead += 1;
  }
  for (let at = 0; at < segment.useCount; at += 1) if (filter.keepUse(segment.use(at)) === null) dead += 1;
  return dead / Math.max(1, segment.documentCount + segment.useCount);
}
