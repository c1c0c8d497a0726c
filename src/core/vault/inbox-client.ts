// The typed client of the inbox worker: captures go into a locked vault, and nothing comes out.

import { Worker } from 'node:worker_threads';

import { AppError, fromPlainError } from '../../shared/model/app-error.ts';
import type { DepositReply } from './inbox-worker.ts';
import type { SaveRequest } from './vault.ts';
import { workerPath } from './worker-path.ts';

/** The writing end of a locked vault. */
export interface Inbox {
  /** Seals a capture, whose streams must be whole; it is safe once this resolves. @throws AppError of the storage */
  deposit(request: SaveRequest): Promise<void>;
  close(): Promise<void>;
}

/** Opens the inbox of the vault at this path (`vault.db`), in a thread of its own. */
export function openInbox(path: string): Inbox {
  const worker = new Worker(workerPath('inbox-worker'), {
    workerData: { path },
    name: 'cairn-inbox',
    stderr: false,
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let calls = 0;
  let hasEnded = false;
  worker.unref();
  worker.on('message', ({ call, error }: DepositReply) => {
    const waiter = waiting.get(call);
    waiting.delete(call);
    if (error === null) waiter?.resolve();
    else waiter?.reject(fromPlainError(error));
  });
  worker.on('error', () => undefined); // 'exit' follows; the error's own text may hold content
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      hasEnded = true;
      for (const waiter of waiting.values()) waiter.reject(ended());
      waiting.clear();
      resolve();
    });
  });
  const call = (request: SaveRequest | null): Promise<void> => {
    if (hasEnded) return Promise.reject(ended());
    calls += 1;
    return new Promise((resolve, reject) => {
      waiting.set(calls, { resolve, reject });
      worker.postMessage({ call: calls, request });
    });
  };
  return {
    deposit: call,
    close: async () => {
      if (!hasEnded) await call(null).catch(() => undefined);
      await exited;
    },
  };
}

function ended(): AppError {
  return new AppError('VAULT_CLOSED', 'Capturing into the locked vault has ended.', { hint: 'Unlock the vault.' });
}
