// How things stand, in sentences with a tone: what is well stays short, what is not says what to do. Pure.

import type { Status } from '../../../shared/contract/schemas.ts';
import type { Statistics } from '../../../shared/contract/statistics.ts';
import { formatAge, formatMoment, plural } from '../../components/format.ts';

const DAY_MS = 86_400_000;
const BACKUP_IS_OLD_MS = 7 * DAY_MS;
const VERIFY_IS_OLD_MS = 30 * DAY_MS;

export interface Fact {
  readonly id: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'info';
  readonly text: string;
}

/** The sentence about captures of a damaged vault. */
export function tellReadOnly(): Fact {
  return {
    id: 'capture',
    tone: 'bad',
    text: 'Nothing is captured: the vault is damaged and open for reading only. Repair it on the Recovery screen.',
  };
}

/** One sentence about the captures. */
export function tellCapture({ state, lastAt, intervalSeconds, pausedUntil, failure, isLate }: Status['capture']): Fact {
  const last = lastAt === undefined ? 'Nothing was captured yet.' : `Last captured ${formatAge(lastAt)}.`;
  const fact = (tone: Fact['tone'], text: string): Fact => ({ id: 'capture', tone, text: `${text} ${last}` });
  switch (state) {
    case 'off':
      return fact('warn', 'Nothing is captured: no source is turned on.');
    case 'paused':
      return fact(
        'warn',
        pausedUntil === undefined
          ? 'Captures are paused until you resume them.'
          : `Captures are paused until ${formatMoment(pausedUntil)}.`,
      );
    case 'failing':
      return fact('bad', `Captures fail: ${failure === undefined ? 'the reason is not known.' : failure.message}`);
    case 'locked-writing':
      return fact('info', 'The vault is locked, and captures go on write-only.');
    case 'capturing':
    case 'waiting':
      return isLate
        ? fact('warn', `The last capture is late; they should come every ${plural(intervalSeconds, 'second')}.`)
        : fact('good', `Captures run, every ${plural(intervalSeconds, 'second')}.`);
  }
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

/** What was found while the vault was opened, and sources that could not be read. */
export function tellNotices({ notices, sources }: Status): readonly Fact[] {
  const failing = sources.filter(({ isEnabled, problem }) => isEnabled && problem !== undefined);
  return [
    ...notices.map(({ message, isDamage }, at): Fact => ({
      id: `notice-${at}`,
      tone: isDamage ? 'warn' : 'info',
      text: message,
    })),
    ...failing.map(({ id, title, problem }): Fact => ({
      id: `source-${id}`,
      tone: 'warn',
      text: `${title} could not be read last time: ${problem ?? ''}`,
    })),
  ];
}
