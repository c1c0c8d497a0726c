// Makes one window of a restore with its panes, in order, in the exact layout. Names and folders are hostile text: nothing of them is
// expanded. Targets are always ids, never names.

import type { PlannedStep } from '../../../shared/model/restore.ts';
import type { RestoreContext } from '../source.ts';
import { removeOldText, writeOldText } from '../terminal/old-text.ts';
import { otherShell } from '../terminal/other-shell.ts';
import { SCROLLBACK } from '../terminal/terminal-text.ts';
import type { LiveServer, LiveSession } from './live-server.ts';
import { starterCommand } from './pane-starter.ts';
import { countLayoutPanes, escapeFormat, isLayout } from './parse-tmux.ts';
import type { PanePayload } from './tmux-plan.ts';

const MAX_NAME_LENGTH = 500;
const PANE_IDS = '#{pane_id} #{pane_pid} #{pane_tty}';

export interface PaneStep {
  readonly step: PlannedStep;
  readonly pane: PanePayload;
}

export interface MadePane extends PaneStep {
  readonly live: LiveServer;
  readonly paneId: string;
  readonly pid: number;
  readonly tty: string;
  /** The file that the pane prints and removes. */
  readonly file: string | null;
  /** What became of the step beyond its plan. */
  readonly note: string;
  /** True for the pane whose running shell may give its window its name. */
  readonly namesWindow: boolean;
}

export interface MadeWindow {
  readonly windowId: string;
  readonly session: LiveSession;
  readonly made: readonly MadePane[];
  readonly failed: readonly { readonly step: PlannedStep; readonly why: string }[];
}

/** Makes a window with these panes, and its session where there is none. @throws where not even its first pane could be made */
export async function makeWindow(
  live: LiveServer,
  panes: readonly PaneStep[],
  context: RestoreContext,
): Promise<MadeWindow> {
  const [first, ...others] = panes.toSorted((a, b) => a.pane.facts.pane.index - b.pane.facts.pane.index);
  if (first === undefined) throw new RangeError('a window has at least one pane');
  const { windowId, session, pane } = await openWindow(live, first, context);
  const made: MadePane[] = [pane];
  const failed: { step: PlannedStep; why: string }[] = [];
  for (const other of others) {
    try {
      // Splitting the pane made last keeps the order; splitting the active one would reverse it.
      made.push(await splitPane(live, other, made.at(-1)?.paneId ?? pane.paneId, context));
    } catch (error) {
      failed.push({ step: other.step, why: error instanceof Error ? error.message : 'unknown reason' });
      continue;
    }
    await live.tryRun(['select-layout', '-t', windowId, 'tiled']);
  }
  await arrange(live, windowId, made);
  rememberWindow(live, windowId, session, made);
  const last = made.length - 1;
  const { isAutomaticallyNamed } = first.pane.facts.window;
  const named = made.map((pane, at) => ({ ...pane, namesWindow: isAutomaticallyNamed && at === last }));
  return { windowId, session, made: named, failed };
}

/** Puts a pane back into its window, which is still open. @throws where it cannot */
export async function addPane(live: LiveServer, step: PaneStep, context: RestoreContext): Promise<MadePane> {
  const { facts } = step.pane;
  const window = live.windows.get(facts.window.identity);
  if (window === undefined) throw new Error('its window closed meanwhile');
  const before = window.panes.findLast((pane) => pane.index < facts.pane.index);
  const target = before ?? window.panes[0];
  if (target === undefined) throw new Error('its window has no panes');
  const made = await splitPane(live, step, target.id, context, before === undefined ? ['-b'] : []);
  await live.tryRun(markPane(made));
  const added = { id: made.paneId, index: facts.pane.index, identity: facts.pane.identity };
  const panes = [...window.panes, added].toSorted((a, b) => a.index - b.index);
  live.windows.set(facts.window.identity, { ...window, panes });
  if (fitsLayout(facts.window.layout, panes.length)) {
    await live.tryRun(['select-layout', '-t', window.id, facts.window.layout]);
  }
  // Splitting a window ends its zoom.
  if (window.zoomedPane !== null) await live.tryRun(['resize-pane', '-Z', '-t', window.zoomedPane]);
  return made;
}

