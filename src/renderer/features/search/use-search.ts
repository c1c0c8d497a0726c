// Asks while somebody types: what is found within a moment is shown at once, older hits when they are asked for.

import { useEffect, useRef, useState } from 'react';

import type { SearchAnswerView, SearchHit, SessionHit } from '../../../shared/contract/search-schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import type { SearchPlace } from '../../components/addresses.ts';
import { toQuery } from './search-filter.ts';
import { ofDevice } from '../../stores/sync.ts';

const PAGE_HITS = 50;
/** Whoever types waits for no more than this, where anything was found; the rest follows by itself. */
const FIRST_WITHIN_MS = 40;
/** So many hits are shown without being asked for. */
const ENOUGH_HITS = 25;
const MAX_FOLLOWED = 3;

export interface SearchState {
  readonly hits: readonly SearchHit[] | null;
  /** Messages of sessions that no snapshot holds. */
  readonly sessions: readonly SessionHit[];
  readonly isComplete: boolean;
  readonly notIndexed: number;
  readonly isLoading: boolean;
  readonly error: ReturnType<typeof useQuery>['error'];
  readonly reload: () => void;
  /** Brings older hits; null where there are none. */
  readonly more: (() => void) | null;
  readonly isLoadingMore: boolean;
}

export function useSearch(text: string, filter: Required<SearchPlace>): SearchState {
  const key = JSON.stringify([text, filter]);
  const ask = (signal: AbortSignal | undefined, cursor?: string): Promise<SearchAnswerView> =>
    api.search.query(
      {
        text,
        limit: PAGE_HITS,
        ...ofDevice(),
        ...toQuery(filter, Date.now()),
        ...(cursor === undefined ? { firstWithinMs: FIRST_WITHIN_MS } : { cursor }),
      },
      signal === undefined ? {} : { signal },
    );
  const { data, error, isLoading, reload } = useQuery(key, (signal) => ask(signal), { isEnabled: text !== '' });
  const [pages, setPages] = useState<{ readonly key: string; readonly answers: readonly SearchAnswerView[] }>({
    key,
    answers: [],
  });
  useEffect(() => setPages({ key, answers: [] }), [key, data]);
  const answers = pages.key === key ? pages.answers : [];
  const last = answers.at(-1) ?? data;
  const cursor = last?.cursor;
  const next = useAction(async () => {
    const answer = await ask(undefined, cursor);
    setPages((before) => (before.key === key ? { key, answers: [...before.answers, answer] } : before));
  });
  const count = data === null ? 0 : [data, ...answers].reduce((sum, { hits }) => sum + hits.length, 0);
  const hasFailed = error !== null || next.error !== null;
  const isShort = cursor !== undefined && count < ENOUGH_HITS && answers.length < MAX_FOLLOWED && !hasFailed;
  const { run, isRunning } = next;
  const follow = useRef(run);
  follow.current = run;
  useEffect(() => {
    if (isShort && !isRunning) void follow.current();
  }, [isShort, isRunning, cursor]);
  return {
    hits: data === null ? null : [data, ...answers].flatMap(({ hits }) => hits),
    sessions: data?.sessions ?? [],
    isComplete: last?.isComplete ?? true,
    notIndexed: last?.notIndexed ?? 0,
    isLoading,
    error: error ?? next.error,
    reload,
    more: cursor === undefined ? null : () => void run(),
    isLoadingMore: isRunning,
  };
}
