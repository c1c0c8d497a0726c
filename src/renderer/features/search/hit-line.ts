// The line of a hit in three pieces, whatever its positions say. Pure.

import type { SearchHit } from '../../../shared/contract/schemas.ts';

export function splitHit({ line, from, to }: Pick<SearchHit, 'line' | 'from' | 'to'>): [string, string, string] {
  const start = Math.min(Math.max(0, from), line.length);
  const end = Math.min(Math.max(start, to), line.length);
  return [line.slice(0, start), line.slice(start, end), line.slice(end)];
}
