// The writer's lock (V15): an exclusive transaction on a tiny SQLite file, which the operating system releases when its holder
// dies, however it dies. Never a time-out, never a stale file.

import { chmodSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../shared/model/app-error.ts';
import { withStorageErrors } from './errors.ts';

const POLL_MS = 15;
export const DEFAULT_LOCK_WAIT_MS = 15_000;

export class WriterLock {
  readonly #path: string;
  readonly #db: BetterSqlite3.Database;
  #tail: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#db = withStorageErrors('Opening the writer lock', () => new BetterSqlite3(path, { timeout: 0 }));
    chmodSync(path, 0o600);
  }

  /**
   * Runs `work` while this process holds the lock; calls of one process queue up in order.
   * @throws AppError VAULT_BUSY, naming the holder, when another process holds it for longer than `waitMs`.
   */
  async hold<Result>(work: () => Promise<Result> | Result, waitMs: number = DEFAULT_LOCK_WAIT_MS): Promise<Result> {
    const turn = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await turn;
    try {
      await this.#acquire(waitMs);
      try {
        return await work();
      } finally {
        this.#db.exec('ROLLBACK');
      }
    } finally {
      resolve();
    }
  }

  close(): void {
    this.#db.close();
  }

  async #acquire(waitMs: number): Promise<void> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      if (this.#tryAcquire()) return;
      if (performance.now() > deadline) throw this.#busy();
      await delay(POLL_MS);
    }
  }

  #tryAcquire(): boolean {
    try {
      this.#db.exec('BEGIN EXCLUSIVE');
      return true;
    } catch (error) {
      if (error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false;
      return withStorageErrors('Taking the writer lock', () => {
        throw error;
      });
    }
  }

  #busy(): AppError {
    const holder = findHolder(this.#path);
    const who = holder === null ? 'another process' : `process ${holder}`;
    return new AppError('VAULT_BUSY', `The vault is being written by ${who}.`, {
      hint: 'Wait until it has finished, then try again.',
      isRetryable: true,
    });
  }
}

/** The process that holds a lock on the file, from the kernel's own list; null where there is none to read. */
export function findHolder(path: string): number | null {
  try {
    const inode = statSync(path).ino;
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/);
      const pid = Number(fields[4]);
      if (fields[5]?.endsWith(`:${inode}`) === true && pid > 0 && pid !== process.pid) return pid;
    }
  } catch {
    return null; // not Linux, or not readable: the message does without
  }
  return null;
}
