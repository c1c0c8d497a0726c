// Asks while somebody types: what is found within a moment is shown at once, older hits when they are asked for.

import { useEffect, useState } from 'react';

import type { SearchAnswerView, SearchHit } from '../../../shared/contract/search-schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import type { SearchPlace } from '../../components/addresses.ts';
import { toQuery } from './search-filter.ts';

const PAGE_HITS = 50;
/** Whoever types waits for no more than this, where anything was found. */
const FIRST_WITHIN_MS = 150;

export interface SearchState {
  readonly hits: readonly SearchHit[] | null;
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
  return {
    hits: data === null ? null : [data, ...answers].flatMap(({ hits }) => hits),
    isComplete: last?.isComplete ?? true,
    notIndexed: last?.notIndexed ?? 0,
    isLoading,
    error: error ?? next.error,
    reload,
    more: cursor === undefined ? null : () => void next.run(),
    isLoadingMore: next.isRunning,
  };
}
