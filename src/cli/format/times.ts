// Times as people read and type them. Stored times are UTC; what is printed for people is local.

import { AppError } from '../../shared/model/app-error.ts';
import { countOf } from './amounts.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Below this an age is "just now": the numbers would change while they are read. */
const JUST_NOW_MS = 5 * SECOND_MS;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const AGE = /^(\d{1,6})\s*(s|m|h|d|w)$/;
const AGE_UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const DATE_AND_TIME = /^\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}/;

/** An age in words: `just now`, `2 minutes ago`, `3 weeks ago`. A time ahead of the clock says so. */
export function describeAge(timeMs: number, nowMs: number): string {
  const ageMs = nowMs - timeMs;
  if (ageMs < -MINUTE_MS) return `in ${describeSpan(-ageMs)}`;
  return ageMs < JUST_NOW_MS ? 'just now' : `${describeSpan(ageMs)} ago`;
}

/** A length of time in its largest whole unit: `12 seconds`, `3 hours`, `5 months`. */
export function describeSpan(spanMs: number): string {
  if (spanMs < MINUTE_MS) return countOf(Math.max(1, Math.floor(spanMs / SECOND_MS)), 'second');
  if (spanMs < HOUR_MS) return countOf(Math.floor(spanMs / MINUTE_MS), 'minute');
  if (spanMs < 2 * DAY_MS) return countOf(Math.floor(spanMs / HOUR_MS), 'hour');
  const days = Math.floor(spanMs / DAY_MS);
  if (days < 14) return countOf(days, 'day');
  if (days < 60) return countOf(Math.floor(days / 7), 'week');
  return days < 730 ? countOf(Math.floor(days / 30), 'month') : countOf(Math.floor(days / 365), 'year');
}

/** The local clock as short as it stays clear: `14:02` today, `18 Nov 14:02` this year, `2025-11-18 14:02` before. */
export function formatClock(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  const now = new Date(nowMs);
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.getFullYear() !== now.getFullYear()) {
    return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
  }
  const isToday = time.getMonth() === now.getMonth() && time.getDate() === now.getDate();
  return isToday ? clock : `${time.getDate()} ${MONTHS[time.getMonth()] ?? ''} ${clock}`;
}

/** `2 minutes ago (14:02)`: what one time looks like in a sentence. */
export function describeTime(timeMs: number, nowMs: number): string {
  return `${describeAge(timeMs, nowMs)} (${formatClock(timeMs, nowMs)})`;
}

/** The local clock with seconds, for lines that are logged as they happen. */
export function formatSecond(timeMs: number): string {
  const time = new Date(timeMs);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

export function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/**
 * Reads a time that a user typed: an age (`2h`, `3d`), a local clock time of today (`14:02`), `now`, `today`, `yesterday`, a
 * date (its local midnight) or an ISO 8601 time.
 * @throws AppError USAGE_INVALID, naming the option
 */
export function parseTime(text: string, nowMs: number, option: string): number {
  const typed = text.trim().toLowerCase();
  const age = AGE.exec(typed);
  if (age !== null) return nowMs - Number(age[1]) * (AGE_UNIT_MS[age[2] ?? ''] ?? 0);
  if (typed === 'now') return nowMs;
  if (typed === 'today') return localMidnight(nowMs, 0);
  if (typed === 'yesterday') return localMidnight(nowMs, -1);
  const clock = CLOCK.exec(typed);
  if (clock !== null) return new Date(nowMs).setHours(Number(clock[1]), Number(clock[2]), 0, 0);
  // A date alone would be read as UTC; a person means the day here.
  const iso = DATE.test(typed) ? `${typed}T00:00` : text.trim();
  const timeMs = DATE.test(typed) || DATE_AND_TIME.test(typed) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new AppError('USAGE_INVALID', `${option} is not a time.`, {
      hint: 'Give an age such as 2h or 3d, a clock time such as 14:02, a date, or an ISO 8601 time.',
    });
  }
  return timeMs;
}

/**
 * Reads a time to come: in how long (`7d`, `12h`), a date or an ISO 8601 time.
 * @throws AppError USAGE_INVALID, naming the option
 */
export function parseUntil(text: string, nowMs: number, option: string): number {
  const span = AGE.exec(text.trim().toLowerCase());
  const timeMs =
    span === null ? parseTime(text, nowMs, option) : nowMs + Number(span[1]) * (AGE_UNIT_MS[span[2] ?? ''] ?? 0);
  if (timeMs > nowMs) return timeMs;
  throw new AppError('USAGE_INVALID', `${option} takes a time to come.`, {
    hint: 'Such as 7d, a date, or an ISO 8601 time.',
  });
}

function localMidnight(nowMs: number, days: number): number {
  const day = new Date(nowMs);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
