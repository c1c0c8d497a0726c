// The manifest: what a snapshot holds, item by item, and where each stream's bytes lie. In memory an unchanged item is the same
// object from one snapshot to the next, which is what makes differences cheap.

import type { Gap } from '../../../shared/model/snapshot.ts';
import {
  ITEM_KINDS,
  STREAM_KINDS,
  type ItemKind,
  type SnapshotItem,
  type StreamKind,
} from '../../../shared/model/item.ts';
import type { ItemKey, SnapshotId, SourceId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';

/** A run of a chunk's content: `length` bytes from `skip` on. */
export interface Part {
  readonly recordId: number;
  readonly skip: number;
  readonly length: number;
}

export interface StreamEntry {
  readonly name: string;
  readonly kind: StreamKind;
  readonly sizeBytes: number;
  /** Bytes of the boxes it needs, as far as they were counted when they were stored. */
  readonly storedBytes: number;
  /** A keyed id of the content: equal ids are equal contents (V9). */
  readonly contentId: string;
  readonly parts: readonly Part[];
}

export interface ItemEntry {
  readonly key: ItemKey;
  readonly kind: ItemKind;
  readonly source: SourceId;
  readonly group: string;
  readonly title: string;
  readonly attributes: JsonObject;
  readonly streams: readonly StreamEntry[];
  /** When a carried item was last read for real; null on items that were read. */
  readonly staleSinceMs: number | null;
  /** The facts as JSON, for cheap comparison with the next capture. */
  readonly facts: string;
}

export type Manifest = ReadonlyMap<ItemKey, ItemEntry>;

/** When and in which snapshot a source was last read for real. */
export type SourceMarks = ReadonlyMap<SourceId, { readonly atMs: number; readonly snapshot: SnapshotId }>;

/** What a snapshot record says on top of its keyframe. */
export interface SnapshotBody {
  readonly removed: readonly ItemKey[];
  readonly changed: readonly ItemEntry[];
  readonly gaps: readonly Gap[];
  /** Sources that were read for real in this snapshot. */
  readonly good: readonly SourceId[];
  /** The other known sources, and when they were last read. */
  readonly silent: SourceMarks;
}

/** The facts of an item in one text: two items with equal facts differ at most in their streams. */
export function itemFacts(item: Pick<SnapshotItem, 'kind' | 'source' | 'group' | 'title' | 'attributes'>): string {
  return JSON.stringify([item.kind, item.source, item.group, item.title, item.attributes]);
}

/** What a keyframe's manifest must be changed by to become `next`. */
export function diffManifest(
  base: Manifest,
  next: Manifest,
): { readonly removed: ItemKey[]; readonly changed: ItemEntry[] } {
  const removed: ItemKey[] = [];
  for (const key of base.keys()) if (!next.has(key)) removed.push(key);
  const changed: ItemEntry[] = [];
  for (const entry of next.values()) if (base.get(entry.key) !== entry) changed.push(entry);
  return { removed, changed };
}

export function applyBody(base: Manifest, body: Pick<SnapshotBody, 'removed' | 'changed'>): Manifest {
  if (body.removed.length === 0 && body.changed.length === 0) return base;
  const next = new Map(base);
  for (const key of body.removed) next.delete(key);
  for (const entry of body.changed) next.set(entry.key, entry);
  return next;
}

export function toSnapshotItem(entry: ItemEntry): SnapshotItem {
  const item = {
    key: entry.key,
    kind: entry.kind,
    source: entry.source,
    group: entry.group,
    title: entry.title,
    attributes: entry.attributes,
    streams: entry.streams.map(({ name, kind, sizeBytes, contentId }) => ({ name, kind, sizeBytes, contentId })),
    stale: entry.staleSinceMs !== null,
  };
  return entry.staleSinceMs === null ? item : { ...item, goodAtMs: entry.staleSinceMs };
}

// On disk an item is a JSON array, short because there are many. Frozen: format v1, see test/core/vault/log/manifest.test.ts.
type EncodedStream = [
  name: string,
  kind: number,
  sizeBytes: number,
  storedBytes: number,
  contentId: string,
  parts: number[],
];
export type EncodedItem = [
  key: string,
  kind: number,
  source: string,
  group: string,
  title: string,
  attributes: JsonObject,
  staleSinceMs: number | null,
  streams: EncodedStream[],
];

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify([...manifest.values()].map(encodeItem)), 'utf8');
}

