// The vault's data as the API shows it: times in ISO 8601, optional members left out, never a stream's content.

import type { Checkpoint } from '../../shared/model/checkpoint.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { KeptSnapshot, RetentionLimits } from '../../shared/model/retention.ts';
import type { RunEnd } from '../../shared/model/run.ts';
import type { Gap, Snapshot, SnapshotSummary } from '../../shared/model/snapshot.ts';
import type {
  CheckpointView,
  DiffView,
  GapView,
  KeptView,
  ItemView,
  SnapshotSummaryView,
  SnapshotView,
  TimelineRow,
} from '../../shared/contract/schemas.ts';
import { describeChanges } from '../../shared/diff/describe-changes.ts';
import { diffItems } from '../../shared/diff/diff-items.ts';
import { projectOf, repositoryRoots, type ProjectRoot } from '../../shared/timeline/project.ts';
import type { ChangeRun } from '../vault/vault.ts';

const DAY_MS = 86_400_000;

export function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** With the limits, also when it goes; `takenAtMs` is its snapshot's. */
export function viewCheckpoint(
  checkpoint: Checkpoint,
  limits?: Pick<RetentionLimits, 'checkpointDays'>,
  takenAtMs?: number,
): CheckpointView {
  const { id, snapshotId, name, description, tags, priority, pinned, createdAtMs, updatedAtMs } = checkpoint;
  const goesAt = limits === undefined || pinned ? {} : { goesAt: toIso(createdAtMs + limits.checkpointDays * DAY_MS) };
  return {
    id,
    snapshotId,
    name,
    description,
    tags: [...tags],
    priority,
    pinned,
    createdAt: toIso(createdAtMs),
    updatedAt: toIso(updatedAtMs),
    ...(takenAtMs === undefined ? {} : { takenAt: toIso(takenAtMs) }),
    ...goesAt,
  };
}

export function viewSummary({ checkpoint, takenAtMs, ...summary }: SnapshotSummary): SnapshotSummaryView {
  const { id, kind, items, changed, gaps } = summary;
  return {
    id,
    takenAt: toIso(takenAtMs),
    kind,
    items,
    changed,
    gaps,
    ...(checkpoint === undefined ? {} : { checkpoint: viewCheckpoint(checkpoint) }),
  };
}

export function viewSnapshot(snapshot: Snapshot, kept: KeptView): SnapshotView {
  const roots = repositoryRoots(snapshot.itemList);
  return {
    ...viewSummary(snapshot),
    kept,
    itemList: snapshot.itemList.map((item) => viewItem(item, roots)),
    gapList: snapshot.gapList.map(viewGap),
  };
}

export function viewItem(item: SnapshotItem, roots: readonly ProjectRoot[]): ItemView {
  const { key, kind, source, group, title, attributes, streams, stale, goodAtMs } = item;
  const project = projectOf(item, roots);
  return {
    key,
    kind,
    source,
    group,
    title,
    attributes,
    stale,
    streams: streams.map((stream) => ({
      name: stream.name,
      kind: stream.kind,
      sizeBytes: stream.sizeBytes,
    })),
    ...(goodAtMs === undefined ? {} : { goodAt: toIso(goodAtMs) }),
    ...(project === undefined ? {} : { project }),
  };
}

function viewGap({ source, reason, message, key, sinceMs }: Gap): GapView {
  return { source, reason, message, ...(key === undefined ? {} : { key }), since: toIso(sinceMs) };
}

/** Why a snapshot is kept; the next prune removes it where there is no reason. */
export function viewKept(kept: KeptSnapshot | undefined): KeptView {
  const untilMs = kept?.untilMs ?? null;
  return { reason: kept?.reason ?? null, ...(untilMs === null ? {} : { until: toIso(untilMs) }) };
}

/** What the timeline knows of a run beside what changed. */
export interface RunSurroundings {
  /** How long Cairn was not there before it; 0 where there was no gap. */
  readonly gapMs: number;
  readonly restartedAfter: RunEnd | null;
  readonly kept: KeptSnapshot | undefined;
}

export function viewRun(run: ChangeRun, { gapMs, restartedAfter, kept }: RunSurroundings): TimelineRow {
  const touched = [...run.added, ...run.removed, ...run.changed.map(({ after }) => after)];
  return {
    ...viewSummary(run.summary),
    words: describeChanges(run),
    count: run.count,
    lastTakenAt: toIso(run.lastTakenAtMs),
    ...(restartedAfter === null ? {} : { restartedAfter }),
    ...(gapMs > 0 ? { silenceMs: Math.round(gapMs) } : {}),
    kept: viewKept(kept),
    projects: [...run.projects],
    kinds: [...new Set(touched.map(({ kind }) => kind))],
  };
}

/** What changed from one list of items to another. */
export function viewDiff(before: readonly SnapshotItem[], after: readonly SnapshotItem[]): DiffView {
  const diff = diffItems(before, after);
  const oldRoots = repositoryRoots(before);
  const roots = repositoryRoots(after);
  return {
    words: describeChanges(diff),
    added: diff.added.map((item) => viewItem(item, roots)),
    removed: diff.removed.map((item) => viewItem(item, oldRoots)),
    changed: diff.changed.map((change) => ({
      key: change.after.key,
      kind: change.after.kind,
      title: change.after.title,
      before: viewItem(change.before, oldRoots),
      after: viewItem(change.after, roots),
      attributes: [...change.attributes],
      streams: change.streams.map((stream) => ({ ...stream })),
    })),
  };
}
