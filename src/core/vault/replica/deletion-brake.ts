// The brake (S8): a sync that would remove much at once stops and asks.

import { AppError } from '../../../shared/model/app-error.ts';

/** More deletions than this, or than the share of all, are asked about first (S8). */
const BRAKE_ITEMS = 50;
const BRAKE_SHARE = 0.05;
/** Below so many things a share says nothing. */
const BRAKE_FROM = 20;

/** What is overwritten is as good as deleted. Secrets are short: more than this is something else. */
const BRAKE_BYTES = 256 * 1024;

/** Too many deletions at once, and nobody has agreed to them. */
export function asksFirst(count: number, of: number): AppError {
  return new AppError(
    'SYNC_ASKS',
    `Another device deleted ${count} of ${of} things that are kept here. Nothing of it was applied yet.`,
    { hint: 'Look whether that was meant: `cairn sync now --accept-deletions` applies it.' },
  );
}

/** True where so many deletions are not applied without asking. */
export function isBraked(count: number, of: number): boolean {
  return count > 0 && (count > BRAKE_ITEMS || (of >= BRAKE_FROM && count > of * BRAKE_SHARE));
}

/** True where so many bytes are not overwritten without asking. */
export function isTooMuchOverwritten(bytes: number): boolean {
  return bytes > BRAKE_BYTES;
}

/** Too much is overwritten at once, and nobody has agreed to it. */
export function asksToOverwrite(bytes: number): AppError {
  return new AppError(
    'SYNC_ASKS',
    `Another device overwrote ${Math.ceil(bytes / 1024)} KB of its history. Nothing of it was applied to the copy here yet.`,
    { hint: 'Look whether that was meant: `cairn sync now --accept-deletions` applies it.' },
  );
}
