// Why a snapshot is kept and when it would go, in words. Pure.

import type { KeptView } from '../../shared/contract/schemas.ts';
import { formatDay, formatMoment } from './format.ts';

const DAY_MS = 86_400_000;

const WORDS: Readonly<Record<NonNullable<KeptView['reason']>, string>> = {
  latest: 'Kept: it is the newest one.',
  recent: 'Kept: it is recent',
  hourly: 'Kept: the last one of its hour',
  daily: 'Kept: the last one of its day',
  checkpoint: 'Kept: it is a checkpoint',
  pinned: 'Kept for good: it is a pinned checkpoint.',
  'last-good': 'Kept: the last good one of a source.',
  undo: 'Kept, so that a restore can be undone',
};

/** "Kept: the last one of its hour, until Fri, 27 Nov." */
export function tellKept({ reason, until }: KeptView, nowMs = Date.now()): string {
  if (reason === null) return 'Goes with the next thinning.';
  const words = WORDS[reason];
  if (until === undefined || words.endsWith('.')) return words.endsWith('.') ? words : `${words}.`;
  const isSoon = Date.parse(until) - nowMs < DAY_MS;
  return `${words}, until ${isSoon ? formatMoment(until, nowMs) : formatDay(until, nowMs)}.`;
}
