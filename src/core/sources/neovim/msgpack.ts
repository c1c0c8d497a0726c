// MessagePack, as far as Neovim speaks it. Strings stay bytes, since a buffer's lines need not be UTF-8. Total: any bytes give a value,
// or the word that they are none.

const MAX_DEPTH = 64;
const MAX_VALUES = 4_000_000;

/** A value as it came. `Uint8Array` stands for strings and binary alike; extensions (handles of buffers and windows) come as null. */
export type Packed = null | boolean | number | bigint | Uint8Array | readonly Packed[] | PackedMap;

export interface PackedMap {
  readonly entries: readonly (readonly [Packed, Packed])[];
}

/** What Cairn sends. */
export type Sendable = null | boolean | number | string | readonly Sendable[];

export function isList(value: Packed | undefined): value is readonly Packed[] {
  return Array.isArray(value);
}

export function isMap(value: Packed | undefined): value is PackedMap {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array);
}

interface Head {
  /** Bytes of the head itself. */
  readonly size: number;
  /** Bytes of content that follow it. */
  readonly body: number;
  /** Values that follow it. */
  readonly values: number;
}

/**
 * Finds where a value ends while its bytes still arrive. It goes over every byte once, whatever the parts.
 */
export class ValueScanner {
  #at = 0;
  #left = 1;
  #values = 0;

  /** The position after the value; null where more bytes must come. @throws RangeError where these bytes are no value */
  scan(bytes: Uint8Array): number | null {
    while (this.#left > 0) {
      const head = readHead(bytes, this.#at);
      if (head === null || this.#at + head.size + head.body > bytes.length) return null;
      this.#at += head.size + head.body;
      this.#left += head.values - 1;
      this.#values += 1;
      if (this.#left + this.#values > MAX_VALUES) throw new RangeError('too many values');
    }
    return this.#at;
  }
}

/** Reads the value that these bytes begin with. Undefined where they hold none, or one that is nested too deeply. */
export function decodeValue(bytes: Uint8Array): Packed | undefined {
  try {
    return new Decoder(bytes).value(0);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Packs a value. */
export function encodeValue(value: Sendable): Buffer {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return encodeInteger(value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([lengthHead(0xdb, text.length), text]);
  }
  return Buffer.concat([lengthHead(0xdd, value.length), ...value.map(encodeValue)]);
}

function encodeInteger(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xd3;
  bytes.writeBigInt64BE(BigInt(Math.trunc(value)), 1);
  return bytes;
}

function lengthHead(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = type;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** Null where the head itself is not whole. @throws RangeError for the one type that does not exist */
function readHead(bytes: Uint8Array, at: number): Head | null {
  const type = bytes[at];
  if (type === undefined) return null;
  if (type <= 0x7f || type >= 0xe0) return { size: 1, body: 0, values: 0 };
  if (type <= 0x8f) return { size: 1, body: 0, values: (type & 0x0f) * 2 };
  if (type <= 0x9f) return { size: 1, body: 0, values: type & 0x0f };
  if (type <= 0xbf) return { size: 1, body: type & 0x1f, values: 0 };
  return readLongHead(bytes, at, type);
}

function readLongHead(bytes: Uint8Array, at: number, type: number): Head | null {
  if (type === 0xc1) throw new RangeError('no such type');
  const fixed = FIXED_BODIES[type];
  if (fixed !== undefined) return { size: 1, body: fixed, values: 0 };
  const counted = COUNTED[type];
  if (counted === undefined) throw new RangeError('no such type');
  const { width, extra, times } = counted;
  const count = readUnsigned(bytes, at + 1, width);
  if (count === null) return null;
  return times === 0
    ? { size: 1 + width, body: count + extra, values: 0 }
    : { size: 1 + width, body: 0, values: count * times };
}

/** Types with content of one size: nil, booleans, floats, integers, small extensions. */
const FIXED_BODIES: Readonly<Record<number, number>> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
  0xd4: 2,
  0xd5: 3,
  0xd6: 5,
  0xd7: 9,
  0xd8: 17,
};

interface Counted {
  readonly width: 1 | 2 | 4;
  readonly extra: number;
  /** Values for each that is counted; 0 where bytes are counted. */
  readonly times: 0 | 1 | 2;
}

const COUNTED: Readonly<Record<number, Counted>> = {
  0xc4: { width: 1, extra: 0, times: 0 },
  0xc5: { width: 2, extra: 0, times: 0 },
  0xc6: { width: 4, extra: 0, times: 0 },
  0xc7: { width: 1, extra: 1, times: 0 },
  0xc8: { width: 2, extra: 1, times: 0 },
  0xc9: { width: 4, extra: 1, times: 0 },
  0xd9: { width: 1, extra: 0, times: 0 },
  0xda: { width: 2, extra: 0, times: 0 },
  0xdb: { width: 4, extra: 0, times: 0 },
  0xdc: { width: 2, extra: 0, times: 1 },
  0xdd: { width: 4, extra: 0, times: 1 },
  0xde: { width: 2, extra: 0, times: 2 },
  0xdf: { width: 4, extra: 0, times: 2 },
};

function readUnsigned(bytes: Uint8Array, at: number, width: number): number | null {
  if (at + width > bytes.length) return null;
  let value = 0;
  for (let index = 0; index < width; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws RangeError */
  value(depth: number): Packed {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const at = this.#at;
    const head = readHead(this.#bytes, at);
    if (head === null || at + head.size + head.body > this.#bytes.length) throw new RangeError('cut');
    // Every value takes a byte at least: more than there are bytes cannot follow.
    if (head.values > this.#bytes.length - at) throw new RangeError('cut');
    this.#at = at + head.size + head.body;
    const type = this.#bytes[at] ?? 0xc0;
    if (head.values > 0 || isContainer(type)) return this.#container(type, head.values, depth);
    return this.#scalar(type, at + head.size, head.body);
  }

  #container(type: number, values: number, depth: number): Packed {
    if (!isMapType(type)) return Array.from({ length: values }, () => this.value(depth + 1));
    const entries: (readonly [Packed, Packed])[] = [];
    for (let index = 0; index < values / 2; index += 1) entries.push([this.value(depth + 1), this.value(depth + 1)]);
    return { entries };
  }

  #scalar(type: number, start: number, length: number): Packed {
    if (type <= 0x7f) return type;
    if (type >= 0xe0) return type - 0x100;
    if ((type >= 0xa0 && type <= 0xbf) || (type >= 0xc4 && type <= 0xc6) || (type >= 0xd9 && type <= 0xdb)) {
      return this.#bytes.subarray(start, start + length);
    }
    switch (type) {
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#view.getFloat32(start);
      case 0xcb:
        return this.#view.getFloat64(start);
      case 0xcc:
        return this.#view.getUint8(start);
      case 0xcd:
        return this.#view.getUint16(start);
      case 0xce:
        return this.#view.getUint32(start);
      case 0xcf:
        return small(this.#view.getBigUint64(start));
      case 0xd0:
        return this.#view.getInt8(start);
      case 0xd1:
        return this.#view.getInt16(start);
      case 0xd2:
        return this.#view.getInt32(start);
      case 0xd3:
        return small(this.#view.getBigInt64(start));
      default:
        return null; // nil, and extensions
    }
  }
}

function isContainer(type: number): boolean {
  return (type >= 0x80 && type <= 0x9f) || (type >= 0xdc && type <= 0xdf);
}

function isMapType(type: number): boolean {
  return (type >= 0x80 && type <= 0x8f) || type === 0xde || type === 0xdf;
}

function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
