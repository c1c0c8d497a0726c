// Brings conversations back: a deleted transcript is written back first, then the exact resume command is put where it belongs. Never
// one that is live, never "the newest", never over a file with other content.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';

import { z } from 'zod';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { RestoreContext, ResumeCommand, UndoContext } from '../source.ts';
import { CLAUDE_CODE, configFolder } from './claude-capture.ts';
import { readLiveConversations } from './live-registry.ts';

const factsSchema = z.object({
  id: z.string().regex(/^[0-9a-zA-Z-]{1,64}$/),
  cwd: z.string().nullable(),
  file: z.string(),
  isLive: z.boolean().default(false),
  terminal: z.string().optional(),
});
type Facts = z.infer<typeof factsSchema>;

const payloadSchema = z.object({
  id: z.string(),
  cwd: z.string(),
  /** Files to write back, by stream; empty where they are there. */
  writes: z.array(z.object({ stream: z.string(), path: z.string() })),
  how: z.enum(['typed-by-terminal', 'open-terminal', 'print', 'none']),
});
type Payload = z.infer<typeof payloadSchema>;

const undoSchema = z.object({
  written: z.array(z.object({ path: z.string(), sizeBytes: z.number() })),
  terminal: z.unknown().optional(),
});

export function resumeCommand(item: SnapshotItem): ResumeCommand | undefined {
  const facts = factsSchema.safeParse(item.attributes).data;
  return facts === undefined ? undefined : { argv: ['claude', '--resume', facts.id], cwd: facts.cwd ?? '/' };
}

export async function planClaudeRestore(
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const live = readLiveConversations(context.host, configFolder(context.host));
  const selected = new Set(context.selected.map((item) => item.key as string));
  return items.map((item) =>
    planOne(item, context, live.has(factsSchema.safeParse(item.attributes).data?.id ?? ''), selected),
  );
}

function planOne(
  item: SnapshotItem,
  context: RestoreContext,
  isLiveNow: boolean,
  selected: ReadonlySet<string>,
): PlannedStep {
  const step = (status: PlannedStep['status'], detail: string, payload: Payload | null): PlannedStep => ({
    key: item.key,
    source: CLAUDE_CODE,
    action: 'resume-conversation',
    status,
    detail,
    payload,
  });
  const parsed = factsSchema.safeParse(item.attributes);
  if (!parsed.success)
    return step('skipped', 'This conversation was captured without what is needed to resume it.', null);
  const facts = parsed.data;
  const line = quoteArguments(['claude', '--resume', facts.id]) ?? '';
  if (isLiveNow) return step('skipped', 'It is running already; two at once would split it.', null);
  const writes = missingFiles(item, facts, context);
  if (writes === null)
    return step('skipped', 'Another file stands where its transcript was, so nothing was written.', null);
  if (!facts.isLive && writes.length === 0)
    return step('skipped', `It is on disk and was not open; resume it with: ${line}`, null);
  if (facts.isLive && isWaiting(facts, context) && writes.length === 0)
    return step('skipped', `Its terminal is open already; resume it there with: ${line}`, null);
  const folder = nearestFolder(facts.cwd ?? context.host.homeDir);
  const isTyped = facts.terminal !== undefined && selected.has(facts.terminal) && !isOpen(facts.terminal, context);
  const how: Payload['how'] = !facts.isLive
    ? 'none'
    : isTyped
      ? 'typed-by-terminal'
      : context.openTerminal === undefined
        ? 'print'
        : 'open-terminal';
  const where = folder.isExact ? folder.path : `${folder.path}, since ${facts.cwd ?? ''} is gone`;
  const texts: Record<Payload['how'], string> = {
    'typed-by-terminal': `\`${line}\` stands on the prompt of its pane.`,
    'open-terminal': `\`${line}\` on the prompt of a new window in ${where}.`,
    print: `Resume it in ${where} with: ${line}`,
    none: `Resume it with: ${line}`,
  };
  const before = writes.length === 0 ? '' : 'Its deleted transcript is written back. ';
  return step('planned', before + texts[how], { id: facts.id, cwd: folder.path, writes, how });
}

