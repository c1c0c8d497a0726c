// Restores terminals of any program: what is open already is recognised and left alone; the others are opened by their program, show
// their old text, and get their command on the prompt, without Enter. First all are opened, then typed into, so that shells start side
// by side.

import { z } from 'zod';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import type { RestoreContext, UndoContext } from '../source.ts';
import { describeCommand, planCommand } from './plan-command.ts';
import type { ProgramFacts } from './program-facts.ts';
import { waitForPrompt } from './prompt.ts';
import { otherShell } from './other-shell.ts';
import { isSameShell, readShellState, shellStateSchema, usedSince } from './shell-state.ts';
import { prepareShellStart, type ShellStart, type StartedShell } from './start-shell.ts';
import { SCROLLBACK } from './terminal-text.ts';

/** How long all terminals together are waited for after the last was opened. */
const PROMPT_PATIENCE_MS = 2_500;

/** A program whose terminals are restored. */
export interface TerminalRestorer<Facts extends ProgramFacts> {
  readonly source: SourceId;
  readonly title: string;
  readonly factsSchema: z.ZodType<Facts>;
  /** What a person would call the terminal, as the beginning of a sentence. */
  nameOf(facts: Facts): string;
  /** Where the user would look for it; null where a place says nothing. Two with the same place, folder and program are one. */
  placeOf(facts: Facts): string | null;
  /** Why it cannot be restored, as a sentence; null where it can. */
  refuse(facts: Facts): string | null;
  /** Opens these, in order, one result each. Must not throw for one of them. */
  open(wanted: readonly WantedTerminal<Facts>[], context: RestoreContext): AsyncIterable<OpenOutcome<Facts>>;
  /** Closes one that a restore opened. False where the program refused. */
  close(undo: JsonObject, pid: number, context: UndoContext): Promise<boolean>;
}

const payloadSchema = z.object({
  facts: z.record(z.string(), z.json()),
  /** What of its folder is left. */
  cwd: z.string(),
  hasText: z.boolean(),
  command: z.string().nullable(),
  shouldRun: z.boolean(),
});

export interface WantedTerminal<Facts> {
  readonly step: PlannedStep;
  readonly facts: Facts;
  readonly cwd: string;
  /** Lays out what the terminal is to run. Call it just before it is opened. */
  prepare(): Promise<ShellStart>;
}

export interface OpenedTerminal<Facts> {
  readonly wanted: WantedTerminal<Facts>;
  readonly start: ShellStart;
  readonly shell: StartedShell;
  /** What `close` needs to find it. */
  readonly undo: JsonObject;
  /** What became of it beyond the plan, with a leading blank; mostly empty. */
  readonly note: string;
  /** Puts the line on its prompt. False where it is gone. */
  type(line: string, shouldRun: boolean): Promise<boolean>;
}

export type OpenOutcome<Facts> =
  | OpenedTerminal<Facts>
  | { readonly wanted: WantedTerminal<Facts>; readonly why: string };

/** One step a terminal. */
export function planTerminals<Facts extends ProgramFacts>(
  restorer: TerminalRestorer<Facts>,
  items: readonly SnapshotItem[],
  context: RestoreContext,
): readonly PlannedStep[] {
  const present = context.present
    .filter((item) => item.source === restorer.source && !item.stale)
    .flatMap((item) => restorer.factsSchema.safeParse(item.attributes).data ?? []);
  const openIdentities = new Set(present.map(({ identity }) => identity));
  const openPlaces = new Set(present.flatMap((facts) => lookOf(restorer, facts) ?? []));
  return items.map((item) => {
    const skip = (detail: string): PlannedStep => ({
      ...{ key: item.key, source: restorer.source, action: 'open-terminal' },
      ...{ status: 'skipped', detail, payload: null },
    });
    const facts = restorer.factsSchema.safeParse(item.attributes).data;
    if (facts === undefined) return skip('This terminal was captured without what is needed to restore it.');
    const look = lookOf(restorer, facts);
    if (openIdentities.has(facts.identity) || (look !== null && openPlaces.has(look))) {
      return skip(`${restorer.nameOf(facts)} is open already.`);
    }
    const refusal = restorer.refuse(facts);
    return refusal === null ? planOne(restorer, item, facts, context) : skip(refusal);
  });
}

function planOne<Facts extends ProgramFacts>(
  restorer: TerminalRestorer<Facts>,
  item: SnapshotItem,
  facts: Facts,
  context: RestoreContext,
): PlannedStep {
  const folder = nearestFolder(facts.cwd);
  const command = planCommand(item, facts, context);
  const where = folder.isExact ? `in ${facts.cwd}` : `in ${folder.path}, since ${facts.cwd} is gone`;
  const sizeBytes = item.streams.find(({ name }) => name === SCROLLBACK)?.sizeBytes ?? 0;
  return {
    key: item.key,
    source: restorer.source,
    action: 'open-terminal',
    status: 'planned',
    detail: `${restorer.nameOf(facts)} ${where}${describeCommand(command)}${command?.note ?? ''}.`,
    payload: {
      facts: { ...item.attributes },
      cwd: folder.path,
      hasText: context.options.withScrollback && sizeBytes > 0,
      command: command?.line ?? null,
      shouldRun: command?.shouldRun ?? false,
    },
  };
}

