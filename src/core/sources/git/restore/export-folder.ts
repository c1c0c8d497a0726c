// Saved work whose repository is gone, written as files that git understands into a folder of their own.

import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFoldersSync } from '../../../system/make-folders.ts';
import type { RestoreContext } from '../../source.ts';
import { STAGED_PATCH, UNPUSHED_BUNDLE, WORK_PATCH } from '../repository-item.ts';
import type { SavedWork } from './saved-commits.ts';

export interface ExportedFile {
  readonly name: string;
  readonly sha256: string;
}

/** Writes patches and bundle into `target`, which must not exist yet. */
export async function exportWork(target: string, saved: SavedWork, context: RestoreContext): Promise<ExportedFile[]> {
  makeFoldersSync(target);
  const files: ExportedFile[] = [];
  for (const name of [STAGED_PATCH, WORK_PATCH, UNPUSHED_BUNDLE]) {
    if (!saved.streams.has(name)) continue;
    const bytes = await context.readStream(saved.key, name);
    await writeFile(join(target, name), bytes, { flag: 'wx', mode: 0o600 });
    files.push({ name, sha256: digest(bytes) });
  }
  return files;
}

/** Removes the exported files that nobody changed, and the folder if nothing else is in it. False where something was left. */
export async function removeExport(target: string, files: readonly ExportedFile[]): Promise<boolean> {
  for (const { name, sha256 } of files) {
    const path = join(target, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue;
    if (digest(await readFile(path)) === sha256) await rm(path);
  }
  try {
    await rmdir(target);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    return false; // other files are in it
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
