// Reads what VS Code has written: its windows, the editors of each, and the texts it keeps for the next start. Reads only.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { readArguments, readOwner, readProcess } from '../host/proc.ts';
import { readRegularFile } from '../host/read-file.ts';
import { readFileStart } from '../host/read-start.ts';
import { readSqlite } from '../host/read-sqlite.ts';
import type { Host } from '../source.ts';
import {
  parseBackupHead,
  parseCursors,
  parseEditors,
  parseWindows,
  parseWorkspace,
  windowId,
  type CodeWindow,
  type Cursor,
  type OpenEditor,
} from './parse-state.ts';
import type { Resource } from './resource.ts';

const MAX_STORAGE_BYTES = 32 * 1024 * 1024;
const MAX_WORKSPACE_BYTES = 64 * 1024;
const MAX_WORKSPACES = 3_000;
const MAX_STATE_BYTES = 16 * 1024 * 1024;
const MAX_BACKUPS = 2_000;
/** The most that VS Code writes before the text. */
const MAX_HEAD_BYTES = 10_000;
const NEWLINE = 0x0a;
const EDITORS = 'memento/workbench.parts.editor';
const CURSORS = 'memento/workbench.editors.files.textFileEditor';

/** The windows; null where this VS Code has none yet. @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException */
export function readWindows(dataFolder: string): CodeWindow[] | null {
  const path = join(dataFolder, 'User/globalStorage/storage.json');
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  return parseWindows(readRegularFile(path, MAX_STORAGE_BYTES).toString('utf8'));
}

/**
 * `code.lock` holds the pid of the main process, and stays after a kill: another program may have the number by now. Where in doubt it
 * does not run, since a file that is opened twice is only shown.
 */
export function isCodeRunning(host: Host, dataFolder: string, programs: readonly string[]): boolean {
  try {
    const pid = Number(readRegularFile(join(dataFolder, 'code.lock'), 64).toString('latin1').trim());
    const process = Number.isInteger(pid) && pid > 0 ? readProcess(host.procDir, pid) : null;
    if (process === null || process.isZombie || readOwner(host.procDir, pid) !== host.uid) return false;
    // Some systems start it as `electron /usr/lib/code/...`.
    const words = readArguments(host, pid).slice(0, 2);
    return words.some((word) => word.split('/').some((part) => programs.includes(part)));
  } catch {
    return false; // no lock: it does not run
  }
}

/** Finds the folder of `workspaceStorage` that belongs to a window. What was read once is kept: such a folder never changes hands. */
export class WorkspaceFolders {
  readonly #known = new Map<string, string | null>();

  /** The newest one; null where there is none. */
  find(dataFolder: string, window: CodeWindow): string | null {
    const root = join(dataFolder, 'User/workspaceStorage');
    const shown = window.folder ?? window.workspaceFile;
    if (shown === null) return window.backupFolder === null ? null : join(root, window.backupFolder);
    const folders = listNames(root)
      .slice(0, MAX_WORKSPACES)
      .map((name) => join(root, name))
      .filter((folder) => this.#urlOf(folder) === shown.url);
    return folders.toSorted((a, b) => changedMs(join(b, 'state.vscdb')) - changedMs(join(a, 'state.vscdb')))[0] ?? null;
  }

  #urlOf(folder: string): string | null {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const url = readWorkspaceUrl(folder);
    if (url !== null) this.#known.set(folder, url);
    return url;
  }
}

export interface WindowEditors {
  readonly editors: readonly OpenEditor[];
  readonly cursors: ReadonlyMap<string, ReadonlyMap<number, Cursor>>;
}

/** The editors of one window. @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException */
export function readEditors(workspaceFolder: string): WindowEditors {
  const limits = { tables: ['ItemTable'], maxRows: 2, maxValueBytes: MAX_STATE_BYTES, maxBytes: 2 * MAX_STATE_BYTES };
  const { rows } = readSqlite(join(workspaceFolder, 'state.vscdb'), limits, (reader) =>
    reader.rows('SELECT key, value FROM ItemTable WHERE key IN (?, ?)', [EDITORS, CURSORS]),
  );
  const values = new Map(rows.map(({ key, value }) => [key, textOf(value)]));
  return { editors: parseEditors(values.get(EDITORS) ?? '') ?? [], cursors: parseCursors(values.get(CURSORS) ?? '') };
}

/** Changes whenever the file may have. */
export function stampOf(workspaceFolder: string): string {
  return ['state.vscdb', 'state.vscdb-wal']
    .map((name) => statSync(join(workspaceFolder, name), { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`))
    .join(' ');
}

/** A text that was not saved. */
export interface Backup {
  readonly file: string;
  /** The window's folder in `Backups`. */
  readonly backupFolder: string;
  readonly resource: Resource;
  readonly isText: boolean;
  /** Bytes before the text. */
  readonly headBytes: number;
  readonly version: string;
}

/** Lists the unsaved texts; reads only what they say of themselves. */
export function listBackups(dataFolder: string): Backup[] {
  const root = join(dataFolder, 'Backups');
  const files = listNames(root).flatMap((backupFolder) =>
    listNames(join(root, backupFolder)).flatMap((scheme) =>
      listNames(join(root, backupFolder, scheme)).map((name) => ({
        backupFolder,
        file: join(root, backupFolder, scheme, name),
      })),
    ),
  );
  return files.slice(0, MAX_BACKUPS).flatMap(({ file, backupFolder }) => readBackup(file, backupFolder) ?? []);
}

/** The text of a backup; null where it is gone or was written anew meanwhile. */
export function readBackupText(
  { file, headBytes, version }: Backup,
  maxBytes: number,
): { bytes: Uint8Array<ArrayBuffer>; isCut: boolean } | null {
  try {
    const start = readFileStart(file, headBytes + maxBytes);
    const isCut = Number(start.stat.size) > headBytes + maxBytes;
    return start.version === version ? { bytes: start.bytes.slice(headBytes), isCut } : null;
  } catch {
    return null; // saved meanwhile
  }
}

function readBackup(file: string, backupFolder: string): Backup | null {
  try {
    const { bytes, version } = readFileStart(file, MAX_HEAD_BYTES);
    const end = bytes.indexOf(NEWLINE);
    const head = end < 0 ? null : parseBackupHead(new TextDecoder().decode(bytes.subarray(0, end)));
    return head === null ? null : { ...head, file, backupFolder, headBytes: end + 1, version };
  } catch {
    return null; // saved meanwhile, or not ours to read
  }
}

/** True for what stands in `Backups` for this window. */
export function belongsTo(backup: Backup, window: CodeWindow): boolean {
  return backup.backupFolder === window.backupFolder;
}

/** A group of items: what lives and dies together. */
export function groupOf(dataFolder: string, window: CodeWindow): string {
  return `${dataFolder} ${windowId(window)}`;
}

function readWorkspaceUrl(folder: string): string | null {
  try {
    return (
      parseWorkspace(readRegularFile(join(folder, 'workspace.json'), MAX_WORKSPACE_BYTES).toString('utf8'))?.url ?? null
    );
  } catch {
    return null; // an empty window has none
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}

function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, or no folder
  }
}
