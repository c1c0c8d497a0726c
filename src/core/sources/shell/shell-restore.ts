// Brings plain terminals back as tmux windows in the same folder, the command on the prompt: no terminal emulator says where its tabs
// were. Without tmux the plan says which command leads there.

import { z } from 'zod';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { RestoreContext } from '../source.ts';
import { TERMINAL_SESSION, terminalWindowName } from '../tmux/open-tmux-terminal.ts';
import { SHELL } from './shell-capture.ts';

const factsSchema = z.object({
  identity: z.string(),
  cwd: z.string(),
  argv: z.array(z.string()).optional(),
  pipeline: z.record(z.string(), z.unknown()).optional(),
  isArgvExact: z.boolean().optional(),
});
const payloadSchema = z.object({
  name: z.string(),
  cwd: z.string(),
  argv: z.array(z.string()),
  shouldRun: z.boolean(),
});
type ShellPayload = z.infer<typeof payloadSchema>;

/** One step a terminal. */
export function planShellRestore(items: readonly SnapshotItem[], context: RestoreContext): readonly PlannedStep[] {
  const open = new Set(
    context.present
      .filter((item) => item.source === SHELL && !item.stale)
      .flatMap((item) => factsSchema.safeParse(item.attributes).data?.identity ?? []),
  );
  return items.map((item) => planOne(item, open, context));
}

function planOne(item: SnapshotItem, open: ReadonlySet<string>, context: RestoreContext): PlannedStep {
  const base = { key: item.key, source: SHELL, action: 'open-terminal' };
  const skip = (detail: string): PlannedStep => ({ ...base, status: 'skipped', detail, payload: null });
  const facts = factsSchema.safeParse(item.attributes).data;
  if (facts === undefined) return skip('This terminal was captured without what is needed to restore it.');
  if (open.has(facts.identity)) return skip('This terminal is open already.');
  const resume = context.resumeCommandFor(item.key);
  const folder = nearestFolder(resume?.cwd ?? facts.cwd);
  const argv = resume?.argv ?? commandOf(facts);
  const name = terminalWindowName(`${item.key.slice('shell:'.length)} ${folder.path.split('/').at(-1) ?? ''}`);
  if (isOpenInTmux(name, folder.path, context))
    return skip('It is open already, as a tmux window of an earlier restore.');
  const where = folder.isExact ? `in ${folder.path}` : `in ${folder.path}, since ${facts.cwd} is gone`;
  const line = quoteArguments(argv);
  if (context.openTerminal === undefined) {
    const lead = quoteArguments(['cd', '--', folder.path]) ?? 'cd';
    return skip(`tmux is not installed here, so open it yourself: \`${line === null ? lead : `${lead} && ${line}`}\`.`);
  }
  // A guess is never run, even where the user asked for commands to run.
  const shouldRun = context.options.shouldRunCommands && (resume !== undefined || facts.isArgvExact !== false);
  const what = line === null ? '' : shouldRun ? `, running \`${line}\`` : `, with \`${line}\` on the prompt`;
  const payload: ShellPayload = { name, cwd: folder.path, argv: line === null ? [] : [...argv], shouldRun };
  return { ...base, status: 'planned', detail: `A tmux window ${where}${what}.`, payload };
}

/** Part of a pipeline would be another command, so there is none then. */
function commandOf({ argv, pipeline }: z.infer<typeof factsSchema>): readonly string[] {
  return pipeline === undefined ? (argv ?? []) : [];
}

function isOpenInTmux(name: string, cwd: string, context: RestoreContext): boolean {
  return context.present.some(({ attributes, stale }) => {
    const { session, window } = attributes;
    return !stale && nameIn(session) === TERMINAL_SESSION && nameIn(window) === name && attributes['cwd'] === cwd;
  });
}

function nameIn(value: unknown): string | undefined {
  return z.object({ name: z.string() }).safeParse(value).data?.name;
}

/** Opens the windows one after the other. */
export async function* applyShellRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  for (const { key, action, status, detail, payload } of steps) {
    if (status !== 'planned' || context.signal.aborted) continue;
    try {
      const { name, cwd, argv, shouldRun } = payloadSchema.parse(payload);
      if (context.openTerminal === undefined) throw new Error('tmux is not installed here');
      const opened = await context.openTerminal({ name, command: { argv, cwd }, shouldRun });
      yield { key, action, status: 'done', detail: `${detail} It is ${opened.where}.`, undo: opened.undo };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown reason';
      yield { key, action, status: 'failed', detail: `No terminal could be opened for it: ${why}.` };
    }
  }
}
