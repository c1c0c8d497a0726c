// What a process and its children have cost, from /proc (Linux).

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Ticks a second of the kernel's accounting: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessCost {
  /** CPU of all its threads, of its children that have ended, and of those that stay, with theirs. */
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
}

export function readProcessCost(pid: number | 'self'): ProcessCost {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  const ticks = [pid, ...childrenOf(pid)].reduce<number>((sum, process) => sum + ticksOf(process), 0);
  return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, peakMemoryMb: Number(peak ?? 0) / 1024 };
}

function ticksOf(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the name, which may hold anything: state is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
}

/** Each thread has those that it started. */
function childrenOf(pid: number | 'self'): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number),
  );
}

/** From here on the peak is what the process has then, and what comes. Linux: clear_refs in proc(5). */
export function forgetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
