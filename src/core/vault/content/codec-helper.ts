// A second thread for what takes long: compressing much new content, decompressing much of it, and computing ids of it. It is started when it
// is first needed and let go when it has been idle for a while, since a thread takes memory. Where it fails, the caller does the work.

import { Worker } from 'node:worker_threads';

import type { BoxCodec } from '../../crypto/box.ts';
import type { ContentIdKey } from '../../crypto/content-id.ts';
import { workerPath } from '../worker-path.ts';
import type { Encoded } from './codec.ts';
import type { FileWrites } from './file-writes.ts';
import { packBytes, releasePacked, unpackBytes, type PackedBytes } from './packed-bytes.ts';

const IDLE_MS = 10_000;

export type CodecRequest = { readonly job: number; readonly inputs: PackedBytes } & (
  | { readonly type: 'encode'; readonly level: number }
  /** Only zstd frames: what is raw needs no decoding. Where there are writes, the content is written and not handed back. */
  | { readonly type: 'decode'; readonly maxBytes: number; readonly writes: readonly (FileWrites | null)[] }
  /** What is asked for is the keyed id of each content. */
  | {
      readonly type: 'identify';
      readonly maxBytes: number;
      readonly codecs: readonly BoxCodec[];
      readonly key: ContentIdKey;
    }
);

export interface CodecReply {
  readonly job: number;
  /** Of encoded contents, one each. */
  readonly codecs: readonly BoxCodec[];
  /** Of contents that were to be written: whether they are. */
  readonly written: readonly boolean[];
  readonly results: PackedBytes;
}

/** What became of a payload: its content, or that it was written; null where that could not be done. */
export type Decoded = Uint8Array | 'written' | null;

export class CodecHelper {
  readonly #waiting = new Map<number, (reply: CodecReply | null) => void>();
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | null = null;
  #jobs = 0;

  /**
   * Compresses copies of the contents and hands each result to `use`, whose memory is gone afterwards.
   * False where the thread could not do it: then `use` was not called.
   */
  async encode(
    contents: readonly Uint8Array[],
    level: number,
    use: (encoded: Encoded, index: number) => void,
  ): Promise<boolean> {
    this.#jobs += 1;
    const reply = await this.#call({ job: this.#jobs, type: 'encode', level, inputs: packBytes(contents) });
    if (reply === null) return false;
    for (const [index, payload] of unpackBytes(reply.results).entries())
      use({ codec: reply.codecs[index] ?? 0, payload }, index);
    releasePacked(reply.results);
    return true;
  }

  /** Decompresses zstd frames, with `use` and result as `encode` has them. Files are written to only before this resolves. */
  async decode(
    jobs: ReadonlyArray<{ readonly payload: Uint8Array; readonly writes: FileWrites | null }>,
    maxBytes: number,
    use: (decoded: Decoded, index: number) => void,
  ): Promise<boolean> {
    this.#jobs += 1;
    const writes = jobs.map((job) => job.writes);
    const inputs = packBytes(jobs.map(({ payload }) => payload));
    const reply = await this.#call({ job: this.#jobs, type: 'decode', maxBytes, writes, inputs });
    if (reply === null) return false;
    for (const [index, content] of unpackBytes(reply.results).entries()) {
      if (reply.written[index] === true) use('written', index);
      else use(content.length === 0 ? null : content, index);
    }
    releasePacked(reply.results);
    return true;
  }

  /**
   * The keyed ids of the contents; an empty one where a payload does not decode. Null where the thread could not do it. The payloads stay the
   * caller's.
   */
  async identify(
    jobs: ReadonlyArray<{ readonly codec: BoxCodec; readonly payload: Uint8Array }>,
    maxBytes: number,
    key: ContentIdKey,
  ): Promise<readonly Uint8Array[] | null> {
    this.#jobs += 1;
    const codecs = jobs.map(({ codec }) => codec);
    const inputs = packBytes(jobs.map(({ payload }) => payload));
    const reply = await this.#call({ job: this.#jobs, type: 'identify', maxBytes, codecs, key, inputs });
    return reply === null ? null : unpackBytes(reply.results);
  }

  close(): void {
    const worker = this.#worker;
    if (worker === null) return;
    // It may be in the middle of a write: whoever waits goes on only when the thread is gone.
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#forget();
    const goOn = (): void => {
      for (const resolve of waiting) resolve(null);
    };
    worker.terminate().then(goOn, goOn);
  }

  async #call(request: CodecRequest): Promise<CodecReply | null> {
    const reply = await new Promise<CodecReply | null>((resolve) => {
      try {
        const worker = this.#start();
        this.#waiting.set(request.job, resolve);
        worker.postMessage(request, [request.inputs.bytes]);
      } catch {
        // No thread is to be had: the caller does the work itself.
        this.#waiting.delete(request.job);
        resolve(null);
      }
    });
    if (this.#waiting.size === 0 && this.#worker !== null && this.#idle === null)
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    return reply;
  }

  #start(): Worker {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(workerPath('codec-worker'), {
      name: 'cairn-codec',
      stderr: false,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    worker.unref();
    worker.on('message', (reply: CodecReply) => {
      const resolve = this.#waiting.get(reply.job);
      this.#waiting.delete(reply.job);
      resolve?.(reply);
    });
    // 'exit' follows, and fails whatever waits; the error's own text may hold content.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#forget();
    });
    this.#worker = worker;
    return worker;
  }

  #forget(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#worker = null;
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}
