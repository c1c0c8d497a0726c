import { AppError } from '../../shared/model/app-error.ts';

/** Checks of a secret cost time and memory: a second one does not begin while the first is under way. */
export class OneAtATime {
  #isBusy = false;

  /** @throws AppError VAULT_TOO_MANY_ATTEMPTS while another one runs */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isBusy)
      throw new AppError('VAULT_TOO_MANY_ATTEMPTS', 'Another attempt is still being checked.', {
        hint: 'Wait until it is done.',
        isRetryable: true,
      });
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}
