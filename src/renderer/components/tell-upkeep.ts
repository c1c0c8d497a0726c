// How verification and backups stand, in sentences with a tone: what is well stays short, what is not says what to do. Pure.

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

/** Sentences about verification and backups. */
export function tellUpkeep({ lastVerifiedAt, lastBackupAt, snapshots }: Statistics, nowMs: number): readonly Fact[] {
  return [
    verified(lastVerifiedAt, nowMs),
    snapshots === 0
      ? { id: 'backup', tone: 'info', text: 'There is nothing to back up yet.' }
      : backedUp(lastBackupAt, nowMs),
  ];
}

function verified(at: string | undefined, nowMs: number): Fact {
  if (at === undefined) return { id: 'verify', tone: 'info', text: 'The vault was not verified yet.' };
  const isOld = nowMs - Date.parse(at) > VERIFY_IS_OLD_MS;
  return {
    id: 'verify',
    tone: isOld ? 'warn' : 'good',
    text: `The vault was verified ${formatAge(at, nowMs)}, and was whole.`,
  };
}

function backedUp(at: string | undefined, nowMs: number): Fact {
  if (at === undefined) return { id: 'backup', tone: 'warn', text: 'There is no backup yet.' };
  const isOld = nowMs - Date.parse(at) > BACKUP_IS_OLD_MS;
  return {
    id: 'backup',
    tone: isOld ? 'warn' : 'good',
    text: isOld
      ? `No backup for long: the last one is of ${formatAge(at, nowMs)}.`
      : `Backed up ${formatAge(at, nowMs)}.`,
  };
}
