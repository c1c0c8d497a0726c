// Brings conversations back, of any tool: a deleted transcript is written back first, then the exact resume command is put where it
// belongs. Never one that is live, never "the newest", never over a file with other content.

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { Host, RestoreContext, Source, UndoContext } from '../source.ts';
import { undoTmuxStep } from '../tmux/tmux-undo.ts';
import {
  planWrites,
  removeWritten,
  writeFiles,
  writeSchema,
  writtenSchema,
  type StreamPlace,
  type WrittenFile,
} from './write-back.ts';

/** A process that has a conversation open. */
export interface RunningConversation {
  readonly pid: number;
  /** Device of the terminal it runs in; null without one. */
  readonly tty: string | null;
  /** True where the process has this conversation open or another one of its folder. */
  readonly isUncertain?: boolean;
}

/** What differs from tool to tool. */
export interface ConversationTool {
  readonly source: SourceId;
  /** Begins the name of a window that is opened for a conversation: `claude`. */
  readonly program: string;
  /** The exact command that goes on with this conversation, never with "the newest"; null where the tool has none. */
  resumeArgv(id: string): readonly string[] | null;
  /** Where to go on with a conversation that no command resumes, as a sentence. */
  readonly resumeElsewhere?: string;
  /** True where the command finds the conversation in its own folder only. */
  readonly isBoundToFolder?: boolean;
  /** The conversations that run now, by id. */
  readRunning(host: Host): ReadonlyMap<string, RunningConversation>;
  /** The folder below which streams are written back; `path` is one of them. */
  root(host: Host, path: string): string;
  /** Where the streams belong, the main one first; empty where nothing can be written back, null where the item names no place that may be written. */
  places(item: SnapshotItem, host: Host): readonly StreamPlace[] | null;
  /** What has to be done with a file that was written back before the command finds it, as a sentence. */
  afterWriteBack?(item: SnapshotItem, host: Host): string;
}

const factsSchema = z.object({
  // Ids stand on command lines: none may look like an option.
  id: z.string().regex(/^[0-9a-zA-Z][0-9a-zA-Z_.:-]{0,127}$/),
  cwd: z.string().nullable(),
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
  argv: z.array(z.string()).nullable(),
});
type Payload = z.infer<typeof payloadSchema>;

const undoSchema = z.object({
  written: z.array(writtenSchema),
  /** What `openTerminal` gave. */
  terminal: z.json().optional(),
});

/** The part of a source that brings its conversations back. */
export function createConversationRestore(
  tool: ConversationTool,
): Required<Pick<Source, 'resumeCommand' | 'isRunning' | 'planRestore' | 'applyRestore' | 'undoRestore'>> {
  return {
    resumeCommand: (item) => {
      const facts = factsSchema.safeParse(item.attributes).data;
      const isHomeless = facts?.cwd === null && tool.isBoundToFolder === true;
      const argv = facts === undefined || isHomeless ? null : tool.resumeArgv(facts.id);
      return facts === undefined || argv === null ? undefined : { argv, cwd: facts.cwd ?? '/' };
    },
    isRunning: (item, host) => {
      const facts = factsSchema.safeParse(item.attributes).data;
      return facts !== undefined && tool.readRunning(host).has(facts.id);
    },
    planRestore: async (items, context) => {
      const running = tool.readRunning(context.host);
      const steps: PlannedStep[] = [];
      for (const item of items) {
        context.signal.throwIfAborted();
        steps.push(await planOne(tool, item, context, running));
      }
      return steps;
    },
    applyRestore: async function* (steps, context) {
      for (const step of steps) if (step.status === 'planned') yield await applyOne(tool, step, context);
    },
    undoRestore: async (result, context) => undoStep(tool, result, context),
  };
}

async function planOne(
  tool: ConversationTool,
  item: SnapshotItem,
  context: RestoreContext,
  allRunning: ReadonlyMap<string, RunningConversation>,
): Promise<PlannedStep> {
  const step = (status: PlannedStep['status'], detail: string, payload: Payload | null): PlannedStep => ({
    key: item.key,
    source: tool.source,
    action: 'resume-conversation',
    status,
    detail,
    payload,
  });
  const parsed = factsSchema.safeParse(item.attributes);
  if (!parsed.success)
    return step('skipped', 'This conversation was captured without what is needed to resume it.', null);
  const facts = parsed.data;
  const folder = nearestFolder(facts.cwd ?? context.host.homeDir);
  const isAtHome = facts.cwd !== null && folder.isExact;
  const argv = tool.isBoundToFolder === true && !isAtHome ? null : tool.resumeArgv(facts.id);
  const hint = resumeHint(tool, argv);
  const running = allRunning.get(facts.id);
  if (running !== undefined) return step('skipped', runningText(running), null);
  const places = tool.places(item, context.host);
  const writes = places === null ? null : await planWrites(item, places, context).catch(readingFailed);
  if (typeof writes === 'string') return step('skipped', writes, null);
  if (writes === null)
    return step('skipped', 'Another file stands where its transcript was, so nothing was written.', null);
  if (places?.length === 0 && item.attributes['isOriginGone'] === true)
    return step('skipped', `Its file was deleted and cannot be written back where it was. ${hint}`, null);
  if (writes.length === 0 && (!facts.isLive || argv === null))
    return step('skipped', `It is there and ${facts.isLive ? 'needs nothing' : 'was not open'}. ${hint}`, null);
  if (facts.isLive && isWaiting(tool, facts, context) && writes.length === 0)
    return step('skipped', `Its terminal is open already. ${hint}`, null);
  const how = chooseHow(facts, argv, context);
  const where = folder.isExact ? folder.path : `${folder.path}, since ${facts.cwd ?? ''} is gone`;
  const line = argv === null ? '' : (quoteArguments(argv) ?? '');
  const texts: Record<Payload['how'], string> = {
    'typed-by-terminal': `\`${line}\` stands on the prompt of its pane.`,
    'open-terminal': `\`${line}\` on the prompt of a new window in ${where}.`,
    print: `Resume it in ${where} with: ${line}`,
    none: hint,
  };
  const before =
    writes.length === 0
      ? ''
      : item.attributes['isPartial'] === true
        ? 'What was saved of its transcript, which is not all of it, is written back. '
        : 'Its deleted transcript is written back. ';
  const after = writes.length === 0 ? '' : (tool.afterWriteBack?.(item, context.host) ?? '');
  const payload = { id: facts.id, cwd: folder.path, writes, how, argv: argv === null ? null : [...argv] };
  return step('planned', [before.trim(), after, texts[how]].filter((text) => text !== '').join(' '), payload);
}

