// The place in the timeline, in its address: it is found again after a reload, a restart, and on the way back from another screen.

import { useCallback, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';

import type { TimelineRow } from '../../../shared/contract/schemas.ts';
import { onLeaving } from '../../stores/leaving.ts';

/** Browsers count changes of an address; somebody who holds an arrow key down makes hundreds. */
const NOTE_EVERY_MS = 300;
const PARAMETER = 'at';

export interface PlaceOptions {
  readonly rows: readonly TimelineRow[];
  /** The moment of the row that was chosen, or that was jumped to; undefined for the newest. */
  readonly at: string | undefined;
  /** The row of the address is among the first. */
  readonly onFound: (row: TimelineRow) => void;
  /** It lies further back. */
  readonly onBeyond: (at: string) => void;
}

/** Gives what notes a place at once, before another screen is shown. */
export function usePlace({ rows, at, onFound, onBeyond }: PlaceOptions): (at: string | undefined) => void {
  const [, navigate] = useLocation();
  const wanted = useRef(readPlace());
  const note = useCallback(
    (next: string | undefined) => {
      if (window.location.pathname !== '/' || readPlace() === (next ?? null)) return;
      navigate(next === undefined ? '/' : `/?${PARAMETER}=${encodeURIComponent(next)}`, { replace: true });
    },
    [navigate],
  );
  useEffect(() => {
    const { current } = wanted;
    if (current === null || rows.length === 0) return;
    wanted.current = null;
    const row = rows.find(({ takenAt }) => takenAt === current);
    if (row === undefined) onBeyond(current);
    else onFound(row);
  }, [rows, onFound, onBeyond]);
  // While rows are read anew the place stays what it was.
  const steady = useRef(at);
  if (rows.length > 0) steady.current = at;
  const next = steady.current;
  const notedAtMs = useRef(0);
  /** What was not noted yet: whoever leaves before its time takes it along. */
  const pending = useRef<(() => void) | null>(null);
  useEffect(() => {
    if (wanted.current !== null) return undefined;
    const waitMs = Math.max(0, notedAtMs.current + NOTE_EVERY_MS - performance.now());
    const noteNow = (): void => {
      pending.current = null;
      clearTimeout(timer);
      notedAtMs.current = performance.now();
      note(next);
    };
    const timer = setTimeout(noteNow, waitMs);
    pending.current = noteNow;
    return () => clearTimeout(timer);
  }, [next, note]);
  useEffect(() => onLeaving(() => pending.current?.()), []);
  return note;
}

/** Null where the address says none, or one that is no time. */
function readPlace(): string | null {
  const at = new URLSearchParams(window.location.search).get(PARAMETER);
  return at === null || Number.isNaN(Date.parse(at)) ? null : at;
}
