// The limits of retention as a person types them.

import type { RetentionLimits } from '../../../shared/model/retention.ts';

export const LIMITS: ReadonlyArray<{
  readonly name: keyof RetentionLimits;
  readonly label: string;
  readonly hint: string;
}> = [
  { name: 'allHours', label: 'Every snapshot, hours', hint: 'All of them stay. At least 1.' },
  { name: 'hourlyDays', label: 'One an hour, days', hint: '0 keeps none of these.' },
  { name: 'dailyDays', label: 'One a day, days', hint: 'Older snapshots go.' },
  { name: 'checkpointDays', label: 'Checkpoints, days', hint: 'Pinned ones stay for ever.' },
  { name: 'inactiveDays', label: 'Silent sources, days', hint: 'Then inactive; the last good state stays.' },
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
