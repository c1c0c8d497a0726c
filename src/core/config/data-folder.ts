// Where Cairn keeps its files, and that only their owner may read them (V16).

import { chmodSync, lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { makeFoldersSync } from '../system/make-folders.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;
/** Folders below, checked at each open like the files. */
const FOLDERS_BELOW = ['logs', 'backups', 'shell', 'shell-integration'] as const;
/** Electron's own: large, and behind a folder that is closed. */
const NOT_LOOKED_INTO = 'shell';
const OWN_FILES = [
  ...['vault.db', 'config.json', 'api-token', 'running.json', 'window.json', 'keychain.json'],
  ...FOLDERS_BELOW,
] as const;

/** The machine and user, as far as folders depend on them. */
export interface FolderEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
}

export interface DataFolder {
  readonly path: string;
  readonly vault: string;
  readonly config: string;
  readonly apiToken: string;
  /** Says which app runs over this folder, and how to reach it. */
  readonly running: string;
  readonly logs: string;
  readonly backups: string;
  /** How many files and folders could be read by others, and no longer can. */
  readonly mended: number;
}

/**
 * The data folder: `$CAIRN_HOME`, else `$XDG_DATA_HOME/cairn` or `~/.local/share/cairn`, `~/Library/Application Support/Cairn` on
 * macOS, `%LOCALAPPDATA%\Cairn` on Windows. Touches nothing.
 * @throws AppError USAGE_INVALID where CAIRN_HOME is set to nothing sensible
 */
export function resolveDataFolder({ env, platform, homeDir }: FolderEnvironment): string {
  const own = env['CAIRN_HOME'];
  if (own !== undefined && own !== '') {
    if (own.includes('\0')) throw new AppError('USAGE_INVALID', 'CAIRN_HOME is not a folder name.');
    return resolve(own);
  }
  if (platform === 'darwin') return join(homeDir, 'Library', 'Application Support', 'Cairn');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homeDir, 'AppData', 'Local'), 'Cairn');
  const data = env['XDG_DATA_HOME'];
  // The XDG specification has relative paths ignored.
  return join(data !== undefined && isAbsolute(data) ? data : join(homeDir, '.local', 'share'), 'cairn');
}

/**
 * Makes the folder (0700) where it is missing, checks who owns it and who may read what lies in it, and mends the modes. Windows
 * has no such modes: there the profile folder's own access rules count.
 * @throws AppError VAULT_READ_ONLY where it cannot be made, read or mended; USAGE_INVALID where it is no folder or another user's
 */
export function openDataFolder(
  path: string,
  owner: { readonly platform: NodeJS.Platform; readonly uid: number },
): DataFolder {
  const folder = resolve(path);
  makeFolder(folder);
  const stats = statOrRefuse(folder);
  if (!stats.isDirectory())
    throw new AppError('USAGE_INVALID', 'The data folder is a file.', { hint: 'Name another one with --home.' });
  const hasModes = owner.platform !== 'win32';
  if (hasModes && stats.uid !== owner.uid) {
    throw new AppError('USAGE_INVALID', 'The data folder belongs to another user.', {
      hint: 'Run cairn as that user, or name another folder with --home.',
    });
  }
  return { ...dataFiles(folder), mended: hasModes ? mendModes(folder, stats) : 0 };
}

/** The names inside a data folder; touches nothing. */
export function dataFiles(folder: string): Omit<DataFolder, 'mended'> {
  return {
    path: folder,
    vault: join(folder, 'vault.db'),
    config: join(folder, 'config.json'),
    apiToken: join(folder, 'api-token'),
    running: join(folder, 'running.json'),
    logs: join(folder, 'logs'),
    backups: join(folder, 'backups'),
  };
}

function makeFolder(folder: string): void {
  try {
    makeFoldersSync(folder, FOLDER_MODE);
  } catch (error) {
    throw unusable('could not be made', error);
  }
}

function statOrRefuse(folder: string): Stats {
  try {
    return statSync(folder);
  } catch (error) {
    throw unusable('cannot be looked at', error);
  }
}

/** Closes the folder and Cairn's own files in it to others; whatever else lies there is somebody else's business. */
function mendModes(folder: string, stats: Stats): number {
  const names = listOrRefuse(folder);
  if (names.length > 0 && !names.some(isOwnFile)) {
    throw new AppError('USAGE_INVALID', 'The data folder holds other things and no vault.', {
      hint: 'Name an empty folder, or one that is not there yet, with --home: its permissions are closed to others.',
    });
  }
  try {
    let mended = mend(folder, stats, FOLDER_MODE);
    for (const name of names.filter(isOwnFile)) {
      const path = join(folder, name);
      const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      if (isFolder && !FOLDERS_BELOW.some((below) => below === name)) continue;
      mended += mendOne(path);
      if (isFolder && name !== NOT_LOOKED_INTO)
        for (const below of readdirSync(path)) mended += mendOne(join(path, below));
    }
    return mended;
  } catch (error) {
    throw unusable('could be read by others and cannot be closed to them', error);
  }
}

function mendOne(path: string): number {
  const file = lstatSync(path, { throwIfNoEntry: false });
  // A link's own mode means nothing, and what it leads to may be anybody's.
  if (file?.isFile() === true) return mend(path, file, FILE_MODE);
  return file?.isDirectory() === true ? mend(path, file, FOLDER_MODE) : 0;
}

function listOrRefuse(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw unusable('cannot be looked at', error);
  }
}

/** What Cairn makes in its data folder, temporary files beside these included. */
function isOwnFile(name: string): boolean {
  return OWN_FILES.some((own) => name === own || name.startsWith(`${own}-`) || name.startsWith(`${own}.`));
}

function mend(path: string, { mode }: Stats, wanted: number): number {
  if ((mode & OTHERS) === 0) return 0;
  try {
    chmodSync(path, wanted);
  } catch (error) {
    // Removed since it was listed, as temporary files of another process are.
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
  return 1;
}

function unusable(what: string, cause: unknown): AppError {
  return new AppError('VAULT_READ_ONLY', `The data folder ${what}.`, {
    hint: 'Check its permissions and its disk, or name another folder with --home.',
    cause,
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code; // the code is checked, never trusted further
}
