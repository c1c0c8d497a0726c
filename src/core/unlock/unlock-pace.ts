// Slows down guessing: the first wrong passwords are free, then each makes the next attempt wait twice as long, also after a restart and in
// whichever process it is made. Never longer than a minute, so that nobody can shut the right user out. Recovery keys and the keychain's
// secrets are random and too long to be guessed: they neither count nor wait.

import { AppError } from '../../shared/model/app-error.ts';
import type { Clock } from '../clock.ts';
import type { VaultSecret } from '../vault/vault-client.ts';
import type { WrongPasswordFile, WrongPasswords } from './wrong-passwords.ts';

/** Attempts without a wait; so many wrong ones are also worth telling to who comes next. */
export const FREE_ATTEMPTS = 3;
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 60_000;

export interface UnlockPaceDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly file: Pick<WrongPasswordFile, 'read' | 'add' | 'moveTo' | 'clear'>;
}

export class UnlockPace {
  readonly #deps: UnlockPaceDeps;
  /** What this process has seen itself, which holds where the file cannot be written or was removed. */
  #failures = 0;
  #allowedAtMs = 0;

  constructor(deps: UnlockPaceDeps) {
    this.#deps = deps;
  }

  /** The wrong passwords since the last right one. */
  failures(): number {
    return Math.max(this.#failures, this.#read().count);
  }

  /** How long the next password has to wait; 0 for not at all. */
  waitMs(): number {
    const { clock, file } = this.#deps;
    const { count, lastAtMs } = this.#read();
    const own = Math.max(0, this.#allowedAtMs - clock.monotonicMs());
    if (lastAtMs === null) return own;
    const passedMs = clock.nowMs() - lastAtMs;
    if (passedMs < 0) file.moveTo(clock.nowMs(), count);
    return Math.max(own, waitAfter(count) - Math.max(0, passedMs));
  }

  /** Runs an attempt. @throws AppError VAULT_TOO_MANY_ATTEMPTS; its hint says for how many seconds */
  async attempt<Result>(secret: VaultSecret, work: () => Promise<Result>): Promise<Result> {
    if (secret.type !== 'password') return work();
    const waitMs = this.waitMs();
    if (waitMs > 0)
      throw new AppError('VAULT_TOO_MANY_ATTEMPTS', 'Too many wrong passwords.', {
        hint: `Try again in ${Math.ceil(waitMs / 1_000)} seconds.`,
        isRetryable: true,
      });
    try {
      const result = await work();
      this.#failures = 0;
      this.#allowedAtMs = 0;
      this.#deps.file.clear();
      return result;
    } catch (error) {
      if (isWrongPassword(error)) this.#noteFailure();
      throw error;
    }
  }

  #noteFailure(): void {
    const { clock, file } = this.#deps;
    this.#failures = this.failures() + 1;
    this.#allowedAtMs = clock.monotonicMs() + waitAfter(this.#failures);
    file.add(clock.nowMs());
  }

  #read(): WrongPasswords {
    return this.#deps.file.read(this.#deps.clock.nowMs());
  }
}

function waitAfter(failures: number): number {
  const doublings = failures - FREE_ATTEMPTS;
  return doublings < 0 ? 0 : Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** doublings);
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof AppError && error.code === 'VAULT_WRONG_PASSWORD';
}
