// Documents while segments are merged, a column for each of their numbers: there may be hundreds of thousands, and an object for each would
// take four times as much memory, of the kind that is collected late.

import { release } from '../../../shared/memory/release.ts';
import type { DocumentEntry } from './segment.ts';

export class DocumentColumns {
  readonly #anchors: Float64Array<ArrayBuffer>;
  readonly #starts: Uint32Array<ArrayBuffer>;
  readonly #ends: Uint32Array<ArrayBuffer>;
  readonly #sequences: Uint32Array<ArrayBuffer>;
  /** One more than the position of a text kept in the index; 0 where the document has none. */
  readonly #inlines: Uint32Array<ArrayBuffer>;
  readonly #chunks: Float64Array<ArrayBuffer>;
  readonly #transcripts: Uint8Array<ArrayBuffer>;
  #count = 0;

  /** @param most the most that will be added */
  constructor(most: number) {
    this.#anchors = new Float64Array(most);
    this.#starts = new Uint32Array(most);
    this.#ends = new Uint32Array(most);
    this.#sequences = new Uint32Array(most);
    this.#inlines = new Uint32Array(most);
    this.#chunks = new Float64Array(most);
    this.#transcripts = new Uint8Array(most);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws RangeError where there are more than was said */
  add(document: DocumentEntry, inline: number): void {
    const at = this.#count;
    if (at >= this.#anchors.length) throw new RangeError('more documents than there is room for');
    this.#anchors[at] = document.anchor;
    this.#starts[at] = document.start;
    this.#ends[at] = document.end;
    this.#sequences[at] = document.sequence;
    this.#inlines[at] = inline + 1;
    this.#chunks[at] = document.chunk;
    this.#transcripts[at] = document.isTranscript ? 1 : 0;
    this.#count = at + 1;
  }

  /** As a directory has them (SealedSegment). */
  get columns(): readonly (Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>)[] {
    return this.#all.map((column) => column.subarray(0, this.#count));
  }

  /** Gives the memory back at once; nothing may be looked at afterwards. */
  release(): void {
    for (const { buffer } of this.#all) release(new Uint8Array(buffer));
  }

  get #all() {
    const numbers = [this.#starts, this.#ends, this.#sequences, this.#inlines];
    return [this.#anchors, ...numbers, this.#chunks, this.#transcripts] as const;
  }
}
