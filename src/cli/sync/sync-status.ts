// What the commands of `cairn sync` share: how they get at sync, and how it stands in words.

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncStatus } from '../../shared/contract/sync.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type CommandContext } from '../context.ts';
import type { OpenCore, SyncControl } from '../core.ts';
import type { ExitCode } from '../exit-code.ts';
import { formatCount } from '../format/amounts.ts';
import { describeTime } from '../format/times.ts';

/** Of a name in one line. */
export const MAX_TEXT = 200;

/** @throws AppError VAULT_READ_ONLY where there is no sync */
export function withSync(
  context: CommandContext,
  work: (sync: SyncControl, open: OpenCore) => Promise<void>,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    if (open.sync === undefined)
      throw new AppError('VAULT_READ_ONLY', 'This vault can only be read, so it does not sync.', {
        hint: 'See what keeps it from being written: `cairn status`.',
      });
    await work(open.sync, open);
  });
}

/** Prints how sync stands. */
export function tellStatus(status: SyncStatus, context: CommandContext): void {
  context.out.result(status, () => renderStatus(status, context));
}

function renderStatus(status: SyncStatus, context: CommandContext): string[] {
  const { style } = context.out;
  const nowMs = context.nowMs();
  const { account, device, waiting, error, troubles } = status;
  if (account === null) return ['Sync is off: nobody is logged in. `cairn sync login SERVER` turns it on.'];
  const level = status.lastSyncAt === null ? 'never yet' : describeTime(Date.parse(status.lastSyncAt), nowMs);
  return [
    `Sync is ${status.isOn ? style.green('on') : 'off'}${stateWords(status)}: ${account.email} at ${account.server}.`,
    ...(device === null ? [] : [`This device is ${style.bold(toPlainLine(device.name, MAX_TEXT))}.`]),
    `Level with the server: ${level}. ${waitingWords(waiting)}`,
    ...(error === null ? [] : [style.red(error.message), error.hint].filter((line) => line !== '')),
    ...troubles.map((trouble) =>
      style.yellow(`${toPlainLine(trouble.deviceName, MAX_TEXT)}: ${trouble.error.message}`),
    ),
    ...(status.pendingJoins === 0 ? [] : ['A new device asks to be let in: `cairn sync approve`.']),
    ...(status.conflicts === 0
      ? []
      : [`${formatCount(status.conflicts)} edits were made apart: \`cairn sync conflicts\`.`]),
  ];
}

/** Where nothing goes on by itself, as in a command without a running app, there is no connection to speak of. */
function stateWords({ isOn, state, error }: SyncStatus): string {
  return !isOn || (state === 'disconnected' && error === null) ? '' : `, ${state}`;
}

function waitingWords({ snapshots, entries }: SyncStatus['waiting']): string {
  const waiting = [
    ...(snapshots === 0 ? [] : [`${formatCount(snapshots)} ${snapshots === 1 ? 'snapshot' : 'snapshots'}`]),
    ...(entries === 0 ? [] : [`${formatCount(entries)} signed ${entries === 1 ? 'entry' : 'entries'}`]),
  ];
  if (waiting.length === 0) return 'Nothing waits.';
  return `${waiting.join(' and ')} ${snapshots + entries === 1 ? 'waits' : 'wait'} to be sent.`;
}
