// What streams held when they were saved last, so that the next capture is compared in memory and the vault need not be read. An
// aid only: what is not here is read. Bounded; what did not change for longest goes first.

const MAX_BYTES = 24 * 1024 * 1024;
/** A view of a much larger buffer is copied, or it would keep all of that buffer alive. */
const MAX_SLACK = 1.25;

export class RecentContents {
  readonly #contents = new Map<string, Buffer>();
  #bytes = 0;

  /** The content with this id (V9). Nobody may change it. */
  get(contentId: string): Buffer | undefined {
    return this.#contents.get(contentId);
  }

  /** Takes the bytes of a content over, in place of those that its stream held before. Nobody may change them afterwards. */
  replace(earlierId: string | undefined, contentId: string, bytes: Uint8Array): void {
    if (earlierId !== undefined) this.#forget(earlierId);
    if (bytes.length > MAX_BYTES / 4) return;
    this.#forget(contentId);
    const isOwn = bytes.buffer.byteLength <= bytes.length * MAX_SLACK;
    this.#contents.set(contentId, isOwn ? toBuffer(bytes) : Buffer.from(bytes));
    this.#bytes += bytes.length;
    for (const oldest of this.#contents.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#forget(oldest);
    }
  }

  clear(): void {
    this.#contents.clear();
    this.#bytes = 0;
  }

  #forget(contentId: string): void {
    this.#bytes -= this.#contents.get(contentId)?.length ?? 0;
    this.#contents.delete(contentId);
  }
}

/** The same bytes as a Buffer, not copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
