// Lists and reads snapshots. Lists come from the time index in memory; only the summaries shown are opened.

import { closeSync, openSync, rmSync } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey, SnapshotId } from '../../../shared/model/ids.ts';
import type { Snapshot, SnapshotSummary } from '../../../shared/model/snapshot.ts';
import {
  readIntactBytes,
  readOneOfManyStreams,
  sliceParts,
  writeOneOfManyStreams,
  type IntactBytes,
} from '../content/stream-reader.ts';
import { damaged } from '../errors.ts';
import type { ListSnapshotsQuery } from '../vault.ts';
import { toSnapshotItem, type Manifest, type StreamEntry } from './manifest.ts';
import { toSummary } from './save-snapshot.ts';
import { parseSnapshotPrefix } from './snapshot-record.ts';
import type { VaultState } from './vault-state.ts';

const MIN_PREFIX_DIGITS = 4;
const AGE = /^(\d{1,6})\s*(s|m|h|d|w)$/;
const AGE_UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export function listSnapshots(state: VaultState, query: ListSnapshotsQuery): SnapshotSummary[] {
  const { index } = state;
  const from = query.before === undefined ? index.count - 1 : positionOf(state, query.before) - 1;
  const wanted = query.checkpointsOnly === true ? checkpointPositions(state) : null;
  const found: SnapshotSummary[] = [];
  for (let at = from; at >= 0 && found.length < query.limit; at -= 1) {
    const time = index.timeAt(at);
    if (query.sinceMs !== undefined && time < query.sinceMs) continue;
    if (query.untilMs !== undefined && time > query.untilMs) continue;
    if (wanted !== null && !wanted.has(at)) continue;
    if (query.skipsDamaged !== true) found.push(readSummary(state, at));
    else {
      const summary = orDamaged(() => readSummary(state, at));
      if (summary !== null) found.push(summary);
    }
  }
  return found;
}

/** @throws AppError SNAPSHOT_NOT_FOUND, SNAPSHOT_AMBIGUOUS */
export function resolveSnapshot(state: VaultState, reference: string, nowMs: number): SnapshotId {
  const { index } = state;
  const text = reference.trim();
  if (index.count === 0)
    throw new AppError('SNAPSHOT_NOT_FOUND', 'The vault holds no snapshots yet.', {
      hint: 'Take one with `cairn capture`.',
    });
  if (text === 'latest') return index.idAt(index.count - 1);
  const checkpoint = state.records
    .checkpoints()
    .filter((record) => record.checkpoint.id === text || record.checkpoint.name === text);
  if (checkpoint.length === 1 && checkpoint[0] !== undefined) return checkpoint[0].checkpoint.snapshotId;
  if (checkpoint.length > 1) throw ambiguous(`${checkpoint.length} checkpoints have this name.`);
  const age = AGE.exec(text);
  if (age !== null) return atTime(state, nowMs - Number(age[1]) * (AGE_UNIT_MS[age[2] ?? ''] ?? 0));
  if (/^[0-9a-f]{4,16}$/.test(text)) return byPrefix(state, text);
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return atTime(state, time);
  throw notFound();
}

export function readSnapshot(state: VaultState, id: SnapshotId): Snapshot {
  const at = positionOf(state, id);
  const { prefix, body, manifest } = readWhole(state, at, id);
  const checkpoint = state.records.checkpointOf(id);
  return {
    ...toSummary(prefix),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    itemList: [...manifest.values()].map(toSnapshotItem),
    gapList: body.gaps,
  };
}

/** From a byte on, at most so many. @throws AppError ITEM_NOT_FOUND, VAULT_DAMAGED */
export async function readStream(
  state: VaultState,
  id: SnapshotId,
  key: ItemKey,
  name: string,
  fromByte: number,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return readOneOfManyStreams(state.store, sliceStream(findStream(state, id, key, name), fromByte, maxBytes));
}

/** The same for what may be damaged: what is left of it. @throws AppError ITEM_NOT_FOUND */
export function readIntact(
  state: VaultState,
  id: SnapshotId,
  key: ItemKey,
  name: string,
  fromByte: number,
  maxBytes: number,
): Promise<IntactBytes> {
  return readIntactBytes(state.store, sliceStream(findStream(state, id, key, name), fromByte, maxBytes));
}

function sliceStream(
  { parts, sizeBytes }: StreamEntry,
  fromByte: number,
  maxBytes: number,
): Pick<StreamEntry, 'parts' | 'sizeBytes'> {
  const start = Math.min(Math.max(0, fromByte), sizeBytes);
  const length = Math.min(sizeBytes - start, Math.max(0, maxBytes));
  return { parts: length === sizeBytes ? parts : sliceParts(parts, start, length), sizeBytes: length };
}

