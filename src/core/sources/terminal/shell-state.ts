// How a restore left the shell of a terminal, by which an undo sees whether it is still the very one and nobody has used it since.

import { z } from 'zod';

import { readProcess, readProcesses, readWorkingDirectory } from '../host/proc.ts';
import type { Host } from '../source.ts';

export const shellStateSchema = z.object({
  pid: z.int().positive(),
  startTime: z.int(),
  /** Page faults of the children that it has waited for: grows with each command. */
  childFaults: z.int(),
  cwd: z.string(),
  /** Helpers that its prompt started. */
  children: z.array(z.string()),
});
export type ShellState = z.infer<typeof shellStateSchema>;

/** The shell's state now. */
export function readShellState(host: Host, pid: number): ShellState {
  const shell = readProcess(host.procDir, pid);
  return {
    pid,
    startTime: shell?.startTime ?? -1,
    childFaults: shell?.childFaults ?? -1,
    cwd: readWorkingDirectory(host.procDir, pid)?.path ?? '',
    children: childrenOf(host, pid),
  };
}

/** True while the very process lives. */
export function isSameShell({ pid, startTime }: ShellState, host: Host): boolean {
  return readProcess(host.procDir, pid)?.startTime === startTime;
}

/** Why its terminal must stay, as half a sentence: something runs in it, or ran in it; null where it is as the restore left it. */
export function usedSince(state: ShellState, host: Host): string | null {
  const shell = readProcess(host.procDir, state.pid);
  if (shell === null || shell.foregroundGroup !== shell.processGroup) return 'Something runs in it by now';
  const helpers = new Set(state.children);
  if (childrenOf(host, state.pid).some((child) => !helpers.has(child))) return 'Something runs in it by now';
  const directory = readWorkingDirectory(host.procDir, state.pid)?.path ?? '';
  if (shell.childFaults !== state.childFaults || directory !== state.cwd) return 'It was used since the restore';
  return null;
}

function childrenOf(host: Host, pid: number): string[] {
  return readProcesses(host)
    .filter((process) => process.parentPid === pid && !process.isZombie)
    .map((process) => `${process.pid}-${process.startTime}`);
}
