// `cairn search`: finds a text in all that was ever captured, and says how to see and restore it.

import type { Command } from 'commander';

import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { describeTime, toIso } from '../format/times.ts';
import { ITEM_KINDS, type ItemKind } from '../../shared/model/item.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { SearchMatch } from '../../core/vault/vault.ts';
import { collect } from '../options.ts';
import { shortId } from '../render/ids.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 200;
const BUDGET_MS = 10_000;
const MAX_TEXT = 500;

export interface SearchCommandOptions {
  readonly kind?: readonly string[];
  readonly limit?: string;
}

export function setupSearch(command: Command, act: Act): void {
  command
    .argument('<text>', 'what to look for; upper and lower case are the same')
    .option('--kind <kind>', 'only terminals, tabs, ...; may be given several times', collect)
    .option('--limit <number>', `at most so many hits (default ${DEFAULT_LIMIT})`)
    .action((text: string, options: SearchCommandOptions) => act((context) => runSearch(text, options, context)));
}

export function runSearch(text: string, options: SearchCommandOptions, context: CommandContext): Promise<ExitCode> {
  const query = { text: parseText(text), kinds: parseKinds(options.kind ?? []), limit: parseLimit(options.limit) };
  return doneWithVault(context, async (open) => {
    const { matches, isComplete } = await open.vault.search({ ...query, budgetMs: BUDGET_MS });
    context.out.result({ hits: matches.map(hitDocument), complete: isComplete }, () => [
      ...matches.flatMap((match) => renderHit(match, context)),
      ...(matches.length === 0 ? ['Nothing was found.'] : []),
      ...(isComplete ? [] : ['There may be more: --limit asks for more hits, --kind for fewer places.']),
    ]);
  });
}

function hitDocument({ item, snapshotId, takenAtMs, where, line, lineNumber }: SearchMatch): object {
  const { key, kind, source, title } = item;
  return { key, kind, source, title, snapshotId, takenAt: toIso(takenAtMs), where, line, lineNumber };
}

function renderHit({ item, snapshotId, takenAtMs, where, line, from, to }: SearchMatch, context: CommandContext) {
  const { style } = context.out;
  const marked = `${line.slice(0, from)}${style.bold(line.slice(from, to))}${line.slice(to)}`;
  const title = toPlainLine(item.title, 60);
  return [
    `${style.bold(title)}  ${style.dim(`${item.kind}, ${describeTime(takenAtMs, context.nowMs())}, ${where}`)}`,
    `  ${marked}`,
    style.dim(`  cairn show ${shortId(snapshotId)} --item '${toPlainLine(item.key, 120)}'`),
  ];
}

function parseText(text: string): string {
  if (text.trim() !== '' && text.length <= MAX_TEXT) return text;
  throw new AppError('USAGE_INVALID', 'There is nothing to look for.', { hint: `Give 1 to ${MAX_TEXT} characters.` });
}

function parseKinds(kinds: readonly string[]): readonly ItemKind[] {
  return kinds.map((kind) => {
    const found = ITEM_KINDS.find((other) => other === kind);
    if (found !== undefined) return found;
    throw new AppError('USAGE_INVALID', 'There is no such kind of item.', { hint: `Kinds: ${ITEM_KINDS.join(', ')}.` });
  });
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new AppError('USAGE_INVALID', 'This is not a number of hits.', { hint: `Give 1 to ${MAX_LIMIT}.` });
}
