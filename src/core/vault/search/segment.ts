// A segment: the index of a stretch of the log, from one snapshot to another. Its **documents** are runs of a chunk's bytes, or texts
// kept in the index itself (facts of items; lines that span two chunks). **Postings** say which documents hold a term. **Uses** say
// which bytes of a chunk stood in which stream of which item, from which snapshot to which. In memory while it is young, else sealed.

import type { ItemKind } from '../../../shared/model/item.ts';
import type { ItemKey, SourceId } from '../../../shared/model/ids.ts';
import type { PostingCursor } from './posting-pages.ts';

/** An item as a hit names it. */
export interface FoundItem {
  readonly key: ItemKey;
  readonly kind: ItemKind;
  readonly source: SourceId;
  readonly group: string;
  readonly title: string;
  /** The project it works in; empty where that is not known. */
  readonly project: string;
}

/** A run of bytes, or a text, that is found as one. */
export interface DocumentEntry {
  /** The record number of its chunk; negative: a text that is kept here. */
  readonly anchor: number;
  /** Of a chunk: from which byte to before which. Of a line that spans chunks: at which byte of its last chunk it goes on. */
  readonly start: number;
  readonly end: number;
  /** The snapshot in which it was first seen. */
  readonly sequence: number;
  /** Position of its text in the segment; -1 where it is read from the chunk. */
  readonly inline: number;
  /** Of a line that spans chunks: the record number of the last of them; 0 for everything else. */
  readonly chunk: number;
  /** True where its lines are records of JSON. */
  readonly isTranscript: boolean;
}

/** Where bytes stood, and how long. */
export interface UseEntry {
  readonly anchor: number;
  readonly skip: number;
  readonly length: number;
  /** Position of the item in the segment. */
  readonly item: number;
  /** Position of the stream's or fact's name in the segment. */
  readonly name: number;
  /** The first snapshot; 0 where an earlier segment says it. */
  readonly first: number;
  /** The last snapshot; 0 where it stands there still, or a later segment says it. */
  readonly last: number;
}

/** A chunk that was read, whether or not it gave documents. */
export interface ChunkEntry {
  readonly anchor: number;
  readonly lines: number;
  readonly sizeBytes: number;
  /** True where its documents have the line at its beginning, and at its end. */
  readonly isHeadCovered: boolean;
  readonly isTailCovered: boolean;
}

export interface Segment {
  /** Sequences of the log that it covers. */
  readonly from: number;
  readonly through: number;
  readonly documentCount: number;
  readonly useCount: number;
  readonly inlineCount: number;
  readonly itemCount: number;
  readonly names: readonly string[];
  document(at: number): DocumentEntry;
  /** True where a document is a title, an address, a command: not what stood in a stream. */
  isFact(at: number): boolean;
  use(at: number): UseEntry;
  /** Positions of the uses of a chunk or fact. */
  usesOf(anchor: number): Iterable<number>;
  /** Undefined where the segment has not read the chunk. */
  chunk(anchor: number): ChunkEntry | undefined;
  /** The chunks that it has read. */
  chunks(): Iterable<ChunkEntry>;
  inlineText(at: number): string;
  item(at: number): FoundItem;
  /** Documents that hold a term, rising. */
  lookUp(term: number): ArrayLike<number>;
  /** All postings by rising term. */
  postings(): PostingCursor;
}
