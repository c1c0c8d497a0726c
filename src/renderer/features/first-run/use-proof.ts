// The proof as it goes: its lines, and how it ended.

import { useEffect, useRef, useState } from 'react';

import { fromContractError } from '../../../shared/contract/errors.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { api } from '../../client/client.ts';

export interface Proof {
  readonly lines: readonly string[];
  readonly state: 'idle' | 'running' | 'proven' | 'left-out' | 'failed' | 'cancelled';
  readonly error: AppError | null;
  readonly start: () => void;
  readonly cancel: () => void;
}

export function useProof(): Proof {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [state, setState] = useState<Proof['state']>('idle');
  const [error, setError] = useState<AppError | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const prove = async (end: AbortController): Promise<void> => {
    setLines([]);
    setError(null);
    setState('running');
    try {
      for await (const event of await api.upkeep.proveRestore(undefined, { signal: end.signal })) {
        if (event.type === 'line') setLines((before) => [...before, event.line]);
        else setState(event.isProven ? 'proven' : 'left-out');
      }
      if (end.signal.aborted) setState('cancelled');
    } catch (caught) {
      setState(end.signal.aborted ? 'cancelled' : 'failed');
      if (!end.signal.aborted) setError(fromContractError(caught));
    } finally {
      running.current = null;
    }
  };
  return {
    lines,
    state,
    error,
    start: () => {
      if (running.current !== null) return;
      running.current = new AbortController();
      void prove(running.current);
    },
    cancel: () => running.current?.abort(),
  };
}
