// Finds known values in a text, many at a time, in one pass: by their first two characters, then by their first eight.

/** Shorter values stand for nothing by themselves. */
export const MIN_VALUE_LENGTH = 8;

export interface FoundValue {
  /** Position of the value in the list that is looked for. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

export class ValueFinder {
  readonly #values: readonly string[];
  readonly #starts = new Uint8Array(65_536);
  readonly #byKey = new Map<string, number[]>();
  readonly #longest: number;

  /** @param values texts of one byte a character; shorter ones than eight characters are not looked for */
  constructor(values: readonly string[]) {
    this.#values = values;
    this.#longest = values.reduce((longest, { length }) => Math.max(longest, length), 0);
    for (const [number, value] of values.entries()) {
      if (value.length < MIN_VALUE_LENGTH) continue;
      this.#starts[pairAt(value, 0)] = 1;
      const key = value.slice(0, MIN_VALUE_LENGTH);
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, [number]);
      else known.push(number);
    }
  }

  /** All places, in order; of values that begin with each other the longest. */
  find(text: string): FoundValue[] {
    const found: FoundValue[] = [];
    if (this.#byKey.size === 0) return found;
    const last = text.length - MIN_VALUE_LENGTH;
    for (let at = 0; at <= last;) {
      const number = this.#starts[pairAt(text, at)] === 1 ? this.#longestAt(text, at) : -1;
      const length = this.#values[number]?.length ?? 0;
      if (length > 0) found.push({ value: number, start: at, end: at + length });
      at += Math.max(1, length);
    }
    return found;
  }

  /** The beginning of a value where the text ends, or its dots do: a title that was cut has no more of it. Null where there is none. */
  findCut(text: string): FoundValue | null {
    const end = text.length - (/(?:…|\.\.\.)$/.exec(text)?.[0].length ?? 0);
    for (let at = Math.max(0, end - this.#longest); at <= end - MIN_VALUE_LENGTH; at += 1) {
      if (this.#starts[pairAt(text, at)] !== 1) continue;
      const tail = text.slice(at, end);
      const numbers = this.#byKey.get(tail.slice(0, MIN_VALUE_LENGTH)) ?? [];
      const value = numbers.find((number) => this.#values[number]?.startsWith(tail) === true);
      if (value !== undefined) return { value, start: at, end };
    }
    return null;
  }

  #longestAt(text: string, at: number): number {
    let best = -1;
    for (const number of this.#byKey.get(text.slice(at, at + MIN_VALUE_LENGTH)) ?? []) {
      const value = this.#values[number] ?? '';
      if (value.length > (this.#values[best]?.length ?? 0) && text.startsWith(value, at)) best = number;
    }
    return best;
  }
}

function pairAt(text: string, at: number): number {
  return ((text.charCodeAt(at) & 0xff) << 8) | (text.charCodeAt(at + 1) & 0xff);
}
