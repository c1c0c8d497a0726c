// Whether a shell that noted something still runs. A pid may be another process by now: it counts only if that began before the note,
// and of several shells under one pid (`exec bash`) only the newest runs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readOwner, readProcess, ttyPath } from '../host/proc.ts';
import type { Host } from '../source.ts';
import type { ShellFacts } from './shell-state.ts';

const TICKS_PER_SECOND = 100;
/** Start times are rounded, and the clock may have been set a little since boot. */
const TOLERANCE_MS = 10_000;

export interface LiveShell {
  /** The terminal's device; empty without one. */
  readonly tty: string;
}

/** The shell's process; null where it has ended. */
export function findLiveShell(host: Host, { pid, startedAtMs, tty }: ShellFacts): LiveShell | null {
  const process = readProcess(host.procDir, pid);
  if (process === null || process.isZombie || readOwner(host.procDir, pid) !== host.uid) return null;
  const bootMs = readBootTimeMs(host.procDir);
  if (bootMs !== null && bootMs + (process.startTime / TICKS_PER_SECOND) * 1_000 > startedAtMs + TOLERANCE_MS)
    return null;
  return { tty: ttyPath(process.ttyNumber) ?? tty };
}

/** Of these shells, those that run now, by id. */
export function findLiveShells(host: Host, shells: ReadonlyMap<string, ShellFacts>): Map<string, LiveShell> {
  const newest = new Map<number, string>();
  for (const [id, { pid, startedAtMs }] of shells) {
    const other = newest.get(pid);
    if (other === undefined || (shells.get(other)?.startedAtMs ?? 0) <= startedAtMs) newest.set(pid, id);
  }
  const live = new Map<string, LiveShell>();
  for (const id of newest.values()) {
    const facts = shells.get(id);
    const found = facts === undefined ? null : findLiveShell(host, facts);
    if (found !== null) live.set(id, found);
  }
  return live;
}

function readBootTimeMs(procDir: string): number | null {
  try {
    const match = /^btime (\d+)$/m.exec(readFileSync(join(procDir, 'stat'), 'utf8'));
    return match === null ? null : Number(match[1]) * 1_000;
  } catch {
    return null; // a system that does not say
  }
}
