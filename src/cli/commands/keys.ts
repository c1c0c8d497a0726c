// `cairn keys list|rotate|change-password|add-recovery`: what opens the vault.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { KeysInfo } from '../../core/vault/vault.ts';
import { doneWithVault, withProgress, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime, toIso } from '../format/times.ts';
import { askNewPassword, readSecretFile } from '../password.ts';
import { reserveRecoveryKeyFile, renderRecoveryKey } from '../recovery-key-file.ts';
import type { View } from '../render/checkpoints.ts';

export interface ChangePasswordOptions {
  readonly newPasswordFile?: string;
}

export interface AddRecoveryOptions {
  readonly output?: string;
}

export function setupKeys(command: Command, act: Act): void {
  command
    .command('list')
    .description('list the key slots and the epoch')
    .action(() => act(runKeysList));
  command
    .command('rotate')
    .description('make new data keys and seal everything anew; goes on where it was interrupted')
    .action(() => act(runKeysRotate));
  command
    .command('change-password')
    .description('set a new password; the data stays as it is')
    .option('--new-password-file <file>', 'read the new password from a file instead of asking')
    .action((options: ChangePasswordOptions) => act((context) => runChangePassword(options, context)));
  command
    .command('add-recovery')
    .description('make a new recovery key; the old one no longer opens the vault')
    .option('--output <file>', 'write it into a new file (0600) instead of printing it')
    .action((options: AddRecoveryOptions) => act((context) => runAddRecovery(options, context)));
}

export function runKeysList(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const keys = await open.vault.keys(context.nowMs());
    const view = { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
    context.out.result(keysDocument(keys), () => renderKeys(keys, view));
  });
}

export function keysDocument(keys: KeysInfo): object {
  return {
    slots: keys.slots.map(({ type, createdAtMs, detail, isWhole }) => ({
      type,
      createdAt: toIso(createdAtMs),
      detail,
      whole: isWhole,
    })),
    epoch: keys.epoch,
    epochCreatedAt: toIso(keys.epochCreatedAtMs),
    rotation: keys.rotation,
    rotationAdvised: keys.isRotationAdvised,
  };
}

function renderKeys(keys: KeysInfo, view: View): string[] {
  const { style, nowMs } = view;
  const rows = keys.slots.map((slot): Cell[] => [
    { text: slot.type === 'recovery' ? 'recovery key' : slot.type, paint: style.bold },
    describeTime(slot.createdAtMs, nowMs),
    slot.isWhole ? { text: 'whole', paint: style.green } : { text: 'damaged', paint: style.red },
    { text: slot.detail, paint: style.dim },
  ]);
  const columns = [{ title: 'KEY SLOT' }, { title: 'MADE' }, { title: 'STATE' }, { title: 'DETAIL', canShrink: true }];
  return [
    ...renderTable(columns, rows, { width: view.width, paintTitle: style.dim }),
    '',
    `Data keys: epoch ${keys.epoch}, made ${describeTime(keys.epochCreatedAtMs, nowMs)}.`,
    ...describeRotation(keys),
  ];
}

function describeRotation(keys: KeysInfo): string[] {
  if (keys.rotation !== null) {
    const { done, total } = keys.rotation;
    return [
      `A rotation was begun: ${formatCount(done)} of ${formatCount(total)} records done. \`cairn keys rotate\` goes on.`,
    ];
  }
  return keys.isRotationAdvised ? ['They are older than 90 days: `cairn keys rotate` makes new ones.'] : [];
}

export function runKeysRotate(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(
    context,
    async (open) => {
      const { done } = await withProgress(context, 'Sealing anew', (work) =>
        open.vault.rotate({ ...work, nowMs: context.nowMs() }).catch((error: unknown) => {
          if (!(error instanceof AppError) || error.code !== 'CANCELLED') throw error;
          throw new AppError('CANCELLED', 'The rotation was cancelled; what was sealed anew stays so.', {
            hint: '`cairn keys rotate` goes on where it stands; until then everything can be read as before.',
            isRetryable: true,
          });
        }),
      );
      const { epoch } = await open.vault.keys(context.nowMs());
      context.out.result({ epoch, resealed: done }, () => [
        `Sealed ${formatCount(done)} records anew; the data keys are now epoch ${epoch}. Passwords and recovery key stay the same.`,
      ]);
    },
    { needsOwn: true },
  );
}

export function runChangePassword(options: ChangePasswordOptions, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(
    context,
    async (open) => {
      const password = await readNewPassword(options, context);
      await open.vault.changePassword(password, context.nowMs());
      context.out.result({ changed: true }, () => [
        'The password is changed. Older backups still open with the old one.',
      ]);
    },
    { needsOwn: true },
  );
}

async function readNewPassword(options: ChangePasswordOptions, context: CommandContext): Promise<string> {
  const { core, prompter, out } = context;
  if (options.newPasswordFile !== undefined) {
    const password = await readSecretFile(options.newPasswordFile, '--new-password-file', {
      warn: (line) => out.warn(line),
    });
    await core.assessPassword(password);
    return password;
  }
  if (prompter !== null) return askNewPassword(prompter, (password) => core.assessPassword(password), 'New password');
  throw new AppError('USAGE_INVALID', 'No new password was given.', { hint: 'Give --new-password-file FILE.' });
}

export function runAddRecovery(options: AddRecoveryOptions, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(
    context,
    async (open) => {
      const file = options.output === undefined ? null : await reserveRecoveryKeyFile(options.output, '--output');
      const recoveryKey = await open.vault.replaceRecoveryKey(context.nowMs()).catch(async (error: unknown) => {
        await file?.discard();
        throw error;
      });
      await file?.write(recoveryKey);
      context.out.result(file === null ? { recoveryKey } : { recoveryKeyFile: file.path }, () => [
        'A new recovery key was made; the old one no longer opens the vault.',
        ...renderRecoveryKey(recoveryKey, file?.path ?? null, context.out.style),
      ]);
    },
    { needsOwn: true },
  );
}