/** Shows a window, which stands in another session, in this one too. @throws where it cannot */
export async function linkWindow(
  live: LiveServer,
  { facts }: PanePayload,
): Promise<{ session: LiveSession; windowId: string }> {
  const window = live.windows.get(facts.window.identity);
  if (window === undefined) throw new Error('the window that it shares is not open');
  const known = live.sessions.get(facts.session.name);
  if (known !== undefined) {
    const windows = await live.run(['list-windows', '-t', known.id, '-F', '#{window_id}']);
    if (windows.split('\n').includes(window.id)) return { session: known, windowId: window.id };
    const isThere = await live.tryRun([
      'link-window',
      '-d',
      '-s',
      window.id,
      '-t',
      `${known.id}:${facts.window.index}`,
    ]);
    if (!isThere) await live.run(['link-window', '-d', '-s', window.id, '-t', `${known.id}:`]);
    return { session: known, windowId: window.id };
  }
  const size = ['-x', String(facts.window.width), '-y', String(facts.window.height)];
  const create = [
    'new-session',
    '-d',
    '-E',
    '-P',
    '-F',
    '#{session_id} #{window_index}',
    '-s',
    sessionName(facts.session.name),
  ];
  const isGrouped = facts.session.group !== undefined;
  const printed = await live.run([...create, ...(isGrouped ? ['-t', window.sessionId] : size)]);
  const [id = '', index = '0'] = printed.trim().split(' ');
  const session: LiveSession = { id, isOurs: true };
  live.sessions.set(facts.session.name, session);
  if (!isGrouped) {
    await live.run(['link-window', '-k', '-d', '-s', window.id, '-t', `${id}:${index}`]);
    if (index !== String(facts.window.index)) {
      await live.tryRun(['move-window', '-d', '-s', `${id}:${index}`, '-t', `${id}:${facts.window.index}`]);
    }
  }
  return { session, windowId: window.id };
}

async function openWindow(
  live: LiveServer,
  step: PaneStep,
  context: RestoreContext,
): Promise<{ windowId: string; session: LiveSession; pane: MadePane }> {
  const { facts, cwd, sessionPath } = step.pane;
  const known = live.sessions.get(facts.session.name);
  const format = ['-P', '-F', `#{session_id} #{window_id} #{window_index} ${PANE_IDS}`];
  const name = ['-n', escapeFormat(plainText(facts.window.name))];
  const size = ['-x', String(facts.window.width), '-y', String(facts.window.height)];
  // A new session's folder is where its later windows start; its first pane goes to its own by itself.
  const isElsewhere = known === undefined && cwd !== sessionPath;
  const start = await startOf(step, context, isElsewhere);
  const open = async (command: readonly string[], folder: string): Promise<string> =>
    live.run([...command, '-d', ...format, ...name, '-c', escapeFormat(folder), ...start.command]);
  try {
    const printed =
      known === undefined
        ? await open(['new-session', '-E', '-s', sessionName(facts.session.name), ...size], sessionPath)
        : await open(['new-window', '-t', `${known.id}:${facts.window.index}`], cwd).catch(() =>
            open(['new-window', '-t', `${known.id}:`], cwd),
          );
    const [sessionId = '', windowId = '', index = '', ...ids] = printed.trim().split(' ');
    const session = known ?? { id: sessionId, isOurs: true };
    live.sessions.set(facts.session.name, session);
    const isMoved = known === undefined && index !== String(facts.window.index);
    if (isMoved) await live.tryRun(['move-window', '-d', '-s', windowId, '-t', `${sessionId}:${facts.window.index}`]);
    const isTaken = known !== undefined && index !== String(facts.window.index);
    const note = isTaken ? ` Its window is number ${index} now: ${facts.window.index} was taken.` : '';
    return { windowId, session, pane: toMade(live, step, ids, start.file, note) };
  } catch (error) {
    if (start.file !== null) removeOldText(start.file);
    throw error;
  }
}

