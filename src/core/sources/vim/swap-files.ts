// Swap files on disk: read within limits, and said whose file each one is.

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';

import { readRegularFile } from '../host/read-file.ts';
import { readFileStart } from '../host/read-start.ts';
import type { CaptureContext, Host } from '../source.ts';
import { HEADER_BYTES, parseSwapHeader, parseSwapText, type SwapHeader, type SwapText } from './parse-swap.ts';

/** `.swp`, `.swo` and so on down to `.saa`; a text without a file has no name before it. */
const SWAP_NAME = /\.s[a-w][a-z]$/;
/** Of a swap file, and of its file. */
const MAX_SWAP_BYTES = 48 * 1024 * 1024;
const MAX_NAMES = 5_000;

export interface SwapFile {
  readonly swapFile: string;
  /** Whose text it is; null for a text without a file. */
  readonly path: string | null;
  readonly header: SwapHeader;
  /** Equal for equal content. */
  readonly version: string;
  readonly mtimeMs: number;
}

export function isSwapName(path: string): boolean {
  return SWAP_NAME.test(path);
}

/** Swap files that lie in a folder; none where it cannot be read. */
export function listSwapFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .slice(0, MAX_NAMES)
      .filter(isSwapName)
      .map((name) => join(folder, name));
  } catch {
    return []; // not there, or not ours to read
  }
}

/** Reads what a swap file says of itself; null where it is none, another user's, or gone. */
export function readSwapFile(host: Host, swapFile: string): SwapFile | null {
  try {
    const { bytes, stat, version } = readFileStart(swapFile, HEADER_BYTES);
    if (Number(stat.uid) !== host.uid) return null;
    const header = parseSwapHeader(bytes);
    if (header === null) return null;
    const path = pathOf(swapFile, header, host);
    return path === undefined ? null : { swapFile, path, header, version, mtimeMs: Number(stat.mtimeMs) };
  } catch {
    return null; // gone, or not ours to read
  }
}

/** Reads the text of a swap file, with the lines of its file that it needs, if that one may be read. */
export function readSwapText(swap: SwapFile, excludes: CaptureContext['excludes'], maxBytes: number): SwapText {
  try {
    const bytes = readRegularFile(swap.swapFile, MAX_SWAP_BYTES);
    return parseSwapText(bytes, () => readOriginal(swap.path, excludes), maxBytes);
  } catch {
    return { result: 'damaged' }; // gone meanwhile
  }
}

function readOriginal(
  path: string | null,
  excludes: CaptureContext['excludes'],
): { bytes: Uint8Array; mtimeS: number } | null {
  if (path === null || excludes.path(path)) return null;
  try {
    return { bytes: readRegularFile(path, MAX_SWAP_BYTES), mtimeS: statSync(path).mtimeMs / 1000 };
  } catch {
    return null; // never saved, or gone
  }
}

/** Null for a text without a file; undefined where the name leads nowhere. */
function pathOf(
  swapFile: string,
  { fileName, isInSameFolder, user }: SwapHeader,
  host: Host,
): string | null | undefined {
  if (fileName === '') return null;
  const full = expandHome(fileName, user, host.homeDir);
  // The folder may have been moved or mounted elsewhere since.
  const path = isInSameFolder ? join(dirname(swapFile), basename(full)) : full;
  return isAbsolute(path) ? normalize(path) : undefined;
}

function expandHome(name: string, user: string, homeDir: string): string {
  for (const start of ['~/', `~${user}/`]) if (name.startsWith(start)) return join(homeDir, name.slice(start.length));
  return name;
}
