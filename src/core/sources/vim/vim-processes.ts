// Running Vims: without a server of their own they are known by the swap files that they hold open, else by their words. Linux only,
// since nowhere else /proc tells.

import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

import {
  readArguments,
  readOwner,
  readProcesses,
  readWorkingDirectory,
  ttyPath,
  type ProcessInfo,
} from '../host/proc.ts';
import type { Host } from '../source.ts';
import { isSwapName } from './swap-files.ts';

/** `vim`, `vi`, `view`, `gvim`, `rvim`, `vimdiff`, and Debian's `vim.basic`, `vim.nox` ... */
const VIM_NAME = /^(?:e?vim|[rg]?view|[rg]?vim|ex|vi|vimdiff|gvimdiff|vim\.[a-z0-9]+)$/;
/** Options whose value is the next word. */
const OPTIONS_WITH_VALUE = new Set([
  '-c',
  '--cmd',
  '-S',
  '-s',
  '-t',
  '-T',
  '-u',
  '-U',
  '-i',
  '-w',
  '-W',
  '-q',
  '--servername',
  '--log',
]);
const MAX_FILES = 200;

export interface VimProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly tty: string | null;
  readonly cwd: string;
  /** Swap files that it holds open. */
  readonly swapFiles: readonly string[];
  /** Files that its command line names, absolute. */
  readonly namedFiles: readonly string[];
}

export function isVimName(name: string): boolean {
  return VIM_NAME.test(name);
}

/** The Vims of this user. */
export function findVims(host: Host, processes = readProcesses(host)): VimProcess[] {
  return processes
    .filter(({ name, isZombie, pid }) => isVimName(name) && !isZombie && readOwner(host.procDir, pid) === host.uid)
    .flatMap((process) => readVim(host, process) ?? []);
}

/** True for Vim and Neovim. */
export function isEditorName(name: string): boolean {
  return name === 'nvim' || isVimName(name);
}

/** Swap files that this user's running editors hold open. */
export function heldSwapFiles(host: Host): Set<string> {
  const editors = readProcesses(host).filter(
    ({ name, isZombie, pid }) => isEditorName(name) && !isZombie && readOwner(host.procDir, pid) === host.uid,
  );
  return new Set(editors.flatMap(({ pid }) => openSwapFiles(host.procDir, pid)));
}

/** Swap files that a process holds open. */
function openSwapFiles(procDir: string, pid: number): string[] {
  const folder = join(procDir, String(pid), 'fd');
  const links = listNames(folder).flatMap((name) => readLink(join(folder, name)) ?? []);
  return [...new Set(links.filter((path) => isAbsolute(path) && isSwapName(path)))].slice(0, MAX_FILES);
}

/** The files that a command line names. */
export function namedFiles(argv: readonly string[], cwd: string): string[] {
  const files: string[] = [];
  let areOnlyFiles = false;
  for (let at = 1; at < argv.length && files.length < MAX_FILES; at += 1) {
    const word = argv[at] ?? '';
    if (areOnlyFiles || !/^[-+]./.test(word)) files.push(resolve(cwd, word));
    else if (word === '--') areOnlyFiles = true;
    else if (OPTIONS_WITH_VALUE.has(word)) at += 1;
  }
  return files;
}

function readVim(host: Host, process: ProcessInfo): VimProcess | null {
  const cwd = readWorkingDirectory(host.procDir, process.pid)?.path;
  if (cwd === undefined) return null;
  return {
    pid: process.pid,
    startTime: process.startTime,
    tty: ttyPath(process.ttyNumber),
    cwd,
    swapFiles: openSwapFiles(host.procDir, process.pid),
    namedFiles: namedFiles(readArguments(host, process.pid), cwd).filter(isFile),
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false; // not ours to look at
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it has ended
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // closed meanwhile
  }
}
