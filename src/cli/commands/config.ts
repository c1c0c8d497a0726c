// `cairn config get|set|list`: settings by dotted keys. Exclusion rules are sealed in the vault; the rest lies in config.json.

import type { Command } from 'commander';

import type { JsonValue } from '../../shared/model/json.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { withVault, type Act, type CommandContext } from '../context.ts';
import type { ConfigEntry, OpenCore } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { renderTable, type Cell } from '../format/table.ts';
import type { View } from '../render/checkpoints.ts';

const MAX_VALUE_LENGTH = 500;

export interface ConfigListOptions {
  readonly sealed?: boolean;
}

export function setupConfig(command: Command, act: Act): void {
  command
    .command('get')
    .description('print one value')
    .argument('<key>', 'a dotted key, such as retention.dailyDays')
    .action((key: string) => act((context) => runConfigGet(key, context)));
  command
    .command('set')
    .description('change one value')
    .argument('<key>', 'a dotted key, such as sources.firefox')
    .argument('<value>', 'the new value; lists are JSON or separated by commas')
    .action((key: string, value: string) => act((context) => runConfigSet(key, value, context)));
  command
    .command('list')
    .description('list all keys with their values and defaults')
    .option(
      '--sealed',
      'also exclusion rules and what sync sends, which are sealed in the vault: asks for the password',
    )
    .action((options: ConfigListOptions) => act((context) => runConfigList(options, context)));
}

export async function runConfigGet(key: string, context: CommandContext): Promise<ExitCode> {
  const value = await withConfig(key, context, (open) => context.core.readConfig(key, open));
  context.out.result({ key, value }, () => [formatValue(value)]);
  return EXIT_DONE;
}

export async function runConfigSet(key: string, text: string, context: CommandContext): Promise<ExitCode> {
  const value = await withConfig(key, context, (open) => context.core.writeConfig(key, text, open));
  context.out.result({ key, value }, () => [`${key} is now ${formatValue(value)}.`]);
  return EXIT_DONE;
}

export async function runConfigList(options: ConfigListOptions, context: CommandContext): Promise<ExitCode> {
  const entries =
    options.sealed === true
      ? await withVault(context, (open) => context.core.listConfig(open))
      : await context.core.listConfig(null);
  const view = { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
  context.out.result(
    {
      entries: entries.map(({ key, value, defaultValue, description }) => ({
        key,
        value,
        default: defaultValue,
        description,
      })),
    },
    () => renderConfig(entries, options, view),
  );
  return EXIT_DONE;
}

/** Only sealed keys need the password. */
function withConfig<Result>(
  key: string,
  context: CommandContext,
  work: (open: OpenCore | null) => Promise<Result>,
): Promise<Result> {
  return context.core.isSealedConfigKey(key) ? withVault(context, work) : work(null);
}

function renderConfig(entries: readonly ConfigEntry[], options: ConfigListOptions, view: View): string[] {
  const { style } = view;
  const rows = entries.map(({ key, value, defaultValue, description }): Cell[] => {
    const isChanged = JSON.stringify(value) !== JSON.stringify(defaultValue);
    return [
      { text: key, paint: style.cyan },
      { text: formatValue(value), paint: isChanged ? style.bold : style.dim },
      { text: formatValue(defaultValue), paint: style.dim },
      description,
    ];
  });
  const columns = [
    { title: 'KEY' },
    { title: 'VALUE' },
    { title: 'DEFAULT' },
    { title: 'WHAT IT IS', canShrink: true },
  ];
  const lines = renderTable(columns, rows, { width: view.width, paintTitle: style.dim });
  return options.sealed === true
    ? lines
    : [
        ...lines,
        '',
        'Exclusion rules (exclude.*) and what sync sends (sync.*) are sealed in the vault: `cairn config list --sealed` shows them.',
      ];
}

function formatValue(value: JsonValue): string {
  if (typeof value === 'string') return value === '' ? '(none)' : toPlainLine(value, MAX_VALUE_LENGTH);
  if (value === null) return '(none)';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (isTextList(value)) return value.length === 0 ? '(none)' : toPlainLine(value.join(', '), MAX_VALUE_LENGTH);
  return toPlainLine(JSON.stringify(value), MAX_VALUE_LENGTH);
}

function isTextList(value: JsonValue): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
