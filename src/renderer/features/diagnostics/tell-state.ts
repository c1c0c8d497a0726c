// How things stand, in sentences with a tone: what is well stays short, what is not says what to do. Pure.

import type { Status } from '../../../shared/contract/schemas.ts';
import { formatAge, formatMoment, plural } from '../../components/format.ts';
import type { Fact } from '../../components/tell-upkeep.ts';

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
