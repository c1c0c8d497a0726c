// What a source hands over at a capture. Plain data: it crosses to the vault worker as it is.

import type { ItemKey, SourceId } from './ids.ts';
import type { JsonObject } from './json.ts';

export const ITEM_KINDS = ['terminal', 'tab', 'conversation', 'document', 'repository'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/**
 * How a stream changes, which is what makes small saves possible (V10): `append` only grows at its end (a transcript),
 * `ring` loses bytes at its head and gains some at its end (scrollback), `blob` is anything else.
 */
export const STREAM_KINDS = ['append', 'ring', 'blob'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/**
 * The content of a stream at one capture.
 * - `whole`: all of it. The bytes become the vault's: the caller must not touch them afterwards (they are transferred).
 * - `unchanged`: the same as at the last capture that this run committed; allowed only if `CaptureContext.known` had the stream
 *   and its version is the same.
 * - `appended`: `bytes` follow the first `fromByte` bytes of the stream, which are those already known; `overlap` holds the last
 *   bytes before `fromByte` (4,096, or all if there are fewer), read anew, so that the vault can compare them.
 */
export type StreamContent =
  | { readonly type: 'whole'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'unchanged' }
  | {
      readonly type: 'appended';
      readonly fromByte: number;
      readonly overlap: Uint8Array<ArrayBuffer>;
      readonly bytes: Uint8Array<ArrayBuffer>;
    };

/** Bytes before the end of a known stream that an `appended` content must bring along for comparison. */
export const APPEND_OVERLAP_BYTES = 4096;

export interface CapturedStream {
  /** What it is within the item: `scrollback`, `transcript`, `staged.patch` ... */
  readonly name: string;
  readonly kind: StreamKind;
  /**
   * A token of the content, for example of device, inode, size and modification time: equal tokens mean equal bytes.
   * It counts within one run only. Empty where the source cannot tell.
   */
  readonly version: string;
  readonly content: StreamContent;
}

/**
 * One captured thing. By convention the attributes `cwd`, `path`, `url`, `argv` and `command`, wherever they stand in
 * `attributes`, mean what they say: exclusion rules and the git source look at them there.
 */
export interface CapturedItem {
  readonly key: ItemKey;
  readonly kind: ItemKind;
  readonly source: SourceId;
  /**
   * What lives and dies together inside a source: a tmux server, a browser profile. A group that suddenly has no items left
   * is a gap, not a state: its items are carried forward.
   */
  readonly group: string;
  /** What a person would call it. */
  readonly title: string;
  /** Small facts (all together under 64 KiB): what `show` prints and what a restore needs. Never environment variables. */
  readonly attributes: JsonObject;
  readonly streams: readonly CapturedStream[];
}

/** What the last committed capture of this run held of a stream. */
export interface KnownStream {
  readonly version: string;
  readonly sizeBytes: number;
}

/** A stream as it stands in a snapshot. */
export interface StoredStream {
  readonly name: string;
  readonly kind: StreamKind;
  readonly sizeBytes: number;
  /** A keyed id of the content: equal ids are equal contents. */
  readonly contentId: string;
}

/** An item as it stands in a snapshot: everything but the content of its streams. */
export interface SnapshotItem {
  readonly key: ItemKey;
  readonly kind: ItemKind;
  readonly source: SourceId;
  readonly group: string;
  readonly title: string;
  readonly attributes: JsonObject;
  readonly streams: readonly StoredStream[];
  /** True where the item could not be read at this capture and an older one was carried forward. */
  readonly stale: boolean;
  /** When the carried item was last read for real; only on stale items. */
  readonly goodAtMs?: number;
}
