// `cairn hooks install|uninstall|status`: the entries by which Claude Code or Codex tell a running Cairn that a turn has ended, and by which
// they and git ask it for a checkpoint before something that may destroy work.

import { Argument, type Command } from 'commander';

import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import {
  applyHookChange,
  HOOK_TOOLS,
  planInstall,
  planUninstall,
  readHookStatus,
  type HookChange,
  type HookTool,
} from '../../core/sessions/hooks/hook-files.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { renderTable, type Cell } from '../format/table.ts';

const MAX_PATH_LENGTH = 300;
const MAX_LINE_LENGTH = 500;
const TITLES: Readonly<Record<HookTool, string>> = { 'claude-code': 'Claude Code', codex: 'Codex', git: 'git' };

export interface HooksOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function setupHooks(command: Command, act: Act): void {
  const tool = (): Argument => new Argument('<tool>', 'whose settings').choices(HOOK_TOOLS);
  command
    .command('install')
    .description('put our entries into the settings of a tool, shown before they are written')
    .addArgument(tool())
    .option('--dry-run', 'show what would be written, and write nothing')
    .option('--yes', 'do not ask')
    .action((name: HookTool, options: HooksOptions) => act((context) => runHooks('install', name, options, context)));
  command
    .command('uninstall')
    .description('take them out again')
    .addArgument(tool())
    .option('--dry-run', 'say what would be done, and write nothing')
    .action((name: HookTool, options: HooksOptions) =>
      act((context) => runHooks('uninstall', name, { ...options, yes: true }, context)),
    );
  command
    .command('status')
    .description('whose settings have them')
    .action(() => act(runHooksStatus));
}

async function runHooks(
  verb: 'install' | 'uninstall',
  tool: HookTool,
  { dryRun: isDryRun = false, yes = false }: HooksOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const place = context.core.hookPlace();
  const change = verb === 'install' ? planInstall(tool, place) : planUninstall(tool, place);
  const isDone = !isDryRun && change.action !== 'none' && (yes || (await isAgreed(change, context)));
  if (isDone) applyHookChange(change);
  const { file, action, detail, added } = change;
  context.out.result({ tool, file, action, detail, dryRun: isDryRun, done: isDone, added }, () =>
    describe(change, isDone, context),
  );
  return EXIT_DONE;
}

async function runHooksStatus(context: CommandContext): Promise<ExitCode> {
  const place = context.core.hookPlace();
  const tools = HOOK_TOOLS.map((tool) => readHookStatus(tool, place));
  const document = tools.map(({ tool, file, isInstalled, isWhole }) => ({
    tool,
    file,
    installed: isInstalled,
    whole: isWhole,
  }));
  context.out.result({ hooks: document }, () => {
    const { style, width } = context.out;
    const rows = tools.map(({ tool, file, isInstalled, isWhole }): Cell[] => [
      { text: TITLES[tool], paint: style.bold },
      isInstalled ? (isWhole ? 'installed' : 'installed, but its script is gone: install it again') : 'not installed',
      { text: toPlainLine(file, MAX_PATH_LENGTH), paint: style.dim },
    ]);
    return renderTable([{ title: '' }, { title: '' }, { title: '', canShrink: true }], rows, { width });
  });
  return EXIT_DONE;
}

/** Shown before it is written; where nobody can be asked, the command itself says it. */
async function isAgreed(change: HookChange, { out, prompter }: CommandContext): Promise<boolean> {
  if (prompter === null || out.isJson) return true;
  for (const line of linesOf(change)) prompter.say(line);
  return prompter.confirm('Write this?', { isDefaultYes: false });
}

function describe(change: HookChange, isDone: boolean, { prompter }: CommandContext): string[] {
  const { tool, action, detail } = change;
  if (action === 'none') return [detail ?? ''];
  if (action === 'uninstall')
    return [isDone ? `Taken out of the settings of ${TITLES[tool]}.` : 'It would be taken out.'];
  const shown = isDone && prompter !== null ? [] : linesOf(change);
  if (!isDone) return [...shown, 'Nothing was written.'];
  if (tool === 'git')
    return [
      ...shown,
      'Shells with the shell integration ask a running Cairn for a checkpoint before git throws work away, from their next start on.',
      'Put the integration in, or bring it up to date: cairn shell-integration install',
    ];
  return [
    ...shown,
    `${TITLES[tool]} tells a running Cairn of each turn, and asks it for a checkpoint before a run, from its next start on. \`cairn hooks uninstall ${tool}\` takes it out.`,
    ...(tool === 'codex' ? ['Codex runs it once you have trusted it there.'] : []),
  ];
}

function linesOf({ file, added }: HookChange): string[] {
  return [
    `Into ${toPlainLine(file, MAX_PATH_LENGTH)}:`,
    ...added.split('\n').map((line) => `  ${toPlainLine(line, MAX_LINE_LENGTH)}`),
  ];
}
