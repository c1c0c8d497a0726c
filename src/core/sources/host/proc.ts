// Reads processes from Linux' /proc: who runs where, on which terminal, with which words. Total: a process that ends while it is
// read is skipped. Environments are never read but for one named variable, whose neighbours are dropped at once.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

const DELETED = ' (deleted)';
/** Fields of `/proc/PID/stat` behind the name, up to the start time. */
const FIELDS_READ = 20;

export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  readonly processGroup: number;
  /** The session's leader: for a terminal, its shell. */
  readonly sessionId: number;
  /** Device number of the controlling terminal; 0 without one. */
  readonly ttyNumber: number;
  /** The process group that has the terminal. */
  readonly foregroundGroup: number;
  /** Clock ticks since boot: together with the pid it names one process for good. */
  readonly startTime: number;
  /** Page faults of the children that it has waited for: grows whenever one has run and ended. */
  readonly childFaults: number;
  readonly name: string;
  readonly isZombie: boolean;
}

/** All processes as one moment found them. What a capture asks a dozen times is read once, and all sources see the same. */
export interface ProcessLook {
  processes(): readonly ProcessInfo[];
  argumentsOf(pid: number): readonly string[];
}

/** Where processes are read: a look that was taken, else the folder. */
export interface ProcessPlace {
  readonly procDir: string;
  readonly look?: ProcessLook | undefined;
}

/** A look at a folder like /proc, taken when it is first asked. */
export function createProcessLook(procDir: string): ProcessLook {
  let processes: readonly ProcessInfo[] | null = null;
  const words = new Map<number, readonly string[]>();
  return {
    processes: () => (processes ??= scanProcesses(procDir)),
    argumentsOf: (pid) => {
      const known = words.get(pid) ?? scanArguments(procDir, pid);
      words.set(pid, known);
      return known;
    },
  };
}

/** Every process that can be read. */
export function readProcesses({ procDir, look }: ProcessPlace): readonly ProcessInfo[] {
  return look?.processes() ?? scanProcesses(procDir);
}

function scanProcesses(procDir: string): ProcessInfo[] {
  const processes: ProcessInfo[] = [];
  for (const name of listNames(procDir)) {
    if (!/^\d+$/.test(name)) continue;
    const info = readProcess(procDir, Number(name));
    if (info !== null) processes.push(info);
  }
  return processes;
}

/** One process; null where it has ended or cannot be read. */
export function readProcess(procDir: string, pid: number): ProcessInfo | null {
  const stat = readText(`${procDir}/${pid}/stat`);
  return stat === null ? null : parseProcessStat(stat);
}

/** Parses `/proc/PID/stat`. The name stands in parentheses and may hold blanks and parentheses itself. */
export function parseProcessStat(stat: string): ProcessInfo | null {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = stat
    .slice(close + 2)
    .trimStart()
    .split(' ', FIELDS_READ);
  const pid = Number.parseInt(stat.slice(0, open), 10);
  const numbers = fields.map(Number);
  const [, parentPid, processGroup, sessionId, ttyNumber, foregroundGroup] = numbers;
  const startTime = numbers[19];
  if (
    !Number.isInteger(pid) ||
    startTime === undefined ||
    [parentPid, processGroup, sessionId, ttyNumber, foregroundGroup, startTime].some(
      (value) => !Number.isInteger(value),
    )
  ) {
    return null;
  }
  return {
    pid,
    parentPid: parentPid ?? 0,
    processGroup: processGroup ?? 0,
    sessionId: sessionId ?? 0,
    ttyNumber: ttyNumber ?? 0,
    foregroundGroup: foregroundGroup ?? -1,
    startTime,
    childFaults: numbers[8] ?? 0,
    name: stat.slice(open + 1, close),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** The user whose process it is; null where it has ended. */
export function readOwner(procDir: string, pid: number): number | null {
  try {
    return statSync(`${procDir}/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
  } catch {
    return null; // ended between two looks
  }
}

/** Names this run of the system, so that a pid of before a reboot is known as such; empty where the system does not say. */
export function readBootId(procDir: string): string {
  return readText(`${procDir}/sys/kernel/random/boot_id`)?.trim() ?? '';
}

/** When the system was started, by the clock as it goes now; null where it does not say. */
export function readBootTimeMs(procDir: string): number | null {
  const seconds = /^(\d{1,12}(?:\.\d+)?) /.exec(readText(`${procDir}/uptime`) ?? '')?.[1];
  return seconds === undefined ? null : Date.now() - Number(seconds) * 1000;
}

/** One variable of the environment that a process was started with; null where it has none of this name or cannot be read. */
export function readProcessVariable(procDir: string, pid: number, name: string): string | null {
  const text = readText(`${procDir}/${pid}/environ`);
  if (text === null) return null;
  const start = text.startsWith(`${name}=`) ? 0 : text.indexOf(`\0${name}=`) + 1;
  if (start === 0 && !text.startsWith(`${name}=`)) return null;
  const end = text.indexOf('\0', start);
  return text.slice(start + name.length + 1, end < 0 ? undefined : end);
}

/** The words a process was started with; empty where they cannot be read. */
export function readArguments({ procDir, look }: ProcessPlace, pid: number): readonly string[] {
  return look?.argumentsOf(pid) ?? scanArguments(procDir, pid);
}

function scanArguments(procDir: string, pid: number): string[] {
  const text = readText(`${procDir}/${pid}/cmdline`);
  if (text === null || text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** The working directory, and whether it was deleted; null where it cannot be read. */
export function readWorkingDirectory(
  procDir: string,
  pid: number,
): { readonly path: string; readonly isDeleted: boolean } | null {
  try {
    const path = readlinkSync(`${procDir}/${pid}/cwd`);
    // A folder may be called so itself.
    const isDeleted = path.endsWith(DELETED) && statSync(path, { throwIfNoEntry: false }) === undefined;
    return { path: isDeleted ? path.slice(0, -DELETED.length) : path, isDeleted };
  } catch {
    return null; // ended, or another user's
  }
}

/** The device path of a process' standard input where that is a terminal: `/dev/pts/5`. */
export function ttyPath(ttyNumber: number): string | null {
  const major = (ttyNumber >> 8) & 0xfff;
  const minor = (ttyNumber & 0xff) | ((ttyNumber >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 256 + minor}`;
  if (major === 4 && minor < 64) return `/dev/tty${minor}`;
  return null;
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no /proc on this system
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // the process has ended, or is another user's
  }
}