export function encodeBody(body: SnapshotBody): Buffer {
  const silent = [...body.silent].map(([source, mark]) => [source, mark.atMs, mark.snapshot]);
  return Buffer.from(
    JSON.stringify({ r: body.removed, c: body.changed.map(encodeItem), g: body.gaps, s: body.good, q: silent }),
    'utf8',
  );
}

/** @throws RangeError where the bytes are no manifest; they were authenticated, so that is a bug or a newer format. */
export function decodeManifest(bytes: Buffer): Manifest {
  const items = parseJson(bytes);
  if (!Array.isArray(items)) throw new RangeError('not a manifest');
  return new Map(items.map(decodeItem).map((entry) => [entry.key, entry]));
}

/** @throws RangeError as `decodeManifest` */
export function decodeBody(bytes: Buffer): SnapshotBody {
  const body = parseJson(bytes);
  if (!isBody(body)) throw new RangeError('not a snapshot body');
  return {
    removed: body.r,
    changed: body.c.map(decodeItem),
    gaps: body.g,
    good: body.s,
    silent: new Map(body.q.map(([source, atMs, snapshot]) => [source, { atMs, snapshot }])),
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new RangeError('not JSON');
  }
}

interface EncodedBody {
  r: ItemKey[];
  c: unknown[];
  g: Gap[];
  s: SourceId[];
  q: [SourceId, number, SnapshotId][];
}

function isBody(value: unknown): value is EncodedBody {
  if (typeof value !== 'object' || value === null) return false;
  const body = value as Record<string, unknown>; // an object, checked above
  return (
    ['r', 'c', 'g', 's', 'q'].every((name) => Array.isArray(body[name])) &&
    (body['q'] as unknown[]).every(Array.isArray)
  );
}

/** What an item must be before its fields are taken for what they should be. */
function isEncodedItem(value: unknown): value is EncodedItem {
  if (!Array.isArray(value) || value.length !== 8) return false;
  const [key, kind, source, group, title, attributes, staleSinceMs, streams] = value as unknown[];
  return (
    [key, source, group, title].every((text) => typeof text === 'string') &&
    typeof kind === 'number' &&
    typeof attributes === 'object' &&
    (staleSinceMs === null || typeof staleSinceMs === 'number') &&
    Array.isArray(streams) &&
    streams.every((stream) => Array.isArray(stream) && stream.length === 6 && Array.isArray(stream[5]))
  );
}

export function encodeItem(entry: ItemEntry): EncodedItem {
  return [
    entry.key,
    ITEM_KINDS.indexOf(entry.kind),
    entry.source,
    entry.group,
    entry.title,
    entry.attributes,
    entry.staleSinceMs,
    entry.streams.map((stream) => [
      stream.name,
      STREAM_KINDS.indexOf(stream.kind),
      stream.sizeBytes,
      stream.storedBytes,
      stream.contentId,
      stream.parts.flatMap((part) => [part.recordId, part.skip, part.length]),
    ]),
  ];
}

/** @throws RangeError as `decodeManifest` */
export function decodeItem(value: unknown): ItemEntry {
  if (!isEncodedItem(value)) throw new RangeError('not an item');
  const [key, kindIndex, source, group, title, attributes, staleSinceMs, streams] = value;
  const kind = ITEM_KINDS[kindIndex];
  if (kind === undefined) throw new RangeError('unknown item kind');
  const item = { kind, source: source as SourceId, group, title, attributes }; // written by us, from a SourceId
  return { key: key as ItemKey, ...item, staleSinceMs, streams: streams.map(decodeStream), facts: itemFacts(item) }; // as above
}

function decodeStream([name, kindIndex, sizeBytes, storedBytes, contentId, numbers]: EncodedStream): StreamEntry {
  const kind = STREAM_KINDS[kindIndex];
  if (kind === undefined) throw new RangeError('unknown stream kind');
  const parts: Part[] = [];
  for (let index = 0; index + 2 < numbers.length; index += 3) {
    parts.push({ recordId: numbers[index] ?? 0, skip: numbers[index + 1] ?? 0, length: numbers[index + 2] ?? 0 });
  }
  return { name, kind, sizeBytes, storedBytes, contentId, parts };
}
