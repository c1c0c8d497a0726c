// What this process has cost so far, with the programs that it ran to their end.

import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

/** Processor time of all threads and, where the system tells, of all children that have ended. */
export function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + readChildrenMs();
}

function readChildrenMs(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    // Behind the name, which may hold anything: the 14th and 15th field from there are the children's.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[13]) + Number(fields[14]);
    return Number.isFinite(ticks) ? ticks * TICK_MS : 0;
  } catch {
    return 0; // no Linux: the programs that were asked are not counted
  }
}
