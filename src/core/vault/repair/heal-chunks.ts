// Content that the snapshots of a rebuilt vault name and that is not whole in it: from the parity group, the key file and backups, by one
// wrong bit, or from wherever the page search found it.

import { BOX_KINDS } from '../../crypto/box.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import type { VaultState } from '../log/vault-state.ts';
import { parseParity, rebuildChunkBox, rebuildFromGroup, type ParityGroup } from '../upkeep/parity.ts';
import { yieldToOthers } from '../upkeep/slices.ts';
import { groupByNumber, readFirst } from './fill-from-scan.ts';
import { orNull } from './read-rows.ts';
import type { RebuildWork } from './rebuild-work.ts';
import type { BoxScan, FoundBox } from './scan/box-scan.ts';
import type { Placing } from './scan/leaf-page.ts';

/** With what a redaction overwrites. */
const FILLS = new Set(Buffer.from('*#x-_'));
const SLICE_BYTES = 4 * 1024 * 1024;

/** The chunks that the snapshots name and that do not open. @throws AppError CANCELLED */
export async function findBadChunks(work: RebuildWork, state: VaultState): Promise<Set<number>> {
  const bad = new Set<number>();
  for (const number of await listNamedChunks(work, state)) {
    const box = state.read.chunks.readBox(number);
    if (box === undefined || state.keys.open(BOX_KINDS.chunk, number, box) === null) bad.add(number);
  }
  return bad;
}

/** Takes those off the list that parity, key file, backups or one wrong bit give back. @throws AppError CANCELLED */
export async function healChunks(work: RebuildWork, state: VaultState, bad: Set<number>): Promise<void> {
  for (const number of bad) {
    await yieldToOthers(work.control.signal);
    const rebuilt = orNull(() => rebuildChunkBox(state, number));
    if (rebuilt !== null && putChunk(state, number, rebuilt)) {
      bad.delete(number);
      work.healed += 1;
      continue;
    }
    const spare = work.spares.find('chunks', BOX_KINDS.chunk, number);
    const damaged = state.read.chunks.readBox(number);
    const isHealed =
      (spare !== null && putChunk(state, number, spare)) ||
      (damaged !== undefined && putMended(state, number, damaged));
    if (!isHealed) continue;
    bad.delete(number);
    work.healed += 1;
  }
}

/** The same from the bytes of the file, in the order in which they lie there. @throws AppError CANCELLED */
export async function fetchChunks(
  work: RebuildWork,
  state: VaultState,
  scan: BoxScan,
  bad: Set<number>,
): Promise<void> {
  const groups = groupByNumber(scan, BOX_KINDS.chunk);
  const wanted = [...bad]
    .map((number) => ({ number, places: groups.get(number) ?? [] }))
    .filter(({ places }) => places.length > 0)
    .toSorted((a, b) => (a.places[0]?.at ?? 0) - (b.places[0]?.at ?? 0));
  const total = wanted.length;
  let done = 0;
  const late: typeof wanted = [];
  await inBatches(work, state, wanted, ({ number, places }) => {
    done += 1;
    work.control.onProgress({ done, total });
    const current = readCurrent(work, scan, places);
    if (current === null || !putContent(state, number, current)) {
      late.push({ number, places });
      return 0;
    }
    bad.delete(number);
    work.found += 1;
    return current.box.length;
  });
  // Only now is known which pages no box lies in.
  await inBatches(work, state, late, ({ number, places }) => {
    const box = places.every((place) => scan.read(state.keys, place) === null) ? readFirst(work, scan, places) : null;
    if (box === null || !putOwnChunk(state, number, box)) return 0;
    bad.delete(number);
    work.found += 1;
    return box.length;
  });
  if (bad.size > 0) await fetchFromParity(work, state, scan, bad, groups);
}

/** Parity groups that lie in the file, with members from wherever they are. */
async function fetchFromParity(
  work: RebuildWork,
  state: VaultState,
  scan: BoxScan,
  bad: Set<number>,
  chunks: ReadonlyMap<number, readonly FoundBox[]>,
): Promise<void> {
  const parity = [...groupByNumber(scan, BOX_KINDS.parity)].toSorted(([a], [b]) => b - a);
  const readMember = (number: number): Buffer | null => {
    const own = state.read.chunks.readBox(number);
    if (own !== undefined && state.keys.open(BOX_KINDS.chunk, number, own) !== null) return own;
    return readCurrent(work, scan, chunks.get(number) ?? [])?.box ?? null;
  };
  for (const [, places] of parity) {
    if (bad.size === 0) return;
    await yieldToOthers(work.control.signal);
    const group = openGroup(work, scan, places);
    const missing = group?.members.filter(({ recordId }) => bad.has(recordId)) ?? [];
    const [one] = missing;
    if (group === null || one === undefined || missing.length > 1) continue;
    const box = rebuildFromGroup(group, one.recordId, readMember);
    if (box === null || !putChunk(state, one.recordId, box)) continue;
    bad.delete(one.recordId);
    work.healed += 1;
  }
}

