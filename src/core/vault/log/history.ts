// The history as a person looks at it: how dense it is, and what changed when. Works on the time index and on differences between
// manifests, in which unchanged items are the same object; content is never read.

import type { ItemKey, SnapshotId } from '../../../shared/model/ids.ts';
import { projectOf, repositoryRoots, type ProjectRoot } from '../../../shared/timeline/project.ts';
import type { ChangeRun, ChangesPage, ChangesQuery, Density, GapLimit } from '../vault.ts';
import { toSnapshotItem, type ItemEntry, type Manifest } from './manifest.ts';
import { positionOf } from './read-snapshots.ts';
import { toSummary } from './save-snapshot.ts';
import { parseSnapshotPrefix, type SnapshotPrefix } from './snapshot-record.ts';
import type { VaultState } from './vault-state.ts';

/** After so long, something may have changed that no snapshot between tells of: thinning removes them. */
const MAY_DIFFER_AFTER_MS = 5 * 60_000;
const MAX_GAPS = 200;
/** Snapshots looked at for one answer, so that captures need not wait. */
const MAX_SCANNED = 3_000;
/** Changed items of one run that are told one by one. */
const MAX_TOLD = 60;

export function readDensity(
  state: VaultState,
  fromMs: number | null,
  toMs: number | null,
  bins: number,
  gapLimits: readonly GapLimit[],
): Density {
  const { index } = state;
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < index.count; at += 1) {
    const time = index.timeAt(at);
    if (time < oldestMs) oldestMs = time;
    if (time > newestMs) newestMs = time;
  }
  if (index.count === 0) return { fromMs: 0, toMs: 0, counts: [], gaps: [], oldestMs: null, newestMs: null };
  const from = fromMs ?? oldestMs;
  const to = Math.max(toMs ?? newestMs, from + 1);
  const counts = Array.from({ length: bins }, () => 0);
  const gaps: { fromMs: number; toMs: number }[] = [];
  const scale = bins / (to - from);
  let previous = Number.NaN;
  for (let at = 0; at < index.count; at += 1) {
    const time = index.timeAt(at);
    if (time >= from && previous <= to && isGap(previous, time, gapLimits)) gaps.push({ fromMs: previous, toMs: time });
    previous = time;
    if (time < from || time > to) continue;
    const bin = Math.min(bins - 1, Math.floor((time - from) * scale));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const longest = gaps.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, MAX_GAPS);
  return { fromMs: from, toMs: to, counts, gaps: longest, oldestMs, newestMs };
}

function isGap(fromMs: number, toMs: number, limits: readonly GapLimit[]): boolean {
  let minMs = 0;
  for (const limit of limits) if (fromMs < limit.beforeMs && limit.minMs > minMs) ({ minMs } = limit);
  return toMs - fromMs > minMs;
}

/** Collapses snapshots that hold the same into runs, from the newest on. */
export function readChanges(state: VaultState, query: ChangesQuery): ChangesPage {
  const { index } = state;
  const reader = new SnapshotPairs(state);
  const runs: ChangeRun[] = [];
  let at = query.before === undefined ? index.count - 1 : positionOf(state, query.before) - 1;
  let run = { count: 0, lastTakenAtMs: 0 };
  for (let scanned = 0; at >= 0; at -= 1, scanned += 1) {
    const takenAtMs = index.timeAt(at);
    if (query.untilMs !== undefined && takenAtMs > query.untilMs) continue;
    if (query.sinceMs !== undefined && takenAtMs < query.sinceMs) return { runs, next: null };
    run = { count: run.count + 1, lastTakenAtMs: run.count === 0 ? takenAtMs : run.lastTakenAtMs };
    const isLast = scanned >= MAX_SCANNED;
    const change = reader.changeAt(at, query.key);
    if (change === null && at > 0 && !isLast) continue;
    const found = toRun(state, at, run, change ?? NO_CHANGE);
    if (isWanted(found, query, change)) runs.push(found);
    run = { count: 0, lastTakenAtMs: 0 };
    if (isLast || runs.length >= query.limit) return { runs, next: at === 0 ? null : index.idAt(at) };
  }
  return { runs, next: null };
}

interface Change {
  readonly prefix: SnapshotPrefix | null;
  readonly added: readonly ItemEntry[];
  readonly removed: readonly ItemEntry[];
  readonly changed: readonly { readonly before: ItemEntry; readonly after: ItemEntry }[];
  readonly roots: readonly ProjectRoot[];
}

const NO_CHANGE: Change = { prefix: null, added: [], removed: [], changed: [], roots: [] };

/** Compares neighbours; each snapshot is decoded once while the walk goes on. */
class SnapshotPairs {
  readonly #state: VaultState;
  #last: { readonly at: number; readonly manifest: Manifest | null } | null = null;

  constructor(state: VaultState) {
    this.#state = state;
  }

