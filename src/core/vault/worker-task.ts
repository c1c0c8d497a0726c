// Starts work on the files of a closed vault in a thread of its own: nothing of it blocks the caller, and a cancel ends it.

import { Worker } from 'node:worker_threads';

import { AppError, fromPlainError } from '../../shared/model/app-error.ts';
import type { ReplyMessage, WorkerStart } from './rpc.ts';
import type { LongWorkOptions } from './vault.ts';
import { workerPath } from './worker-path.ts';

/** Gives the one answer of the thread. @param name what the thread is called, and what is said to have stopped */
export function startWorkerTask(
  name: 'repair' | 'merge',
  start: WorkerStart,
  { signal, onProgress }: LongWorkOptions,
): Promise<unknown> {
  const worker = new Worker(workerPath('vault-worker'), { workerData: start, name: `cairn-${name}`, stderr: false });
  const onAbort = (): void => worker.postMessage({ type: 'cancel', call: 0 });
  return new Promise<unknown>((resolve, reject) => {
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (message: ReplyMessage) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message.result);
      else if (message.type === 'failed-to-open') reject(fromPlainError(message.error));
    });
    worker.once('error', (error) => reject(new AppError('BUG', `The ${name} stopped.`, { cause: error })));
    worker.once('exit', () => reject(new AppError('BUG', `The ${name} stopped.`))); // without effect where it answered
  }).finally(() => signal?.removeEventListener('abort', onAbort));
}
