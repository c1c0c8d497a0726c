// Reading and writing of bytes without Node: big-endian numbers of fixed width, hexadecimal text. The reader never throws and never reads
// past the end: once something is missing it stays broken, and says so at the end.

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const HEX_TEXT = /^(?:[0-9a-f]{2})*$/;

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** The bytes of a lowercase hexadecimal text; null where it is none. */
export function fromHex(text: string): Uint8Array | null {
  if (!HEX_TEXT.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  return bytes;
}

export function concatBytes(parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Writes into one buffer of a known size. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  uint8(value: number): void {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
  }

  uint16(value: number): void {
    this.#view.setUint16(this.#offset, value);
    this.#offset += 2;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
  }

  /** A whole number up to 2^53 - 1, in eight bytes. */
  uint64(value: number): void {
    this.#view.setBigUint64(this.#offset, BigInt(value));
    this.#offset += 8;
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }
}

/** Reads from bytes of unknown origin. What was asked for past the end reads as zeros, and `isWhole` is false from then on. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;
  #isWhole = true;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get leftBytes(): number {
    return this.#bytes.length - this.#offset;
  }

  /** False once something was missing, or a number could not be held. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  uint8(): number {
    const at = this.#take(1);
    return at === null ? 0 : this.#view.getUint8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return at === null ? 0 : this.#view.getUint16(at);
  }

  uint32(): number {
    const at = this.#take(4);
    return at === null ? 0 : this.#view.getUint32(at);
  }

  uint64(): number {
    const at = this.#take(8);
    const value = at === null ? 0n : this.#view.getBigUint64(at);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    this.#isWhole = false;
    return 0;
  }

  /** A view on the next bytes, not a copy. */
  raw(sizeBytes: number): Uint8Array {
    const at = this.#take(sizeBytes);
    return at === null ? new Uint8Array(0) : this.#bytes.subarray(at, at + sizeBytes);
  }

  #take(sizeBytes: number): number | null {
    if (!this.#isWhole || sizeBytes > this.leftBytes) {
      this.#isWhole = false;
      return null;
    }
    const at = this.#offset;
    this.#offset += sizeBytes;
    return at;
  }
}
