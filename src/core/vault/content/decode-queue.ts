// Decodes the payloads of opened chunks when many are read: this thread works from one end of the queue, the helper from the other.

import { setImmediate } from 'node:timers/promises';

import type { CodecHelper } from './codec-helper.ts';
import { decodeContent } from './codec.ts';
import { BOX_CODECS } from '../../crypto/box.ts';
import { toBuffer } from './recent-contents.ts';
import { releaseOwner } from './release.ts';

/** Compressed bytes that the helper gets at a time: less would be more messages than work. */
const HELPER_BATCH_BYTES = 192 * 1024;

interface Waiting {
  readonly payload: Buffer;
  use(content: Buffer): void;
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
   * Decodes a zstd payload, which becomes the queue's, and hands the content to `use`, whose memory is gone afterwards. Rejects where it
   * does not decode.
   */
  decode(payload: Buffer, use: (content: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ payload, use, resolve, reject });
      this.#queuedBytes += payload.length;
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await setImmediate(); // whatever else is asked for in this turn joins the queue
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#queuedBytes -= next.payload.length;
      this.#decodeHere(next);
      if (this.#helped < 2 && this.#queuedBytes > HELPER_BATCH_BYTES) void this.#callHelper();
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
      batch.map(({ payload }) => payload),
      this.#maxBytes,
      (content, index) => this.#finish(batch[index], content),
    );
    this.#helped -= 1;
    if (!isDone) for (const waiting of batch) this.#decodeHere(waiting);
  }

  /** What the helper decoded, or could not decode: then it is empty, and decoding it here finds out why. */
  #finish(waiting: Waiting | undefined, content: Uint8Array): void {
    if (waiting === undefined) return;
    if (content.length === 0) this.#decodeHere(waiting);
    else {
      settle(waiting, () => waiting.use(toBuffer(content)));
      releaseOwner(waiting.payload);
    }
  }

  #decodeHere(waiting: Waiting): void {
    settle(waiting, () => {
      const content = decodeContent(BOX_CODECS.zstd, waiting.payload, this.#maxBytes);
      waiting.use(content);
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
