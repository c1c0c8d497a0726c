// Times, sizes and counts as people say them.

import type { ItemKind } from '../../shared/model/item.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Short and without a half of the day, as terminals and logs have it. */
export const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const timeOfDay = new Intl.DateTimeFormat(undefined, HOURS);
const timeWithSeconds = new Intl.DateTimeFormat(undefined, { ...HOURS, second: '2-digit' });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const wholeDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' });
const numbers = new Intl.NumberFormat();

/** "14:02". */
export function formatTime(iso: string): string {
  return timeOfDay.format(new Date(iso));
}

/** "14:02:31". */
export function formatSecond(iso: string): string {
  return timeWithSeconds.format(new Date(iso));
}

/** "Today", "Yesterday", "Tue, 17 Nov". */
export function formatDay(iso: string, nowMs = Date.now()): string {
  const day = startOfDay(Date.parse(iso));
  const today = startOfDay(nowMs);
  if (day === today) return 'Today';
  if (day === startOfDay(today - HOUR_MS)) return 'Yesterday';
  return dayAndMonth.format(new Date(iso));
}

export function startOfDay(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}

/** "Today 14:02", for a point in a sentence. */
export function formatMoment(iso: string, nowMs = Date.now()): string {
  return `${formatDay(iso, nowMs)} ${formatTime(iso)}`;
}

export function formatWhole(iso: string): string {
  return wholeDate.format(new Date(iso));
}

/** "12 seconds ago", "3 hours ago", "in 4 days". */
export function formatAge(iso: string, nowMs = Date.now()): string {
  const ms = nowMs - Date.parse(iso);
  if (Math.abs(ms) < 5_000) return 'just now';
  const span = formatSpan(Math.abs(ms));
  return ms < 0 ? `in ${span}` : `${span} ago`;
}

/** "12 seconds", "3 hours": the largest unit that fits. */
export function formatSpan(ms: number): string {
  if (ms < MINUTE_MS) return plural(Math.round(ms / 1_000), 'second');
  if (ms < HOUR_MS) return plural(Math.round(ms / MINUTE_MS), 'minute');
  if (ms < 2 * DAY_MS) return plural(Math.round(ms / HOUR_MS), 'hour');
  return plural(Math.round(ms / DAY_MS), 'day');
}

export function formatCount(count: number): string {
  return numbers.format(count);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "4.2 MB"; powers of 1,000, as file managers count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? 'B'}`;
}

export const KIND_NAMES: Readonly<Record<ItemKind, { readonly one: string; readonly many: string }>> = {
  terminal: { one: 'terminal', many: 'terminals' },
  tab: { one: 'tab', many: 'tabs' },
  conversation: { one: 'conversation', many: 'conversations' },
  document: { one: 'file', many: 'files' },
  repository: { one: 'repository', many: 'repositories' },
};
