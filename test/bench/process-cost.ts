// What a process and the children it has waited for have cost, from /proc (Linux).

import { readFileSync, writeFileSync } from 'node:fs';

/** Ticks a second of the kernel's accounting: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessCost {
  /** CPU of all its threads and of its children that have ended. */
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
}

export function readProcessCost(pid: number | 'self'): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the name, which may hold anything: state is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, peakMemoryMb: Number(peak ?? 0) / 1024 };
}

/** From here on the peak is what the process has then, and what comes. Linux: clear_refs in proc(5). */
export function forgetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