/** True where its own pane is open, or a window that an earlier restore opened for it. */
function isWaiting(facts: Facts, context: RestoreContext): boolean {
  if (facts.terminal !== undefined && isOpen(facts.terminal, context)) return true;
  return context.present.some((item) => !item.stale && windowNameOf(item) === windowName(facts.id));
}

function isOpen(key: string, context: RestoreContext): boolean {
  return context.present.some((item) => item.key === key && !item.stale);
}

function windowNameOf(item: SnapshotItem): string | null {
  return z.object({ name: z.string() }).safeParse(item.attributes['window']).data?.name ?? null;
}

function windowName(id: string): string {
  return `claude ${id.slice(0, 8)}`;
}

/** The files of the conversation that are missing or only the beginning of what was saved; null where other content stands there. */
function missingFiles(
  item: SnapshotItem,
  facts: Facts,
  context: RestoreContext,
): { stream: string; path: string }[] | null {
  const root = join(configFolder(context.host), 'projects');
  const main = join(configFolder(context.host), facts.file);
  if (!/^projects\/[^/]+\/[^/]+\.jsonl$/.test(facts.file) || facts.file.includes('..') || !isBelow(main, root))
    return null;
  if (existsSync(main)) return [];
  const folder = main.replace(/\.jsonl$/, '');
  return item.streams.flatMap((stream) => {
    if (stream.name === 'transcript') return [{ stream: stream.name, path: main }];
    if (!/^subagents\/agent-[0-9a-zA-Z-]{1,64}\.(jsonl|meta\.json)$/.test(stream.name)) return [];
    const path = join(folder, stream.name);
    return existsSync(path) ? [] : [{ stream: stream.name, path }];
  });
}

export async function* applyClaudeRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  for (const step of steps) {
    if (step.status !== 'planned') continue;
    try {
      yield await applyOne(step, payloadSchema.parse(step.payload), context);
    } catch (error) {
      yield {
        key: step.key,
        action: step.action,
        status: 'failed',
        detail: error instanceof Error ? error.message : 'It could not be brought back.',
      };
    }
  }
}

async function applyOne(step: PlannedStep, payload: Payload, context: RestoreContext): Promise<StepResult> {
  const written: { path: string; sizeBytes: number }[] = [];
  for (const { stream, path } of payload.writes) {
    const bytes = await context.readStream(step.key, stream);
    writeNew(path, bytes, join(configFolder(context.host), 'projects'));
    written.push({ path, sizeBytes: bytes.length });
  }
  const undo: JsonObject = { written };
  const done = (detail: string, more: JsonObject = {}): StepResult => ({
    key: step.key,
    action: step.action,
    status: 'done',
    detail,
    undo: { ...undo, ...more },
  });
  if (payload.how !== 'open-terminal' || context.openTerminal === undefined) return done(step.detail);
  const opened = await context.openTerminal({
    name: windowName(payload.id),
    command: { argv: ['claude', '--resume', payload.id], cwd: payload.cwd },
    shouldRun: context.options.shouldRunCommands,
  });
  return done(`${step.detail} It is in ${opened.where}.`, { terminal: opened.undo });
}

/** Writes a file that must not be there: through a temporary name, private, never through a link out of the projects folder. */
function writeNew(path: string, bytes: Uint8Array, root: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!isBelow(join(realpathSync(dirname(path)), 'x'), realpathSync(root)))
    throw new Error('Its folder leads out of the projects folder, so nothing was written.');
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new Error('A file stands there by now, so nothing was written.');
  const temporary = `${path}.cairn-${process.pid}`;
  writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}

export async function undoClaudeStep(result: StepResult, _context: UndoContext): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'undo-conversation',
    status,
    detail,
  });
  const parsed = undoSchema.safeParse(result.undo);
  if (!parsed.success || parsed.data.written.length === 0)
    return answer('skipped', 'The restore wrote nothing here; a window that it opened closes with its shell.');
  let removed = 0;
  for (const { path, sizeBytes } of parsed.data.written) {
    if (!existsSync(path) || readFileSync(path).length !== sizeBytes) continue;
    unlinkSync(path);
    removed += 1;
  }
  return removed === parsed.data.written.length
    ? answer('done', 'The transcript that was written back was removed.')
    : answer('skipped', 'The conversation was continued since, so its transcript stays.');
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}
