// The folder that an export writes: made new, for its owner alone. Names in it are made here from captured titles, so that none leads out
// of it, and no file is ever written over.

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, rmSync, type BigIntStats, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { toFileName } from '../../shared/text/file-name.ts';
import { makeFoldersSync } from '../system/make-folders.ts';

const MAX_NAME_LENGTH = 60;
const PRIVATE_FILE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;
const SAFE_ENDING = /^\.[a-z0-9]{1,10}$/;

export interface WrittenFile {
  /** From the export's folder, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export class ExportFolder {
  readonly path: string;
  readonly #taken = new Set<string>();
  readonly #files: WrittenFile[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder, and what is missing above it; one that is there must be empty.
   * @throws AppError USAGE_INVALID where something is there, EXEC_FAILED where it cannot be made
   */
  static create(path: string): ExportFolder {
    const folder = resolve(path);
    const there = orFailed(() => lstatSync(folder, { throwIfNoEntry: false }));
    if (there !== undefined && !isEmptyFolder(folder, there))
      throw new AppError('USAGE_INVALID', 'There is something in that place already; it was left as it is.', {
        hint: 'Name a folder that is not there yet, or an empty one.',
      });
    orFailed(() => makeFoldersSync(dirname(folder)));
    if (there === undefined) orFailed(() => mkdirSync(folder, { mode: PRIVATE_FOLDER_MODE }));
    return new ExportFolder(folder);
  }

  /** Everything that was written so far. */
  get files(): readonly WrittenFile[] {
    return this.#files;
  }

  /** Makes a folder; gives its place, to be handed to `nameIn`. */
  addFolder(within: string, title: string): string {
    const place = this.nameIn(within, title, '');
    orFailed(() => mkdirSync(join(this.path, place), { mode: PRIVATE_FOLDER_MODE }));
    return place;
  }

  /** A place that nothing has yet, for a title that may hold anything. @param ending such as `.txt`; another than letters and digits is left out */
  nameIn(within: string, title: string, ending: string): string {
    const name = toFileName(title, MAX_NAME_LENGTH) || 'untitled';
    const end = SAFE_ENDING.test(ending) ? ending : '';
    for (let count = 1; ; count += 1) {
      const place = `${within}${within === '' ? '' : '/'}${count === 1 ? name : `${name}-${count}`}${end}`;
      // Names that some systems keep for themselves: `con.txt`, `nul`.
      if (this.#taken.has(place) || /^(?:con|prn|aux|nul|com\d|lpt\d)$/.test(count === 1 ? name : '')) continue;
      this.#taken.add(place);
      return place;
    }
  }

  /** Writes a file in a place of `nameIn`. @throws AppError EXEC_FAILED; what reading the content throws */
  async write(place: string, content: string | AsyncIterable<Uint8Array>): Promise<WrittenFile> {
    const digest = createHash('sha256');
    let sizeBytes = 0;
    const file = await orAsyncFailed(() => open(join(this.path, place), 'wx', PRIVATE_FILE_MODE));
    try {
      for await (const bytes of typeof content === 'string' ? [Buffer.from(content, 'utf8')] : content) {
        await orAsyncFailed(() => file.writeFile(bytes));
        digest.update(bytes);
        sizeBytes += bytes.length;
      }
    } finally {
      await file.close();
    }
    const written = { path: place, sizeBytes, sha256: digest.digest('hex') };
    this.#files.push(written);
    return written;
  }

  /** Takes one of its own files away again. */
  remove(place: string): void {
    orFailed(() => rmSync(join(this.path, place)));
    const at = this.#files.findIndex(({ path }) => path === place);
    if (at >= 0) this.#files.splice(at, 1);
  }
}

function isEmptyFolder(folder: string, there: Stats | BigIntStats): boolean {
  return there.isDirectory() && orFailed(() => readdirSync(folder)).length === 0;
}

function orFailed<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw failed(error);
  }
}

async function orAsyncFailed<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failed(error);
  }
}

function failed(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === null) return error;
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code;
  return new AppError('EXEC_FAILED', `The export could not be written: ${why}.`, {
    hint: 'The vault was only read. Check the folder, its permissions and the free space, or name another folder.',
    cause: error,
  });
}
