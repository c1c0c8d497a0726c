// Too many wrong passwords: how many seconds are left until the next attempt, as the core has said it.

import { useEffect, useState } from 'react';

import type { AppError } from '../../../shared/model/app-error.ts';

const SECOND_MS = 1_000;

/** Zero where there is nothing to wait for. */
export function useWait(error: AppError | null): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(secondsOf(error));
    const timer = setInterval(() => setSeconds((before) => Math.max(0, before - 1)), SECOND_MS);
    return () => clearInterval(timer);
  }, [error]);
  return seconds;
}

function secondsOf(error: AppError | null): number {
  if (error?.code !== 'VAULT_TOO_MANY_ATTEMPTS') return 0;
  return Number(/(\d{1,4}) seconds?/.exec(error.hint)?.[1] ?? 1);
}