/**
 * Writes a stream into a new file, private to its owner; one that was begun and could not be ended is removed.
 * @throws AppError ITEM_NOT_FOUND, VAULT_DAMAGED; EEXIST and other failures of the file system as they are
 */
export async function exportStream(
  state: VaultState,
  id: SnapshotId,
  key: ItemKey,
  name: string,
  path: string,
): Promise<void> {
  const stream = findStream(state, id, key, name);
  const file = openSync(path, 'wx', 0o600);
  try {
    await writeOneOfManyStreams(state.store, stream, file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function findStream(state: VaultState, id: SnapshotId, key: ItemKey, name: string): StreamEntry {
  const { manifest } = readWhole(state, positionOf(state, id), id);
  const stream = manifest.get(key)?.streams.find((other) => other.name === name);
  if (stream === undefined) {
    throw new AppError('ITEM_NOT_FOUND', `The snapshot holds no such item${manifest.has(key) ? ' content' : ''}.`, {
      hint: 'See `cairn show` for what it holds.',
    });
  }
  return stream;
}

/** The position of a snapshot in the time index. @throws AppError SNAPSHOT_NOT_FOUND */
export function positionOf(state: VaultState, id: SnapshotId): number {
  const at = state.index.indexOfId(id);
  if (at < 0) throw notFound();
  return at;
}

function readWhole(state: VaultState, at: number, id: SnapshotId): ReturnType<VaultState['readSnapshot']> {
  const sequence = state.index.sequenceAt(at);
  if (state.latest.sequence === sequence && state.latest.prefix !== null) {
    const { prefix, manifest, gaps } = state.latest;
    return { prefix, manifest, body: { removed: [], changed: [], gaps, good: [], silent: new Map() } };
  }
  try {
    return state.readSnapshot(sequence);
  } catch (error) {
    const own = ownKeyframe(state, id);
    if (own === null) throw error;
    const prefix = parseSnapshotPrefix(state.readSnapshotPayload(sequence));
    return { prefix, manifest: own, body: { removed: [], changed: [], gaps: [], good: [], silent: new Map() } };
  }
}

/** A checkpoint's own keyframe, where its snapshot's chain to a keyframe is broken. */
function ownKeyframe(state: VaultState, id: SnapshotId): Manifest | null {
  const record = state.records.checkpoints().find((other) => other.checkpoint.snapshotId === id);
  return record === undefined || record.keyframe === 0 ? null : state.readKeyframe(record.keyframe);
}

function readSummary(state: VaultState, at: number): SnapshotSummary {
  const prefix = parseSnapshotPrefix(state.readSnapshotPayload(state.index.sequenceAt(at)));
  if (prefix.id !== state.index.idAt(at)) throw damaged('the time index names another snapshot');
  const checkpoint = state.records.checkpointOf(prefix.id);
  return { ...toSummary(prefix), ...(checkpoint === undefined ? {} : { checkpoint }) };
}

/** Null for what is damaged. */
function orDamaged<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError && error.code === 'VAULT_DAMAGED') return null;
    throw error;
  }
}

function checkpointPositions(state: VaultState): Set<number> {
  return new Set(state.records.checkpoints().map((record) => state.index.indexOfId(record.checkpoint.snapshotId)));
}

function atTime(state: VaultState, timeMs: number): SnapshotId {
  const at = state.index.indexAtTime(timeMs);
  if (at < 0)
    throw new AppError('SNAPSHOT_NOT_FOUND', 'There is no snapshot that old.', {
      hint: 'See what there is with `cairn list`.',
    });
  return state.index.idAt(at);
}

function byPrefix(state: VaultState, prefix: string): SnapshotId {
  const found = state.index.indexesOfPrefix(prefix, 2);
  if (found.length > 1) throw ambiguous(`Several snapshots begin with ${prefix}.`);
  const at = found[0];
  if (at === undefined) throw notFound();
  return state.index.idAt(at);
}

function ambiguous(message: string): AppError {
  return new AppError('SNAPSHOT_AMBIGUOUS', message, {
    hint: 'Give more digits of the id; `cairn list` shows it whole.',
  });
}

function notFound(): AppError {
  return new AppError('SNAPSHOT_NOT_FOUND', 'There is no such snapshot.', {
    hint: `Name it by its id (${MIN_PREFIX_DIGITS} digits at least), \`latest\`, a checkpoint's name, a time, or an age such as 2h. See \`cairn list\`.`,
  });
}