function openGroup(work: RebuildWork, scan: BoxScan, places: readonly FoundBox[]): ParityGroup | null {
  const [place] = places;
  const box = readFirst(work, scan, places);
  const opened = box === null || place === undefined ? null : work.keyring.keys.open(place.kind, place.number, box);
  return opened === null ? null : parseParity(opened.payload);
}

/**
 * The box of a chunk of which several versions may lie in the file. They hold the same, sealed under different epochs, or one of them was
 * redacted: then that one is the newer. Where they differ otherwise the one that its page names counts; null where both are named.
 */
function readCurrent(
  work: RebuildWork,
  scan: BoxScan,
  places: readonly FoundBox[],
): { readonly box: Buffer; readonly content: Buffer } | null {
  const { keys } = work.keyring;
  let best: { readonly box: Buffer; readonly content: Buffer; readonly placing: Placing } | null = null;
  for (const place of places) {
    const opened = scan.open(keys, place);
    const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
    if (opened === null || content === null) continue;
    const { box } = opened;
    if (best === null || isRedacted(content, best.content)) best = { box, content, placing: place.placing };
    else if (place.placing === best.placing && !isRedacted(best.content, content)) return null;
  }
  return best;
}

/** Whether the first is the second with some bytes overwritten, or with none. */
export function isRedacted(content: Buffer, earlier: Buffer): boolean {
  if (content.length !== earlier.length) return false;
  return content.equals(earlier) || content.every((byte, at) => byte === earlier[at] || FILLS.has(byte));
}

/** Puts a box of the file itself under its number where it authenticates. */
function putOwnChunk(state: VaultState, number: number, box: Buffer): boolean {
  const opened = state.keys.open(BOX_KINDS.chunk, number, box);
  const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
  return content !== null && putContent(state, number, { box, content });
}

/** The same for one that was opened already. */
function putContent(
  state: VaultState,
  number: number,
  { box, content }: { readonly box: Buffer; readonly content: Buffer },
): boolean {
  // What stands there may be another vault's row.
  state.write.chunks.remove(number);
  state.writeDb
    .prepare('INSERT OR IGNORE INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)')
    .run(number, state.keys.contentId(content), box);
  return state.store.facts(number) !== undefined;
}

/** Puts a box from elsewhere under its number where it authenticates, and holds what belongs there. */
function putChunk(state: VaultState, number: number, box: Buffer): boolean {
  const opened = state.keys.open(BOX_KINDS.chunk, number, box);
  const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
  if (content === null) return false;
  const contentId = state.keys.contentId(content);
  // What was redacted keeps its number and has another content since: a backup must not bring the old one back.
  const wanted = state.read.chunks.readContentId(number);
  if (wanted !== undefined && !wanted.equals(contentId)) return false;
  if (wanted !== undefined) state.write.chunks.replaceBox(number, box);
  else
    state.writeDb
      .prepare('INSERT OR IGNORE INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)')
      .run(number, contentId, box);
  return state.store.facts(number) !== undefined;
}

function putMended(state: VaultState, number: number, damaged: Buffer): boolean {
  const mended = state.keys.mend(BOX_KINDS.chunk, number, damaged);
  return mended !== null && putOwnChunk(state, number, mended);
}

/** Transactions of some megabytes, between which others have their turn. */
async function inBatches<Element>(
  work: RebuildWork,
  state: VaultState,
  list: readonly Element[],
  put: (element: Element) => number,
): Promise<void> {
  for (let at = 0; at < list.length;) {
    await yieldToOthers(work.control.signal);
    state.writeDb.transaction(() => {
      for (let bytes = 0; at < list.length && bytes < SLICE_BYTES; at += 1) {
        const element = list[at];
        if (element !== undefined) bytes += put(element);
      }
    })();
  }
}

/** The chunks that the snapshots name, each keyframe looked at once. */
async function listNamedChunks(work: RebuildWork, state: VaultState): Promise<Set<number>> {
  const named = new Set<number>();
  const seen = new WeakSet<object>();
  const lists = [...state.records.checkpoints()].filter(({ keyframe }) => keyframe !== 0);
  for (const { keyframe } of lists) addChunks(orNull(() => state.readKeyframe(keyframe))?.values() ?? [], named, seen);
  for (let at = 0; at < state.index.count; at += 1) {
    if (at % 64 === 0) await yieldToOthers(work.control.signal);
    const read = orNull(() => state.readSnapshot(state.index.sequenceAt(at)));
    if (read !== null) addChunks(read.manifest.values(), named, seen);
  }
  return named;
}

function addChunks(
  entries: Iterable<{ readonly streams: readonly { readonly parts: readonly { readonly recordId: number }[] }[] }>,
  named: Set<number>,
  seen: WeakSet<object>,
): void {
  for (const entry of entries) {
    if (seen.has(entry)) continue;
    seen.add(entry);
    for (const stream of entry.streams) for (const part of stream.parts) named.add(part.recordId);
  }
}
