// Redaction on the server: in threads of its own, each document under a time limit. Whatever goes wrong, the answer is an error, never
// the document as it was.

import { Worker } from 'node:worker_threads';

import { AppError } from '../../shared/model/app-error.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import { workerPath } from './worker-path.ts';

const DEFAULT_LIMIT_MS = 20_000;
const DEFAULT_THREADS = 2;
const MAX_WAITING = 64;
/** Enough for the largest session that is taken. */
const MAX_MEMORY_MB = 384;

export interface RedactionRequest {
  readonly id: number;
  readonly document: JsonValue;
}

export type RedactionAnswer =
  | { readonly id: number; readonly ok: true; readonly result: ServerRedaction }
  | { readonly id: number; readonly ok: false };

export interface ServerRedaction {
  readonly document: JsonValue;
  /** Distinct secrets that this redaction replaced. */
  readonly secrets: number;
  /** Places where it replaced one. */
  readonly places: number;
  /** Placeholders in the document, those of the device included. */
  readonly placeholders: number;
}

/** Redacts documents. @throws AppError PUBLISH_REDACTION_FAILED */
export interface Redactor {
  redact(document: JsonValue): Promise<ServerRedaction>;
}

export interface RedactionPoolOptions {
  readonly limitMs?: number;
  readonly threads?: number;
}

interface Job extends RedactionRequest {
  readonly resolve: (result: ServerRedaction) => void;
  readonly reject: (error: AppError) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
  timer: NodeJS.Timeout | null;
}

export class RedactionPool implements Redactor, AsyncDisposable {
  readonly #limitMs: number;
  readonly #maxThreads: number;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Job[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor({ limitMs = DEFAULT_LIMIT_MS, threads = DEFAULT_THREADS }: RedactionPoolOptions = {}) {
    this.#limitMs = limitMs;
    this.#maxThreads = threads;
  }

  redact(document: JsonValue): Promise<ServerRedaction> {
    if (this.#isClosed || this.#waiting.length >= MAX_WAITING) return Promise.reject(busy());
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, document, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#waiting.splice(0)) job.reject(busy());
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #next(): void {
    if (this.#isClosed || this.#waiting.length === 0) return;
    const idle = [...this.#threads].find(({ job }) => job === null);
    const thread = idle ?? (this.#threads.size < this.#maxThreads ? this.#start() : null);
    const job = thread === null ? undefined : this.#waiting.shift();
    if (thread === null || job === undefined) return;
    thread.job = job;
    thread.timer = setTimeout(() => void this.#end(thread), this.#limitMs);
    thread.worker.ref();
    thread.worker.postMessage({ id: job.id, document: job.document } satisfies RedactionRequest);
  }

  #start(): Thread {
    const worker = new Worker(workerPath('redaction-worker'), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
    });
    const thread: Thread = { worker, job: null, timer: null };
    this.#threads.add(thread);
    worker.on('message', (answer: RedactionAnswer) => {
      const { job } = thread;
      if (job === null || job.id !== answer.id) return;
      this.#free(thread);
      if (answer.ok) job.resolve(answer.result);
      else job.reject(notRedacted());
      this.#next();
    });
    // A thread that is out of memory or broken ends by itself; what it held fails.
    worker.on('error', () => void this.#end(thread));
    worker.on('exit', () => void this.#end(thread));
    worker.unref();
    return thread;
  }

  #free(thread: Thread): void {
    if (thread.timer !== null) clearTimeout(thread.timer);
    thread.timer = null;
    thread.job = null;
    thread.worker.unref();
  }

  async #end(thread: Thread): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    const { job } = thread;
    this.#free(thread);
    job?.reject(notRedacted());
    await thread.worker.terminate();
    this.#next();
  }
}

function notRedacted(): AppError {
  return new AppError(
    'PUBLISH_REDACTION_FAILED',
    'The session could not be searched for secrets, so nothing of it was stored.',
    {
      hint: 'Publish it again, or a shorter part of it.',
      isRetryable: true,
    },
  );
}

function busy(): AppError {
  return new AppError('PUBLISH_REDACTION_FAILED', 'The server has too much to do just now; nothing was stored.', {
    hint: 'Publish it again in a minute.',
    isRetryable: true,
  });
}