function chooseHow(facts: Facts, argv: readonly string[] | null, context: RestoreContext): Payload['how'] {
  if (!facts.isLive || argv === null) return 'none';
  const { terminal } = facts;
  const isSelected = context.selected.some(({ key }) => key === terminal);
  if (terminal !== undefined && isSelected && !isOpen(terminal, context)) return 'typed-by-terminal';
  return context.openTerminal === undefined ? 'print' : 'open-terminal';
}

function resumeHint(tool: ConversationTool, argv: readonly string[] | null): string {
  if (argv === null) return tool.resumeElsewhere ?? 'It cannot be resumed by a command.';
  return `Resume it with: ${quoteArguments(argv) ?? ''}`;
}

/** True where its own pane is open, or a window that an earlier restore opened for it. */
function isWaiting(tool: ConversationTool, facts: Facts, context: RestoreContext): boolean {
  if (facts.terminal !== undefined && isOpen(facts.terminal, context)) return true;
  return context.present.some((item) => !item.stale && windowNameOf(item) === windowName(tool, facts.id));
}

function isOpen(key: string, context: RestoreContext): boolean {
  return context.present.some((item) => item.key === key && !item.stale);
}

function windowNameOf(item: SnapshotItem): string | null {
  return z.object({ name: z.string() }).safeParse(item.attributes['window']).data?.name ?? null;
}

function windowName({ program }: ConversationTool, id: string): string {
  return `${program} ${id.slice(0, 8)}`;
}

/** One conversation that cannot be compared with its file is no reason to leave out the others. */
function readingFailed(error: unknown): string {
  return `What is there of it could not be compared with what was saved, so nothing is done. ${
    error instanceof AppError ? error.message : 'The file cannot be read.'
  }`;
}

function runningText({ pid, tty, isUncertain }: RunningConversation): string {
  if (isUncertain === true)
    return `It may be open in process ${pid}, which cannot be told; two at once would split it.`;
  return `It is running already (process ${pid}${tty === null ? '' : ` on ${tty}`}); two at once would split it.`;
}

async function applyOne(tool: ConversationTool, step: PlannedStep, context: RestoreContext): Promise<StepResult> {
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
    const running = tool.readRunning(context.host).get(payload.id);
    if (running !== undefined) return answer('skipped', runningText(running));
    const root = tool.root(context.host, payload.writes[0]?.path ?? '');
    for await (const file of writeFiles(step.key, payload.writes, root, context)) written.push(file);
    if (payload.how !== 'open-terminal' || payload.argv === null || context.openTerminal === undefined)
      return answer('done', step.detail);
    const opened = await context.openTerminal({
      name: windowName(tool, payload.id),
      command: { argv: payload.argv, cwd: payload.cwd },
      shouldRun: context.options.shouldRunCommands,
    });
    return answer('done', `${step.detail} It is in ${opened.where}.`, { terminal: opened.undo });
  } catch (error) {
    return answer('failed', error instanceof Error ? error.message : 'It could not be brought back.');
  }
}

/** Closes the window that was opened for it, then takes back what was written: both only where nobody has touched them since. */
async function undoStep(tool: ConversationTool, result: StepResult, context: UndoContext): Promise<StepResult> {
  const made = undoSchema.safeParse(result.undo).data;
  const parts: Pick<StepResult, 'status' | 'detail'>[] = [];
  if (made?.terminal !== undefined) parts.push(await undoTmuxStep({ ...result, undo: made.terminal }, context));
  if (made !== undefined && made.written.length > 0) parts.push(undoWritten(tool, made.written, context));
  const status = (['failed', 'done', 'skipped'] as const).find((one) => parts.some((part) => part.status === one));
  return {
    key: result.key,
    action: 'undo-conversation',
    status: status ?? 'skipped',
    detail: parts.length === 0 ? 'The restore made nothing here.' : parts.map((part) => part.detail).join(' '),
  };
}

function undoWritten(
  tool: ConversationTool,
  written: readonly WrittenFile[],
  { host }: UndoContext,
): Pick<StepResult, 'status' | 'detail'> {
  try {
    return removeWritten(written, tool.root(host, written[0]?.path ?? '')) === written.length
      ? { status: 'done', detail: 'The transcript that was written back was removed.' }
      : { status: 'skipped', detail: 'The conversation was continued since, so its transcript stays.' };
  } catch (error) {
    return {
      status: 'failed',
      detail: error instanceof Error ? error.message : 'The transcript could not be removed.',
    };
  }
}
