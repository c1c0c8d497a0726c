// What the vault gives to whoever looks through all captured text: each text once, and where and when it stood.

import type { ItemKey, SourceId } from '../../shared/model/ids.ts';
import type { ItemKind } from '../../shared/model/item.ts';

export interface CapturedText {
  /** What it is known by: a chunk's number, or a negative one for a fact or a line that spans chunks. */
  readonly anchor: number;
  readonly bytes: Uint8Array;
  /**
   * `content` is a chunk's; `fact` a title, an address or a command; `border` a line that spans chunks, most of which stands in contents
   * too.
   */
  readonly type: 'content' | 'fact' | 'border';
}

export interface TextPage {
  readonly texts: readonly CapturedText[];
  /** Continues; null where all was given. */
  readonly next: string | null;
  /** How far it has come, of how much; by record numbers. */
  readonly position: number;
  readonly total: number;
}

/** A run of bytes in a text. */
export interface TextSpot {
  readonly anchor: number;
  readonly start: number;
  readonly end: number;
  /** What stands there: nothing else is ever overwritten. */
  readonly bytes: Uint8Array;
}

export interface TextPlace {
  readonly key: ItemKey;
  readonly kind: ItemKind;
  readonly source: SourceId;
  readonly title: string;
  /** The stream, or the fact. */
  readonly where: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** True where the newest snapshot holds it. */
  readonly isThereNow: boolean;
}

export interface RedactReport {
  /** Chunks whose content was overwritten, and runs of bytes in them. */
  readonly chunks: number;
  readonly spots: number;
  /** Spots that were no longer there. */
  readonly left: number;
}
