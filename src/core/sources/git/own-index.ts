// An index and an object folder of our own, in which trees are built.
//
// The repository stays untouched to the byte and to the time stamp. That takes more than a copy of the index: git refreshes the
// time of an existing object or pack whenever it would write the same object again, also in an alternate. So git never writes
// while it can see the user's objects: what it needs of them is copied first, trees are written without looking at blobs
// (`--missing-ok`), and only commands that write nothing see both. (Proven by comparing bytes and times in the tests.)

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { Repository } from './find-repositories.ts';
import { GITLINK_MODE, NO_MODE, type StatusEntry } from './parse-status.ts';
import type { Git } from './run-git.ts';

/** The extension by which an index says that it holds whole folders as one entry. */
const SPARSE_EXTENSION = 'sdir';
const SHA1_LENGTH = 40;
/** Objects live for a moment only: neither compressed nor flushed to a disk. The index stays whole when it is written. */
const WRITING = [
  ['core.looseCompression', '0'],
  ['core.fsync', 'none'],
  ['index.sparse', 'false'],
] as const;

export interface OwnIndex {
  readonly git: Git;
  /** Environment of commands that write: index and objects of our own, and nothing of the user's. */
  readonly writing: Readonly<Record<string, string>>;
  /** Environment of commands that write nothing: our own index, the user's objects, and our own objects beside them. */
  readonly reading: Readonly<Record<string, string>>;
}

/** Copies the repository's index into `folder`, which must be private and empty. */
export async function createOwnIndex(
  git: Git,
  repository: Repository,
  entries: readonly StatusEntry[],
  folder: string,
): Promise<OwnIndex> {
  const objects = join(folder, 'objects');
  const index = join(folder, 'index');
  await mkdir(objects);
  const own: OwnIndex = {
    git,
    writing: { GIT_INDEX_FILE: index, GIT_OBJECT_DIRECTORY: objects },
    reading: { GIT_INDEX_FILE: index, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
  };
  const bytes = await readIfThere(join(repository.gitDir, 'index'));
  if (bytes === null) return own;
  // Elsewhere in the file the four letters may be part of a name: then the long way is taken for nothing.
  if (bytes.includes(SPARSE_EXTENSION)) await writeExpanded(own, entries);
  else await writeFile(index, bytes, { mode: 0o600 });
  return own;
}

/**
 * A sparse index would be expanded by git at the first occasion, with writes of trees that exist. So it is written out here: each
 * folder entry is listed from its tree.
 */
async function writeExpanded(own: OwnIndex, entries: readonly StatusEntry[]): Promise<void> {
  const lines: Buffer[] = [];
  for (const record of splitRecords(await own.git.read(['ls-files', '--sparse', '--stage', '-z']))) {
    if (!record.startsWith('040000 ')) {
      lines.push(Buffer.from(`${record}\0`, 'latin1'));
      continue;
    }
    const [, oid = '', folder = ''] = /^040000 ([0-9a-f]+) 0\t([^]+)$/.exec(record) ?? [];
    for (const file of splitRecords(await own.git.read(['ls-tree', '-r', '-z', oid]))) {
      const [, mode = '', blob = '', name = ''] = /^(\d{6}) \w+ ([0-9a-f]+)\t([^]+)$/.exec(file) ?? [];
      lines.push(indexLine(mode, blob, 0, Buffer.from(`${folder}${name}`, 'latin1')));
    }
  }
  // An intent to add is in the list as an empty file, and the intent itself cannot be written this way.
  const intents = entries.filter(
    (entry) => entry.type === 'changed' && entry.inIndex === '.' && entry.headMode === NO_MODE,
  );
  await updateIndex(own, [...lines, ...intents.map((entry) => removalLine(entry))]);
}

/** Feeds index lines (`indexLine`, `removalLine`). */
export async function updateIndex(own: OwnIndex, lines: readonly Buffer[]): Promise<void> {
  if (lines.length === 0) return;
  await own.git.read(['update-index', '-z', '--index-info'], {
    input: Buffer.concat(lines),
    env: own.writing,
    config: WRITING,
  });
}

/** Takes files of the work tree into the index as they stand there. */
export async function addFiles(own: OwnIndex, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  const args = ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'];
  await own.git.read(args, { input: joinPaths(paths), env: own.writing, config: WRITING });
}

/** Copies the index's versions of changed files into our own objects: how line ends are converted depends on them. */
export async function copyIndexBlobs(own: OwnIndex, entries: readonly StatusEntry[]): Promise<void> {
  const oids = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'changed' && entry.inWork === 'M' && entry.indexMode.startsWith('100')) oids.add(entry.indexOid);
    if (entry.type === 'conflict') for (const oid of blobsOf(entry)) oids.add(oid);
  }
  if (oids.size === 0) return;
  const input = await packBlobs(own.git, [...oids]);
  await own.git.read(['unpack-objects', '-q'], { input, env: own.writing, config: WRITING });
}

/** Writes the index as a tree among our own objects. */
export async function writeTree(own: OwnIndex): Promise<string> {
  const written = await own.git.read(['write-tree', '--missing-ok'], { env: own.writing, config: WRITING });
  const tree = written.toString('latin1').trim();
  if (!/^[0-9a-f]{40,64}$/.test(tree)) throw new AppError('SOURCE_FAILED', 'git wrote no tree.');
  return tree;
}

/** A pack that holds these objects whole. */
export function packBlobs(git: Git, oids: readonly string[]): Promise<Buffer> {
  const args = ['pack-objects', '--stdout', '-q', '--threads=1', '--window=0', '--compression=1'];
  return git.read(args, { input: `${oids.join('\n')}\n` });
}

/** The blobs of a change in HEAD, index and conflict stages. A submodule's commits are no objects of this repository. */
export function blobsOf(entry: StatusEntry): string[] {
  const versions =
    entry.type === 'untracked'
      ? []
      : entry.type === 'conflict'
        ? entry.stages
        : [
            { mode: entry.headMode, oid: entry.headOid },
            { mode: entry.indexMode, oid: entry.indexOid },
          ];
  return versions
    .filter(({ mode, oid }) => mode !== NO_MODE && mode !== GITLINK_MODE && !/^0+$/.test(oid))
    .map(({ oid }) => oid);
}

/** `MODE OID STAGE TAB path NUL`, as `update-index --index-info` reads it. */
export function indexLine(mode: string, oid: string, stage: number, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${oid} ${stage}\t`), path, Buffer.from([0])]);
}

/** The line that takes a path out of the index, in whatever stages it is. */
export function removalLine(entry: StatusEntry): Buffer {
  return indexLine('0', '0'.repeat(oidLength(entry)), 0, entry.path);
}

/** Paths for `-z --stdin`. */
export function joinPaths(paths: readonly Buffer[]): Buffer {
  return Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
}

/** Ends of records are NULs; every byte becomes one character. */
export function splitRecords(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('\0').slice(0, -1);
}

/** Object ids are longer in a repository that hashes with SHA-256. */
function oidLength(entry: StatusEntry): number {
  if (entry.type === 'changed') return entry.headOid.length;
  return (entry.type === 'conflict' ? entry.stages[0]?.oid.length : undefined) ?? SHA1_LENGTH;
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    // A repository in which nothing was ever added has no index.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
