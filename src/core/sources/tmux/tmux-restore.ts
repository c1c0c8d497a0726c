// Brings tmux sessions back: names, windows, exact layouts, active and zoomed panes, folders, old text above a dated divider. The
// command that ran is typed on the prompt without Enter. What is open already is left alone.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { hasControlCharacter, quoteArguments } from '../host/quote-argument.ts';
import type { RestoreContext, ResumeCommand } from '../source.ts';
import { countLayoutPanes, isLayout } from './parse-tmux.ts';
import { runsByItself } from './safe-commands.ts';
import { HIDDEN_SCREEN, SCROLLBACK, TMUX } from './tmux-capture.ts';
import { runTmux, socketFolder, type TmuxServer } from './tmux-servers.ts';

const paneSchema = z.object({
  server: z.string(),
  socket: z.string(),
  session: z.object({ name: z.string(), path: z.string() }),
  window: z.object({
    index: z.int(),
    name: z.string(),
    isActive: z.boolean(),
    isZoomed: z.boolean(),
    isAutomaticallyNamed: z.boolean(),
    width: z.int(),
    height: z.int(),
    layout: z.string(),
  }),
  pane: z.object({ index: z.int(), isActive: z.boolean(), isDead: z.boolean(), isFullScreen: z.boolean() }),
  cwd: z.string(),
  argv: z.array(z.string()).optional(),
});
type PaneFacts = z.infer<typeof paneSchema>;

const payloadSchema = z.object({
  ...paneSchema.shape,
  scrollback: z.boolean(),
  hidden: z.boolean(),
  command: z.string().nullable(),
  shouldRun: z.boolean(),
});
type PanePayload = z.infer<typeof payloadSchema>;

interface PaneStep {
  readonly step: PlannedStep;
  readonly pane: PanePayload;
}

/** One step a pane. Panes of a window that is open already are skipped: a window is made whole or not at all. */
export async function planTmuxRestore(
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const isHere = await isTmuxHere(context);
  const open = new Set(
    context.present
      .filter((item) => item.source === TMUX && !item.stale)
      .map((item) => windowName(paneSchema.safeParse(item.attributes).data)),
  );
  return items.map((item) => {
    const parsed = paneSchema.safeParse(item.attributes);
    const skip = (detail: string): PlannedStep => ({
      key: item.key,
      source: TMUX,
      action: 'open-pane',
      status: 'skipped',
      detail,
      payload: null,
    });
    if (!parsed.success) return skip('This pane was captured without what is needed to restore it.');
    if (!isHere) return skip('tmux is not installed here.');
    const facts = parsed.data;
    if (hasControlCharacter(facts.session.name) || facts.session.name === '')
      return skip('The name of its session is not one that tmux takes.');
    if (open.has(windowName(facts)))
      return skip(`Window ${facts.window.index} of session "${facts.session.name}" is open already.`);
    return planPane(item, facts, context);
  });
}

function planPane(item: SnapshotItem, facts: PaneFacts, context: RestoreContext): PlannedStep {
  const folder = nearestFolder(facts.cwd);
  const command = commandFor(item, facts, context);
  const hasStream = (name: string): boolean =>
    context.options.withScrollback && item.streams.some((stream) => stream.name === name && stream.sizeBytes > 0);
  const payload: PanePayload = {
    ...facts,
    cwd: folder.path,
    scrollback: hasStream(SCROLLBACK) && !facts.pane.isFullScreen,
    hidden: hasStream(HIDDEN_SCREEN) && facts.pane.isFullScreen,
    command: command?.line ?? null,
    shouldRun: command?.shouldRun ?? false,
  };
  const where = folder.isExact ? `in ${facts.cwd}` : `in ${folder.path}, since ${facts.cwd} is gone`;
  const what =
    command === null
      ? ''
      : command.shouldRun
        ? `, running \`${command.line}\``
        : `, with \`${command.line}\` on the prompt`;
  const detail = `Pane ${facts.window.index}.${facts.pane.index} of session "${facts.session.name}" ${where}${what}.`;
  return { key: item.key, source: TMUX, action: 'open-pane', status: 'planned', detail, payload };
}

function commandFor(
  item: SnapshotItem,
  facts: PaneFacts,
  context: RestoreContext,
): { readonly line: string; readonly shouldRun: boolean } | null {
  const resume: ResumeCommand | undefined = context.resumeCommandFor(item.key);
  const argv = resume?.argv ?? facts.argv ?? [];
  const line = quoteArguments(argv);
  if (line === null) return null;
  return { line, shouldRun: context.options.shouldRunCommands || (resume === undefined && runsByItself(argv)) };
}

