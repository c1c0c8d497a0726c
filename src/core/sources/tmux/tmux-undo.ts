// Takes back a pane that a restore made: only if it is still the very one, and nothing runs in it.

import { z } from 'zod';

import type { StepResult } from '../../../shared/model/restore.ts';
import { readProcess, readProcesses } from '../host/proc.ts';
import type { UndoContext } from '../source.ts';
import { runTmux } from './tmux-servers.ts';

const undoSchema = z.object({
  socket: z.string(),
  paneId: z.string().regex(/^%\d+$/),
  pid: z.int(),
  windowId: z.string(),
});

export async function undoTmuxStep(result: StepResult, context: UndoContext): Promise<StepResult> {
  const parsed = undoSchema.safeParse(result.undo);
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'close-pane',
    status,
    detail,
  });
  if (!parsed.success) return answer('skipped', 'The restore made nothing here.');
  const { socket, paneId, pid } = parsed.data;
  const server = { socket, label: socket };
  const asked = await runTmux(context.host, server, ['display-message', '-p', '-t', paneId, '#{pane_pid}'], {
    signal: context.signal,
  });
  if (asked.exitCode !== 0 || asked.stdout.toString('utf8').trim() !== String(pid))
    return answer('skipped', 'The pane is closed already.');
  const shell = readProcess(context.host.procDir, pid);
  const isBusy =
    shell === null ||
    readProcesses(context.host.procDir).some((process) => process.parentPid === pid && !process.isZombie);
  if (isBusy) return answer('skipped', 'Something runs in the pane by now, so it was left open.');
  const closed = await runTmux(context.host, server, ['kill-pane', '-t', paneId], { signal: context.signal });
  return closed.exitCode === 0
    ? answer('done', 'The pane that the restore opened was closed.')
    : answer('failed', 'tmux did not close the pane.');
}
