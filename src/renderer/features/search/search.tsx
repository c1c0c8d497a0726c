// Finds a text in all that was captured. The address says what is looked for, so that it can be gone back to.

import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';

import type { SearchHit } from '../../../shared/contract/schemas.ts';
import { ITEM_KINDS, type ItemKind } from '../../../shared/model/item.ts';
import { api } from '../../client/client.ts';
import { useDebounced } from '../../client/use-debounced.ts';
import { useQuery } from '../../client/use-query.ts';
import { searchAddress } from '../../components/addresses.ts';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { SelectField, TextField } from '../../components/fields.tsx';
import { KIND_NAMES, plural } from '../../components/format.ts';
import { useAddressParameters } from '../../components/use-address.ts';
import { SearchHitView } from './search-hit.tsx';
import './search.css';

const WAIT_MS = 250;
const MAX_HITS = 100;
const MAX_TEXT = 500;

type KindChoice = ItemKind | '';

const KIND_OPTIONS: ReadonlyArray<{ readonly value: KindChoice; readonly label: string }> = [
  { value: '', label: 'Everything' },
  ...ITEM_KINDS.map((kind) => ({
    value: kind,
    label: KIND_NAMES[kind].many.charAt(0).toUpperCase() + KIND_NAMES[kind].many.slice(1),
  })),
];

export function SearchScreen() {
  const parameters = useAddressParameters();
  const [, navigate] = useLocation();
  const addressed = parameters.get('q') ?? '';
  const kind = ITEM_KINDS.find((candidate) => candidate === parameters.get('kind')) ?? '';
  const [text, setText] = useState(addressed);
  const settled = useDebounced(text.trim(), WAIT_MS);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const latest = useRef(addressed);

  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    // Somebody went back, or followed an address to here.
    if (addressed !== latest.current) setText(addressed);
    latest.current = addressed;
  }, [addressed]);
  useEffect(() => {
    if (settled === latest.current) return;
    latest.current = settled;
    navigate(searchAddress(settled, kind), { replace: true });
  }, [settled, kind, navigate]);

  const { data, error, isLoading, reload } = useQuery(
    `${kind} ${settled}`,
    (signal) =>
      api.search.query({ text: settled, limit: MAX_HITS, ...(kind === '' ? {} : { kinds: [kind] }) }, { signal }),
    { isEnabled: settled !== '' },
  );

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
      <form className="search-fields" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField
          ref={field}
          label="Text"
          type="search"
          maxLength={MAX_TEXT}
          placeholder="a word, a command, an address"
          hint="In all that was captured: titles, addresses, terminal lines, messages, patches."
          value={text}
          onValue={setText}
        />
        <SelectField
          label="In"
          value={kind}
          options={KIND_OPTIONS}
          onValue={(next: KindChoice) => navigate(searchAddress(settled, next), { replace: true })}
        />
      </form>
      <p className="visually-hidden" role="status">
        {statusWords(settled, data, isLoading)}
      </p>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {settled === '' && (
        <Empty title="What are you looking for?">
          <p className="soft">
            The newest snapshot that holds it is shown. Arrow keys go through the hits, Enter opens one at its line.
          </p>
        </Empty>
      )}
      {settled !== '' && data === null && isLoading && <Loading what="Searching" />}
      {data !== null && settled !== '' && (
        <>
          {!data.isComplete && (
            <Message tone="warn">
              Not everything was looked through: there are many hits, or there is much to read. A longer text, or a
              kind, narrows it down.
            </Message>
          )}
          {data.hits.length === 0 ? (
            <Empty title="Nothing found">
              <p className="soft">
                No {kind === '' ? 'item' : KIND_NAMES[kind].one} that was looked through holds this text. Upper and
                lower case do not matter; blanks do.
              </p>
            </Empty>
          ) : (
            <ol className="search-hits" ref={list} aria-label="Hits">
              {data.hits.map((hit, at) => (
                <SearchHitView key={`${at} ${hit.key} ${hit.snapshotId} ${hit.lineNumber}`} hit={hit} text={settled} />
              ))}
            </ol>
          )}
        </>
      )}
    </div>
  );
}

function statusWords(
  text: string,
  data: { readonly hits: readonly SearchHit[]; readonly isComplete: boolean } | null,
  isLoading: boolean,
): string {
  if (text === '') return '';
  if (data === null) return isLoading ? 'Searching' : '';
  return `${plural(data.hits.length, 'hit')}${data.isComplete ? '' : ', not everything was looked through'}`;
}
