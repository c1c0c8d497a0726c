// The framing of native messaging (a length as u32 in the machine's byte order, then so many bytes of JSON), which the helper program speaks
// to the browser and to Cairn alike. Total: any bytes give frames or one of two refusals.

import { endianness } from 'node:os';

import { fitsMemory } from '../../host/json-memory.ts';

const LENGTH_BYTES = 4;
/** What the tabs of a browser take, each of thousands with the longest address. */
const MAX_MEMORY_BYTES = 144 * 1024 * 1024;
const IS_LITTLE = endianness() === 'LE';

export type FrameReading =
  | { readonly result: 'frames'; readonly frames: readonly Buffer[] }
  /** A frame larger than allowed: what follows cannot be trusted, so the stream is over. */
  | { readonly result: 'too-large'; readonly sizeBytes: number };

/** Cuts a stream of bytes, in whatever pieces it comes, into frames. */
export class FrameReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #refused: FrameReading | null = null;

  /** @param maxBytes the largest frame; no more than this and a piece of the stream is ever held */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next piece; gives the frames that are whole now. */
  push(piece: Uint8Array): FrameReading {
    if (this.#refused !== null) return this.#refused;
    this.#parts.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    this.#bytes += piece.byteLength;
    const frames: Buffer[] = [];
    for (;;) {
      const sizeBytes = this.#peekSize();
      if (sizeBytes === null) break;
      if (sizeBytes > this.#maxBytes) {
        this.#parts = [];
        this.#refused = { result: 'too-large', sizeBytes };
        return this.#refused;
      }
      if (this.#bytes < LENGTH_BYTES + sizeBytes) break;
      frames.push(this.#take(LENGTH_BYTES + sizeBytes).subarray(LENGTH_BYTES));
    }
    return { result: 'frames', frames };
  }

  #peekSize(): number | null {
    if (this.#bytes < LENGTH_BYTES) return null;
    const [first] = this.#parts;
    const head = first !== undefined && first.length >= LENGTH_BYTES ? first : this.#join();
    return IS_LITTLE ? head.readUInt32LE(0) : head.readUInt32BE(0);
  }

  #take(count: number): Buffer {
    const all = this.#join();
    const rest = all.subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#bytes -= count;
    return all.subarray(0, count);
  }

  #join(): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }
}

/** A frame that holds this JSON text. */
export function toFrame(json: string): Buffer {
  const body = Buffer.from(json, 'utf8');
  const head = Buffer.alloc(LENGTH_BYTES);
  if (IS_LITTLE) head.writeUInt32LE(body.length);
  else head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** The object in a frame; null where it holds no JSON, no object, or more than fits into memory. */
export function parseFrame(frame: Uint8Array): Readonly<Record<string, unknown>> | null {
  if (!fitsMemory(frame, MAX_MEMORY_BYTES)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>) // an object of whatever members
      : null;
  } catch {
    return null;
  }
}
