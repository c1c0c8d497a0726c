// `cairn sync`: log in, on and off, now, how it stands, the devices, joining, and what was edited apart.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncConflict, SyncDevice, SyncJoin, SyncStatus } from '../../shared/contract/sync.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { Act, CommandContext } from '../context.ts';
import type { SyncControl } from '../core.ts';
import { formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import { setupLogIn } from '../sync/log-in.ts';
import { MAX_TEXT, tellStatus, withSync } from '../sync/sync-status.ts';

export function setupSync(command: Command, act: Act): void {
  setupLogIn(command, act);
  simple(command, act, 'logout', 'log out; what was synced stays on both sides', (sync) => sync.logout());
  simple(command, act, 'on', 'turn sync on', (sync) => sync.setOn(true));
  simple(command, act, 'off', 'turn sync off; nothing leaves this device', (sync) => sync.setOn(false));
  command
    .command('now')
    .description('make everything level now')
    .option('--accept-deletions', 'apply also more deletions than are applied without asking')
    .action((options: { readonly acceptDeletions?: boolean }) =>
      act((context) =>
        withSync(context, async (sync) =>
          tellStatus(await sync.now({ acceptDeletions: options.acceptDeletions === true }), context),
        ),
      ),
    );
  simple(command, act, 'status', 'how it stands, and what waits', (sync) => sync.status());
  command
    .command('devices')
    .description('the devices of this vault')
    .action(() => act((context) => withSync(context, async (sync) => tellDevices(await sync.devices(), context))));
  command
    .command('rename')
    .argument('<name>', 'what the others call this device from now on')
    .description('give this device another name')
    .action((name: string) =>
      act((context) => withSync(context, async (sync) => tellStatus(await sync.rename(name), context))),
    );
  command
    .command('revoke')
    .argument('<device>', 'a name, an id, or the beginning of one')
    .description('end a device: the server takes and gives nothing more; what it has, it keeps')
    .action((device: string) =>
      act((context) => withSync(context, async (sync) => tellDevices(await sync.revoke(device), context))),
    );
  command
    .command('approve')
    .argument('[device]', 'the new device; without it, those that ask are listed')
    .option('--words <words>', 'the words that the new device shows (else asked)')
    .option('--refuse', 'do not let it in')
    .description("let a new device in: it gets the vault's key")
    .action((device: string | undefined, options: { readonly words?: string; readonly refuse?: boolean }) =>
      act((context) => withSync(context, (sync) => approve(sync, device, options, context))),
    );
  command
    .command('conflicts')
    .argument('[entity]', 'with a field: what it is about')
    .argument('[field]', 'the field to decide')
    .option('--take <number>', 'the value to take: 0 for the one shown now, 1 for the first of the others ...')
    .description('what was edited on several devices apart')
    .action((entity: string | undefined, field: string | undefined, options: { readonly take?: string }) =>
      act((context) => withSync(context, (sync) => decide(sync, entity, field, options, context))),
    );
}

function simple(
  command: Command,
  act: Act,
  name: string,
  description: string,
  work: (sync: SyncControl) => Promise<SyncStatus>,
): void {
  command
    .command(name)
    .description(description)
    .action(() => act((context) => withSync(context, async (sync) => tellStatus(await work(sync), context))));
}

function tellDevices(devices: readonly SyncDevice[], context: CommandContext): void {
  context.out.result({ devices }, () => {
    const { style, width } = context.out;
    const when = (at: string | null): string => (at === null ? 'never' : describeTime(Date.parse(at), context.nowMs()));
    const rows = devices.map((device): Cell[] => [
      { text: toPlainLine(device.name, MAX_TEXT), paint: style.bold },
      stateOf(device),
      formatCount(device.snapshots),
      when(device.newestAt),
      when(device.lastSeenAt),
      { text: device.id.slice(0, 8), paint: style.dim },
    ]);
    const titles = ['DEVICE', 'STATE', 'SNAPSHOTS', 'NEWEST', 'SEEN', 'ID'];
    return renderTable(
      titles.map((title) => ({ title })),
      rows,
      { width, paintTitle: style.dim },
    );
  });
}

function stateOf({ isThis, wasThis, state }: SyncDevice): string {
  if (isThis) return 'this one';
  return wasThis === true ? `${state}, was this one` : state;
}

async function approve(
  sync: SyncControl,
  device: string | undefined,
  options: { readonly words?: string; readonly refuse?: boolean },
  context: CommandContext,
): Promise<void> {
  const { out, prompter } = context;
  const joins = await sync.joins();
  const found =
    device === undefined ? joins : joins.filter((join) => join.name === device || join.id.startsWith(device));
  const [join] = found;
  const isAnswer = device !== undefined || options.words !== undefined || prompter !== null;
  if (join === undefined || found.length > 1 || !isAnswer || (out.isJson && device === undefined)) {
    out.result({ joins: found }, () => renderJoins(found));
    return;
  }
  if (options.refuse === true) {
    const left = await sync.answerJoin(join.id, { answer: 'refuse' });
    out.result({ joins: left }, () => [`${toPlainLine(join.name, MAX_TEXT)} was not let in.`]);
    return;
  }
  const isSame =
    options.words === undefined
      ? prompter !== null &&
        (await prompter.confirm(`Does ${toPlainLine(join.name, MAX_TEXT)} show "${join.words}"?`, {
          isDefaultYes: false,
        }))
      : options.words.trim().toLowerCase() === join.words;
  if (!isSame)
    throw new AppError('SYNC_TAMPERED', 'The words are not the same, so the device was not let in.', {
      hint: 'Compare them once more. If they differ, somebody stands between: refuse it with `cairn sync approve --refuse`.',
    });
  const left = await sync.answerJoin(join.id, { answer: 'approve', words: join.words });
  out.result({ joins: left }, () => [`${toPlainLine(join.name, MAX_TEXT)} has the vault's key now.`]);
}

function renderJoins(joins: readonly SyncJoin[]): string[] {
  if (joins.length === 0) return ['No device asks to be let in.'];
  return joins.map((join) => `${toPlainLine(join.name, MAX_TEXT)} (${join.id.slice(0, 8)}) shows: ${join.words}`);
}

async function decide(
  sync: SyncControl,
  entity: string | undefined,
  field: string | undefined,
  options: { readonly take?: string },
  context: CommandContext,
): Promise<void> {
  const conflicts = await sync.conflicts();
  if (entity === undefined || field === undefined || options.take === undefined) {
    context.out.result({ conflicts }, () => renderConflicts(conflicts));
    return;
  }
  const found = conflicts.find((conflict) => conflict.entity === entity && conflict.field === field);
  const chosen = found === undefined ? undefined : [found.current, ...found.others][Number(options.take)];
  if (chosen === undefined)
    throw new AppError('USAGE_INVALID', 'There is no such value to take.', {
      hint: 'See what there is: `cairn sync conflicts`.',
    });
  const left = await sync.resolve(entity, field, chosen.value);
  context.out.result({ conflicts: left }, () => renderConflicts(left));
}

function renderConflicts(conflicts: readonly SyncConflict[]): string[] {
  if (conflicts.length === 0) return ['Nothing was edited apart.'];
  return conflicts.flatMap(({ entity, title, field, current, others }) => [
    `${toPlainLine(title, MAX_TEXT)}, ${field} (${entity} ${field}):`,
    ...[current, ...others].map(
      ({ value, deviceName }, at) =>
        `  ${at}  ${toPlainLine(JSON.stringify(value), MAX_TEXT)}  by ${toPlainLine(deviceName, MAX_TEXT)}${at === 0 ? ', shown now' : ''}`,
    ),
  ]);
}