async function splitPane(
  live: LiveServer,
  step: PaneStep,
  target: string,
  context: RestoreContext,
  options: readonly string[] = [],
): Promise<MadePane> {
  const start = await startOf(step, context, false);
  try {
    const folder = ['-c', escapeFormat(step.pane.cwd)];
    const format = ['-P', '-F', PANE_IDS];
    const printed = await live.run([
      'split-window',
      '-d',
      ...options,
      ...format,
      '-t',
      target,
      ...folder,
      ...start.command,
    ]);
    return toMade(live, step, printed.trim().split(' '), start.file, '');
  } catch (error) {
    if (start.file !== null) removeOldText(start.file);
    throw error;
  }
}

/** What the pane starts with: nothing of ours where there is nothing to show. */
async function startOf(
  { step, pane }: PaneStep,
  context: RestoreContext,
  isElsewhere: boolean,
): Promise<{ readonly command: readonly string[]; readonly file: string | null }> {
  const text = pane.hasText ? await context.readStream(step.key, SCROLLBACK) : new Uint8Array();
  const shell = otherShell(pane.facts.shell, context.host);
  const isOurs = isElsewhere || shell !== '';
  if (text.length === 0) return { command: isOurs ? starterCommand(pane.cwd, null, shell) : [], file: null };
  const file = writeOldText(context.scratchDir, text, context.snapshot.takenAtMs);
  return { command: starterCommand(pane.cwd, file, shell), file };
}

function toMade(live: LiveServer, step: PaneStep, ids: readonly string[], file: string | null, note: string): MadePane {
  const [paneId = '', pid = '', ...tty] = ids;
  return { ...step, live, paneId, pid: Number(pid), tty: tty.join(' '), file, note, namesWindow: false };
}

/** Layout, titles, active and zoomed pane, and the marks by which the same is not brought back twice. */
async function arrange(live: LiveServer, windowId: string, made: readonly MadePane[]): Promise<void> {
  const facts = made[0]?.pane.facts;
  if (facts === undefined) return;
  const { window } = facts;
  const active = made.find(({ pane }) => pane.facts.pane.isActive)?.paneId ?? made[0]?.paneId ?? '';
  if (fitsLayout(window.layout, made.length)) await live.tryRun(['select-layout', '-t', windowId, window.layout]);
  // Programs title their panes themselves; a title over an idle shell was given by hand.
  const titled = made.filter(({ pane }) => pane.facts.argv === undefined && pane.facts.pane.title !== '');
  await live.tryRun(
    ['set-option', '-w', '-t', windowId, '@cairn_window', window.identity],
    ...made.map(markPane),
    ...titled.map((pane) => [
      'select-pane',
      '-t',
      pane.paneId,
      '-T',
      escapeFormat(plainText(pane.pane.facts.pane.title)),
    ]),
    ['select-pane', '-t', active],
    ...(window.isZoomed && made.length > 1 ? [['resize-pane', '-Z', '-t', active]] : []),
  );
}

function markPane({ paneId, pane }: MadePane): string[] {
  return ['set-option', '-p', '-t', paneId, '@cairn_pane', pane.facts.pane.identity];
}

function rememberWindow(live: LiveServer, windowId: string, session: LiveSession, made: readonly MadePane[]): void {
  const identity = made[0]?.pane.facts.window.identity;
  const panes = made.map(({ paneId, pane }) => ({
    id: paneId,
    index: pane.facts.pane.index,
    identity: pane.facts.pane.identity,
  }));
  if (identity !== undefined) {
    live.windows.set(identity, { id: windowId, sessionId: session.id, panes, zoomedPane: null });
  }
}

function fitsLayout(layout: string, panes: number): boolean {
  return isLayout(layout) && countLayoutPanes(layout) === panes;
}

/** tmux prints a backslash of a session's name twice, and takes it once. */
function sessionName(printed: string): string {
  return escapeFormat(printed.replaceAll('\\\\', '\\'));
}

/** A control character in a name would drive the terminal that shows it. */
function plainText(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, MAX_NAME_LENGTH);
}
