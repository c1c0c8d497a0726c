// The history as a person looks at it, read-only: pages of changes in words, density, the versions of one item, search.

import { parseSnapshotId, type ItemKey, type SnapshotId } from '../../shared/model/ids.ts';
import type { ItemKind } from '../../shared/model/item.ts';
import type { Density, ItemVersion, SearchHit, TimelineFilter, TimelineRow } from '../../shared/contract/schemas.ts';
import { describeChange } from '../../shared/diff/describe-changes.ts';
import { projectOf, repositoryRoots } from '../../shared/timeline/project.ts';
import type { ChangeRun, ChangesPage, ChangesQuery, Vault } from '../vault/vault.ts';
import { toIso, viewCheckpoint, viewRun } from './views.ts';

/** Answers of the vault that are put together to one page; each is bounded in time. */
const MAX_ANSWERS = 4;
const SEARCH_BUDGET_MS = 3_000;
/** Changes that are looked at for the projects to filter by. */
const FACET_RUNS = 60;

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

export class Timeline {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Changes, newest first. @throws AppError USAGE_INVALID for a cursor that is none */
  async page(filter: TimelineFilter, limit: number, cursor?: string): Promise<Page<TimelineRow>> {
    if (filter.checkpointsOnly === true || (filter.tags?.length ?? 0) > 0) return this.#checkpointRows(filter);
    const { runs, next } = await this.#changes(toQuery(filter), limit, cursor);
    return { rows: runs.map(viewRun), ...(next === null ? {} : { cursor: next }) };
  }

  /** Snapshots over time, with checkpoints as stones and silences as gaps. */
  async density(fromMs: number | null, toMs: number | null, bins: number): Promise<Density> {
    const [density, checkpoints] = await Promise.all([
      this.#vault.density(fromMs, toMs, bins),
      this.#checkpointsWithTimes(),
    ]);
    return {
      from: toIso(density.fromMs),
      to: toIso(density.toMs),
      counts: [...density.counts],
      gaps: density.gaps.map((gap) => ({ from: toIso(gap.fromMs), to: toIso(gap.toMs) })),
      stones: checkpoints
        .filter(({ takenAtMs }) => takenAtMs >= density.fromMs && takenAtMs <= density.toMs)
        .map(({ checkpoint, takenAtMs }) => viewCheckpoint(checkpoint, undefined, takenAtMs)),
      restarts: density.gaps.map((gap) => toIso(gap.toMs)),
      ...(density.oldestMs === null ? {} : { oldest: toIso(density.oldestMs) }),
      ...(density.newestMs === null ? {} : { newest: toIso(density.newestMs) }),
    };
  }

  /** All versions of an item, newest first. */
  async item(key: ItemKey, limit: number, cursor?: string): Promise<Page<ItemVersion>> {
    const { runs, next } = await this.#changes({ limit, key }, limit, cursor);
    return { rows: runs.map(toVersion), ...(next === null ? {} : { cursor: next }) };
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

  /** Finds a text in all that was captured. */
  async search(
    text: string,
    kinds: readonly ItemKind[],
    limit: number,
  ): Promise<{ hits: SearchHit[]; isComplete: boolean }> {
    const query = { text, kinds, limit, budgetMs: SEARCH_BUDGET_MS };
    const { matches, isComplete } = await this.#vault.search(query);
    return {
      isComplete,
      hits: matches.map(({ item, snapshotId, takenAtMs, where, line, from, to, lineNumber }) => ({
        key: item.key,
        kind: item.kind,
        source: item.source,
        title: item.title,
        snapshotId,
        takenAt: toIso(takenAtMs),
        where,
        line,
        from,
        to,
        lineNumber,
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

  async #checkpointRows(filter: TimelineFilter): Promise<Page<TimelineRow>> {
    const tags = filter.tags ?? [];
    const rows: TimelineRow[] = [];
    for (const { checkpoint, takenAtMs } of await this.#checkpointsWithTimes()) {
      if (tags.length > 0 && !checkpoint.tags.some((tag) => tags.includes(tag))) continue;
      const { runs } = await this.#vault.changes({ limit: 1, sinceMs: takenAtMs, untilMs: takenAtMs });
      rows.push(...runs.filter((run) => run.summary.id === checkpoint.snapshotId).map(viewRun));
    }
    return { rows: rows.toSorted((a, b) => b.takenAt.localeCompare(a.takenAt)) };
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
