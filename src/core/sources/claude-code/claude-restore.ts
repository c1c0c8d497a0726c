// Brings conversations back: a deleted transcript is written back first, then the exact resume command is put where it belongs. Never
// one that is live, never "the newest", never over a file with other content.

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { RestoreContext, ResumeCommand, UndoContext } from '../source.ts';
import { CLAUDE_CODE, configFolder } from './claude-capture.ts';
import { readLiveConversations, type LiveConversation } from './live-registry.ts';
import {
  planWrites,
  removeWritten,
  writeFiles,
  writeSchema,
  writtenSchema,
  type WrittenFile,
} from './write-transcript.ts';

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
  writes: z.array(writeSchema),
  how: z.enum(['typed-by-terminal', 'open-terminal', 'print', 'none']),
});
type Payload = z.infer<typeof payloadSchema>;

const undoSchema = z.object({
  written: z.array(writtenSchema),
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
  const steps: PlannedStep[] = [];
  for (const item of items) {
    context.signal.throwIfAborted();
    const id = factsSchema.safeParse(item.attributes).data?.id ?? '';
    steps.push(await planOne(item, context, live.get(id), selected));
  }
  return steps;
}

async function planOne(
  item: SnapshotItem,
  context: RestoreContext,
  running: LiveConversation | undefined,
  selected: ReadonlySet<string>,
): Promise<PlannedStep> {
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
  if (running !== undefined) return step('skipped', runningText(running), null);
  const writes = await planWrites(item, facts.file, context).catch((error: unknown) => readingFailed(error));
  if (typeof writes === 'string') return step('skipped', writes, null);
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
  const before =
    writes.length === 0
      ? ''
      : item.attributes['isPartial'] === true
        ? 'What was saved of its transcript, which is not all of it, is written back. '
        : 'Its deleted transcript is written back. ';
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

/** One conversation that cannot be compared with its file is no reason to leave out the others. */
function readingFailed(error: unknown): string {
  return `What is there of it could not be compared with what was saved, so nothing is done. ${
    error instanceof AppError ? error.message : 'The file cannot be read.'
  }`;
}

function runningText({ pid, tty }: LiveConversation): string {
  return `It is running already (process ${pid}${tty === null ? '' : ` on ${tty}`}); two at once would split it.`;
}

export async function* applyClaudeRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  for (const step of steps) {
    if (step.status !== 'planned') continue;
    yield await applyOne(step, context);
  }
}

async function applyOne(step: PlannedStep, context: RestoreContext): Promise<StepResult> {
  const written: WrittenFile[] = [];
  const answer = (status: StepResult['status'], detail: string, more: JsonObject = {}): StepResult => ({
    key: step.key,
    action: step.action,
    status,
    detail,
    // What was written is undone where the step failed later, too.
    ...(status === 'done' || written.length > 0
      ? { undo: { written: written.map((file) => ({ ...file })), ...more } }
      : {}),
  });
  try {
    const payload = payloadSchema.parse(step.payload);
    const running = readLiveConversations(context.host, configFolder(context.host)).get(payload.id);
    if (running !== undefined) return answer('skipped', runningText(running));
    for await (const file of writeFiles(step.key, payload.writes, context)) written.push(file);
    if (payload.how !== 'open-terminal' || context.openTerminal === undefined) return answer('done', step.detail);
    const opened = await context.openTerminal({
      name: windowName(payload.id),
      command: { argv: ['claude', '--resume', payload.id], cwd: payload.cwd },
      shouldRun: context.options.shouldRunCommands,
    });
    return answer('done', `${step.detail} It is in ${opened.where}.`, { terminal: opened.undo });
  } catch (error) {
    return answer('failed', error instanceof Error ? error.message : 'It could not be brought back.');
  }
}

/** Takes back what the restore wrote, where nobody has touched it since. */
export async function undoClaudeStep(result: StepResult, context: UndoContext): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'undo-conversation',
    status,
    detail,
  });
  const parsed = undoSchema.safeParse(result.undo);
  if (!parsed.success || parsed.data.written.length === 0)
    return answer('skipped', 'The restore wrote nothing here; a window that it opened closes with its shell.');
  try {
    const removed = removeWritten(parsed.data.written, context.host);
    return removed === parsed.data.written.length
      ? answer('done', 'The transcript that was written back was removed.')
      : answer('skipped', 'The conversation was continued since, so its transcript stays.');
  } catch (error) {
    return answer('failed', error instanceof Error ? error.message : 'The transcript could not be removed.');
  }
}
