// The bytes of a file that nothing is known of: read in pieces, so that a file of any size is looked through in the same memory. Where the
// disk does not give a piece back, zeros stand in its place, and how many is counted.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { isReadFailure } from '../../errors.ts';

const SECTOR_BYTES = 4096;

export interface ByteSource {
  readonly sizeBytes: number;
  /** Bytes that the disk did not give back so far. */
  readonly unreadableBytes: number;
  /** As many bytes as there are from a position on, at most `length`. The buffer is the caller's until the next call. */
  read(at: number, length: number): Buffer;
  close(): void;
}

export function bytesOf(buffer: Buffer): ByteSource {
  return {
    sizeBytes: buffer.length,
    unreadableBytes: 0,
    read: (at, length) => buffer.subarray(Math.max(0, at), Math.max(0, at + length)),
    close: () => undefined,
  };
}

/** @throws the file system's errors where the file cannot be opened */
export function openByteSource(path: string): ByteSource {
  return new FileSource(path);
}

class FileSource implements ByteSource {
  readonly sizeBytes: number;
  unreadableBytes = 0;
  readonly #file: number;
  readonly #bad = new Set<number>();

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.sizeBytes = fstatSync(this.#file).size;
  }

  read(at: number, length: number): Buffer {
    const start = Math.max(0, at);
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(at + length, this.sizeBytes) - start));
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = readSync(this.#file, bytes, done, bytes.length - done, start + done);
        if (count === 0) return bytes.subarray(0, done);
        done += count;
      }
      return bytes;
    } catch (error) {
      if (!isReadFailure(error)) throw error;
      return this.#readSectors(bytes, start);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #readSectors(bytes: Buffer, start: number): Buffer {
    for (let done = 0; done < bytes.length;) {
      const at = start + done;
      const length = Math.min(SECTOR_BYTES - (at % SECTOR_BYTES), bytes.length - done);
      try {
        readSync(this.#file, bytes, done, length, at);
      } catch (error) {
        if (!isReadFailure(error)) throw error;
        bytes.fill(0, done, done + length);
        const sector = Math.floor(at / SECTOR_BYTES);
        if (!this.#bad.has(sector)) this.unreadableBytes += length;
        this.#bad.add(sector);
      }
      done += length;
    }
    return bytes;
  }
}
