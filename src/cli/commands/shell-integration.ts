// `cairn shell-integration install|uninstall|status`: the hooks by which shells note each command, in the user's start files. What is
// written is shown; nothing else of a file changes.

import { Option, type Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { ShellChange, ShellStatus } from '../../core/shell-integration/shell-integration.ts';
import { HOOKED_SHELLS, type HookedShell } from '../../core/sources/shell-history/hook-block.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { joinWords } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { collect } from '../options.ts';

const SOURCE = 'shell-history';
const SOURCE_KEY = `sources.${SOURCE}`;
const MAX_PATH_LENGTH = 300;
const MAX_SHOWN_LINES = 12;

export interface ShellIntegrationOptions {
  readonly shell?: readonly string[];
  readonly dryRun?: boolean;
}

export function setupShellIntegration(command: Command, act: Act): void {
  const shell = (): Option =>
    new Option('--shell <name>', 'only this one: bash, zsh or fish; may be given several times').argParser(collect);
  command
    .command('install')
    .description('put the hooks into the start files of the shells that are installed here')
    .addOption(shell())
    .option('--dry-run', 'show what would be written, and write nothing')
    .action((options: ShellIntegrationOptions) => act((context) => runChange('install', options, context)));
  command
    .command('uninstall')
    .description('take them out again')
    .addOption(shell())
    .option('--dry-run', 'show what would be taken out, and write nothing')
    .action((options: ShellIntegrationOptions) => act((context) => runChange('uninstall', options, context)));
  command
    .command('status')
    .description('in which start files the hooks stand')
    .action(() => act((context) => runStatus(context)));
}

async function runChange(
  work: 'install' | 'uninstall',
  options: ShellIntegrationOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const named = options.shell?.map(toShell);
  const isDryRun = options.dryRun === true;
  const integration = await context.core.shellIntegration(work === 'install' && !isDryRun);
  const shells = named ?? (work === 'install' ? integration.findShells() : HOOKED_SHELLS);
  const changes =
    work === 'install'
      ? isDryRun
        ? integration.planInstall(shells)
        : integration.install(shells)
      : isDryRun
        ? integration.planUninstall(shells)
        : integration.uninstall(shells);
  const isEnabled = await isSourceOn(context);
  const stopped = changes.filter(({ action }) => action === 'refused' || action === 'failed');
  const error =
    stopped.length === 0
      ? null
      : new AppError('EXEC_FAILED', `Not done for ${joinWords(stopped.map(({ shell }) => shell))}.`, {
          hint: 'The other files are as they should be; see each detail.',
        }).toPlain();
  context.out.result(
    {
      dryRun: isDryRun,
      sourceEnabled: isEnabled,
      changes: changes.map(({ shell, path, target, action, detail, added }) => ({
        shell,
        file: path,
        target,
        action,
        detail,
        ...(added === undefined ? {} : { added }),
      })),
      ...(error === null ? {} : { error }),
    },
    () => renderChanges(changes, { isDryRun, isEnabled, isInstall: work === 'install' }, context),
  );
  return error === null ? EXIT_DONE : EXIT_FAILED;
}

async function runStatus(context: CommandContext): Promise<ExitCode> {
  const status = (await context.core.shellIntegration(false)).status();
  const isEnabled = await isSourceOn(context);
  context.out.result(
    {
      sourceEnabled: isEnabled,
      shells: status.map(({ shell, path, isFound, state, detail }) => ({
        shell,
        file: path,
        found: isFound,
        state,
        detail,
      })),
    },
    () => renderStatus(status, isEnabled, context),
  );
  return EXIT_DONE;
}

async function isSourceOn({ core }: CommandContext): Promise<boolean> {
  return (await core.readSettings()).enabledSources.some((id) => id === SOURCE);
}

function toShell(name: string): HookedShell {
  const shell = HOOKED_SHELLS.find((known) => known === name);
  if (shell !== undefined) return shell;
  throw new AppError('USAGE_INVALID', `There is no integration for "${toPlainLine(name, 40)}".`, {
    hint: `Name ${joinWords(HOOKED_SHELLS)}.`,
  });
}

function renderChanges(
  changes: readonly ShellChange[],
  how: { readonly isDryRun: boolean; readonly isEnabled: boolean; readonly isInstall: boolean },
  { out }: CommandContext,
): string[] {
  const lines = changes.flatMap(({ shell, path, target, action, detail, added }) => {
    const isStopped = action === 'refused' || action === 'failed';
    const where = path === target ? path : `${path} -> ${target}`;
    const head = `${out.style.bold(shell)}  ${toPlainLine(where, MAX_PATH_LENGTH)}`;
    const shown = (added ?? '')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
    const cut =
      shown.length > MAX_SHOWN_LINES
        ? [
            ...shown.slice(0, MAX_SHOWN_LINES - 2),
            `... ${shown.length - MAX_SHOWN_LINES + 1} lines ...`,
            shown.at(-1) ?? '',
          ]
        : shown;
    return [
      head,
      `  ${(isStopped ? out.style.red : out.style.dim)(toPlainLine(detail, MAX_PATH_LENGTH))}`,
      ...cut.map((line) => `    ${out.style.green(`+ ${toPlainLine(line, MAX_PATH_LENGTH)}`)}`),
    ];
  });
  if (changes.length === 0) lines.push('None of bash, zsh and fish is installed here.');
  if (how.isDryRun) lines.push('', 'Nothing was written.');
  else if (how.isInstall)
    lines.push('', 'Shells that start from now on note their commands; CAIRN_OFF=1 in a shell turns that off.');
  if (how.isInstall && !how.isEnabled) lines.push(TURN_ON);
  return lines;
}

const TURN_ON = `The source is off, so nothing is kept yet: \`cairn config set ${SOURCE_KEY} on\`.`;

function renderStatus(status: readonly ShellStatus[], isEnabled: boolean, { out }: CommandContext): string[] {
  const rows = status.map(({ shell, path, state, isFound, detail }): Cell[] => [
    { text: shell, paint: out.style.bold },
    { text: state, paint: state === 'on' ? out.style.green : state === 'off' ? out.style.dim : out.style.yellow },
    toPlainLine(path, MAX_PATH_LENGTH),
    isFound ? detail : 'This shell is not installed here.',
  ]);
  const columns = [{ title: 'SHELL' }, { title: 'STATE' }, { title: 'FILE' }, { title: '', canShrink: true }];
  const lines = renderTable(columns, rows, {
    ...(out.width === undefined ? {} : { width: out.width }),
    paintTitle: out.style.dim,
  });
  return isEnabled ? lines : [...lines, '', TURN_ON];
}
