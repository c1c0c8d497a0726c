// Codex' own index of its conversations, `state_N.sqlite`: what they are called and where they last ran. A hint only: the rollouts are
// what counts, and without the index there are no names.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { readSqlite, type SqliteRow, type SqliteReader } from '../host/read-sqlite.ts';

const INDEX_FILE = /^state_(\d{1,6})\.sqlite$/;
const MAX_THREADS = 20_000;
const MEGABYTE = 1024 * 1024;

export interface IndexedThread {
  readonly title: string | null;
  readonly cwd: string | null;
}

/** By id. */
export type ThreadIndex = ReadonlyMap<string, IndexedThread>;

/** The index as it was last read, which is not read again before it changes. Lives as long as the source. */
export interface ThreadIndexMemory {
  version: string;
  threads: ThreadIndex;
}

export function newThreadIndexMemory(): ThreadIndexMemory {
  return { version: '', threads: new Map() };
}

/** Reads the index where it has changed; what was read last where that fails now. */
export function readThreadIndex(codexDir: string, memory: ThreadIndexMemory): ThreadIndex {
  const path = findIndex(codexDir);
  if (path === null) return memory.threads;
  const version = `${path} ${stampOf(path)} ${stampOf(`${path}-wal`)}`;
  if (version === memory.version) return memory.threads;
  try {
    memory.threads = readThreads(path);
    memory.version = version;
  } catch {
    // Busy, damaged or of another version: names are worth no gap.
  }
  return memory.threads;
}

/** The number grows with the format; the highest one is in use. */
function findIndex(codexDir: string): string | null {
  try {
    const newest = readdirSync(codexDir)
      .flatMap((name) => ({ name, number: Number(INDEX_FILE.exec(name)?.[1] ?? Number.NaN) }))
      .filter(({ number }) => !Number.isNaN(number))
      .toSorted((a, b) => b.number - a.number)[0];
    return newest === undefined ? null : join(codexDir, newest.name);
  } catch {
    return null; // it has not run here
  }
}

function readThreads(path: string): ThreadIndex {
  const limits = { tables: ['threads'], maxRows: MAX_THREADS, maxValueBytes: 8192, maxBytes: 32 * MEGABYTE };
  const rows = readSqlite(path, limits, (reader) => readNamed(reader) ?? readUnnamed(reader));
  return new Map(
    rows.flatMap((row): [string, IndexedThread][] => {
      const id = textIn(row, 'id');
      return id === null ? [] : [[id, { title: textIn(row, 'name') ?? textIn(row, 'title'), cwd: textIn(row, 'cwd') }]];
    }),
  );
}

/** Older versions have no names that the user gave. */
function readNamed(reader: SqliteReader): readonly SqliteRow[] | null {
  try {
    return reader.rows('SELECT id, name, substr(title, 1, 500) AS title, cwd FROM threads ORDER BY id DESC').rows;
  } catch {
    return null;
  }
}

function readUnnamed(reader: SqliteReader): readonly SqliteRow[] {
  return reader.rows('SELECT id, substr(title, 1, 500) AS title, cwd FROM threads ORDER BY id DESC').rows;
}

function textIn(row: SqliteRow, name: string): string | null {
  const value = row[name];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}
