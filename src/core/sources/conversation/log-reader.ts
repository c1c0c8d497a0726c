// Reads logs of conversations (a record a line, only growing) for what is told of them. How far each was read and what it said is
// remembered between captures, so that an unchanged one costs a look at its size. Bounded: so many bytes a capture, and a line
// without end is passed over.

import { statSync } from 'node:fs';

import { MAX_APPEND_BYTES, readFileRun } from '../host/append-file.ts';

/** Parsing takes about half a second for so much; the rest is read at the next captures. */
const MAX_BYTES_PER_CAPTURE = 64 * 1024 * 1024;
/** Most of what is read at once is no more. */
const LARGE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** What is told of a conversation without reading it again; grows as its log grows. */
export interface LogFacts {
  /** Lines that are no record: torn, spliced, without end. */
  unreadableLines: number;
}

/** How one tool's logs are read. */
export interface LogFormat<Facts extends LogFacts> {
  newFacts(): Facts;
  /** Takes in whole lines; gives the number of bytes used, up to and with the last line end. The rest waits for its end. */
  readLines(bytes: Uint8Array, facts: Facts): number;
}

interface Progress<Facts> {
  readonly inode: string;
  readonly facts: Facts;
  /** Bytes that were taken in: up to the last line end. */
  offset: number;
  /** The size at the last look: what follows `offset` up to here is a line without its end. */
  seenBytes: number;
  /** True inside a line that is longer than one reading. */
  isInLongLine: boolean;
}

/** By path. Lives as long as the source. */
export type LogMemory<Facts extends LogFacts> = Map<string, Progress<Facts>>;

/** Reads what logs say, one capture long. */
export class LogReader<Facts extends LogFacts> {
  readonly #memory: LogMemory<Facts>;
  readonly #format: LogFormat<Facts>;
  #budget = MAX_BYTES_PER_CAPTURE;
  /** One for all readings: new ones would pile up faster than they are let go. */
  #buffer: Uint8Array<ArrayBuffer> | null = null;

  constructor(memory: LogMemory<Facts>, format: LogFormat<Facts>) {
    this.#memory = memory;
    this.#format = format;
  }

  /** Reads on from where the last capture stopped. @throws NodeJS.ErrnoException where the file cannot be read */
  read(path: string): { readonly facts: Facts; readonly isComplete: boolean } {
    const stat = statSync(path, { bigint: true });
    const sizeBytes = Number(stat.size);
    const progress = this.#progressOf(path, `${stat.dev}:${stat.ino}`, sizeBytes);
    while (progress.seenBytes < sizeBytes && this.#budget > 0) {
      const bytes = this.#readFrom(path, progress.offset, sizeBytes);
      this.#budget -= bytes.length;
      if (bytes.length === 0) break; // it has become shorter just now
      progress.seenBytes = progress.offset + bytes.length;
      progress.offset += this.#takeIn(bytes, progress);
    }
    return { facts: progress.facts, isComplete: progress.seenBytes >= sizeBytes };
  }

  #progressOf(path: string, inode: string, sizeBytes: number): Progress<Facts> {
    const earlier = this.#memory.get(path);
    if (earlier !== undefined && earlier.inode === inode && earlier.seenBytes <= sizeBytes) return earlier;
    const progress = { inode, facts: this.#format.newFacts(), offset: 0, seenBytes: 0, isInLongLine: false };
    this.#memory.set(path, progress);
    return progress;
  }

  /** The bytes are there until the next reading. */
  #readFrom(path: string, offset: number, sizeBytes: number): Uint8Array {
    const length = Math.min(MAX_APPEND_BYTES, sizeBytes - offset);
    if (this.#buffer === null || this.#buffer.length < length) {
      this.#buffer = new Uint8Array(length > LARGE_BYTES ? MAX_APPEND_BYTES : LARGE_BYTES);
    }
    return readFileRun(path, offset, this.#buffer.subarray(0, length));
  }

  /** Gives how many of the bytes are done with. */
  #takeIn(bytes: Uint8Array, progress: Progress<Facts>): number {
    if (progress.isInLongLine) {
      const end = bytes.indexOf(NEWLINE);
      progress.isInLongLine = end < 0;
      if (end < 0) return bytes.length;
      return end + 1 + this.#format.readLines(bytes.subarray(end + 1), progress.facts);
    }
    const used = this.#format.readLines(bytes, progress.facts);
    if (used > 0 || bytes.length < MAX_APPEND_BYTES) return used;
    progress.isInLongLine = true;
    progress.facts.unreadableLines += 1;
    return bytes.length;
  }
}
