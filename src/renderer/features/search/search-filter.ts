// What a search is narrowed to, as the address has it and as the core takes it. Pure.

import type { SearchQueryView } from '../../../shared/contract/search-schemas.ts';
import { ITEM_KINDS } from '../../../shared/model/item.ts';
import type { SearchPlace } from '../../components/addresses.ts';

const DAY_MS = 86_400_000;

/** How far back, in words. */
export const WITHIN: ReadonlyArray<{ readonly value: string; readonly label: string; readonly days: number }> = [
  { value: '', label: 'All time', days: 0 },
  { value: '1d', label: 'The last day', days: 1 },
  { value: '7d', label: 'The last week', days: 7 },
  { value: '30d', label: 'The last month', days: 30 },
];

/** Takes what is known out of an address; anything else means nothing. */
export function readFilter(parameters: URLSearchParams): Required<SearchPlace> {
  const kind = ITEM_KINDS.find((candidate) => candidate === parameters.get('kind')) ?? '';
  const within = WITHIN.find(({ value }) => value === parameters.get('within'))?.value ?? '';
  return { kind, source: parameters.get('source') ?? '', project: parameters.get('project') ?? '', within };
}

type Narrowed = Pick<SearchQueryView, 'kinds' | 'sources' | 'projects' | 'since'>;

export function toQuery({ kind, source, project, within }: Required<SearchPlace>, nowMs: number): Narrowed {
  const days = WITHIN.find(({ value }) => value === within)?.days ?? 0;
  const own = ITEM_KINDS.find((candidate) => candidate === kind);
  return {
    ...(own === undefined ? {} : { kinds: [own] }),
    ...(source === '' ? {} : { sources: [source as NonNullable<Narrowed['sources']>[number]] }), // the core checks it
    ...(project === '' ? {} : { projects: [project] }),
    ...(days === 0 ? {} : { since: new Date(nowMs - days * DAY_MS).toISOString() }),
  };
}
