// Memory for the batches that are uploaded just now. A full one is 8 MB: made anew each time, and again as its frames, it would be the garbage
// collector that takes the time of an upload. One or two stay for the next.

import { release } from '../../shared/memory/release.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_FRAMES } from '../../shared/replication/limits.ts';
import { FRAME_HEADER_BYTES } from '../../shared/replication/frames.ts';
import { readPieces, type Call } from '../http/call.ts';

export const MAX_BATCH_BODY_BYTES = MAX_BATCH_BYTES + MAX_BATCH_FRAMES * FRAME_HEADER_BYTES;
/** Few, since they are memory that a server at rest has too; a device has one more on its way. */
const MAX_KEPT = 2;
/** Smaller ones are made as they are needed. */
const WORTH_KEEPING_BYTES = 1024 * 1024;

export class BatchBuffers {
  readonly #free: Uint8Array[] = [];

  /**
   * Reads a body as far as it comes, and gives it to `work`, which may keep nothing of it. What ended it early is thrown afterwards.
   * @throws Refusal `too-large`, whatever broke the body off
   */
  async with<Result>(call: Call, work: (bytes: Uint8Array) => Promise<Result>): Promise<Result> {
    const expected = Number(call.request.headers['content-length'] ?? MAX_BATCH_BODY_BYTES);
    const isLarge = !(expected < WORTH_KEEPING_BYTES);
    const buffer = isLarge ? (this.#free.pop() ?? new Uint8Array(MAX_BATCH_BODY_BYTES)) : new Uint8Array(expected);
    try {
      let sizeBytes = 0;
      try {
        for await (const piece of readPieces(call, buffer.length)) {
          buffer.set(piece, sizeBytes);
          sizeBytes += piece.length;
          release(piece); // left to the collector, it would look through the whole heap for each 64 MB
        }
      } catch (error) {
        // What is here need not come again; that it is not whole is no news.
        if (sizeBytes > 0) await work(buffer.subarray(0, sizeBytes)).catch(() => undefined);
        throw error;
      }
      return await work(buffer.subarray(0, sizeBytes));
    } finally {
      if (isLarge && this.#free.length < MAX_KEPT) this.#free.push(buffer);
    }
  }
}
