// What lies between two rows of the timeline: a silence, a start of Cairn. Pure.

import type { TimelineRow } from '../../../shared/contract/schemas.ts';
import { formatSpan } from '../../components/format.ts';

export const RESTART_WORDS = {
  clean: 'Cairn was started again',
  crash: 'Cairn was started again after it had ended badly',
  reboot: 'The machine was started again',
} as const;

/** What lies between a row and the one before it, in words; null where nothing does. */
export function betweenWords({
  silenceMs,
  restartedAfter,
}: Pick<TimelineRow, 'silenceMs' | 'restartedAfter'>): string | null {
  const silence = silenceMs === undefined ? '' : `nothing was captured for ${formatSpan(silenceMs)}`;
  if (restartedAfter !== undefined)
    return silence === '' ? RESTART_WORDS[restartedAfter] : `${RESTART_WORDS[restartedAfter]}; ${silence}`;
  return silence === '' ? null : silence.charAt(0).toUpperCase() + silence.slice(1);
}
