// What is remembered of logs from capture to capture stays small, however large they are and whatever they say.

const MAX_ID_LENGTH = 200;

/** The beginning of a text, without the text: a part of a string keeps all of it in memory. */
export function beginningOf(text: string, maxLength: number): string {
  return JSON.parse(JSON.stringify(text.slice(0, maxLength))) as string; // a text gives a text
}

/** Ids, of which the newest are remembered: up to twice as many as are asked for. */
export class RecentIds {
  /** Two sets that take turns: letting go of one id at a time would leave a table behind for every few. */
  #newer = new Set<string>();
  #older = new Set<string>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  has(id: string): boolean {
    const short = shorten(id);
    return this.#newer.has(short) || this.#older.has(short);
  }

  add(id: string): void {
    const short = shorten(id);
    this.#older.delete(short);
    this.#newer.add(short);
    if (this.#newer.size < this.#keep) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  delete(id: string): void {
    const short = shorten(id);
    this.#newer.delete(short);
    this.#older.delete(short);
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}

function shorten(id: string): string {
  return id.length <= MAX_ID_LENGTH ? id : beginningOf(id, MAX_ID_LENGTH);
}
