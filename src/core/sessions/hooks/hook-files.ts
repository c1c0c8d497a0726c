// Puts our entries into a tool's settings file and takes them out: shown before it is written, as a whole or not at all, through links to
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

import { AppError } from '../../../shared/model/app-error.ts';
import { quoteArguments } from '../../sources/host/quote-argument.ts';
import type { Host } from '../../sources/source.ts';
import {
  addHooks,
  createEntries,
  CHECKPOINT_SCRIPT,
  findHooks,
  HOOK_SCRIPT,
  NO_SETTINGS,
  removeHooks,
  type HookEntry,
} from './hook-settings.ts';
import { gitHookFile, gitHookText, isGitHookWhole } from './git-hook.ts';
import { findHookScript } from './hook-script.ts';

export const HOOK_TOOLS = ['claude-code', 'codex', 'git'] as const;
export type HookTool = (typeof HOOK_TOOLS)[number];

const BACKUP_SUFFIX = '.before-cairn';
const NEW_FILE_MODE = 0o600;
const SCRIPT_MODE = 0o700;
const IS_THERE = 'It is there already.';
const NOT_THERE = 'There is no entry of Cairn.';
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

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
  if (tool === 'git') return planGit(place, gitHookText(place));
  const file = settingsFile(tool, place.host);
  const before = readSettings(file);
  const added: string[] = [];
  let text = before ?? NO_SETTINGS;
  for (const entry of entriesOf(tool, place)) {
    const next = addHooks(text, [entry]);
    if (next === null) throw strange(file);
    if (next !== text) added.push(addedLines(text, next));
    text = next;
  }
  return {
    tool,
    file,
    action: added.length === 0 ? 'none' : 'install',
    detail: added.length === 0 ? IS_THERE : null,
    added: added.join('\n'),
    text,
    before,
  };
}

export function planUninstall(tool: HookTool, place: HookPlace): HookChange {
  if (tool === 'git') return planGit(place, null);
  const file = settingsFile(tool, place.host);
  const before = readSettings(file);
  const removed = before === null ? null : removeHooks(before);
  if (before === null || removed === null)
    return { tool, file, action: 'none', detail: NOT_THERE, added: '', text: before, before };
  if (findHooks(removed).length > 0)
    throw new AppError('USAGE_INVALID', 'Something else stands in the same entry, so it was left as it is.', {
      hint: `Take the commands with ${HOOK_SCRIPT} and ${CHECKPOINT_SCRIPT} out of the file by hand.`,
    });
  const original = findOriginal(file, before, findHooks(before));
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
export function applyHookChange({ tool, file, action, text, before }: HookChange): void {
  if (action === 'none') return;
  const target = realPathOf(file);
  if (action === 'install') {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    // With an older entry of ours in it, it is not what it was before us.
    if (tool !== 'git' && before !== null && findHooks(before).length === 0)
      replaceFile(`${target}${BACKUP_SUFFIX}`, before, modeOf(target));
  }
  if (readSettings(file) !== before) throw changed();
  if (text === null) rmSync(target);
  else replaceFile(target, text, tool === 'git' ? SCRIPT_MODE : modeOf(target), () => readSettings(file) === before);
  if (action === 'uninstall') rmSync(`${target}${BACKUP_SUFFIX}`, { force: true });
}

export function readHookStatus(tool: HookTool, { host, home }: Pick<HookPlace, 'host' | 'home'>): HookStatus {
  if (tool === 'git') {
    const script = readSettings(gitHookFile(home));
    return {
      tool,
      file: gitHookFile(home),
      isInstalled: script !== null,
      isWhole: script !== null && isGitHookWhole(script),
    };
  }
  const file = settingsFile(tool, host);
  const scripts = findHooks(readSettings(file) ?? NO_SETTINGS).map(
    ({ command }) => /'([^']*cairn-[a-z]+\.mjs)'|(\S*cairn-[a-z]+\.mjs)/.exec(command)?.slice(1).find(Boolean) ?? '',
  );
  return {
    tool,
    file,
    isInstalled: scripts.length > 0,
    isWhole: scripts.length > 0 && scripts.every((script) => existsSync(script)),
  };
}

/** A file of our own: it is there as we write it, or it is not. */
function planGit({ home }: HookPlace, text: string | null): HookChange {
  const file = gitHookFile(home);
  const before = readSettings(file);
  const isInstall = text !== null;
  if (before === text)
    return { tool: 'git', file, action: 'none', detail: isInstall ? IS_THERE : NOT_THERE, added: '', text, before };
  return {
    tool: 'git',
    file,
    action: isInstall ? 'install' : 'uninstall',
    detail: null,
    added: text?.trimEnd() ?? '',
    text,
    before,
  };
}

function settingsFile(tool: Exclude<HookTool, 'git'>, { env, homeDir }: Host): string {
  return tool === 'claude-code'
    ? join(env['CLAUDE_CONFIG_DIR'] || join(homeDir, '.claude'), 'settings.json')
    : join(env['CODEX_HOME'] || join(homeDir, '.codex'), 'hooks.json');
}

/** What a turn said at its end; a checkpoint before a run, and before a command of the model that throws changes away. */
function entriesOf(tool: Exclude<HookTool, 'git'>, { home, node }: HookPlace): readonly HookEntry[] {
  return createEntries((event) => {
    const script = event === 'Stop' ? HOOK_SCRIPT : CHECKPOINT_SCRIPT;
    const line = quoteArguments([node, findHookScript(script), tool, home]);
    if (line === null)
      throw new AppError('EXEC_FAILED', 'The path of the hooks has no words.', {
        hint: 'Install Cairn again, in a folder with a plain name.',
      });
    return line;
  });
}

/** What the file was before the entries came, if nothing else has changed since; undefined where something has. */
function findOriginal(file: string, text: string, entries: readonly HookEntry[]): string | null | undefined {
  if (addHooks(NO_SETTINGS, entries) === text) return null;
  const backup = readSettings(`${realPathOf(file)}${BACKUP_SUFFIX}`);
  return backup !== null && addHooks(backup, entries) === text ? backup : undefined;
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
