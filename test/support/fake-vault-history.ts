// The history of the fake vault: the same answers as the real one's, by comparing neighbours.

import { diffItems } from '../../src/shared/diff/diff-items.ts';
import { projectOf, repositoryRoots } from '../../src/shared/timeline/project.ts';
import type { Snapshot, SnapshotSummary } from '../../src/shared/model/snapshot.ts';
import type {
  ChangeRun,
  ChangesPage,
  ChangesQuery,
  Density,
  SearchMatch,
  SearchQuery,
} from '../../src/core/vault/vault.ts';

export function fakeDensity(
  snapshots: readonly Snapshot[],
  fromMs: number | null,
  toMs: number | null,
  bins: number,
): Density {
  const times = snapshots.map(({ takenAtMs }) => takenAtMs);
  if (times.length === 0) return { fromMs: 0, toMs: 0, counts: [], gaps: [], oldestMs: null, newestMs: null };
  const oldestMs = Math.min(...times);
  const newestMs = Math.max(...times);
  const from = fromMs ?? oldestMs;
  const to = Math.max(toMs ?? newestMs, from + 1);
  const counts = Array.from({ length: bins }, () => 0);
  for (const time of times.filter((time) => time >= from && time <= to)) {
    const bin = Math.min(bins - 1, Math.floor(((time - from) * bins) / (to - from)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { fromMs: from, toMs: to, counts, gaps: [], oldestMs, newestMs };
}

export function fakeChanges(
  snapshots: readonly Snapshot[],
  query: ChangesQuery,
  summaryOf: (snapshot: Snapshot) => SnapshotSummary,
): ChangesPage {
  const end =
    query.before === undefined ? snapshots.length : snapshots.findIndex((snapshot) => snapshot.id === query.before);
  const runs: ChangeRun[] = [];
  let count = 0;
  let lastTakenAtMs = 0;
  for (let at = end - 1; at >= 0 && runs.length < query.limit; at -= 1) {
    const snapshot = snapshots[at];
    if (snapshot === undefined) break;
    count += 1;
    if (count === 1) lastTakenAtMs = snapshot.takenAtMs;
    const { added, removed, changed } = diffItems(snapshots[at - 1]?.itemList ?? [], snapshot.itemList);
    const summary = summaryOf(snapshot);
    const isSame = added.length + removed.length + changed.length === 0;
    if (isSame && at > 0 && summary.kind === 'automatic' && summary.checkpoint === undefined) continue;
    const roots = repositoryRoots(snapshot.itemList);
    const touched = [...added, ...removed, ...changed.map(({ after }) => after)];
    const projects = [...new Set(touched.map((item) => projectOf(item, roots)).filter((name) => name !== undefined))];
    runs.push({ summary, count, lastTakenAtMs, silenceMs: 0, added, removed, changed, more: 0, projects });
    count = 0;
  }
  const last = runs.at(-1)?.summary.id;
  return { runs, next: last === undefined || last === snapshots[0]?.id ? null : last };
}

/** In titles only: contents are the real vault's. */
export function fakeSearch(snapshots: readonly Snapshot[], query: SearchQuery): readonly SearchMatch[] {
  const needle = query.text.toLowerCase();
  return snapshots.toReversed().flatMap(({ id, takenAtMs, itemList }) =>
    itemList
      .filter((item) => item.title.toLowerCase().includes(needle))
      .map((item): SearchMatch => {
        const from = item.title.toLowerCase().indexOf(needle);
        const hit = { where: 'title', line: item.title, from, to: from + needle.length, lineNumber: 1 };
        return { item, snapshotId: id, takenAtMs, ...hit, firstSeenMs: takenAtMs, lastSeenMs: takenAtMs, score: 1 };
      }),
  );
}
