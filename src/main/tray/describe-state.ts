// How things stand, in a few words: what the tray says, and what trouble is told with.

import { assertNever } from '../../shared/model/app-error.ts';
import type { Status } from '../../shared/contract/schemas.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface StateFacts {
  readonly nowMs: number;
  readonly formatTime: (timeMs: number) => string;
}

/** "captured 12 s ago", "paused until 14:30", "locked, still recording write-only", "no capture for 2 h". */
export function describeState(status: Status, facts: StateFacts): string {
  const { vault } = status;
  switch (vault) {
    case 'missing':
      return 'not set up yet';
    case 'damaged':
      return 'the vault cannot be opened';
    case 'locked':
      return describeLocked(status, facts);
    case 'unlocked':
      return describeUnlocked(status, facts);
    default:
      return assertNever(vault);
  }
}

/** Which picture stands in the tray. */
export function trayLook({ vault, capture }: Status): 'normal' | 'paused' | 'locked' {
  if (vault === 'locked') return 'locked';
  // Whatever the reason, the picture must not say that something is captured when nothing is.
  const isOn = capture.state === 'waiting' || capture.state === 'capturing';
  return isOn && !capture.isLate ? 'normal' : 'paused';
}

/** "12 s", "5 min", "2 h", "3 days". */
export function describeAge(ageMs: number): string {
  if (ageMs < MINUTE_MS) return `${Math.max(0, Math.floor(ageMs / 1_000))} s`;
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min`;
  return ageMs < 2 * DAY_MS ? `${Math.floor(ageMs / HOUR_MS)} h` : `${Math.floor(ageMs / DAY_MS)} days`;
}

function describeLocked({ capture }: Status, facts: StateFacts): string {
  if (capture.state === 'locked-writing') return 'locked, still recording write-only';
  if (capture.state === 'paused') return `locked, ${describePause(capture, facts)}`;
  return capture.state === 'failing' ? 'locked, captures fail' : 'locked, not recording';
}

function describeUnlocked(status: Status, facts: StateFacts): string {
  if (status.readOnly !== undefined) return 'the vault is damaged: only read, not recording';
  const words = describeOpenCapture(status, facts);
  return status.health?.damage === undefined ? words : `${words}; damage was found in the vault`;
}

function describeOpenCapture({ capture }: Status, facts: StateFacts): string {
  const age = capture.lastAt === undefined ? null : describeAge(facts.nowMs - Date.parse(capture.lastAt));
  if (capture.state === 'paused') return describePause(capture, facts);
  if (capture.state === 'off') return 'no source is turned on';
  if (capture.isLate) return age === null ? 'nothing captured yet' : `no capture for ${age}`;
  if (capture.state === 'failing')
    return age === null ? 'the capture failed' : `the capture failed, last one ${age} ago`;
  return age === null ? 'the first capture is under way' : `captured ${age} ago`;
}

function describePause({ pausedUntil }: Status['capture'], { formatTime }: StateFacts): string {
  return pausedUntil === undefined ? 'paused until resumed' : `paused until ${formatTime(Date.parse(pausedUntil))}`;
}
