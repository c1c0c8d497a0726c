// What a terminal shows, told from its processes: the shell, whether it waits at its prompt, the program in the foreground with its
// words and pipeline, and the folder. Reads nothing but /proc; what the processes say of themselves is taken as hostile text.

import { hostname } from 'node:os';
import { statSync } from 'node:fs';

import { readArguments, readWorkingDirectory, type ProcessInfo, type ProcessPlace } from './proc.ts';

/** Longer command lines (as JSON, a whole pipeline together) are not kept: a command that is cut would be another command. */
const MAX_ARGUMENTS_LENGTH = 24 * 1024;
const MAX_PIPELINE = 8;
const MAX_DEPTH = 16;
const SHELLS = new Set(
  'bash zsh fish sh dash ash ksh ksh93 mksh oksh yash tcsh csh nu elvish xonsh pwsh rbash'.split(' '),
);
/** Shell options that are followed by a value. */
const OPTIONS_WITH_VALUE = new Set([
  '--rcfile',
  '--init-file',
  '--config',
  '--env-config',
  '-o',
  '+o',
  '-O',
  '+O',
  '-C',
]);
/** Programs that run a shell on a terminal of their own and so hide its folder. */
const WRAPPERS = new Set(['script', 'sudo', 'su', 'doas', 'runuser', 'unbuffer', 'asciinema', 'rlwrap']);

/** Processes, indexed once for all terminals. */
export interface ProcessTable {
  readonly all: readonly ProcessInfo[];
  readonly byPid: ReadonlyMap<number, ProcessInfo>;
  readonly byGroup: ReadonlyMap<number, readonly ProcessInfo[]>;
}

export interface TerminalProgram {
  /** The name of the terminal's first process, as a rule its shell. */
  readonly shell: string;
  /** Where the shell stands, which is where its command was typed; null where it cannot be read. */
  readonly cwd: string | null;
  readonly isCwdDeleted: boolean;
  /** The words of what runs in the foreground; empty at the prompt. */
  readonly argv: readonly string[];
  /** What follows it in its pipeline. */
  readonly pipeline: readonly (readonly string[])[];
  /** False where a program rewrote or hid its words, so that they are a guess. */
  readonly isArgvExact: boolean;
  /** Where the program itself stands, where that is elsewhere. */
  readonly commandCwd: string | null;
}

/** Each source with terminals asks for the one of a capture. */
const tables = new WeakMap<readonly ProcessInfo[], ProcessTable>();

export function indexProcesses(processes: readonly ProcessInfo[]): ProcessTable {
  const known = tables.get(processes);
  if (known !== undefined) return known;
  const table = {
    all: processes,
    byPid: new Map(processes.map((process) => [process.pid, process])),
    byGroup: Map.groupBy(processes, (process) => process.processGroup),
  };
  tables.set(processes, table);
  return table;
}

export interface ReadTerminalOptions {
  /** The folder that the terminal was told by its shell (OSC 7), a `file:` URL. Counts only where the processes hide theirs. */
  readonly announcedUrl?: string;
}

/** Tells what the terminal shows whose first process this is. */
export function readTerminalProgram(
  place: ProcessPlace,
  leader: ProcessInfo,
  table: ProcessTable,
  options: ReadTerminalOptions = {},
): TerminalProgram {
  const job = findJob(place, leader, table);
  const shell = job === null ? leader : closestShell(place, job, leader, table);
  const directory = readWorkingDirectory(place.procDir, shell.pid) ?? readWorkingDirectory(place.procDir, leader.pid);
  const stand = { shell: leader.name, cwd: directory?.path ?? null, isCwdDeleted: directory?.isDeleted ?? false };
  if (job === null || (job.pid === shell.pid && isPromptShell(place, job))) {
    return { ...stand, argv: [], pipeline: [], isArgvExact: true, commandCwd: null };
  }
  const pipeline = readPipeline(place, pipelineOf(job, table));
  const [first = { words: [], isExact: false }, ...others] = pipeline;
  const hidden = WRAPPERS.has(baseName(first.words[0] ?? '')) ? hiddenFolder(place, job, table, options) : null;
  const ownCwd = readWorkingDirectory(place.procDir, job.pid)?.path ?? null;
  return {
    ...stand,
    ...(hidden === null ? {} : { cwd: hidden, isCwdDeleted: false }),
    argv: first.words,
    pipeline: others.map(({ words }) => words),
    isArgvExact: pipeline.every(({ isExact }) => isExact),
    commandCwd: ownCwd === stand.cwd || ownCwd === hidden ? null : ownCwd,
  };
}

/** True for a shell that waits for commands: not one that runs a script or a `-c` line. */
export function isPromptShell(place: ProcessPlace, process: ProcessInfo): boolean {
  return isPromptShellCommand(readArguments(place, process.pid), process.name);
}

