// The history as a person looks at it, read-only: pages of changes in words, density, the versions of one item, search.

import { parseSnapshotId, type ItemKey, type SnapshotId } from '../../shared/model/ids.ts';
import type { ItemKind } from '../../shared/model/item.ts';
import type {
  ClosedItemView,
  Density,
  ItemVersion,
  ItemView,
  KeptView,
  TimelineFilter,
  TimelineRow,
} from '../../shared/contract/schemas.ts';
import type { SearchAnswerView, SearchQueryView } from '../../shared/contract/search-schemas.ts';
import { describeChange } from '../../shared/diff/describe-changes.ts';
import { projectOf, repositoryRoots } from '../../shared/timeline/project.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import type { ChangeRun, ChangesPage, ChangesQuery, GapLimit, SearchQuery, Vault } from '../vault/vault.ts';
import { gapLimits, minGapMs, withoutWatches } from './gaps.ts';
import { readPresence } from './presence.ts';
import { toIso, viewCheckpoint, viewItem, viewKept, viewRun } from './views.ts';

/** Answers of the vault that are put together to one page; each is bounded in time. */
const MAX_ANSWERS = 4;
const SEARCH_BUDGET_MS = 3_000;
/** Changes that are looked at for the projects to filter by. */
const FACET_RUNS = 60;
/** Changes that are looked at for what was closed. */
const CLOSED_RUNS = 400;
const MAX_CLOSED = 500;

export interface Page<Row> {
  readonly rows: Row[];
  /** Continues; absent where the history ends. */
  readonly cursor?: string;
}

export interface Facets {
  readonly sources: string[];
  readonly kinds: ItemKind[];
  readonly projects: string[];
  readonly tags: string[];
}

export interface TimelineDeps {
  readonly vault: Vault;
  readonly nowMs: () => number;
  /** What tells a gap from thinned history, and why snapshots are kept. */
  readonly settings: () => { readonly retention: RetentionLimits; readonly captureIntervalMs: number };
}

export class Timeline {
  readonly #deps: TimelineDeps;
  readonly #vault: Vault;

  constructor(deps: TimelineDeps) {
    this.#deps = deps;
    this.#vault = deps.vault;
  }

