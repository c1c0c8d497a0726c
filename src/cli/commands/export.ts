// `cairn export`: what can be read of the vault, healthy or damaged, as plain files that need no Cairn.

import { resolve } from 'node:path';

import type { Command } from 'commander';

import type { ExportReport } from '../../core/export/export-vault.ts';
import type { PlainError } from '../../shared/model/app-error.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { withProgress, withVault, type Act, type CommandContext } from '../context.ts';
import { EXIT_DAMAGED, EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { countOf, formatBytes } from '../format/amounts.ts';
import { collect } from '../options.ts';
import type { Style } from '../output.ts';

const MAX_SHOWN = 20;
const MAX_TITLE_LENGTH = 80;
const PLAIN_NOTICE = 'what is written is not encrypted: whoever can read the folder can read it all.';

export interface ExportOptions {
  readonly snapshot?: readonly string[];
  readonly all?: boolean;
}

export function setupExport(command: Command, act: Act): void {
  command
    .argument('<dir>', 'a folder that is not there yet, or an empty one')
    .option('--snapshot <id>', 'this snapshot only; may be given several times', collect)
    .option('--all', 'every snapshot, not only the newest and those with a name')
    .action((dir: string, options: ExportOptions) => act((context) => runExport(dir, options, context)));
}

/** What could not be read is a result of this command, and exit code 5. */
export async function runExport(dir: string, options: ExportOptions, context: CommandContext): Promise<ExitCode> {
  const { out } = context;
  if (options.all === true && options.snapshot !== undefined)
    throw new AppError('USAGE_INVALID', '--all and --snapshot mean different things.', { hint: 'Give one of them.' });
  const snapshots = options.snapshot ?? (options.all === true ? 'all' : 'usual');
  const report = await withVault(context, (open) => {
    out.warn(PLAIN_NOTICE);
    return withProgress(context, 'Exporting', (work) => open.exportTo({ ...work, folder: resolve(dir), snapshots }));
  });
  const error = lossError(report);
  out.result({ ...report, ...(error === null ? {} : { error }) }, () => renderExport(report, out.style));
  return error === null ? EXIT_DONE : EXIT_DAMAGED;
}

function lossError({ unreadable }: ExportReport): PlainError | null {
  if (unreadable.length === 0) return null;
  return {
    code: 'VAULT_DAMAGED',
    message: `${countOf(unreadable.length, 'thing')} could not be read; everything else was written.`,
    hint: '`manifest.json` in the folder names each. `cairn repair --dry-run` says what a repair would bring back.',
    retryable: false,
  };
}

function renderExport(report: ExportReport, style: Style): string[] {
  const { folder, snapshots, items, sessions, files, sizeBytes, unreadable } = report;
  const kept = sessions === 0 ? '' : `, ${countOf(sessions, 'kept conversation')}`;
  const error = lossError(report);
  return [
    `${style.green('Exported')} ${countOf(snapshots, 'snapshot')} with ${countOf(items, 'item')}${kept}: ${countOf(files, 'file')}, ${formatBytes(sizeBytes)}.`,
    `They are in ${toPlainLine(folder, 4096)}; begin with readme.md.`,
    ...(error === null ? [] : [style.red(error.message)]),
    ...unreadable.slice(0, MAX_SHOWN).map(({ title, stream, length }) => {
      const what =
        stream === undefined ? '' : `: ${formatBytes(length ?? 0)} of ${toPlainLine(stream, MAX_TITLE_LENGTH)}`;
      return `  ${toPlainLine(title, MAX_TITLE_LENGTH)}${what}`;
    }),
    ...(unreadable.length > MAX_SHOWN ? [`  and ${countOf(unreadable.length - MAX_SHOWN, 'other')}`] : []),
    ...(error === null ? [] : [error.hint]),
  ];
}
