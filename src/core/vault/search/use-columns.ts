// Uses while segments are merged, a column for each of their numbers: there may be hundreds of thousands, and an object for each would take
// ten times as much memory.

import { release } from '../../../shared/memory/release.ts';
import { joinUses, type JoinableUse } from './join-uses.ts';

export class UseColumns {
  readonly #anchors: Float64Array;
  readonly #skips: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #items: Uint32Array;
  readonly #names: Uint32Array;
  readonly #firsts: Uint32Array;
  readonly #lasts: Uint32Array;
  readonly #places: Uint32Array;
  #count = 0;

  /** @param most the most that will be added */
  constructor(most: number) {
    this.#anchors = new Float64Array(most);
    this.#skips = new Uint32Array(most);
    this.#lengths = new Uint32Array(most);
    this.#items = new Uint32Array(most);
    this.#names = new Uint32Array(most);
    this.#firsts = new Uint32Array(most);
    this.#lasts = new Uint32Array(most);
    this.#places = new Uint32Array(most);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws RangeError where there are more than was said */
  add(use: JoinableUse<number>): void {
    const at = this.#count;
    if (at >= this.#anchors.length) throw new RangeError('more uses than there is room for');
    this.#anchors[at] = use.anchor;
    this.#skips[at] = use.skip;
    this.#lengths[at] = use.length;
    this.#items[at] = use.item;
    this.#names[at] = use.name;
    this.#firsts[at] = use.first;
    this.#lasts[at] = use.last;
    this.#places[at] = use.place;
    this.#count = at + 1;
  }

  /** The same by rising anchors; those of one anchor in the order in which they were added, each end put to its beginning. */
  joined(): UseColumns {
    const anchors = this.#anchors;
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at).toSorted(
      (a, b) => (anchors[a] ?? 0) - (anchors[b] ?? 0) || a - b,
    );
    const result = new UseColumns(this.#count);
    for (let start = 0; start < order.length;) {
      const anchor = anchors[order[start] ?? 0];
      const group: JoinableUse<number>[] = [];
      let end = start;
      for (; end < order.length && anchors[order[end] ?? 0] === anchor; end += 1)
        group.push(this.#use(order[end] ?? 0));
      for (const use of joinUses(group)) result.add(use);
      start = end;
    }
    return result;
  }

  /** Gives the memory back at once; nothing may be looked at afterwards. */
  release(): void {
    const { columns } = this;
    for (const { buffer } of [...columns, this.#places])
      if (buffer instanceof ArrayBuffer) release(new Uint8Array(buffer));
  }

  /** The anchors as they stand, for looking them up. */
  get anchors(): Float64Array {
    return this.#anchors.subarray(0, this.#count);
  }

  /** As a directory has them (SealedSegment). */
  get columns(): readonly (Float64Array | Uint32Array)[] {
    const { anchors } = this;
    const rest = [this.#skips, this.#lengths, this.#items, this.#names, this.#firsts, this.#lasts];
    return [anchors, ...rest.map((column) => column.subarray(0, this.#count))];
  }

  #use(at: number): JoinableUse<number> {
    return {
      anchor: this.#anchors[at] ?? 0,
      skip: this.#skips[at] ?? 0,
      length: this.#lengths[at] ?? 0,
      item: this.#items[at] ?? 0,
      name: this.#names[at] ?? 0,
      first: this.#firsts[at] ?? 0,
      last: this.#lasts[at] ?? 0,
      place: this.#places[at] ?? 0,
    };
  }
}
