// Starts a repair in a thread of its own: nothing of it blocks the caller.

import { Worker } from 'node:worker_threads';

import { AppError, fromPlainError } from '../../../shared/model/app-error.ts';
import type { ReplyMessage, WorkerStart } from '../rpc.ts';
import type { VaultSecret } from '../vault-client.ts';
import type { LongWorkOptions } from '../vault.ts';
import { workerPath } from '../worker-path.ts';
import type { RepairReport } from './repair-vault.ts';

export interface RepairOptions extends LongWorkOptions {
  /** `vault.db` in the data folder; closed in this process. */
  readonly path: string;
  readonly secret: VaultSecret;
  readonly nowMs: number;
  /** Files in which a record may stand a second time, the newest first. */
  readonly backups: readonly string[];
  /** Only says what a repair would win and lose. */
  readonly isDryRun?: boolean;
}

/** @throws AppError as `repairVault` */
export function startRepair({ signal, onProgress, ...options }: RepairOptions): Promise<RepairReport> {
  const { path, secret, nowMs, backups, isDryRun = false } = options;
  const start: WorkerStart = { path, nowMs, open: { type: 'repair', secret, backups, isDryRun } };
  const worker = new Worker(workerPath('vault-worker'), { workerData: start, name: 'cairn-repair', stderr: false });
  const onAbort = (): void => worker.postMessage({ type: 'cancel', call: 0 });
  return new Promise<RepairReport>((resolve, reject) => {
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (message: ReplyMessage) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message.result as RepairReport); // what the worker does for `repair`
      else if (message.type === 'failed-to-open') reject(fromPlainError(message.error));
    });
    worker.once('error', (error) => reject(new AppError('BUG', 'The repair stopped.', { cause: error })));
    worker.once('exit', () => reject(new AppError('BUG', 'The repair stopped.'))); // without effect where it answered
  }).finally(() => signal?.removeEventListener('abort', onAbort));
}
