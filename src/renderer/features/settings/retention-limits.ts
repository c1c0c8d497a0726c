// The limits of retention as a person types them.

import type { RetentionLimits } from '../../../shared/model/retention.ts';

export const LIMITS: ReadonlyArray<{
  readonly name: keyof RetentionLimits;
  readonly label: string;
  readonly hint: string;
}> = [
  { name: 'allHours', label: 'Every snapshot stays, hours', hint: 'At least 1.' },
  { name: 'hourlyDays', label: 'Then one an hour stays, days', hint: '0 keeps none of these.' },
  { name: 'dailyDays', label: 'Then one a day stays, days', hint: 'Older snapshots go.' },
  { name: 'checkpointDays', label: 'Checkpoints stay, days', hint: 'Pinned ones stay for ever.' },
  { name: 'inactiveDays', label: 'A silent source is inactive after, days', hint: 'Its last good state stays.' },
];

export type LimitTexts = Readonly<Record<keyof RetentionLimits, string>>;

/** The limits as numbers; null while one of them is none. */
export function parseLimits(texts: LimitTexts): RetentionLimits | null {
  if (!LIMITS.every(({ name }) => /^\d{1,5}$/.test(texts[name].trim()))) return null;
  return {
    allHours: Number(texts.allHours),
    hourlyDays: Number(texts.hourlyDays),
    dailyDays: Number(texts.dailyDays),
    checkpointDays: Number(texts.checkpointDays),
    inactiveDays: Number(texts.inactiveDays),
  };
}