  /** What began at this position against the one before it; null where it holds the same and nobody asked for it. */
  changeAt(at: number, key: ItemKey | undefined): Change | null {
    const { index, records } = this.#state;
    const prefix = this.#prefixAt(at);
    const isAsked =
      key === undefined && (index.kindAt(at) !== 'automatic' || records.checkpointOf(index.idAt(at)) !== undefined);
    const silenceMs = at === 0 ? 0 : index.timeAt(at) - index.timeAt(at - 1);
    // After thinning, the snapshot before may be another one than at the time of the capture.
    const mayDiffer = prefix === null || prefix.changed > 0 || silenceMs > MAY_DIFFER_AFTER_MS || at === 0;
    if (!mayDiffer) return isAsked ? { ...NO_CHANGE, prefix } : null;
    const after = this.#manifestAt(at);
    const before = at === 0 ? new Map<ItemKey, ItemEntry>() : this.#manifestAt(at - 1);
    if (after === null || before === null) return { ...NO_CHANGE, prefix };
    const change = compare(before, after, key);
    const isSame = change.added.length === 0 && change.removed.length === 0 && change.changed.length === 0;
    if (isSame && !isAsked) return null;
    return { ...change, prefix, roots: repositoryRoots(after.values()) };
  }

  #prefixAt(at: number): SnapshotPrefix | null {
    try {
      return parseSnapshotPrefix(this.#state.readSnapshotPayload(this.#state.index.sequenceAt(at)));
    } catch {
      return null; // damaged: it is listed without words, and verification tells of it
    }
  }

  #manifestAt(at: number): Manifest | null {
    if (this.#last?.at === at) return this.#last.manifest;
    let manifest: Manifest | null = null;
    try {
      manifest = this.#state.readSnapshot(this.#state.index.sequenceAt(at)).manifest;
    } catch {
      // as above
    }
    this.#last = { at, manifest };
    return manifest;
  }
}

function compare(before: Manifest, after: Manifest, key: ItemKey | undefined): Omit<Change, 'prefix' | 'roots'> {
  const added: ItemEntry[] = [];
  const changed: { before: ItemEntry; after: ItemEntry }[] = [];
  const wanted = (entry: ItemEntry): boolean => key === undefined || entry.key === key;
  for (const entry of after.values()) {
    if (!wanted(entry)) continue;
    const old = before.get(entry.key);
    if (old === undefined) added.push(entry);
    else if (old !== entry && isChanged(old, entry)) changed.push({ before: old, after: entry });
  }
  const removed: ItemEntry[] = [];
  for (const entry of before.values()) if (wanted(entry) && !after.has(entry.key)) removed.push(entry);
  return { added, removed, changed };
}

function isChanged(before: ItemEntry, after: ItemEntry): boolean {
  return (
    before.facts !== after.facts ||
    (before.staleSinceMs === null) !== (after.staleSinceMs === null) ||
    before.streams.length !== after.streams.length ||
    before.streams.some((stream, at) => stream.contentId !== after.streams[at]?.contentId)
  );
}

function toRun(
  state: VaultState,
  at: number,
  run: { readonly count: number; readonly lastTakenAtMs: number },
  change: Change,
): ChangeRun {
  const { index, records } = state;
  const id = index.idAt(at);
  const checkpoint = records.checkpointOf(id);
  const told = { left: MAX_TOLD };
  const tell = <Element>(list: readonly Element[]): readonly Element[] => {
    const part = list.slice(0, told.left);
    told.left -= part.length;
    return part;
  };
  const silenceMs = at === 0 ? 0 : index.timeAt(at) - index.timeAt(at - 1);
  const total = change.added.length + change.removed.length + change.changed.length;
  return {
    summary: {
      ...(change.prefix === null ? unreadSummary(state, at, id) : toSummary(change.prefix)),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    },
    count: run.count,
    lastTakenAtMs: run.lastTakenAtMs,
    silenceMs,
    added: tell(change.added).map(toSnapshotItem),
    removed: tell(change.removed).map(toSnapshotItem),
    changed: tell(change.changed).map(({ before, after }) => ({
      before: toSnapshotItem(before),
      after: toSnapshotItem(after),
    })),
    more: Math.max(0, total - MAX_TOLD),
    projects: projectsOf(change),
  };
}

function unreadSummary(state: VaultState, at: number, id: SnapshotId): ReturnType<typeof toSummary> {
  try {
    return toSummary(parseSnapshotPrefix(state.readSnapshotPayload(state.index.sequenceAt(at))));
  } catch {
    return { id, takenAtMs: state.index.timeAt(at), kind: state.index.kindAt(at), items: 0, changed: 0, gaps: 0 };
  }
}

function projectsOf({ added, removed, changed, roots }: Change): string[] {
  const entries = [...added, ...removed, ...changed.map(({ after }) => after)];
  return [...new Set(entries.map((entry) => projectOf(entry, roots)).filter((name) => name !== undefined))];
}

function isWanted(run: ChangeRun, query: ChangesQuery, change: Change | null): boolean {
  if (query.key !== undefined) return change !== null;
  const { sources = [], kinds = [], projects = [] } = query;
  if (sources.length === 0 && kinds.length === 0 && projects.length === 0) return true;
  const entries = [
    ...(change?.added ?? []),
    ...(change?.removed ?? []),
    ...(change?.changed ?? []).map((c) => c.after),
  ];
  return (
    entries.some(
      (entry) =>
        (sources.length === 0 || sources.includes(entry.source)) && (kinds.length === 0 || kinds.includes(entry.kind)),
    ) &&
    (projects.length === 0 || run.projects.some((name) => projects.includes(name)))
  );
}
