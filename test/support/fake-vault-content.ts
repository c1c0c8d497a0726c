// What the fake vault does with the items of a save: places their streams, compares, counts.

import { createHash } from 'node:crypto';

import type { ItemKey } from '../../src/shared/model/ids.ts';
import {
  APPEND_OVERLAP_BYTES,
  type CapturedItem,
  type CapturedStream,
  type SnapshotItem,
} from '../../src/shared/model/item.ts';
import type { Snapshot } from '../../src/shared/model/snapshot.ts';
import type { SaveRequest } from '../../src/core/vault/vault.ts';

/** A snapshot of the fake: the snapshot itself and the bytes of its streams. */
export interface FakeSnapshot {
  readonly snapshot: Snapshot;
  readonly streams: ReadonlyMap<ItemKey, ReadonlyMap<string, Uint8Array<ArrayBuffer>>>;
}

export function placeItem(
  item: CapturedItem,
  latest: FakeSnapshot | undefined,
): { readonly content: Map<string, Uint8Array<ArrayBuffer>>; readonly lacking: readonly string[] } {
  const content = new Map<string, Uint8Array<ArrayBuffer>>();
  const lacking: string[] = [];
  for (const stream of item.streams) {
    const earlier = latest?.streams.get(item.key)?.get(stream.name);
    const bytes = placeStream(stream, earlier);
    if (bytes === null) lacking.push(stream.name);
    const kept = bytes ?? earlier;
    if (kept !== undefined) content.set(stream.name, kept);
  }
  return { content, lacking };
}

/** The new bytes of a stream; null where its hint does not hold against the newest snapshot. */
function placeStream(
  { content }: CapturedStream,
  earlier: Uint8Array<ArrayBuffer> | undefined,
): Uint8Array<ArrayBuffer> | null {
  // Copied, since the real vault takes the buffers away.
  if (content.type === 'whole') return content.bytes.slice();
  if (earlier === undefined) return null;
  if (content.type === 'unchanged') return earlier;
  const overlapBytes = Math.min(APPEND_OVERLAP_BYTES, earlier.length);
  const end = earlier.subarray(earlier.length - overlapBytes);
  const isNext = content.fromByte === earlier.length && Buffer.compare(end, content.overlap) === 0;
  return isNext ? new Uint8Array(Buffer.concat([earlier, content.bytes])) : null;
}

export function toSnapshotItem(item: CapturedItem, content: ReadonlyMap<string, Uint8Array>): SnapshotItem {
  const { key, kind, source, group, title, attributes } = item;
  const streams = item.streams.flatMap(({ name, kind: streamKind }) => {
    const bytes = content.get(name);
    return bytes === undefined
      ? []
      : [
          {
            name,
            kind: streamKind,
            sizeBytes: bytes.length,
            contentId: createHash('sha256').update(bytes).digest('hex'),
          },
        ];
  });
  return { key, kind, source, group, title, attributes: structuredClone(attributes), streams, stale: false };
}

export function countChanged(
  latest: FakeSnapshot | undefined,
  items: readonly SnapshotItem[],
  streams: FakeSnapshot['streams'],
): number {
  const earlier = new Map((latest?.snapshot.itemList ?? []).map((item) => [item.key, item]));
  let changed = 0;
  for (const item of items) {
    const before = earlier.get(item.key);
    earlier.delete(item.key);
    const isSame =
      before !== undefined &&
      JSON.stringify(before) === JSON.stringify(item) &&
      item.streams.every(({ name }) =>
        isSameContent(latest?.streams.get(item.key)?.get(name), streams.get(item.key)?.get(name)),
      );
    if (!isSame) changed += 1;
  }
  return changed + earlier.size;
}

function isSameContent(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

export function sumBytes(request: SaveRequest): number {
  const contents = request.items.flatMap((item) => item.streams.map(({ content }) => content));
  return contents.reduce((sum, content) => sum + (content.type === 'unchanged' ? 0 : content.bytes.length), 0);
}
