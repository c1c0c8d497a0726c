// Decodes the payloads of opened chunks when many are read: this thread works from one end of the queue, the helper from the other.

import { setImmediate } from 'node:timers/promises';

import type { CodecHelper } from './codec-helper.ts';
import { decodeContent } from './codec.ts';
import { BOX_CODECS } from '../../crypto/box.ts';
import { writeIntoFile, type FileWrites } from './file-writes.ts';
import { toBuffer } from './recent-contents.ts';
import { releaseOwner } from '../../../shared/memory/release.ts';

/** Compressed bytes that the helper gets at a time: less would be more messages than work. */
const HELPER_BATCH_BYTES = 192 * 1024;

/** What becomes of a content: handed to a function, after which its memory is gone, or written into an open file. */
export type ContentUse = ((content: Buffer) => void) | FileWrites;

interface Waiting {
  readonly payload: Buffer;
  readonly use: ContentUse;
  resolve(): void;
  reject(error: Error): void;
}

export class DecodeQueue {
  readonly #helper: CodecHelper;
  readonly #maxBytes: number;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #helped = 0;
  #isRunning = false;

  /** @param maxBytes the most that a content may hold */
  constructor(helper: CodecHelper, maxBytes: number) {
    this.#helper = helper;
    this.#maxBytes = maxBytes;
  }

  /**
   * Decodes a zstd payload, which becomes the queue's, and does with the content what is asked. Rejects where it does not decode or
   * cannot be written.
   */
  decode(payload: Buffer, use: ContentUse): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ payload, use, resolve, reject });
      this.#queuedBytes += payload.length;
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await setImmediate(); // whatever else is asked for in this turn joins the queue
    while (this.#queue.length > 0) {
      while (this.#helped < 2 && this.#queuedBytes > HELPER_BATCH_BYTES) void this.#callHelper();
      const next = this.#queue.pop();
      if (next !== undefined) {
        this.#queuedBytes -= next.payload.length;
        this.#decodeHere(next);
      }
      await setImmediate(); // what was asked for comes in, and what the helper has done
    }
    this.#isRunning = false;
  }

  async #callHelper(): Promise<void> {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (bytes < HELPER_BATCH_BYTES) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      bytes += next.payload.length;
      batch.push(next);
    }
    this.#queuedBytes -= bytes;
    this.#helped += 1;
    const isDone = await this.#helper.decode(
      batch.map(({ payload, use }) => ({ payload, writes: typeof use === 'function' ? null : use })),
      this.#maxBytes,
      (content, index) => this.#finish(batch[index], content),
    );
    this.#helped -= 1;
    if (!isDone) for (const waiting of batch) this.#decodeHere(waiting);
  }

  /** What the helper decoded, or wrote already, or could not do: then it is null, and doing it here finds out why. */
  #finish(waiting: Waiting | undefined, content: Uint8Array | 'written' | null): void {
    if (waiting === undefined) return;
    if (content === null) this.#decodeHere(waiting);
    else {
      settle(waiting, () => {
        if (content !== 'written') useContent(waiting.use, toBuffer(content));
      });
      releaseOwner(waiting.payload);
    }
  }

  #decodeHere(waiting: Waiting): void {
    settle(waiting, () => {
      const content = decodeContent(BOX_CODECS.zstd, waiting.payload, this.#maxBytes);
      useContent(waiting.use, content);
      releaseOwner(content);
    });
    releaseOwner(waiting.payload);
  }
}

function settle(waiting: Waiting, work: () => void): void {
  try {
    work();
    waiting.resolve();
  } catch (error) {
    waiting.reject(error instanceof Error ? error : new RangeError('a payload does not decode'));
  }
}

/** Does with a content what was asked. @throws what the function or the file system throws */
export function useContent(use: ContentUse, content: Buffer): void {
  if (typeof use === 'function') use(content);
  else writeIntoFile(use, content);
}
