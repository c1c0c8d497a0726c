// Waits until somebody has stopped typing, so that not every letter asks the core.

import { useEffect, useState } from 'react';

/** The value as it stood once it did not change for so long. */
export function useDebounced<Value>(value: Value, delayMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
