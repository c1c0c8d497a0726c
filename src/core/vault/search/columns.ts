// Numbers of many entries, column by column, as they lie in a sealed directory: loading is copying.

type Column = Float64Array | Uint32Array | Uint8Array;

/** Packs columns one after another. */
export function packColumns(columns: readonly Column[]): Buffer {
  return Buffer.concat(columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength)));
}

/** Takes columns off a buffer in the order in which they were packed. @throws RangeError where there is too little */
export class ColumnReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  doubles(count: number): Float64Array {
    return new Float64Array(this.#take(count * 8));
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.#take(count * 4));
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#take(count));
  }

  #take(sizeBytes: number): ArrayBuffer {
    const end = this.#at + sizeBytes;
    if (end > this.#bytes.length) throw new RangeError('the directory is shorter than it says');
    const own = new ArrayBuffer(sizeBytes);
    new Uint8Array(own).set(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return own;
  }
}

/** The first position whose value is not less than `wanted`, in a rising column. */
export function lowerBound(column: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
