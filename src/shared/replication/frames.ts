// Objects on the wire (S11): frames one after the other, the same in both directions. A frame holds a whole object or one part of it.
//
//   id 16 | SHA-256 of the whole object 32 | bytes of the whole object 4 | offset of this part 4 | bytes of this part 4 | bytes
//
// In an answer a frame whose object has 0 bytes says that the server lacks it.

import { ByteReader, ByteWriter, fromHex, toHex } from './bytes.ts';
import { HASH_BYTES, OBJECT_ID_BYTES, type ObjectId } from './ids.ts';
import { MAX_FRAME_PAYLOAD_BYTES, MAX_OBJECT_BYTES } from './limits.ts';

export const FRAME_HEADER_BYTES = OBJECT_ID_BYTES + HASH_BYTES + 12;

export interface ObjectFrame {
  readonly id: ObjectId;
  /** SHA-256 of the whole object's bytes, hexadecimal: whoever has all parts checks it. */
  readonly hash: string;
  /** 0: the server does not have it. */
  readonly totalBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What the header of a frame says; its bytes follow. */
export type FrameHeader = Omit<ObjectFrame, 'bytes'> & { readonly sizeBytes: number };

/** The frame of an object that is not there. */
export function createMissingFrame(id: ObjectId): ObjectFrame {
  return { id, hash: '0'.repeat(HASH_BYTES * 2), totalBytes: 0, offset: 0, bytes: new Uint8Array(0) };
}

/** @throws RangeError where the part does not lie inside its object, or is too large */
export function encodeFrameHeader(header: FrameHeader): Uint8Array {
  const id = fromHex(header.id);
  const hash = fromHex(header.hash);
  if (id?.length !== OBJECT_ID_BYTES || hash?.length !== HASH_BYTES || !isInside(header))
    throw new RangeError('frame: out of bounds');
  const writer = new ByteWriter(FRAME_HEADER_BYTES);
  writer.raw(id);
  writer.raw(hash);
  writer.uint32(header.totalBytes);
  writer.uint32(header.offset);
  writer.uint32(header.sizeBytes);
  return writer.bytes;
}

/** A batch in pieces: headers and bytes by turns, not copied. @throws RangeError as `encodeFrameHeader` */
export function frameParts(frames: readonly ObjectFrame[]): Uint8Array[] {
  return frames.flatMap(({ bytes, ...header }) => [encodeFrameHeader({ ...header, sizeBytes: bytes.length }), bytes]);
}

/** Reads the header at an offset: `short` where more bytes must come first, null where it makes no sense whatever comes. */
export function parseFrameHeader(bytes: Uint8Array, offset = 0): FrameHeader | 'short' | null {
  if (bytes.length - offset < FRAME_HEADER_BYTES) return 'short';
  const reader = new ByteReader(bytes, offset);
  const header: FrameHeader = {
    id: toHex(reader.raw(OBJECT_ID_BYTES)) as ObjectId, // of its length
    hash: toHex(reader.raw(HASH_BYTES)),
    totalBytes: reader.uint32(),
    offset: reader.uint32(),
    sizeBytes: reader.uint32(),
  };
  return isInside(header) ? header : null;
}

/**
 * Takes the bytes of a batch as they come, in pieces of any size, and gives the frames that are whole. What comes after something that
 * makes no sense is not looked at.
 */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  #neededBytes = FRAME_HEADER_BYTES;
  #isBroken = false;

  /** True where the bytes were no frames. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** True where nothing of a next frame has come: the batch may end here. */
  get isBetweenFrames(): boolean {
    return this.#heldBytes === 0 && !this.#isBroken;
  }

  /** The frames that this piece completes. Their bytes may be views on it. */
  push(piece: Uint8Array): ObjectFrame[] {
    if (this.#isBroken || piece.length === 0) return [];
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    // Joined only when a frame is whole: a frame that comes in a thousand pieces is copied once.
    return this.#heldBytes < this.#neededBytes ? [] : this.#take();
  }

  #take(): ObjectFrame[] {
    const bytes = joined(this.#pieces, this.#heldBytes);
    const frames: ObjectFrame[] = [];
    let offset = 0;
    this.#neededBytes = FRAME_HEADER_BYTES;
    for (;;) {
      const header = parseFrameHeader(bytes, offset);
      if (header === null) {
        this.#isBroken = true;
        this.#pieces = [];
        this.#heldBytes = 0;
        return frames;
      }
      const left = bytes.length - offset;
      if (header === 'short') break;
      if (left < FRAME_HEADER_BYTES + header.sizeBytes) {
        this.#neededBytes = FRAME_HEADER_BYTES + header.sizeBytes;
        break;
      }
      const start = offset + FRAME_HEADER_BYTES;
      offset = start + header.sizeBytes;
      const { sizeBytes: _, ...rest } = header;
      frames.push({ ...rest, bytes: bytes.subarray(start, offset) });
    }
    this.#pieces = offset < bytes.length ? [bytes.subarray(offset)] : [];
    this.#heldBytes = bytes.length - offset;
    return frames;
  }
}

/** The frames of a whole batch; null where it is no batch or breaks off. */
export function parseFrames(bytes: Uint8Array): ObjectFrame[] | null {
  const reader = new FrameReader();
  const frames = reader.push(bytes);
  return reader.isBetweenFrames ? frames : null;
}

function isInside({ totalBytes, offset, sizeBytes }: FrameHeader): boolean {
  if (totalBytes === 0) return offset === 0 && sizeBytes === 0;
  return (
    totalBytes <= MAX_OBJECT_BYTES &&
    sizeBytes >= 1 &&
    sizeBytes <= MAX_FRAME_PAYLOAD_BYTES &&
    offset + sizeBytes <= totalBytes
  );
}

function joined(pieces: ReadonlyArray<Uint8Array>, sizeBytes: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
