// Contents of chunks that were used lately. A stream that changes is compared with its old version's chunks, mostly the same ones at
// every capture. Bounded; what is least used goes first.

export const MAX_CACHED_BYTES = 4 * 1024 * 1024;

export class ChunkCache {
  readonly #contents = new Map<number, Buffer>();
  readonly #onLetGo: (content: Buffer) => void;
  #bytes = 0;

  /** @param onLetGo called with what is driven out: nobody else may have it, if that is to release it */
  constructor(onLetGo: (content: Buffer) => void = () => undefined) {
    this.#onLetGo = onLetGo;
  }

  get(recordId: number): Buffer | undefined {
    const content = this.#contents.get(recordId);
    if (content === undefined) return undefined;
    // Moved to the end: the first in the map is the one that was not wanted for longest.
    this.#contents.delete(recordId);
    this.#contents.set(recordId, content);
    return content;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#contents.clear();
    this.#bytes = 0;
  }

  /** Takes the bytes over: nobody may change them afterwards. */
  set(recordId: number, content: Buffer): void {
    if (this.#contents.has(recordId)) return;
    this.#contents.set(recordId, content);
    this.#bytes += content.length;
    for (const [oldest, bytes] of this.#contents) {
      if (this.#bytes <= MAX_CACHED_BYTES) break;
      this.#contents.delete(oldest);
      this.#bytes -= bytes.length;
      this.#onLetGo(bytes);
    }
  }
}
