// The pieces of which the JSON documents are made (docs/cli.md). Times are ISO 8601 UTC, sizes bytes; shapes are only extended.

import type { Checkpoint } from '../shared/model/checkpoint.ts';
import type { JsonObject } from '../shared/model/json.ts';
import type { Gap } from '../shared/model/snapshot.ts';
import type { CaptureOutcome } from './core.ts';
import { toIso } from './format/times.ts';

export function checkpointDocument(checkpoint: Checkpoint): JsonObject {
  return {
    id: checkpoint.id,
    snapshotId: checkpoint.snapshotId,
    name: checkpoint.name,
    description: checkpoint.description,
    tags: checkpoint.tags,
    priority: checkpoint.priority,
    pinned: checkpoint.pinned,
    createdAt: toIso(checkpoint.createdAtMs),
    updatedAt: toIso(checkpoint.updatedAtMs),
  };
}

export function captureDocument({ summary, durationMs }: CaptureOutcome): JsonObject {
  return {
    snapshotId: summary.id,
    takenAt: toIso(summary.takenAtMs),
    items: summary.items,
    changed: summary.changed,
    gaps: summary.gaps,
    ms: Math.round(durationMs),
    ...(summary.checkpoint === undefined ? {} : { checkpoint: checkpointDocument(summary.checkpoint) }),
  };
}

export function gapDocument(gap: Gap): JsonObject {
  return {
    source: gap.source,
    reason: gap.reason,
    message: gap.message,
    ...(gap.key === undefined ? {} : { key: gap.key }),
    since: toIso(gap.sinceMs),
  };
}
