// Gathers a text line by line, up to a limit: a text of very many short lines costs no more than its bytes.

const FIRST_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export class ByteSink {
  readonly #maxBytes: number;
  readonly #lineEnd: Uint8Array;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #lines = 0;
  #isCut = false;

  constructor(lineEnd: string, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#lineEnd = new TextEncoder().encode(lineEnd);
    this.#bytes = new Uint8Array(Math.min(FIRST_BYTES, maxBytes));
  }

  get lines(): number {
    return this.#lines;
  }

  /** True once something had no room. Nothing is added after that. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Adds a line as editors have it in memory, where a zero byte is kept as a newline. */
  addLine(line: Uint8Array, { isEnded }: { readonly isEnded: boolean } = { isEnded: true }): void {
    const end = isEnded ? this.#lineEnd : new Uint8Array();
    if (this.#isCut || this.#length + line.length + end.length > this.#maxBytes) {
      this.#isCut = true;
      return;
    }
    this.#reserve(this.#length + line.length + end.length);
    this.#bytes.set(line, this.#length);
    for (let at = line.indexOf(NEWLINE); at >= 0; at = line.indexOf(NEWLINE, at + 1))
      this.#bytes[this.#length + at] = 0;
    this.#bytes.set(end, this.#length + line.length);
    this.#length += line.length + end.length;
    this.#lines += 1;
  }

  /** What was gathered, in a buffer of its own. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, this.#bytes.length * 2)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
