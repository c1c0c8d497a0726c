// Takes back a pane that a restore made: only if it is still the very one, and nobody has used it since.

import { z } from 'zod';

import type { StepResult } from '../../../shared/model/restore.ts';
import type { UndoContext } from '../source.ts';
import { isSameShell, shellStateSchema, usedSince } from '../terminal/shell-state.ts';
import { runTmux, type TmuxServer } from './tmux-servers.ts';

const paneUndoSchema = shellStateSchema.extend({
  socket: z.string().startsWith('/'),
  paneId: z.string().regex(/^%\d+$/),
});
const linkUndoSchema = z.object({
  socket: z.string().startsWith('/'),
  link: z.object({ sessionId: z.string().regex(/^\$\d+$/), windowId: z.string().regex(/^@\d+$/) }),
});
type PaneUndo = z.infer<typeof paneUndoSchema>;

interface Verdict {
  readonly status: StepResult['status'];
  readonly detail: string;
}

export async function undoTmuxStep(result: StepResult, context: UndoContext): Promise<StepResult> {
  const pane = paneUndoSchema.safeParse(result.undo).data;
  const link = linkUndoSchema.safeParse(result.undo).data;
  if (pane !== undefined) return { key: result.key, action: 'close-pane', ...(await undoPane(pane, context)) };
  if (link !== undefined) return { key: result.key, action: 'unlink-window', ...(await undoLink(link, context)) };
  return { key: result.key, action: 'close-pane', status: 'skipped', detail: 'The restore made nothing here.' };
}

async function undoPane(undo: PaneUndo, { host, signal }: UndoContext): Promise<Verdict> {
  const server: TmuxServer = { socket: undo.socket, label: undo.socket };
  const target = ['-t', undo.paneId];
  const asked = await runTmux(host, server, [['display-message', '-p', ...target, '#{pane_pid}']], { signal });
  if (asked.exitCode !== 0 || asked.stdout.toString('utf8').trim() !== String(undo.pid) || !isSameShell(undo, host)) {
    return { status: 'skipped', detail: 'The pane is closed already.' };
  }
  const why = usedSince(undo, host);
  if (why !== null) return { status: 'skipped', detail: `${why}, so the pane was left open.` };
  const closed = await runTmux(host, server, [['kill-pane', ...target]], { signal });
  return closed.exitCode === 0
    ? { status: 'done', detail: 'The pane that the restore opened was closed.' }
    : { status: 'failed', detail: 'tmux did not close the pane.' };
}

/** Takes the window out of the session that it was linked into; it stays in the other. */
async function undoLink(
  { socket, link }: z.infer<typeof linkUndoSchema>,
  { host, signal }: UndoContext,
): Promise<Verdict> {
  const server: TmuxServer = { socket, label: socket };
  const session = ['-t', link.sessionId];
  const format = '#{session_grouped} #{session_attached} #{session_group_size}';
  const asked = await runTmux(host, server, [['display-message', '-p', ...session, format]], { signal });
  const [isGrouped, attached, groupSize] = asked.stdout.toString('utf8').trim().split(' ');
  if (asked.exitCode !== 0) return { status: 'skipped', detail: 'The session is closed already.' };
  if (attached !== '0') return { status: 'skipped', detail: 'Somebody looks at the session, so it was left as it is.' };
  // Unlinking a window from one session of a group takes it from all; a session of a group goes without its windows.
  const command =
    isGrouped === '1' && Number(groupSize) > 1
      ? ['kill-session', ...session]
      : ['unlink-window', '-t', `${link.sessionId}:${link.windowId}`];
  const undone = await runTmux(host, server, [command], { signal });
  return undone.exitCode === 0
    ? { status: 'done', detail: 'The window was taken out of the session into which the restore had linked it.' }
    : { status: 'skipped', detail: 'The window stands in no other session any more, so it was left open.' };
}
