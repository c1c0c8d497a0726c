// `cairn search`: finds words in all that was ever captured, and says how to see and restore it.

import type { Command } from 'commander';

import { doneWithVault, historyOf, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { describeTime, formatClock, parseTime, toIso } from '../format/times.ts';
import { parseSourceId } from '../../shared/model/ids.ts';
import { ITEM_KINDS, type ItemKind } from '../../shared/model/item.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { SearchAnswer, SearchMatch, SearchQuery, Vault } from '../../core/vault/vault.ts';
import type { MessageHit } from '../../core/sessions/session-store.ts';
import { collect } from '../options.ts';
import { shortId } from '../render/ids.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 200;
const BUDGET_MS = 10_000;
const MAX_TEXT = 500;

export interface SearchCommandOptions {
  readonly kind?: readonly string[];
  readonly source?: readonly string[];
  readonly project?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
  readonly device?: string;
}

export function setupSearch(command: Command, act: Act): void {
  command
    .argument('<text>', 'words, or beginnings of words, that stand on one line; in quotes exactly these')
    .option('--kind <kind>', 'only terminals, tabs, ...; may be given several times', collect)
    .option('--source <id>', 'only this source; may be given several times', collect)
    .option('--project <name>', 'only this project; may be given several times', collect)
    .option(
      '--since <time>',
      'only what was still there then: an age such as 2h, a clock time, a date or an ISO 8601 time',
    )
    .option('--until <time>', 'only what was there by then')
    .option('--limit <number>', `at most so many hits (default ${DEFAULT_LIMIT})`)
    .option('--device <name>', "another device's history, as it is here")
    .action((text: string, options: SearchCommandOptions) => act((context) => runSearch(text, options, context)));
}

export function runSearch(text: string, options: SearchCommandOptions, context: CommandContext): Promise<ExitCode> {
  const nowMs = context.nowMs();
  const query: SearchQuery = {
    text: parseText(text),
    kinds: parseKinds(options.kind ?? []),
    sources: (options.source ?? []).map(parseSourceId),
    projects: options.project ?? [],
    limit: parseLimit(options.limit),
    budgetMs: BUDGET_MS,
    ...(options.since === undefined ? {} : { sinceMs: parseTime(options.since, nowMs, '--since') }),
    ...(options.until === undefined ? {} : { untilMs: parseTime(options.until, nowMs, '--until') }),
  };
  if ((query.sinceMs ?? 0) > (query.untilMs ?? Number.POSITIVE_INFINITY))
    throw new AppError('USAGE_INVALID', '--since is later than --until.', { hint: 'Exchange the two times.' });
  return doneWithVault(context, async (open) => {
    const history = await historyOf(open, options.device);
    const { store } = open.sessions;
    const { matches, isComplete, notIndexed } = await searchOn(history, query);
    const left = { ...query, limit: query.limit - matches.length };
    const { hits: messages } = await (options.device === undefined ? store : store.over(history)).search(left);
    const document = {
      hits: matches.map(hitDocument),
      sessions: messages.map(messageDocument),
      complete: isComplete,
      ...(notIndexed === undefined ? {} : { notIndexed }),
    };
    context.out.result(document, () => [
      ...matches.flatMap((match) => renderHit(match, context)),
      ...messages.flatMap((hit) => renderMessage(hit, context)),
      ...(matches.length + messages.length === 0 ? ['Nothing was found.'] : []),
      ...(notIndexed === undefined
        ? moreWords(isComplete)
        : ['The search index is still being made: there may be more.']),
    ]);
  });
}

/** Goes on until there are enough hits, nothing more to find, or no time left. */
async function searchOn(vault: Vault, query: SearchQuery): Promise<SearchAnswer> {
  const endMs = performance.now() + query.budgetMs;
  let answer = await vault.search(query);
  while (answer.cursor !== undefined && answer.matches.length < query.limit) {
    const budgetMs = endMs - performance.now();
    if (budgetMs <= 0) break;
    const limit = query.limit - answer.matches.length;
    const next = await vault.search({ ...query, limit, budgetMs, cursor: answer.cursor });
    answer = { ...next, matches: [...answer.matches, ...next.matches] };
  }
  return answer;
}

function moreWords(isComplete: boolean): string[] {
  return isComplete
    ? []
    : ['There may be more: --limit asks for more hits, --kind, --project or --since for fewer places.'];
}

function hitDocument(match: SearchMatch): object {
  const { item, snapshotId, takenAtMs, where, line, lineNumber, firstSeenMs, lastSeenMs, score } = match;
  const { key, kind, source, title } = item;
  const times = { firstSeen: toIso(firstSeenMs), lastSeen: toIso(lastSeenMs) };
  return { key, kind, source, title, snapshotId, takenAt: toIso(takenAtMs), where, line, lineNumber, ...times, score };
}

function renderHit(match: SearchMatch, context: CommandContext): string[] {
  const { item, snapshotId, takenAtMs, where, line, from, to } = match;
  const { style } = context.out;
  const marked = `${line.slice(0, from)}${style.bold(line.slice(from, to))}${line.slice(to)}`;
  const title = toPlainLine(item.title, 60);
  const nowMs = context.nowMs();
  const facts = [item.kind, describeTime(takenAtMs, nowMs), where, ...aliveWords(match, nowMs)].join(', ');
  return [
    `${style.bold(title)}  ${style.dim(facts)}`,
    `  ${marked}`,
    style.dim(`  cairn show ${shortId(snapshotId)} --item '${toPlainLine(item.key, 120)}'`),
  ];
}

function messageDocument({ session, role, atMs, position, line, score }: MessageHit): object {
  const { id, name, tool, project } = session;
  return { id, name, tool, project, role, at: toIso(atMs), position, line, score };
}

function renderMessage({ session, role, atMs, line, from, to }: MessageHit, context: CommandContext): string[] {
  const { style } = context.out;
  const facts = ['session', describeTime(atMs, context.nowMs()), role].join(', ');
  return [
    `${style.bold(toPlainLine(session.name, 60))}  ${style.dim(facts)}`,
    `  ${line.slice(0, from)}${style.bold(line.slice(from, to))}${line.slice(to)}`,
    style.dim(`  cairn sessions show ${session.id.slice(0, 8)}`),
  ];
}

/** From when to when it was there, where that is longer than a moment. */
function aliveWords({ firstSeenMs, lastSeenMs }: SearchMatch, nowMs: number): string[] {
  if (firstSeenMs === lastSeenMs) return [];
  return [`there from ${formatClock(firstSeenMs, nowMs)} to ${formatClock(lastSeenMs, nowMs)}`];
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
