// The snapshot that the screen is about, for keys that work on every screen; null where it is about none.

import { useEffect } from 'react';

let shown: string | null = null;

/** Says which one it is while the component is shown. */
export function useShownSnapshot(id: string | null): void {
  useEffect(() => {
    shown = id;
    return () => {
      if (shown === id) shown = null;
    };
  }, [id]);
}

export function shownSnapshot(): string | undefined {
  return shown ?? undefined;
}
