// The rows of the timeline: read page by page from the newest on, or from a moment that was jumped to; new captures come in at the top.

import { useCallback, useEffect, useRef, useState } from 'react';

import type { AppError } from '../../../shared/model/app-error.ts';
import { fromContractError } from '../../../shared/contract/errors.ts';
import type { TimelineFilter, TimelineRow } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { onAppEvent, onReturn } from '../../stores/status.ts';
import { ofDevice } from '../../stores/sync.ts';

/** A little more than a screen holds: the first paint waits for it. */
const FIRST_PAGE = 30;
const PAGE = 100;
const HEAD = 10;
/** The most rows that are read anew at once. */
const MAX_REFRESHED = 500;

export interface TimelineRows {
  readonly rows: readonly TimelineRow[];
  readonly error: AppError | null;
  readonly isLoading: boolean;
  readonly isComplete: boolean;
  readonly loadMore: () => void;
  /** Goes on after an error. */
  readonly retry: () => void;
}

interface State {
  readonly rows: readonly TimelineRow[];
  readonly cursor: string | undefined;
  readonly isComplete: boolean;
  readonly isLoading: boolean;
  readonly error: AppError | null;
}

const NOTHING: State = { rows: [], cursor: undefined, isComplete: false, isLoading: true, error: null };

/** `until` is a moment that was jumped to: rows from then backwards. */
export function useTimeline(filter: TimelineFilter, until: string | undefined): TimelineRows {
  const [state, setState] = useState<State>(NOTHING);
  const key = JSON.stringify([filter, until]);
  const asked = useRef(key);
  const isAsking = useRef(false);
  const latest = useRef(state);
  latest.current = state;

  const load = useCallback(
    async (cursor: string | undefined) => {
      if (isAsking.current && asked.current === key) return;
      isAsking.current = true;
      asked.current = key;
      try {
        const page = await api.timeline.page({
          ...ofDevice(),
          filter: { ...filter, ...(until === undefined ? {} : { until }) },
          limit: cursor === undefined ? FIRST_PAGE : PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        });
        if (asked.current !== key) return;
        setState((before) => ({
          rows: cursor === undefined ? page.rows : [...before.rows, ...page.rows],
          cursor: page.cursor,
          isComplete: page.cursor === undefined,
          isLoading: false,
          error: null,
        }));
      } catch (error) {
        if (asked.current !== key) return;
        setState((before) => ({ ...before, isLoading: false, error: fromContractError(error) }));
      } finally {
        if (asked.current === key) isAsking.current = false;
      }
    },
    [key],
  );

  const reload = useCallback(() => {
    isAsking.current = false;
    setState(NOTHING);
    void load(undefined);
  }, [load]);
  useEffect(reload, [reload]);

  useEffect(() => {
    const refresh = async (limit: number): Promise<void> => {
      const { rows } = await api.timeline.page({
        ...ofDevice(),
        filter: { ...filter, ...(until === undefined ? {} : { until }) },
        limit,
      });
      // The filter may be another one by now: these rows are not of its list.
      if (asked.current !== key) return;
      const { rows: before } = latest.current;
      // More came than was read: only a list that is read anew has no hole.
      if (rows.length === limit && before.length > 0 && !before.some(({ id }) => rows.some((row) => row.id === id)))
        reload();
      else setState((now) => ({ ...now, error: null, rows: mergeHead(rows, now.rows) }));
    };
    const refreshAll = (): void => {
      const count = latest.current.rows.length;
      if (count > MAX_REFRESHED) reload();
      else refresh(Math.max(HEAD, count)).catch(() => reload());
    };
    const stopReturns = onReturn(() => (latest.current.rows.length === 0 ? reload() : refreshAll()));
    const stopEvents = onAppEvent((event) => {
      if (event.type === 'snapshots.removed') reload();
      // Names come and go within the rows that are there, so that nobody loses the place where they read.
      if (event.type === 'checkpoints.changed') {
        if (filter.checkpointsOnly === true || (filter.tags ?? []).length > 0) reload();
        else refreshAll();
      }
      // What lies in the past does not change by what comes.
      if (event.type === 'snapshot.created' && until === undefined) refresh(HEAD).catch(() => undefined);
    });
    return () => {
      stopReturns();
      stopEvents();
    };
  }, [key, reload]);

  const loadMore = useCallback(() => {
    if (!state.isComplete && !state.isLoading && state.error === null) void load(state.cursor);
  }, [state, load]);
  const { rows, cursor } = state;
  const retry = useCallback(() => {
    if (rows.length === 0) reload();
    else void load(cursor);
  }, [rows.length, cursor, load, reload]);
  return { ...state, loadMore, retry };
}

/** The newest rows in place of those that are known already; a run that goes on keeps its snapshot's id. */
export function mergeHead(head: readonly TimelineRow[], rows: readonly TimelineRow[]): readonly TimelineRow[] {
  const last = head.at(-1);
  const at = last === undefined ? -1 : rows.findIndex(({ id }) => id === last.id);
  if (at >= 0) return [...head, ...rows.slice(at + 1)];
  const known = new Set(head.map(({ id }) => id));
  return [...head, ...rows.filter(({ id }) => !known.has(id))];
}