  /** Changes, newest first. @throws AppError USAGE_INVALID for a cursor that is none */
  async page(filter: TimelineFilter, limit: number, cursor?: string): Promise<Page<TimelineRow>> {
    if (filter.checkpointsOnly === true || (filter.tags?.length ?? 0) > 0)
      return { rows: await this.#view(await this.#checkpointRuns(filter)) };
    const { runs, next } = await this.#changes(toQuery(filter), limit, cursor);
    return { rows: await this.#view(runs), ...(next === null ? {} : { cursor: next }) };
  }

  /** Why a snapshot is kept, and until when as things stand. @throws AppError SNAPSHOT_NOT_FOUND */
  async kept(id: SnapshotId): Promise<KeptView> {
    const [kept] = await this.#vault.explainKept([id], this.#deps.settings().retention, this.#deps.nowMs());
    return viewKept(kept);
  }

  /** Snapshots over time, with checkpoints as stones, restarts, and as gaps the silences in which Cairn was not there. */
  async density(fromMs: number | null, toMs: number | null, bins: number): Promise<Density> {
    const limits = this.#gapLimits();
    const [density, checkpoints, presence] = await Promise.all([
      this.#vault.density(fromMs, toMs, bins, limits),
      this.#checkpointsWithTimes(),
      readPresence(this.#vault),
    ]);
    const gaps = withoutWatches(density.gaps, presence.watches, limits);
    const isShown = (timeMs: number): boolean => timeMs >= density.fromMs && timeMs <= density.toMs;
    return {
      from: toIso(density.fromMs),
      to: toIso(density.toMs),
      counts: [...density.counts],
      gaps: gaps.map((gap) => ({ from: toIso(gap.fromMs), to: toIso(gap.toMs) })),
      stones: checkpoints
        .filter(({ takenAtMs }) => isShown(takenAtMs))
        .map(({ checkpoint, takenAtMs }) => viewCheckpoint(checkpoint, undefined, takenAtMs)),
      restarts: presence.starts
        .filter(({ atMs }) => density.oldestMs !== null && isShown(atMs))
        .map(({ atMs, after }) => ({ at: toIso(atMs), after })),
      ...(density.oldestMs === null ? {} : { oldest: toIso(density.oldestMs) }),
      ...(density.newestMs === null ? {} : { newest: toIso(density.newestMs) }),
    };
  }

  /** All versions of an item, newest first. */
  async item(key: ItemKey, limit: number, cursor?: string): Promise<Page<ItemVersion>> {
    const { runs, next } = await this.#changes({ limit, key }, limit, cursor);
    return { rows: runs.map(toVersion), ...(next === null ? {} : { cursor: next }) };
  }

  /** What is open now, and what was closed or went lately, each once with the newest that is known of it. */
  async items(): Promise<{ readonly open: ItemView[]; readonly closed: ClosedItemView[] }> {
    const [newest] = await this.#vault.listSnapshots({ limit: 1 });
    const open = newest === undefined ? [] : (await this.#vault.readSnapshot(newest.id)).itemList;
    const { runs } = await this.#changes({ limit: CLOSED_RUNS }, CLOSED_RUNS, undefined);
    const known = new Set(open.map(({ key }) => key));
    const closed: ClosedItemView[] = [];
    for (const { removed, summary } of runs)
      for (const item of removed) {
        if (known.has(item.key)) continue;
        known.add(item.key);
        closed.push({ ...viewItem(item, []), closedAt: toIso(summary.takenAtMs) });
      }
    const roots = repositoryRoots(open);
    return { open: open.map((item) => viewItem(item, roots)), closed: closed.slice(0, MAX_CLOSED) };
  }

  /** What there is to filter by: of the newest snapshot, the latest changes and the checkpoints. */
  async facets(): Promise<Facets> {
    const [newest] = await this.#vault.listSnapshots({ limit: 1 });
    const items = newest === undefined ? [] : (await this.#vault.readSnapshot(newest.id)).itemList;
    const { runs } = await this.#vault.changes({ limit: FACET_RUNS });
    const roots = repositoryRoots(items);
    const projects = [...items.map((item) => projectOf(item, roots)), ...runs.flatMap((run) => run.projects)];
    const touched = [...items, ...runs.flatMap((run) => [...run.added, ...run.removed])];
    const checkpoints = await this.#vault.listCheckpoints();
    return {
      sources: unique(touched.map(({ source }) => source)),
      kinds: unique(touched.map(({ kind }) => kind)),
      projects: unique(projects.filter((name) => name !== undefined)),
      tags: unique(checkpoints.flatMap(({ tags }) => tags)),
    };
  }

  /** Finds words in all that was captured. */
  async search(query: SearchQueryView): Promise<SearchAnswerView> {
    const { matches, ...rest } = await this.#vault.search(toSearchQuery(query));
    return {
      ...rest,
      hits: matches.map(({ item, snapshotId, takenAtMs, firstSeenMs, lastSeenMs, ...match }) => ({
        key: item.key,
        kind: item.kind,
        source: item.source,
        title: item.title,
        snapshotId,
        takenAt: toIso(takenAtMs),
        ...match,
        firstSeen: toIso(firstSeenMs),
        lastSeen: toIso(lastSeenMs),
      })),
    };
  }

  async #changes(query: ChangesQuery, limit: number, cursor: string | undefined): Promise<ChangesPage> {
    const runs: ChangeRun[] = [];
    let next: SnapshotId | null = cursor === undefined ? null : parseSnapshotId(cursor);
    for (let answers = 0; answers < MAX_ANSWERS && runs.length < limit; answers += 1) {
      const page = await this.#vault.changes({
        ...query,
        limit: limit - runs.length,
        ...(next === null ? {} : { before: next }),
      });
      runs.push(...page.runs);
      next = page.next;
      if (next === null) break;
    }
    return { runs, next };
  }

  /** Rows with what only the timeline knows: gaps, restarts before them, why each is kept. */
  async #view(runs: readonly ChangeRun[]): Promise<TimelineRow[]> {
    const { retention } = this.#deps.settings();
    const ids = runs.map(({ summary }) => summary.id);
    const [kept, { starts, watches }] = await Promise.all([
      this.#vault.explainKept(ids, retention, this.#deps.nowMs()),
      readPresence(this.#vault),
    ]);
    const limits = this.#gapLimits();
    const keptById = new Map(kept.map((one) => [one.id, one]));
    return runs.map((run) => {
      const toMs = run.summary.takenAtMs;
      const fromMs = toMs - run.silenceMs;
      const silence = run.silenceMs > minGapMs(limits, fromMs) ? [{ fromMs, toMs }] : [];
      const gapMs = withoutWatches(silence, watches, limits).reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0);
      const start = starts.findLast(({ atMs }) => atMs > fromMs && atMs <= toMs);
      return viewRun(run, { gapMs, restartedAfter: start?.after ?? null, kept: keptById.get(run.summary.id) });
    });
  }

  #gapLimits(): readonly GapLimit[] {
    const { retention, captureIntervalMs } = this.#deps.settings();
    return gapLimits(retention, captureIntervalMs, this.#deps.nowMs());
  }

  /** The runs that checkpoints began; every filter counts, as it does for all other rows. */
  async #checkpointRuns(filter: TimelineFilter): Promise<ChangeRun[]> {
    const tags = filter.tags ?? [];
    const query = toQuery(filter);
    const found: ChangeRun[] = [];
    for (const { checkpoint, takenAtMs } of await this.#checkpointsWithTimes()) {
      if (tags.length > 0 && !checkpoint.tags.some((tag) => tags.includes(tag))) continue;
      if (takenAtMs < (query.sinceMs ?? takenAtMs) || takenAtMs > (query.untilMs ?? takenAtMs)) continue;
      const { runs } = await this.#vault.changes({ ...query, limit: 1, sinceMs: takenAtMs, untilMs: takenAtMs });
      found.push(...runs.filter((run) => run.summary.id === checkpoint.snapshotId));
    }
    return found.toSorted((a, b) => b.summary.takenAtMs - a.summary.takenAtMs);
  }

