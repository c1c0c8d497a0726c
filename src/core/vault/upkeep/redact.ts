// Takes runs of bytes out of the past: the chunks that hold them are written anew with stars in their place, of the same length, so
// that every snapshot stays as it is, its record, its place in the chain, and every other byte. What stands in facts is part of snapshot
// records and stays.

import { toHex } from '../../../shared/replication/bytes.ts';
import type { ObjectId } from '../../../shared/replication/ids.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import { encodeContent, LEVEL_BULK } from '../content/codec.ts';
import { listOf, planNote } from '../log/notes.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { RedactedChunk } from '../replica/events.ts';
import type { RedactReport, TextSpot } from '../vault-texts.ts';
import { findAcrossBorders } from './find-borders.ts';
import { groupsOf, rebuildGroups } from './parity.ts';
import type { PruneDeps } from './prune.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';

const SLICE_CHUNKS = 32;
/** With what bytes are overwritten; another where that content is there already. */
const FILLS = ['*', '#', 'x', '-', '_'] as const;
const MAX_FILLINGS = 20_000;

/**
 * Overwrites what stands at the spots, and the same values wherever they lie across two chunks. The search index is made anew.
 * @throws AppError CANCELLED between slices
 */
export async function redactTexts(
  deps: PruneDeps,
  spots: readonly TextSpot[],
  control: WorkControl,
): Promise<RedactReport> {
  const { state } = deps;
  // Before anything is overwritten: afterwards neither half can be told any more.
  const across = await findAcrossBorders(state, distinctValues(spots), control);
  const wanted = [...spots.filter(({ anchor }) => anchor > 0), ...across];
  const byChunk = Map.groupBy(wanted, ({ anchor }) => anchor);
  const anchors = [...byChunk.keys()];
  let chunks = 0;
  let done = 0;
  for (let from = 0; from < anchors.length; from += SLICE_CHUNKS) {
    await yieldToOthers(control.signal);
    const slice = anchors.slice(from, from + SLICE_CHUNKS);
    const written = await deps.withLock(() =>
      redactSlice(deps, (fills) => slice.map((anchor) => redactChunk(state, anchor, byChunk.get(anchor) ?? [], fills))),
    );
    chunks += written.chunks;
    done += written.spots;
    control.onProgress({ done: Math.min(anchors.length, from + SLICE_CHUNKS), total: anchors.length });
  }
  await deps.withLock(() => state.writeDb.pragma('wal_checkpoint(TRUNCATE)'));
  return { chunks, spots: done, left: wanted.length - done };
}

/** Overwrites in a copy of another device's history what that device has overwritten. What is not here is none of it. Can be done twice. */
export async function redactCopy(
  deps: PruneDeps,
  chunks: readonly RedactedChunk[],
  control: WorkControl,
): Promise<void> {
  const { state } = deps;
  for (const chunk of chunks) {
    await yieldToOthers(control.signal);
    await deps.withLock(() =>
      redactSlice(deps, (fills) => {
        const recordId = state.store.find(Buffer.from(chunk.id, 'hex'))?.recordId;
        if (recordId === undefined) return [];
        const content = state.store.read(recordId);
        const spots = chunk.spots.map(([start, end]) => ({
          anchor: recordId,
          start,
          end,
          bytes: Uint8Array.from(content.subarray(start, end)),
        }));
        return [redactChunk(state, recordId, spots, [chunk.fill, ...fills])];
      }),
    );
  }
  await deps.withLock(() => state.writeDb.pragma('wal_checkpoint(TRUNCATE)'));
}

function distinctValues(spots: readonly TextSpot[]): Uint8Array[] {
  return [...new Map(spots.map(({ bytes }) => [Buffer.from(bytes).toString('latin1'), bytes])).values()];
}

/** One commit; others are told of it where they have the vault too (S8). */
function redactSlice(
  deps: PruneDeps,
  overwrite: (fills: readonly string[]) => readonly (OverwrittenChunk | null)[],
): { readonly chunks: number; readonly spots: number } {
  const { state } = deps;
  const fresh = overwrite(FILLS).filter((chunk) => chunk !== null);
  if (fresh.length === 0) return { chunks: 0, spots: 0 };
  const parityIds = groupsOf(
    state,
    fresh.map(({ recordId }) => recordId),
  );
  // What was taken out must not stay findable: the index goes in the same commit.
  const search = deps.forgetFrom(0);
  const update = state.writeDb.prepare('UPDATE chunks SET content_id = ?, box = ? WHERE record_id = ?');
  let nextRecordId = state.head.nextRecordId;
  const takeRecordId = (): number => {
    nextRecordId += 1;
    return nextRecordId - 1;
  };
  const told = planNote(state, REPLICA_SETTINGS.redacted, state.head.nextRecordId + parityIds.size, (before) => ({
    chunks: [...listOf(before, 'chunks'), ...fresh.map(({ told: chunk }) => ({ ...chunk }))],
  }));
  const changes = {
    nextRecordId: state.head.nextRecordId + parityIds.size + (told === null ? 0 : 1),
    records: state.head.records + (told?.isNew === true ? 1 : 0),
  };
  state.commit('Redacting', changes, () => {
    for (const { recordId, contentId, box } of fresh) update.run(contentId, box, recordId);
    rebuildGroups(state, parityIds, takeRecordId);
    search.removeInto();
    told?.writeInto();
  });
  told?.done();
  search.done();
  state.recent.clear();
  state.store.forgetContents();
  return { chunks: fresh.length, spots: fresh.reduce((sum, chunk) => sum + chunk.spots, 0) };
}

interface OverwrittenChunk {
  readonly recordId: number;
  readonly contentId: Buffer;
  readonly box: Buffer;
  readonly spots: number;
  readonly told: { readonly id: ObjectId; readonly fill: string; readonly spots: [number, number][] };
}

/**
 * What a value is overwritten with, in the order in which it is tried: each content is stored once, so what stands in another chunk already
 * cannot be taken. After the single characters come patterns of them: short contents that differed in nothing but their value are many.
 */
function* fillings(fills: readonly string[]): Generator<string> {
  yield* fills;
  for (let number = FILLS.length; number < MAX_FILLINGS; number += 1) {
    const digits = number.toString(FILLS.length);
    yield digits.replaceAll(/\d/g, (digit) => FILLS[Number(digit)] ?? '*');
  }
}

/** The chunk with stars; null where nothing of what is to go stands there any more. @throws AppError VAULT_DAMAGED */
function redactChunk(
  state: VaultState,
  recordId: number,
  spots: readonly TextSpot[],
  fills: readonly string[],
): OverwrittenChunk | null {
  if (state.store.facts(recordId) === undefined) return null;
  const content = state.store.read(recordId);
  const there = spots.filter(({ start, end, bytes }) => content.subarray(start, end).equals(bytes));
  if (there.length === 0) return null;
  for (const fill of fillings(fills)) {
    const redacted = Buffer.from(content);
    for (const { start, end } of there) redacted.fill(fill, start, end);
    const contentId = state.keys.contentId(redacted);
    if (state.store.find(contentId) !== undefined) continue;
    const { codec, payload } = encodeContent(redacted, LEVEL_BULK);
    const box = state.keys.seal(BOX_KINDS.chunk, codec, recordId, payload);
    const id = toHex(state.keys.contentId(content)) as ObjectId; // 16 bytes are 32 digits
    const told = { id, fill: fill.charAt(0), spots: there.map(({ start, end }): [number, number] => [start, end]) };
    return { recordId, contentId, box, spots: there.length, told };
  }
  return null;
}
