// From a capture to the next manifest: every item and stream is either the very object of the newest snapshot or newly placed.

import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { ChunkBatch } from '../content/chunk-store.ts';
import { placeStream, type PlacedStream, type StreamWriterDeps } from '../content/stream-writer.ts';
import type { SaveRequest } from '../vault.ts';
import { itemFacts, type ItemEntry, type Manifest, type StreamEntry } from './manifest.ts';

/** The content ids that this run committed last, by item and stream: a hint may count only about these. */
export type RunKnowledge = ReadonlyMap<ItemKey, ReadonlyMap<string, string>>;

/** A stream of the next manifest: as it was, or new with its stored size still to come. */
export type NextStream =
  | { readonly state: 'kept'; readonly entry: StreamEntry }
  | { readonly state: 'new'; readonly placed: PlacedStream; readonly earlier: StreamEntry | undefined };

export interface NextItem {
  readonly item: CapturedItem;
  readonly earlier: ItemEntry | undefined;
  readonly facts: string;
  streams: NextStream[];
}

export interface PlacedItems {
  readonly next: readonly NextItem[];
  readonly carried: readonly ItemEntry[];
  readonly needsWhole: { key: ItemKey; stream: string }[];
}

export async function placeItems(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  request: SaveRequest,
  latest: { readonly manifest: Manifest; readonly takenAtMs: number },
  knowledge: RunKnowledge,
): Promise<PlacedItems> {
  const needsWhole: { key: ItemKey; stream: string }[] = [];
  const captured = new Set<ItemKey>();
  const next: NextItem[] = [];
  for (const item of request.items) {
    if (captured.has(item.key)) continue;
    captured.add(item.key);
    const earlier = latest.manifest.get(item.key);
    const streams: NextStream[] = [];
    for (const stream of item.streams) {
      const placed = placeOne(deps, batch, item.key, stream, earlier, knowledge);
      if (placed === 'needs-whole') needsWhole.push({ key: item.key, stream: stream.name });
      const kept = placed === 'needs-whole' ? findStream(earlier, stream.name) : undefined;
      if (placed !== 'needs-whole') streams.push(placed);
      else if (kept !== undefined) streams.push({ state: 'kept', entry: kept });
    }
    next.push({ item, earlier, facts: itemFacts(item), streams });
    if (batch.isTurnDue) await batch.takeTurn();
  }
  return { next, carried: carry(request.carried, captured, latest), needsWhole };
}

/** The entry of an item once the stored sizes are known; the earlier object itself where nothing changed. */
export function toEntry(next: NextItem, storedBytes: (recordId: number) => number): ItemEntry {
  const streams = next.streams.map((stream) =>
    stream.state === 'kept' ? stream.entry : { ...stream.placed, storedBytes: sizeOf(stream, storedBytes) },
  );
  const { earlier, item, facts } = next;
  const isSame =
    earlier !== undefined &&
    earlier.staleSinceMs === null &&
    earlier.facts === facts &&
    earlier.streams.length === streams.length &&
    streams.every((stream, index) => stream === earlier.streams[index]);
  if (isSame) return earlier;
  return {
    key: item.key,
    kind: item.kind,
    source: item.source,
    group: item.group,
    title: item.title,
    attributes: item.attributes,
    streams,
    staleSinceMs: null,
    facts,
  };
}

/** Bytes that a stream's boxes take: what it had, plus its new parts where it only grew. */
export function sizeOf(stream: NextStream, storedBytes: (recordId: number) => number): number {
  if (stream.state === 'kept') return stream.entry.storedBytes;
  const seen = new Set<number>();
  let total = 0;
  for (const part of stream.placed.parts) {
    if (!seen.has(part.recordId)) total += storedBytes(part.recordId);
    seen.add(part.recordId);
  }
  return total;
}

function placeOne(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  key: ItemKey,
  stream: CapturedStream,
  earlierItem: ItemEntry | undefined,
  knowledge: RunKnowledge,
): NextStream | 'needs-whole' {
  const earlier = findStream(earlierItem, stream.name);
  // A hint speaks of what this run committed last, or, right after a start, of the newest snapshot.
  const known = knowledge.get(key)?.get(stream.name);
  const isHintValid = earlier !== undefined && (known === undefined || known === earlier.contentId);
  const result = isDamaged(deps, earlier)
    ? placeStream(deps, batch, stream, undefined, false)
    : placeOrAnew(deps, batch, stream, earlier, isHintValid);
  if (result.result === 'placed') return { state: 'new', placed: result.stream, earlier };
  if (result.result === 'unchanged' && earlier !== undefined) return { state: 'kept', entry: earlier };
  return 'needs-whole';
}

/** Where the earlier version turns out to be damaged, the content is stored as if there had been none: a save must not fail of it. */
function placeOrAnew(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  stream: CapturedStream,
  earlier: StreamEntry | undefined,
  isHintValid: boolean,
): ReturnType<typeof placeStream> {
  try {
    return placeStream(deps, batch, stream, earlier, isHintValid);
  } catch (error) {
    if (!isDamaged(deps, earlier)) throw error;
    return placeStream(deps, batch, stream, undefined, false);
  }
}

function isDamaged({ store }: StreamWriterDeps, stream: StreamEntry | undefined): boolean {
  return stream?.parts.some((part) => store.isDamaged(part.recordId)) ?? false;
}

function carry(
  keys: readonly ItemKey[],
  captured: ReadonlySet<ItemKey>,
  latest: { readonly manifest: Manifest; readonly takenAtMs: number },
): ItemEntry[] {
  const carried: ItemEntry[] = [];
  for (const key of new Set(keys)) {
    const entry = latest.manifest.get(key);
    if (entry === undefined || captured.has(key)) continue;
    carried.push(entry.staleSinceMs === null ? { ...entry, staleSinceMs: latest.takenAtMs } : entry);
  }
  return carried;
}

function findStream(item: ItemEntry | undefined, name: string): StreamEntry | undefined {
  return item?.streams.find((stream) => stream.name === name);
}
