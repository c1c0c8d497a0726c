// Puts the entry into a tool's settings file and takes it out: shown before it is written, as a whole or not at all, through links to
// where the file really lies, never over what somebody has changed in between, and back to the byte where nothing else changed.

import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../../shared/model/app-error.ts';
import { quoteArguments } from '../../sources/host/quote-argument.ts';
import type { Host } from '../../sources/source.ts';
import { addHook, findHook, HOOK_SCRIPT, NO_SETTINGS, removeHook } from './hook-settings.ts';

export const HOOK_TOOLS = ['claude-code', 'codex'] as const;
export type HookTool = (typeof HOOK_TOOLS)[number];

const BACKUP_SUFFIX = '.before-cairn';
const NEW_FILE_MODE = 0o600;
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;
/** From this file in the source tree, from an entry of a build, and from a chunk one folder below. */
const RESOURCES = ['../../../../resources/', '../../resources/', '../../../resources/'];

export interface HookPlace {
  readonly host: Host;
  /** The data folder that the hook speaks for. */
  readonly home: string;
  /** The Node that runs it. */
  readonly node: string;
}

export interface HookChange {
  readonly tool: HookTool;
  readonly file: string;
  readonly action: 'install' | 'uninstall' | 'none';
  /** Why nothing needs to be done; null where something does. */
  readonly detail: string | null;
  /** What is put in: the lines of the file that are new. */
  readonly added: string;
  /** Null for a file that is there no more afterwards. */
  readonly text: string | null;
  /** The file as it was when this was planned; null where there was none. */
  readonly before: string | null;
}

export interface HookStatus {
  readonly tool: HookTool;
  readonly file: string;
  readonly isInstalled: boolean;
  /** The script that the entry starts is there. */
  readonly isWhole: boolean;
}

/** @throws AppError USAGE_INVALID where the settings are of no shape that has hooks */
export function planInstall(tool: HookTool, place: HookPlace): HookChange {
  const file = settingsFile(tool, place.host);
  const before = readSettings(file);
  const text = addHook(before ?? NO_SETTINGS, createCommand(tool, place));
  if (text === null) throw strange(file);
  const isThere = text === before;
  return {
    tool,
    file,
    action: isThere ? 'none' : 'install',
    detail: isThere ? 'The entry is there already.' : null,
    added: isThere ? '' : addedLines(before ?? '', text),
    text,
    before,
  };
}

export function planUninstall(tool: HookTool, place: HookPlace): HookChange {
  const file = settingsFile(tool, place.host);
  const before = readSettings(file);
  const removed = before === null ? null : removeHook(before);
  if (before === null || removed === null)
    return { tool, file, action: 'none', detail: 'There is no entry of Cairn.', added: '', text: before, before };
  if (findHook(removed) !== null)
    throw new AppError('USAGE_INVALID', 'Something else stands in the same entry, so it was left as it is.', {
      hint: `Take the command with ${HOOK_SCRIPT} out of the file by hand.`,
    });
  const original = findOriginal(file, before, findHook(before) ?? '');
  return {
    tool,
    file,
    action: 'uninstall',
    detail: null,
    added: '',
    text: original === undefined ? removed : original,
    before,
  };
}

/** Carries it out. @throws AppError SESSION_FILE_CHANGED where the file is no longer what it was when this was planned */
export function applyHookChange({ file, action, text, before }: HookChange): void {
  if (action === 'none') return;
  const target = realPathOf(file);
  if (action === 'install') {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    if (before !== null) replaceFile(`${target}${BACKUP_SUFFIX}`, before, modeOf(target));
  }
  if (readSettings(file) !== before) throw changed();
  if (text === null) rmSync(target);
  else replaceFile(target, text, modeOf(target), () => readSettings(file) === before);
  if (action === 'uninstall') rmSync(`${target}${BACKUP_SUFFIX}`, { force: true });
}

export function readHookStatus(tool: HookTool, host: Host): HookStatus {
  const file = settingsFile(tool, host);
  const command = findHook(readSettings(file) ?? NO_SETTINGS);
  const script =
    command === null
      ? null
      : (/'([^']*cairn-hook\.mjs)'|(\S*cairn-hook\.mjs)/.exec(command)?.slice(1).find(Boolean) ?? '');
  return { tool, file, isInstalled: command !== null, isWhole: script !== null && existsSync(script) };
}

function settingsFile(tool: HookTool, { env, homeDir }: Host): string {
  return tool === 'claude-code'
    ? join(env['CLAUDE_CONFIG_DIR'] || join(homeDir, '.claude'), 'settings.json')
    : join(env['CODEX_HOME'] || join(homeDir, '.codex'), 'hooks.json');
}

function createCommand(tool: HookTool, { home, node }: HookPlace): string {
  const script = RESOURCES.map((folder) =>
    fileURLToPath(new URL(`${folder}hooks/${HOOK_SCRIPT}`, import.meta.url)),
  ).find((path) => existsSync(path));
  const command = script === undefined ? null : quoteArguments([node, script, tool, home]);
  if (command === null)
    throw new AppError('EXEC_FAILED', 'The script of the hooks is missing, or its path has no words.', {
      hint: 'Install Cairn again, in a folder with a plain name.',
    });
  return command;
}

/** What the file was before the entry came, if nothing else has changed since; undefined where something has. */
function findOriginal(file: string, text: string, command: string): string | null | undefined {
  if (addHook(NO_SETTINGS, command) === text) return null;
  const backup = readSettings(`${realPathOf(file)}${BACKUP_SUFFIX}`);
  return backup !== null && addHook(backup, command) === text ? backup : undefined;
}

/** Null where there is none. @throws AppError USAGE_INVALID where it is no plain text file */
function readSettings(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isFile() || stats.size > MAX_SETTINGS_BYTES) throw strange(file);
  const bytes = readFileSync(file);
  const text = bytes.toString('utf8');
  // What is no text would come back changed.
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw strange(file);
  return text;
}

function replaceFile(path: string, text: string, mode: number, isStillSo: () => boolean = () => true): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', mode);
    try {
      writeSync(file, text);
      fchmodSync(file, mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (!isStillSo()) throw changed();
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Where a file really lies; a link to nowhere is refused, since its folder may be anybody's. */
function realPathOf(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return file;
  try {
    return realpathSync(file);
  } catch {
    throw strange(file);
  }
}

function modeOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? NEW_FILE_MODE) & 0o777;
}

/** The run of lines that is new. */
function addedLines(before: string, after: string): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < old.length - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end += 1;
  return fresh.slice(start, fresh.length - end).join('\n');
}

function strange(file: string): AppError {
  return new AppError('USAGE_INVALID', `${file} is of a shape that Cairn does not know, so it was left as it is.`, {
    hint: 'Look at it, and try again when it is valid.',
  });
}

function changed(): AppError {
  return new AppError('SESSION_FILE_CHANGED', 'The settings have changed in the meantime, so nothing was written.', {
    hint: 'Try again.',
    isRetryable: true,
  });
}