/** What a terminal looks like that the user, or another tool, made anew as it was. */
function lookOf<Facts extends ProgramFacts>(restorer: TerminalRestorer<Facts>, facts: Facts): string | null {
  const place = restorer.placeOf(facts);
  return place === null ? null : JSON.stringify([place, facts.cwd, facts.argv ?? []]);
}

/** Opens what is planned and yields what became of each. */
export async function* applyTerminals<Facts extends ProgramFacts>(
  restorer: TerminalRestorer<Facts>,
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  const wanted = steps
    .filter((step) => step.status === 'planned')
    .map((step): WantedTerminal<Facts> => {
      const { facts, cwd, hasText } = payloadSchema.parse(step.payload);
      const parsed = restorer.factsSchema.parse(facts);
      return { step, facts: parsed, cwd, prepare: () => prepare(step, parsed, { cwd, hasText }, context) };
    });
  const opened: OpenedTerminal<Facts>[] = [];
  for await (const outcome of restorer.open(wanted, context)) {
    if ('why' in outcome) yield failed(restorer.title, outcome.wanted.step, outcome.why);
    else opened.push(outcome);
  }
  const deadlineMs = performance.now() + PROMPT_PATIENCE_MS;
  for (const terminal of opened) yield await finish(terminal, context, deadlineMs);
}

async function prepare(
  step: PlannedStep,
  facts: ProgramFacts,
  { cwd, hasText }: { readonly cwd: string; readonly hasText: boolean },
  context: RestoreContext,
): Promise<ShellStart> {
  const text = hasText ? await context.readStream(step.key, SCROLLBACK) : new Uint8Array();
  const { takenAtMs } = context.snapshot;
  return prepareShellStart(context.scratchDir, {
    cwd,
    shell: otherShell(facts.shell, context.host),
    identity: facts.identity,
    text,
    takenAtMs,
  });
}

async function finish<Facts>(
  terminal: OpenedTerminal<Facts>,
  context: RestoreContext,
  deadlineMs: number,
): Promise<StepResult> {
  const { host, signal } = context;
  const { wanted, shell, start, note } = terminal;
  const { command, shouldRun } = payloadSchema.parse(wanted.step.payload);
  const done = (more: string, undo: JsonObject): StepResult => {
    const { key, action, detail } = wanted.step;
    return { key, action, status: 'done', detail: `${detail}${note}${more}`, undo };
  };
  const undoNow = (): JsonObject => ({ ...terminal.undo, ...readShellState(host, shell.pid) });
  start.clean();
  try {
    await waitForPrompt(host, { tty: shell.tty, file: start.file }, { signal, deadlineMs });
    const undo = undoNow();
    if (command === null || signal.aborted) return done('', undo);
    const isTyped = await terminal.type(command, shouldRun);
    return done(isTyped ? '' : ' It closed before its command could be typed.', undo);
  } catch (error) {
    // It is there: whatever comes of its command, it can be taken back.
    if (signal.aborted) return done('', undoNow());
    const why = error instanceof Error ? error.message : 'unknown reason';
    return done(` Its command could not be typed: ${why}.`, undoNow());
  }
}

function failed(title: string, { key, action }: PlannedStep, why: string): StepResult {
  return { key, action, status: 'failed', detail: `${title} could not bring it back: ${why}.` };
}

/** Closes a terminal that a restore opened, if it is still the very one and nobody has used it since. */
export async function undoTerminal<Facts extends ProgramFacts>(
  restorer: TerminalRestorer<Facts>,
  result: StepResult,
  context: UndoContext,
): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    ...{ key: result.key, action: 'close-terminal' },
    ...{ status, detail },
  });
  const undo = z.record(z.string(), z.json()).safeParse(result.undo).data;
  const state = shellStateSchema.safeParse(undo).data;
  if (undo === undefined || state === undefined) return answer('skipped', 'The restore made nothing here.');
  if (!isSameShell(state, context.host)) return answer('skipped', 'The terminal is closed already.');
  const why = usedSince(state, context.host);
  if (why !== null) return answer('skipped', `${why}, so the terminal was left open.`);
  return (await restorer.close(undo, state.pid, context))
    ? answer('done', 'The terminal that the restore opened was closed.')
    : answer('failed', `${restorer.title} did not close the terminal.`);
}
