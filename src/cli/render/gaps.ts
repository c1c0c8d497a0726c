// Gaps in words: what a snapshot lacks and why.

import { assertNever } from '../../shared/model/app-error.ts';
import type { Gap, GapReason } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { describeAge } from '../format/times.ts';

const MAX_MESSAGE_LENGTH = 200;
const MAX_KEY_LENGTH = 100;

/** `firefox did not answer in time: ... (since 5 minutes ago)`. */
export function describeGap(gap: Gap, nowMs: number): string {
  const what = gap.key === undefined ? gap.source : toPlainLine(gap.key, MAX_KEY_LENGTH);
  const message = gap.message === '' ? '' : `: ${toPlainLine(gap.message, MAX_MESSAGE_LENGTH)}`;
  return `${what} ${describeReason(gap.reason)}${message} (since ${describeAge(gap.sinceMs, nowMs)})`;
}

function describeReason(reason: GapReason): string {
  switch (reason) {
    case 'timeout':
      return 'did not answer in time';
    case 'failed':
      return 'could not be captured';
    case 'vanished':
      return 'was suddenly empty, its last good items are kept';
    case 'unreadable':
      return 'could not be read';
    case 'too-large':
      return 'was too large and left out or cut';
    case 'partial':
      return 'was read in part; the rest follows';
    default:
      return assertNever(reason);
  }
}
