// The file that tells a browser which program to start for the extension. Written and removed as a whole, and only where nothing stands or Cairn's own
// file does. Folders that were missing are made, and said in the file itself: so its removal leaves nothing behind and takes nothing else.

import { lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { writePrivateFileSync } from '../config/write-private-file.ts';
import { CHROMIUM_EXTENSION_ID, FIREFOX_EXTENSION_ID, HOST_NAME } from '../sources/browser/extension/names.ts';
import { readRegularFile } from '../sources/host/read-file.ts';

const MAX_BYTES = 64 * 1024;
const FOLDER_MODE = 0o700;
const ABOUT = 'Hands the open tabs to Cairn on this computer; `cairn browser uninstall` removes it';
const FOLDERS = / with (\d{1,2}) folders? made for it\.$/;

export type BrowserFamily = 'chromium' | 'firefox';

export type FoundManifest =
  | { readonly state: 'missing' }
  /** Cairn's own; `program` is what it has the browser start. */
  | { readonly state: 'ours'; readonly text: string; readonly program: string; readonly madeFolders: number }
  /** Something else stands there, or it cannot be read: it is left alone. */
  | { readonly state: 'foreign' };

export function readHostManifest(path: string): FoundManifest {
  try {
    if (!lstatSync(path).isFile()) return { state: 'foreign' };
    return parseHostManifest(readRegularFile(path, MAX_BYTES).toString('utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { state: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'foreign' };
  }
}

/** Total: what is not Cairn's is foreign. */
export function parseHostManifest(text: string): Exclude<FoundManifest, { state: 'missing' }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { state: 'foreign' };
  }
  if (typeof value !== 'object' || value === null) return { state: 'foreign' };
  const { name, description, path } = value as Readonly<Record<string, unknown>>; // an object of whatever members
  const isOurs = name === HOST_NAME && typeof description === 'string' && description.startsWith(ABOUT);
  if (!isOurs || typeof path !== 'string') return { state: 'foreign' };
  return { state: 'ours', text, program: path, madeFolders: Number(FOLDERS.exec(description)?.[1] ?? 0) };
}

/** The file's text. */
export function hostManifestText(family: BrowserFamily, program: string, madeFolders: number): string {
  const made = madeFolders === 0 ? '' : ` with ${madeFolders} folder${madeFolders === 1 ? '' : 's'} made for it`;
  const manifest = {
    name: HOST_NAME,
    description: `${ABOUT}${made}.`,
    path: program,
    type: 'stdio',
    ...(family === 'chromium'
      ? { allowed_origins: [`chrome-extension://${CHROMIUM_EXTENSION_ID}/`] }
      : { allowed_extensions: [FIREFOX_EXTENSION_ID] }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Writes the file, or a newer one over Cairn's own. Call it only where none stands or Cairn's own does.
 * @throws NodeJS.ErrnoException where it cannot be written; folders that were made for it are gone again then
 */
export function writeHostManifest(path: string, family: BrowserFamily, program: string, earlierFolders: number): void {
  const made = makeFolders(dirname(path));
  try {
    writePrivateFileSync(path, hostManifestText(family, program, Math.max(made, earlierFolders)));
  } catch (error) {
    removeEmptyFolders(dirname(path), made);
    throw error;
  }
}

/** Removes Cairn's own file and the folders that were made for it, where nothing else has come into them. @throws NodeJS.ErrnoException */
export function removeHostManifest(path: string, madeFolders: number): void {
  rmSync(path);
  removeEmptyFolders(dirname(path), madeFolders);
}

/** Gives how many were made. */
function makeFolders(folder: string): number {
  const missing: string[] = [];
  for (let at = folder; lstatSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at; at = dirname(at))
    missing.push(at);
  for (const at of missing.toReversed()) mkdirSync(at, { mode: FOLDER_MODE });
  return missing.length;
}

function removeEmptyFolders(folder: string, count: number): void {
  let at = folder;
  for (let left = count; left > 0; left -= 1) {
    try {
      rmdirSync(at);
    } catch {
      return; // something else is in it by now
    }
    at = dirname(at);
  }
}