  async #checkpointsWithTimes() {
    const checkpoints = await this.#vault.listCheckpoints();
    const summaries = await this.#vault.listSnapshots({ limit: checkpoints.length, checkpointsOnly: true });
    const times = new Map(summaries.map(({ id, takenAtMs }) => [id, takenAtMs]));
    return checkpoints.map((checkpoint) => ({
      checkpoint,
      takenAtMs: times.get(checkpoint.snapshotId) ?? checkpoint.createdAtMs,
    }));
  }
}

function toQuery(filter: TimelineFilter): ChangesQuery {
  return {
    limit: 1,
    ...(filter.since === undefined ? {} : { sinceMs: Date.parse(filter.since) }),
    ...(filter.until === undefined ? {} : { untilMs: Date.parse(filter.until) }),
    ...(filter.sources === undefined ? {} : { sources: filter.sources }),
    ...(filter.kinds === undefined ? {} : { kinds: filter.kinds }),
    ...(filter.projects === undefined ? {} : { projects: filter.projects }),
  };
}

function toSearchQuery({ since, until, ...query }: SearchQueryView): SearchQuery {
  return {
    ...withoutUndefined(query),
    text: query.text,
    limit: query.limit,
    budgetMs: SEARCH_BUDGET_MS,
    ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}

/** Members that are there: the vault's types know no member that is there and undefined. */
function withoutUndefined<Given extends object>(
  given: Given,
): { [Name in keyof Given]: Exclude<Given[Name], undefined> } {
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as { [Name in keyof Given]: Exclude<Given[Name], undefined> }; // the members that are there
}

function toVersion(run: ChangeRun): ItemVersion {
  const { added, removed, changed, summary, lastTakenAtMs } = run;
  const change = changed[0];
  const item = change?.after ?? added[0] ?? removed[0];
  const words =
    change === undefined
      ? [removed.length > 0 ? 'no longer there' : 'first seen']
      : [describeChange(change.before, change.after) || 'changed'];
  return {
    snapshotId: summary.id,
    takenAt: toIso(summary.takenAtMs),
    lastTakenAt: toIso(lastTakenAtMs),
    title: item?.title ?? '',
    sizeBytes: (removed.length > 0 ? [] : (item?.streams ?? [])).reduce((sum, stream) => sum + stream.sizeBytes, 0),
    isGone: removed.length > 0,
    words,
  };
}

function unique<Text extends string>(texts: readonly Text[]): Text[] {
  return [...new Set(texts)].toSorted();
}
