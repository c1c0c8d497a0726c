// Where the focus goes when a dialog closes: back to what opened it. Radix knows that of its own triggers only, and these dialogs are
// opened by keys and by state.

import { useCallback, useRef } from 'react';

/** For `onCloseAutoFocus` of a dialog. What opened it may be gone by then: the content of the window gets the focus instead. */
export function useReturnFocus(isOpen: boolean): (event: Event) => void {
  const opener = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  // While it is rendered: fields that want the focus have it right after.
  if (isOpen && !wasOpen.current) opener.current = document.activeElement;
  wasOpen.current = isOpen;
  return useCallback((event: Event) => {
    event.preventDefault();
    // One dialog may have opened another.
    if (document.querySelector('[role="dialog"]') !== null) return;
    const { current } = opener;
    const isThere = current instanceof HTMLElement && current !== document.body && current.isConnected;
    (isThere ? current : document.getElementById('main'))?.focus();
  }, []);
}
