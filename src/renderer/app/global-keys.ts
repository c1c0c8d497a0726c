// Keys that work on every screen. None of them while somebody types, but the palette's.

import { useEffect, useRef } from 'react';

import { shownSnapshot } from '../stores/shown-snapshot.ts';

export interface GlobalKeys {
  /** True while something is open that takes the keys, also before it has appeared. */
  readonly isOff: boolean;
  readonly openPalette: () => void;
  readonly search: () => void;
  /** With the snapshot that the screen shows, where it shows one. */
  readonly newCheckpoint: (snapshot: string | undefined) => void;
}

export function useGlobalKeys(keys: GlobalKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.shiftKey) {
        event.preventDefault();
        latest.current.openPalette();
        return;
      }
      if (latest.current.isOff || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.defaultPrevented || isTyping(event.target)) return;
      if (event.key === '/') latest.current.search();
      else if (event.key === 'c') latest.current.newCheckpoint(shownSnapshot());
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, []);
}

/** True where a key is text, or a dialog is open. */
export function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}
