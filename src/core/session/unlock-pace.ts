// Slows down guessing: the first wrong passwords are free, then each makes the next attempt wait twice as long. One attempt at a time.

import { AppError } from '../../shared/model/app-error.ts';

const FREE_ATTEMPTS = 3;
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 60_000;

export class UnlockPace {
  readonly #monotonicMs: () => number;
  #failures = 0;
  #allowedAtMs = 0;
  #isBusy = false;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Runs an attempt. `isWrong` says of an error whether the secret was wrong. @throws AppError VAULT_TOO_MANY_ATTEMPTS */
  async attempt<Result>(work: () => Promise<Result>, isWrong: (error: unknown) => boolean): Promise<Result> {
    const waitMs = this.#allowedAtMs - this.#monotonicMs();
    if (this.#isBusy) throw tooFast('Another attempt is still being checked.', 'Wait until it is done.');
    if (waitMs > 0) throw tooFast('Too many wrong passwords.', `Try again in ${Math.ceil(waitMs / 1_000)} seconds.`);
    this.#isBusy = true;
    try {
      const result = await work();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isWrong(error)) this.#noteFailure();
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  #noteFailure(): void {
    this.#failures += 1;
    const doublings = this.#failures - FREE_ATTEMPTS;
    if (doublings < 0) return;
    this.#allowedAtMs = this.#monotonicMs() + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** doublings);
  }
}

function tooFast(message: string, hint: string): AppError {
  return new AppError('VAULT_TOO_MANY_ATTEMPTS', message, { hint, isRetryable: true });
}
