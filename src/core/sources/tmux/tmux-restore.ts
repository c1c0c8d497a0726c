// Brings tmux sessions back: names, windows, exact layouts, active and zoomed panes, folders, old text above a dated divider. The
// command that ran is typed on the prompt without Enter. First everything is made, then typed, so that shells start side by side.

import { join } from 'node:path';

import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import type { RestoreContext } from '../source.ts';
import { waitForPrompt } from '../terminal/prompt.ts';
import { LiveServer, type LiveSession } from './live-server.ts';
import { addPane, linkWindow, makeWindow, type MadePane, type PaneStep } from './make-window.ts';
import { panePayloadSchema, placeOf, serverOf, type PanePayload } from './tmux-plan.ts';
import { socketFolder, type TmuxServer } from './tmux-servers.ts';
import { nameByProgram, readUndoFacts, typeCommand } from './type-command.ts';

/** How long all panes together are waited for after the last was made. */
const PROMPT_PATIENCE_MS = 2_500;

interface Work {
  readonly context: RestoreContext;
  readonly servers: Map<string, LiveServer>;
  /** Panes that were made and wait for their command. */
  readonly made: MadePane[];
  /** Windows to show, in sessions that the restore made: in all others the user's choice stands. */
  readonly toSelect: { readonly live: LiveServer; readonly target: string }[];
}

/** Makes windows session by session; each pane reports its own result. */
export async function* applyTmuxRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  const work: Work = { context, servers: new Map(), made: [], toSelect: [] };
  for (const panes of inOrder(steps)) {
    if (context.signal.aborted) break;
    try {
      for (const result of await applyWindow(panes, work)) yield result;
    } catch (error) {
      for (const { step } of panes) yield failed(step, error);
    }
  }
  for (const { live, target } of work.toSelect) await live.tryRun(['select-window', '-t', target]).catch(() => false);
  const deadlineMs = performance.now() + PROMPT_PATIENCE_MS;
  for (const pane of work.made) yield await finish(pane, context, deadlineMs);
}

/** Panes by window; linked windows last, since the window that they link must be there. */
function inOrder(steps: readonly PlannedStep[]): PaneStep[][] {
  const panes = steps
    .filter((step) => step.status === 'planned')
    .map((step) => ({ step, pane: panePayloadSchema.parse(step.payload) }));
  const windows = [...Map.groupBy(panes, ({ pane }) => `${pane.way} ${placeOf(pane.facts)}`).values()];
  const rank = ({ way, facts }: PanePayload): number => (way === 'link-window' ? 1e10 : 0) + facts.window.index;
  return windows.toSorted(([a], [b]) => (a === undefined || b === undefined ? 0 : rank(a.pane) - rank(b.pane)));
}

/** Results that are known at once; panes that were made report when their command is typed. */
async function applyWindow(panes: readonly PaneStep[], work: Work): Promise<StepResult[]> {
  const [first] = panes;
  if (first === undefined) return [];
  const live = await openServer(first.pane, work);
  switch (first.pane.way) {
    case 'new-window': {
      const { windowId, session, made, failed: failures } = await makeWindow(live, panes, work.context);
      work.made.push(...made);
      remember(work, live, first.pane, session, windowId);
      return failures.map(({ step, why }) => failed(step, new Error(why)));
    }
    case 'add-pane': {
      const results: StepResult[] = [];
      for (const pane of panes) {
        try {
          work.made.push(await addPane(live, pane, work.context));
        } catch (error) {
          results.push(failed(pane.step, error));
        }
      }
      return results;
    }
    case 'link-window': {
      const { session, windowId } = await linkWindow(live, first.pane);
      remember(work, live, first.pane, session, windowId);
      const undo: JsonObject = { socket: live.server.socket, link: { sessionId: session.id, windowId } };
      return panes.map(({ step }, at) => ({ ...done(step, ''), ...(at === 0 ? { undo } : {}) }));
    }
  }
}

function remember(work: Work, live: LiveServer, { facts }: PanePayload, session: LiveSession, windowId: string): void {
  if (session.isOurs && facts.window.isActive) work.toSelect.push({ live, target: `${session.id}:${windowId}` });
}

async function finish(pane: MadePane, context: RestoreContext, deadlineMs: number): Promise<StepResult> {
  const { host, signal } = context;
  const prompt = { ...pane, server: pane.live.server };
  // It is there: whatever comes of its command, it can be taken back.
  if (signal.aborted) return { ...done(pane.step, pane.note), undo: readUndoFacts(host, prompt) };
  try {
    await waitForPrompt(host, prompt, { signal, deadlineMs });
    const { command, shouldRun } = pane.pane;
    const undo = readUndoFacts(host, prompt);
    // Not before: until now the window would have got the name of what prints the old text.
    if (pane.namesWindow) await nameByProgram(host, prompt);
    if (command === null || signal.aborted) return { ...done(pane.step, pane.note), undo };
    const isTyped = await typeCommand(host, prompt, command, shouldRun);
    const note = isTyped ? pane.note : `${pane.note} It closed before its command could be typed.`;
    return { ...done(pane.step, note), undo };
  } catch (error) {
    if (signal.aborted) return { ...done(pane.step, pane.note), undo: readUndoFacts(host, prompt) };
    return failed(pane.step, error);
  }
}

async function openServer({ facts }: PanePayload, work: Work): Promise<LiveServer> {
  const name = serverOf(facts);
  const known = work.servers.get(name);
  if (known !== undefined) return known;
  // The default server wherever TMUX_TMPDIR points now; a private socket where it lay.
  const isDefault = facts.server === 'default';
  const socket = isDefault ? join(socketFolder(work.context.host), 'default') : facts.socket;
  const server: TmuxServer = { socket, label: facts.server };
  const live = await LiveServer.open(server, work.context);
  work.servers.set(name, live);
  return live;
}

function done(step: PlannedStep, note: string): StepResult {
  return { key: step.key, action: step.action, status: 'done', detail: `${step.detail}${note}` };
}

function failed(step: PlannedStep, error: unknown): StepResult {
  const why = error instanceof Error ? error.message : 'unknown reason';
  return { key: step.key, action: step.action, status: 'failed', detail: `tmux could not bring it back: ${why}` };
}
