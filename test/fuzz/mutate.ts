// Makes new inputs out of known ones: bits and bytes changed, runs moved, words of the format put in, two inputs joined.

const MAX_BYTES = 16 * 1024;
const NUMBERS = ['0', '-1', '1e309', '4294967295', '9007199254740993', '-2147483649', 'null', '""', '[]', '{}', 'true'];
const BYTES = [0, 1, 9, 10, 13, 27, 32, 34, 47, 58, 91, 92, 93, 123, 125, 127, 128, 191, 192, 224, 237, 240, 254, 255];

/** Repeatable whole numbers below a bound. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0 || 1;
  }

  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }
}

export interface Material {
  /** Never empty. */
  readonly corpus: readonly Buffer[];
  readonly dictionary: readonly string[];
}

export function mutate(material: Material, chance: Chance): Buffer {
  let bytes: Buffer = Buffer.from(chance.pick(material.corpus));
  const changes = 1 << chance.below(4);
  for (let count = 0; count < changes; count += 1) bytes = change(bytes, material, chance);
  return bytes.subarray(0, MAX_BYTES);
}

function change(bytes: Buffer, { corpus, dictionary }: Material, chance: Chance): Buffer {
  const at = chance.below(bytes.length + 1);
  const length = 1 + chance.below(Math.max(1, Math.min(bytes.length - at, 1 << chance.below(9))));
  switch (chance.below(12)) {
    case 0: // a bit
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << chance.below(8)), at);
      return bytes;
    case 1: // a byte
      if (at < bytes.length) bytes.writeUInt8(chance.pick(BYTES), at);
      return bytes;
    case 2: // a number of four bytes, either way round
      if (at + 4 <= bytes.length) {
        const value = chance.pick([0, 1, 127, 255, 65_535, 0x7fff_ffff, 0xffff_ffff, bytes.length, 0x8000_0000]);
        if (chance.below(2) === 0) bytes.writeUInt32LE(value, at);
        else bytes.writeUInt32BE(value, at);
      }
      return bytes;
    case 3: // gone
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4: // cut
      return bytes.subarray(0, at);
    case 5: // twice, or often
      return insert(
        bytes,
        at,
        repeat(bytes.subarray(at, at + length), 1 + chance.below(chance.below(8) === 0 ? 2_000 : 4)),
      );
    case 6: // elsewhere
      return insert(bytes, chance.below(bytes.length + 1), bytes.subarray(at, at + length));
    case 7: {
      // the rest of another
      const other = chance.pick(corpus);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(chance.below(other.length + 1))]);
    }
    case 8: // a word of the format
      return insert(bytes, at, Buffer.from(dictionary.length === 0 ? chance.pick(NUMBERS) : chance.pick(dictionary)));
    case 9: {
      // a word over what stands there
      const word = Buffer.from(dictionary.length === 0 ? chance.pick(NUMBERS) : chance.pick(dictionary));
      return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + word.length)]);
    }
    case 10: // another number or value in a text
      return Buffer.from(
        bytes
          .toString('latin1')
          .replace(/-?\d+|"[^"]{0,20}"/g, (found) => (chance.below(6) === 0 ? chance.pick(NUMBERS) : found)),
        'latin1',
      );
    default: // chance bytes
      return insert(bytes, at, Buffer.from(Array.from({ length: 1 + chance.below(8) }, () => chance.below(256))));
  }
}

function insert(bytes: Buffer, at: number, what: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
}

function repeat(run: Buffer, count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.min(count, Math.ceil(MAX_BYTES / Math.max(1, run.length))) }, () => run),
  );
}
