// `cairn backup`: a verified copy of the vault now.

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { doneWithVault, withProgress, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, formatBytes, formatCount } from '../format/amounts.ts';
import { wholeNumber } from '../options.ts';

const MAX_BACKUPS = 1000;

export interface BackupOptions {
  readonly folder?: string;
  readonly keep?: number;
}

export function setupBackup(command: Command, act: Act): void {
  command
    .option('--folder <dir>', 'where to put it (default: config backup.folder)')
    .option(
      '--keep <count>',
      'how many to keep (default: config backup.keep)',
      wholeNumber({ min: 1, max: MAX_BACKUPS }),
    )
    .action((options: BackupOptions) => act((context) => runBackup(options, context)));
}

export function runBackup(options: BackupOptions, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const settings = await context.core.readSettings();
    const folder = options.folder === undefined ? settings.backup.folder : resolve(options.folder);
    const report = await withProgress(context, 'Backing up', (work) =>
      open.vault.backup({ ...work, folder, keep: options.keep ?? settings.backup.keep, nowMs: context.nowMs() }),
    );
    context.out.result({ folder, ...report }, () => [
      `Backed up ${formatBytes(report.sizeBytes)} to ${report.name}, and proved it: ${formatCount(report.checked)} sealed records checked.`,
      ...(report.removed.length === 0 ? [] : [`Let go of ${countOf(report.removed.length, 'older backup')}.`]),
    ]);
  });
}
