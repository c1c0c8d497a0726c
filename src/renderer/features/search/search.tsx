// Finds words in all that was captured. The address says what is looked for, so that it can be gone back to.

import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';

import { useDebounced } from '../../client/use-debounced.ts';
import { searchAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { useAddressParameters } from '../../components/use-address.ts';
import { SearchFields } from './search-fields.tsx';
import { readFilter } from './search-filter.ts';
import { SearchHitView } from './search-hit.tsx';
import { SessionHits } from './session-hits.tsx';
import { useSearch, type SearchState } from './use-search.ts';
import './search.css';

const WAIT_MS = 120;

export function SearchScreen() {
  const parameters = useAddressParameters();
  const [, navigate] = useLocation();
  const addressed = parameters.get('q') ?? '';
  const filter = readFilter(parameters);
  const [text, setText] = useState(addressed);
  const settled = useDebounced(text.trim(), WAIT_MS);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const latest = useRef(addressed);
  const address = searchAddress(settled, filter);

  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    // Somebody went back, or followed an address to here.
    if (addressed !== latest.current) setText(addressed);
    latest.current = addressed;
  }, [addressed]);
  useEffect(() => {
    if (settled === latest.current) return;
    latest.current = settled;
    navigate(address, { replace: true });
  }, [settled, address, navigate]);

  const search = useSearch(settled, filter);

  const handleKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('.search-hit__link') ?? [])];
    const at = links.findIndex((link) => link === document.activeElement);
    const isField = document.activeElement === field.current;
    if (links.length === 0 || (at < 0 && !isField)) return;
    event.preventDefault();
    const next = at + (event.key === 'ArrowDown' ? 1 : -1);
    if (next < 0) field.current?.focus();
    else links[Math.min(next, links.length - 1)]?.focus();
  };

  return (
    <div className="page search" onKeyDown={handleKeyDown}>
      <h1>Search</h1>
      <SearchFields
        text={text}
        filter={filter}
        field={field}
        onText={setText}
        onFilter={(next) => navigate(searchAddress(settled, next), { replace: true })}
      />
      <p className="visually-hidden" role="status">
        {statusWords(settled, search)}
      </p>
      {search.error !== null && <ErrorMessage error={search.error} onRetry={search.reload} />}
      {settled === '' ? (
        <Empty title="What are you looking for?">
          <p className="soft">
            The newest snapshot that holds it is shown. Arrow keys go through the hits, Enter opens one at its line.
          </p>
        </Empty>
      ) : (
        <Results search={search} text={settled} list={list} />
      )}
    </div>
  );
}

function Results({
  search,
  text,
  list,
}: {
  readonly search: SearchState;
  readonly text: string;
  readonly list: React.Ref<HTMLDivElement>;
}) {
  const { hits, sessions, isComplete, notIndexed, isLoading, more, isLoadingMore } = search;
  if (hits === null) return isLoading ? <Loading what="Searching" /> : null;
  return (
    <>
      {notIndexed > 0 && (
        <Message tone="warn">
          The search index is being made: {plural(notIndexed, 'snapshot')} are not in it yet. There may be more to find.
        </Message>
      )}
      {notIndexed === 0 && !isComplete && more === null && (
        <Message tone="warn">
          Not everything was looked through: there is much to read. A longer text, or a filter, narrows it down.
        </Message>
      )}
      {hits.length + sessions.length === 0 ? (
        <Empty title="Nothing found">
          <p className="soft">
            Nothing that was looked through has these words on one line. Case does not matter; in quotes, blanks do.
          </p>
        </Empty>
      ) : (
        <div ref={list} className="search-results">
          {hits.length > 0 && (
            <ol className="search-hits" aria-label="Hits">
              {hits.map((hit, at) => (
                <SearchHitView key={`${at} ${hit.key} ${hit.snapshotId} ${hit.lineNumber}`} hit={hit} text={text} />
              ))}
            </ol>
          )}
          {sessions.length > 0 && <SessionHits hits={sessions} />}
        </div>
      )}
      {more !== null && (
        <Button onClick={more} disabled={isLoadingMore}>
          {isLoadingMore ? 'Searching' : 'Show more hits'}
        </Button>
      )}
    </>
  );
}

function statusWords(text: string, { hits, sessions, isComplete, isLoading }: SearchState): string {
  if (text === '') return '';
  if (hits === null) return isLoading ? 'Searching' : '';
  return `${plural(hits.length + sessions.length, 'hit')}${isComplete ? '' : ', and there may be more'}`;
}