/** The same, of words. */
export function isPromptShellCommand(argv: readonly string[], name: string): boolean {
  const [program = name, ...rest] = argv;
  if (!SHELLS.has(baseName(program).replace(/^-/, ''))) return false;
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (OPTIONS_WITH_VALUE.has(word)) at += 1;
    else if (word === '--command' || /^-[A-Za-z]*c/.test(word) || !/^[-+]/.test(word)) return false;
  }
  return true;
}

/** The folder of a `file:` URL of this machine that exists; null for every other. */
export function localFolder(url: string): string | null {
  const match = /^file:\/\/([^/]*)(\/.*)$/.exec(url);
  if (match === null || !['', 'localhost', hostname()].includes(match[1] ?? '')) return null;
  try {
    const path = decodeURIComponent(match[2] ?? '');
    return !path.includes('\0') && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : null;
  } catch {
    return null; // no UTF-8, or not a folder that we may look at
  }
}

/** The leader of the foreground job; null where the terminal's own shell waits at its prompt. */
function findJob(place: ProcessPlace, leader: ProcessInfo, table: ProcessTable): ProcessInfo | null {
  const group = (table.byGroup.get(leader.foregroundGroup) ?? [])
    .filter((process) => process.ttyNumber === leader.ttyNumber && !process.isZombie)
    .toSorted(byStart);
  const job = group.find((process) => process.pid === process.processGroup) ?? group[0];
  if (job === undefined) return isPromptShell(place, leader) ? null : leader;
  return job.pid === leader.pid && isPromptShell(place, leader) ? null : job;
}

/** The prompt that the job was started from: the job itself where it is a shell within the shell. */
function closestShell(place: ProcessPlace, job: ProcessInfo, leader: ProcessInfo, table: ProcessTable): ProcessInfo {
  let at: ProcessInfo | undefined = job;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth += 1) {
    if (at.ttyNumber === leader.ttyNumber && isPromptShell(place, at)) return at;
    if (at.pid === leader.pid) break;
    at = table.byPid.get(at.parentPid);
  }
  return leader;
}

/** The job and what stands after it in its pipeline: children of the same shell in the same group. */
function pipelineOf(job: ProcessInfo, table: ProcessTable): ProcessInfo[] {
  const others = (table.byGroup.get(job.processGroup) ?? [])
    .filter((process) => process.pid !== job.pid && process.parentPid === job.parentPid && !process.isZombie)
    .toSorted(byStart);
  return [job, ...others].slice(0, MAX_PIPELINE);
}

/** Where the shell stands that a wrapper runs on a terminal of its own. */
function hiddenFolder(
  place: ProcessPlace,
  wrapper: ProcessInfo,
  table: ProcessTable,
  options: ReadTerminalOptions,
): string | null {
  const announced = options.announcedUrl === undefined ? null : localFolder(options.announcedUrl);
  if (announced !== null) return announced;
  const inner = table.all.find(
    (process) =>
      process.pid === process.sessionId &&
      process.ttyNumber !== 0 &&
      process.ttyNumber !== wrapper.ttyNumber &&
      isBelow(process, wrapper, table),
  );
  return inner === undefined ? null : readTerminalProgram(place, inner, table).cwd;
}

/** True where one process descends from the other. */
export function isBelow(process: ProcessInfo, ancestor: ProcessInfo, table: ProcessTable): boolean {
  let at = table.byPid.get(process.parentPid);
  for (let depth = 0; at !== undefined && at.pid > 1 && depth < MAX_DEPTH; depth += 1) {
    if (at.pid === ancestor.pid) return true;
    at = table.byPid.get(at.parentPid);
  }
  return false;
}

interface Words {
  readonly words: readonly string[];
  readonly isExact: boolean;
}

function readPipeline(place: ProcessPlace, processes: readonly ProcessInfo[]): Words[] {
  let left = MAX_ARGUMENTS_LENGTH;
  return processes.map((process) => {
    const read = readWords(place, process);
    const length = JSON.stringify(read.words).length;
    if (length > left) return { words: [process.name], isExact: false };
    left -= length;
    return read;
  });
}

/**
 * The words of a program. Some write a title over them (npm: `npm run dev` as one word and nothing after it): those are parted at
 * blanks, which is a guess.
 */
function readWords(place: ProcessPlace, process: ProcessInfo): Words {
  const argv = readArguments(place, process.pid);
  const [name = ''] = argv;
  if (name.trim() === '') return { words: [process.name], isExact: false };
  const isTitle = argv.slice(1).every((word) => word === '') && (argv.length > 1 || (/\s/.test(name) && !isFile(name)));
  if (isTitle) return { words: name.trim().split(/\s+/), isExact: false };
  // Words that are no UTF-8 cannot be typed again as they were.
  return { words: argv, isExact: !argv.some((word) => word.includes('\uFFFD')) };
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false; // a path that cannot be looked at is none that was started
  }
}

function byStart(a: ProcessInfo, b: ProcessInfo): number {
  return a.startTime - b.startTime || a.pid - b.pid;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
