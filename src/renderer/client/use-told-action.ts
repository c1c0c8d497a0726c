// Does something that has no place of its own for what went wrong: it is told as a notice.

import { fromContractError } from '../../shared/contract/errors.ts';
import { showToast } from '../stores/toasts.ts';
import { useAction, type Action } from './use-action.ts';

export function useToldAction<Values extends readonly unknown[]>(
  work: (...values: Values) => Promise<unknown>,
): Action<Values> {
  return useAction(async (...values: Values) => {
    try {
      return await work(...values);
    } catch (error) {
      tellFailure(error);
      throw error;
    }
  });
}

/** Says what went wrong and what to do next. */
export function tellFailure(error: unknown): void {
  const { message, hint } = fromContractError(error);
  showToast({ tone: 'bad', text: `${message} ${hint}`.trim() });
}