/** Makes windows session by session; each pane reports its own result. */
export async function* applyTmuxRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  const windows = new Map<string, PaneStep[]>();
  for (const step of steps) {
    if (step.status !== 'planned') continue;
    const pane = payloadSchema.parse(step.payload);
    const name = windowName(pane);
    windows.set(name, [...(windows.get(name) ?? []), { step, pane }]);
  }
  const ordered = [...windows.values()]
    .map((panes) => panes.toSorted((a, b) => a.pane.pane.index - b.pane.pane.index))
    .toSorted((a, b) => (a[0]?.pane.window.index ?? 0) - (b[0]?.pane.window.index ?? 0));
  const active: { server: TmuxServer; window: string }[] = [];
  for (const panes of ordered) {
    try {
      const made = await makeWindow(panes, context);
      if (panes[0]?.pane.window.isActive === true) active.push({ server: made.server, window: made.windowId });
      for (const result of made.results) yield result;
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown reason';
      for (const { step } of panes)
        yield {
          key: step.key,
          action: step.action,
          status: 'failed',
          detail: `tmux could not make its window: ${why}`,
        };
    }
  }
  for (const { server, window } of active) await tmux(context, server, ['select-window', '-t', window]);
}

interface MadeWindow {
  readonly server: TmuxServer;
  readonly windowId: string;
  readonly results: readonly StepResult[];
}

async function makeWindow(panes: readonly PaneStep[], context: RestoreContext): Promise<MadeWindow> {
  const first = panes[0]?.pane;
  if (first === undefined) throw new RangeError('a window has at least one pane');
  const server = serverFor(first, context);
  const { windowId, paneIds } = await createPanes(server, panes, context);
  await arrange(server, windowId, paneIds, panes, context);
  const results: StepResult[] = [];
  for (const [index, { step, pane }] of panes.entries()) {
    const paneId = paneIds[index] ?? '';
    await typeCommand(server, paneId, pane, context);
    const pid = (await tmux(context, server, ['display-message', '-p', '-t', paneId, '#{pane_pid}'])).trim();
    results.push({
      key: step.key,
      action: step.action,
      status: 'done',
      detail: step.detail,
      undo: { socket: server.socket, paneId, pid: Number(pid), windowId },
    });
  }
  return { server, windowId, results };
}

async function createPanes(
  server: TmuxServer,
  panes: readonly PaneStep[],
  context: RestoreContext,
): Promise<{ windowId: string; paneIds: string[] }> {
  const [first, ...others] = panes;
  if (first === undefined) throw new RangeError('a window has at least one pane');
  const { session, window, cwd } = first.pane;
  const name = plainName(window.name);
  const start = await startCommand(first, context);
  const format = ['-P', '-F', '#{window_id} #{pane_id}'];
  const exists =
    (await runTmux(context.host, server, ['has-session', '-t', `=${session.name}`], { signal: context.signal }))
      .exitCode === 0;
  const made = exists
    ? await makeInSession(server, session.name, window.index, ['-d', ...format, '-n', name, '-c', cwd], start, context)
    : await tmux(context, server, [
        'new-session',
        '-d',
        ...format,
        '-s',
        session.name,
        '-n',
        name,
        '-x',
        String(window.width),
        '-y',
        String(window.height),
        '-c',
        cwd,
        ...start,
      ]);
  const [windowId = '', firstPane = ''] = made.trim().split(' ');
  if (!exists) await moveWindow(server, windowId, session.name, window.index, context);
  const paneIds = [firstPane];
  for (const other of others) {
    // Splitting the pane made last keeps the order; splitting the active one would reverse it.
    const id = await tmux(context, server, [
      'split-window',
      '-d',
      '-P',
      '-F',
      '#{pane_id}',
      '-t',
      paneIds.at(-1) ?? '',
      '-c',
      other.pane.cwd,
      ...(await startCommand(other, context)),
    ]);
    paneIds.push(id.trim());
    await tmux(context, server, ['select-layout', '-t', windowId, 'tiled']);
  }
  return { windowId, paneIds };
}

/** A new window at its old index, or at the next free one where that is taken. */
async function makeInSession(
  server: TmuxServer,
  session: string,
  index: number,
  args: readonly string[],
  start: readonly string[],
  context: RestoreContext,
): Promise<string> {
  const atIndex = await runTmux(context.host, server, ['new-window', '-t', `=${session}:${index}`, ...args, ...start], {
    signal: context.signal,
  });
  if (atIndex.exitCode === 0) return atIndex.stdout.toString('utf8');
  return tmux(context, server, ['new-window', '-t', `=${session}:`, ...args, ...start]);
}

async function moveWindow(
  server: TmuxServer,
  windowId: string,
  session: string,
  index: number,
  context: RestoreContext,
): Promise<void> {
  const now = (await tmux(context, server, ['display-message', '-p', '-t', windowId, '#{window_index}'])).trim();
  if (now !== String(index))
    await runTmux(context.host, server, ['move-window', '-s', windowId, '-t', `=${session}:${index}`], {
      signal: context.signal,
    });
}

