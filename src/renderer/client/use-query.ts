// Reads something of the core for a view: loading, result or error; read again when its key changes, when asked, when the core says
// that such things have changed, or when the connection has come back and that may have been missed.

import { useCallback, useEffect, useRef, useState } from 'react';

import type { AppError } from '../../shared/model/app-error.ts';
import type { AppEvent } from '../../shared/contract/schemas.ts';
import { fromContractError } from '../../shared/contract/errors.ts';
import { onAppEvent, onReturn } from '../stores/status.ts';

export interface Query<Result> {
  /** The newest result; it stays while the next one is read. */
  readonly data: Result | null;
  readonly error: AppError | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

export interface QueryOptions {
  /** Events after which it is read again. */
  readonly reloadOn?: readonly AppEvent['type'][];
  readonly isEnabled?: boolean;
}

/** `key` says what is read: another key forgets the result of the one before. */
export function useQuery<Result>(
  key: string,
  read: (signal: AbortSignal) => Promise<Result>,
  { reloadOn = [], isEnabled = true }: QueryOptions = {},
): Query<Result> {
  const [state, setState] = useState<{ key: string; data: Result | null; error: AppError | null }>({
    key,
    data: null,
    error: null,
  });
  const [isLoading, setLoading] = useState(isEnabled);
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;

  useEffect(() => {
    if (!isEnabled) return undefined;
    const end = new AbortController();
    setLoading(true);
    latest.current(end.signal).then(
      (data) => {
        if (end.signal.aborted) return;
        setState({ key, data, error: null });
        setLoading(false);
      },
      (error: unknown) => {
        if (end.signal.aborted) return;
        setState((before) => ({ key, data: before.key === key ? before.data : null, error: fromContractError(error) }));
        setLoading(false);
      },
    );
    return () => end.abort();
  }, [key, turn, isEnabled]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const types = reloadOn.join(' ');
  useEffect(() => {
    if (types === '') return undefined;
    return onAppEvent((event) => {
      if (types.split(' ').includes(event.type)) reload();
    });
  }, [types, reload]);

  const isCurrent = state.key === key;
  const hasFailed = isCurrent && state.error !== null;
  useEffect(() => {
    if (types === '' && !hasFailed) return undefined;
    return onReturn(reload);
  }, [types, hasFailed, reload]);
  return { data: isCurrent ? state.data : null, error: isCurrent ? state.error : null, isLoading, reload };
}
