// Does something for a view: whether it runs, and what went wrong, as sentences.

import { useCallback, useState } from 'react';

import type { AppError } from '../../shared/model/app-error.ts';
import { fromContractError } from '../../shared/contract/errors.ts';

export interface Action<Values extends readonly unknown[]> {
  /** Resolves true where it was done. */
  readonly run: (...values: Values) => Promise<boolean>;
  readonly isRunning: boolean;
  readonly error: AppError | null;
  readonly clear: () => void;
}

export function useAction<Values extends readonly unknown[]>(
  work: (...values: Values) => Promise<unknown>,
): Action<Values> {
  const [state, setState] = useState<{ isRunning: boolean; error: AppError | null }>({ isRunning: false, error: null });
  const run = async (...values: Values): Promise<boolean> => {
    setState({ isRunning: true, error: null });
    try {
      await work(...values);
      setState({ isRunning: false, error: null });
      return true;
    } catch (error) {
      setState({ isRunning: false, error: fromContractError(error) });
      return false;
    }
  };
  const clear = useCallback(() => setState({ isRunning: false, error: null }), []);
  return { run, isRunning: state.isRunning, error: state.error, clear };
}
