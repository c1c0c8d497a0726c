// The line of a hit in three pieces, whatever its positions say, and when it was there, in words. Pure.

import type { SearchHit } from '../../../shared/contract/search-schemas.ts';
import { formatMoment } from '../../components/format.ts';

export function splitHit({ line, from, to }: Pick<SearchHit, 'line' | 'from' | 'to'>): [string, string, string] {
  const start = Math.min(Math.max(0, from), line.length);
  const end = Math.min(Math.max(start, to), line.length);
  return [line.slice(0, start), line.slice(start, end), line.slice(end)];
}

/** ", there from Today 09:12 to Today 14:02"; empty where it was there for a moment only. */
export function aliveWords({ firstSeen, lastSeen }: Pick<SearchHit, 'firstSeen' | 'lastSeen'>, nowMs?: number): string {
  if (firstSeen === undefined || lastSeen === undefined || firstSeen === lastSeen) return '';
  return `, there from ${formatMoment(firstSeen, nowMs)} to ${formatMoment(lastSeen, nowMs)}`;
}
