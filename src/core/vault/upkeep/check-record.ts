// Whether one record is whole: it authenticates under its number, and what it holds can be read and is there.

import { BOX_KINDS } from '../../crypto/box.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import { decodeContent } from '../content/codec.ts';
import { release, releaseOwner } from '../../../shared/memory/release.ts';
import { decodeManifest, type ItemEntry } from '../log/manifest.ts';
import { parseSnapshotBody } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { BoxReader } from '../tables/boxes.ts';
import { KIND_OF_TABLE, type CheckedTable, type DamagedRecord } from './verification.ts';

const MAX_KEYFRAME_BYTES = 256 * 1024 * 1024;

export interface CheckedRow {
  readonly number: number;
  readonly box: Buffer;
  /** Of a chunk. */
  readonly contentId?: Buffer;
}

/** The rows of a table behind a number. */
export function listRowsAfter(state: VaultState, table: CheckedTable, after: number, limit: number): CheckedRow[] {
  if (table !== 'chunks') return readerOf(state, table).listAfter(after, limit);
  return state.read.chunks
    .listAfter(after, limit)
    .map(({ recordId, contentId, box }) => ({ number: recordId, contentId, box }));
}

/** One row; undefined where it is not there. */
export function readRow(state: VaultState, table: CheckedTable, number: number): CheckedRow | undefined {
  const chunk = table === 'chunks';
  const box = chunk ? state.read.chunks.readBox(number) : readerOf(state, table).read(number);
  if (box === undefined) return undefined;
  const contentId = chunk ? state.read.chunks.readContentId(number) : undefined;
  return { number, box, ...(contentId === undefined ? {} : { contentId }) };
}

/** Whether one that was found damaged is so now; null where it is not there: what names it tells whether it should be. */
export function isStillDamaged(state: VaultState, { table, number }: DamagedRecord): boolean | null {
  const row = readRow(state, table, number);
  return row === undefined ? null : findDamage(state, table, row).some((record) => record.table === table);
}

/** What of a row is damaged: itself, and content that it names and that is not there. The row's bytes are gone afterwards. */
export function findDamage(state: VaultState, table: CheckedTable, row: CheckedRow): DamagedRecord[] {
  if (table === 'chunks') return isChunkWhole(state, row) ? [] : [{ table, number: row.number }];
  const opened = state.keys.open(KIND_OF_TABLE[table], row.number, row.box);
  if (opened === null) return [{ table, number: row.number }];
  try {
    if (table === 'keyframes')
      return missingContent(
        state,
        decodeManifest(decodeContent(opened.header.codec, opened.payload, MAX_KEYFRAME_BYTES)).values(),
      );
    return table === 'snapshots' ? missingContent(state, parseSnapshotBody(opened.payload).changed) : [];
  } catch (error) {
    // It authenticates and makes no sense: damaged all the same.
    if (error instanceof Error) return [{ table, number: row.number }];
    throw error;
  }
}

function isChunkWhole(state: VaultState, { number, box, contentId }: CheckedRow): boolean {
  const opened = state.keys.open(BOX_KINDS.chunk, number, box);
  release(box);
  if (opened === null) return false;
  try {
    const content = decodeChunkPayload(opened.header, opened.payload);
    const isWhole = contentId !== undefined && state.keys.contentId(content).equals(contentId);
    if (content !== opened.payload) releaseOwner(content);
    releaseOwner(opened.payload);
    return isWhole;
  } catch {
    return false; // it authenticated but does not decode
  }
}

function missingContent(state: VaultState, entries: Iterable<ItemEntry>): DamagedRecord[] {
  const named = new Set<number>();
  for (const entry of entries)
    for (const stream of entry.streams) for (const { recordId } of stream.parts) named.add(recordId);
  return [...named]
    .filter((recordId) => state.store.facts(recordId) === undefined)
    .map((recordId) => ({ table: 'chunks', number: recordId }));
}

function readerOf(state: VaultState, table: Exclude<CheckedTable, 'chunks'>): BoxReader {
  const { read } = state;
  switch (table) {
    case 'keyframes':
      return read.keyframes;
    case 'keyframe_copies':
      return read.keyframeCopies;
    case 'records':
      return read.records;
    case 'sessions':
      return read.sessions;
    case 'session_parts':
      return read.sessionBoxes;
    case 'parity':
      return read.parity;
    case 'replica_log':
      return read.replicaLog;
    case 'replica_fields':
      return read.replicaFields;
    case 'snapshots':
      return read.snapshots;
  }
}
