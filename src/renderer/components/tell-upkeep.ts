// How verification and backups stand, in sentences with a tone: what is well stays short, what is not says what to do. Pure.

import type { Status } from '../../shared/contract/schemas.ts';
import type { Statistics } from '../../shared/contract/statistics.ts';
import { formatAge } from './format.ts';

const DAY_MS = 86_400_000;
const BACKUP_IS_OLD_MS = 7 * DAY_MS;
const VERIFY_IS_OLD_MS = 30 * DAY_MS;

export interface Fact {
  readonly id: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'info';
  readonly text: string;
}

/** Sentences about verification and backups. @param health what is known of the open vault, absent until it was asked */
export function tellUpkeep(
  { lastVerifiedAt, lastBackupAt, snapshots }: Statistics,
  nowMs: number,
  health: Status['health'],
): readonly Fact[] {
  return [
    ...verified(lastVerifiedAt, health, nowMs),
    snapshots === 0
      ? { id: 'backup', tone: 'info', text: 'There is nothing to back up yet.' }
      : backedUp(lastBackupAt, nowMs),
  ];
}

function verified(wholeAt: string | undefined, health: Status['health'], nowMs: number): Fact[] {
  const { quickAt, deepAt, pass, damage } = health ?? {};
  const newestMs = Math.max(...[wholeAt, deepAt, quickAt].map((at) => (at === undefined ? 0 : Date.parse(at))));
  const everythingMs = Math.max(...[wholeAt, deepAt].map((at) => (at === undefined ? 0 : Date.parse(at))));
  const going =
    pass === undefined
      ? ''
      : ` Everything is being looked through in idle time: ${Math.floor((100 * pass.done) / Math.max(1, pass.total))} %.`;
  if (damage !== undefined)
    return [{ id: 'verify', tone: 'bad', text: `${damage.text} Found ${formatAge(damage.foundAt, nowMs)}.${going}` }];
  if (newestMs === 0) return [{ id: 'verify', tone: 'info', text: `The vault was not verified yet.${going}` }];
  const isOld = everythingMs > 0 && nowMs - everythingMs > VERIFY_IS_OLD_MS && pass === undefined;
  const everything =
    everythingMs === 0 || everythingMs === newestMs ? '' : `, everything ${ageOf(everythingMs, nowMs)}`;
  return [
    {
      id: 'verify',
      tone: isOld ? 'warn' : 'good',
      text: `Last verified ${ageOf(newestMs, nowMs)}${everything}, and whole.${going}`,
    },
  ];
}

function ageOf(timeMs: number, nowMs: number): string {
  return formatAge(new Date(timeMs).toISOString(), nowMs);
}

function backedUp(at: string | undefined, nowMs: number): Fact {
  if (at === undefined) return { id: 'backup', tone: 'warn', text: 'There is no backup yet.' };
  const isOld = nowMs - Date.parse(at) > BACKUP_IS_OLD_MS;
  return {
    id: 'backup',
    tone: isOld ? 'warn' : 'good',
    text: isOld
      ? `No backup for long: the last one is of ${formatAge(at, nowMs)}.`
      : `Last proven backup ${formatAge(at, nowMs)}.`,
  };
}