async function arrange(
  server: TmuxServer,
  windowId: string,
  paneIds: readonly string[],
  panes: readonly PaneStep[],
  context: RestoreContext,
): Promise<void> {
  const window = panes[0]?.pane.window;
  if (window === undefined) return;
  if (isLayout(window.layout) && countLayoutPanes(window.layout) === paneIds.length) {
    await runTmux(context.host, server, ['select-layout', '-t', windowId, window.layout], { signal: context.signal });
  }
  const active = panes.findIndex(({ pane }) => pane.pane.isActive);
  const activeId = paneIds[Math.max(0, active)] ?? '';
  await tmux(context, server, ['select-pane', '-t', activeId]);
  if (window.isZoomed) await tmux(context, server, ['resize-pane', '-Z', '-t', activeId]);
  if (window.isAutomaticallyNamed)
    await tmux(context, server, ['set-option', '-w', '-t', windowId, 'automatic-rename', 'on']);
}

async function typeCommand(
  server: TmuxServer,
  paneId: string,
  pane: PanePayload,
  context: RestoreContext,
): Promise<void> {
  if (pane.command === null) return;
  await tmux(context, server, ['send-keys', '-t', paneId, '-l', '--', pane.command]);
  if (pane.shouldRun) await tmux(context, server, ['send-keys', '-t', paneId, 'Enter']);
}

/**
 * What the pane starts with: its old text from a private file, which the pane removes once it is printed, then the user's shell. The
 * words are given as separate arguments, so that no text of the snapshot is ever read by a shell.
 */
async function startCommand({ step, pane }: PaneStep, context: RestoreContext): Promise<string[]> {
  const stream = pane.hidden ? HIDDEN_SCREEN : pane.scrollback ? SCROLLBACK : null;
  if (stream === null) return [];
  const bytes = await context.readStream(step.key, stream);
  const file = join(
    context.scratchDir,
    `${stream}-${step.key.replaceAll(/[^a-z0-9]/gi, '-').slice(0, 60)}-${Math.floor(performance.now() * 1000)}`,
  );
  const divider = `\u001b[0m\u001b[2m──── restored from ${new Date(context.snapshot.takenAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC ────\u001b[0m\n`;
  writeFileSync(file, Buffer.concat([onlyColours(Buffer.from(bytes)), Buffer.from(`\n${divider}`, 'utf8')]), {
    mode: 0o600,
  });
  chmodSync(file, 0o600);
  return ['sh', '-c', 'cat -- "$1"; rm -f -- "$1"; exec "${SHELL:-/bin/sh}"', 'sh', file];
}

/** Old text keeps its colours; every other control sequence could drive the terminal and is dropped. */
export function onlyColours(text: Buffer): Buffer {
  const plain = text
    .toString('latin1')
    // eslint-disable-next-line no-control-regex -- control characters are what is dropped
    .replaceAll(
      /\u001b\[([0-9;:]*)m|\u001b(?:[\]P^_X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\[[0-?]*[ -/]*[@-~]?|[ -/]*[0-~]?)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g,
      (whole, colour: string | undefined) => (colour === undefined ? '' : whole),
    );
  return Buffer.from(plain, 'latin1');
}

function serverFor(pane: PanePayload, context: RestoreContext): TmuxServer {
  // The default server wherever TMUX_TMPDIR points now; a private socket where it lay.
  const socket = pane.server === 'default' ? join(socketFolder(context.host), 'default') : pane.socket;
  return { socket, label: pane.server };
}

async function tmux(context: RestoreContext, server: TmuxServer, args: readonly string[]): Promise<string> {
  const result = await runTmux(context.host, server, args, { signal: context.signal, timeoutMs: 5_000 });
  if (result.exitCode !== 0)
    throw new Error(`\`tmux ${args[0] ?? ''}\` failed (${result.stderr.toString('utf8').trim().slice(0, 200)})`);
  return result.stdout.toString('utf8');
}

async function isTmuxHere(context: RestoreContext): Promise<boolean> {
  try {
    return (await context.host.run('tmux', ['-V'], { signal: context.signal })).exitCode === 0;
  } catch {
    return false; // not installed
  }
}

function windowName(pane: Pick<PaneFacts, 'server' | 'session' | 'window'> | undefined): string {
  return pane === undefined ? '' : JSON.stringify([pane.server, pane.session.name, pane.window.index]);
}

/** `#{...}` in a name would be expanded by tmux, and a control character would drive the terminal. */
function plainName(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is dropped
  return name
    .replaceAll(/[\u0000-\u001f\u007f]/g, '')
    .replaceAll('#', '##')
    .slice(0, 200);
}
