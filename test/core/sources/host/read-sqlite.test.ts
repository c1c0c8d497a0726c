import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readSqlite, type ReadSqliteOptions } from '../../../../src/core/sources/host/read-sqlite.ts';
import { AppError } from '../../../../src/shared/model/app-error.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

const LIMITS: ReadSqliteOptions = { tables: ['ItemTable'], maxRows: 100, maxValueBytes: 1000, maxBytes: 10_000 };
const DRIVER = createRequire(import.meta.url).resolve('better-sqlite3');

let folder: TemporaryFolder;
let path: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  path = join(folder.path, 'state.vscdb');
});
afterEach(() => folder[Symbol.dispose]());

function make(fill: (db: BetterSqlite3.Database) => void, { journal = 'delete' } = {}): void {
  const db = new BetterSqlite3(path);
  db.pragma(`journal_mode = ${journal}`);
  db.exec('CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)');
  fill(db);
  db.close();
}

function put(db: BetterSqlite3.Database, key: string, value: unknown): void {
  db.prepare('INSERT INTO ItemTable VALUES (?, ?)').run(key, value);
}

function readKey(key: string, options: Partial<ReadSqliteOptions> = {}) {
  return readSqlite(path, { ...LIMITS, ...options }, (reader) =>
    reader.rows('SELECT value FROM ItemTable WHERE key = ?', [key]),
  );
}

function readAll(options: Partial<ReadSqliteOptions> = {}) {
  return readSqlite(path, { ...LIMITS, ...options }, (reader) =>
    reader.rows('SELECT key, value FROM ItemTable ORDER BY key DESC'),
  );
}

function refusal(act: () => unknown = () => readKey('a')): { why: string; isRetryable: boolean } {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError && error.code === 'SOURCE_UNREADABLE') {
      return { why: error.message, isRetryable: error.isRetryable };
    }
    throw error;
  }
  throw new Error('it was read');
}

/** A process that writes without pause, in one transaction a row, until it is killed. */
async function startWriter(): Promise<ChildProcess> {
  const script = `
    const db = new (require(${JSON.stringify(DRIVER)}))(process.argv[1]);
    db.pragma('journal_mode = WAL');
    const insert = db.prepare("INSERT INTO ItemTable VALUES ('n', ?)");
    for (let n = 1; ; n += 1) {
      insert.run(n);
      if (n === 50) process.stdout.write('writing\\n');
    }`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('readSqlite()', () => {
  it('reads text, numbers, bytes and nothing as they are, in the order of the query', () => {
    make((db) => {
      put(db, 'a', 'text');
      put(db, 'b', 7);
      put(db, 'c', Buffer.from([0, 255]));
      put(db, 'd', null);
    });

    expect(readAll()).toEqual({
      rows: [
        { key: 'd', value: null },
        { key: 'c', value: Buffer.from([0, 255]) },
        { key: 'b', value: 7 },
        { key: 'a', value: 'text' },
      ],
      isCut: false,
    });
    expect(readdirSync(folder.path)).toEqual(['state.vscdb']);
  });

  it('reads what another process commits, with its log beside the file, and disturbs it not', async () => {
    make(() => undefined, { journal: 'wal' });
    const writer = await startWriter();
    try {
      const seen = Array.from({ length: 50 }, () => Number(readKey('n').rows[0]?.['value']));
      // Not yet in the main file: it was read from the log.
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen[0]).toBeGreaterThanOrEqual(50);
      expect(seen.at(-1)).toBeGreaterThan(seen[0] ?? 0);
      expect(writer.exitCode).toBeNull();
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
    // Left by the kill, with everything that was committed.
    expect(Number(readKey('n').rows[0]?.['value'])).toBeGreaterThanOrEqual(50);
  });

  it('reads a closed database of the log kind without making a log', () => {
    make((db) => put(db, 'a', 'closed'), { journal: 'wal' });
    const before = readFileSync(path);
    expect(before[18]).toBe(2);

    expect(readKey('a').rows).toEqual([{ value: 'closed' }]);

    expect(readdirSync(folder.path)).toEqual(['state.vscdb']);
    expect(readFileSync(path)).toEqual(before);
  });

  it('refuses a log without its index rather than make one', () => {
    make((db) => put(db, 'a', 1), { journal: 'wal' });
    const live = new BetterSqlite3(path);
    put(live, 'b', 2);
    const copy = join(folder.path, 'copy');
    mkdirSync(copy);
    for (const end of ['', '-wal']) copyFileSync(path + end, join(copy, `state.vscdb${end}`));
    live.close();
    path = join(copy, 'state.vscdb');

    expect(refusal()).toEqual({ why: 'the index of its write-ahead log is missing', isRetryable: false });
    expect(readdirSync(copy).toSorted()).toEqual(['state.vscdb', 'state.vscdb-wal']);
  });

  it('says that it is busy while another connection has it for itself, and may be asked again', () => {
    make((db) => put(db, 'a', 1));
    const other = new BetterSqlite3(path);
    other.exec('BEGIN EXCLUSIVE');

    expect(refusal()).toEqual({ why: 'the program is writing to it', isRetryable: true });

    other.exec('COMMIT');
    other.close();
    expect(readKey('a').rows).toEqual([{ value: 1 }]);
  });

  it('leaves a half done transaction of a killed program to that program', () => {
    make((db) => put(db, 'a', 'x'.repeat(500)));
    const other = new BetterSqlite3(path);
    other.pragma('cache_size = 1');
    other.pragma('cache_spill = 1');
    other.exec('BEGIN');
    for (let n = 0; n < 200; n += 1) put(other, `k${n}`, 'y'.repeat(900));
    const copy = join(folder.path, 'copy');
    mkdirSync(copy);
    for (const end of ['', '-journal']) copyFileSync(path + end, join(copy, `state.vscdb${end}`));
    other.exec('ROLLBACK');
    other.close();
    path = join(copy, 'state.vscdb');
    const journal = readFileSync(`${path}-journal`);

    expect(refusal().why).toBe('the program that owns it must mend it first');
    expect(readFileSync(`${path}-journal`)).toEqual(journal);
  });

  it('keeps to its limits, and says so', () => {
    make((db) => {
      for (let n = 100; n < 200; n += 1) put(db, `k${n}`, 'v'.repeat(n));
    });

    expect(readAll({ maxRows: 2 })).toEqual({
      rows: [
        { key: 'k199', value: 'v'.repeat(199) },
        { key: 'k198', value: 'v'.repeat(198) },
      ],
      isCut: true,
    });
    expect(readAll({ maxBytes: 210 }).rows).toHaveLength(1);
    expect(readAll({ maxValueBytes: 198 }).rows.slice(0, 2)).toEqual([
      { key: 'k199', value: null },
      { key: 'k198', value: 'v'.repeat(198) },
    ]);
    expect(readAll({ maxValueBytes: 198 }).isCut).toBe(true);
    expect(readAll().isCut).toBe(true);
    expect(readAll({ maxBytes: 100_000 }).isCut).toBe(false);
  });

  it('never takes a huge value into memory', () => {
    make((db) => db.exec("INSERT INTO ItemTable VALUES ('huge', zeroblob(200000000)), ('small', 'here')"));
    const before = process.memoryUsage.rss();

    expect(readAll()).toEqual({
      rows: [
        { key: 'small', value: 'here' },
        { key: 'huge', value: null },
      ],
      isCut: true,
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(80_000_000);
  });

  it.each([
    { name: 'a table that is missing', make: 'CREATE TABLE other (a)', tables: ['ItemTable', 'gone'] },
    {
      name: 'a view that computes for ever',
      make: 'CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS key FROM n',
      tables: ['v'],
    },
    { name: 'a virtual table', make: 'CREATE VIRTUAL TABLE f USING fts5(a)', tables: ['f'] },
    {
      name: 'a table with a computed column',
      make: 'CREATE TABLE g (a, b GENERATED ALWAYS AS (zeroblob(900000000)))',
      tables: ['g'],
    },
  ])('refuses $name', ({ make: sql, tables }) => {
    make((db) => db.exec(sql));

    expect(refusal(() => readAll({ tables })).why).toBe('its format is not known');
  });

  it('refuses columns that are not there, and anything that would write', () => {
    make((db) => put(db, 'a', 1));

    const ask = (sql: string) => () => readSqlite(path, LIMITS, (reader) => reader.rows(sql));
    expect(refusal(ask('SELECT colour FROM ItemTable')).why).toBe('its format is not known');
    expect(refusal(ask('DELETE FROM ItemTable RETURNING key')).why).toBe('only reading is allowed');
    expect(readKey('a').rows).toEqual([{ value: 1 }]);
  });

  it.each([
    { name: 'an empty file', fill: () => writeFileSync(path, ''), why: 'it is no database' },
    { name: 'another file', fill: () => writeFileSync(path, 'x'.repeat(5000)), why: 'it is no database' },
    { name: 'a folder', fill: () => mkdirSync(path), why: 'a folder stands in its place' },
    {
      name: 'a cut database',
      fill: () => {
        make((db) => {
          for (let n = 0; n < 100; n += 1) put(db, `k${n}`, 'v'.repeat(500));
        });
        truncateSync(path, 9000);
      },
      why: 'it is damaged (SQLITE_CORRUPT)',
    },
  ])('refuses $name', ({ fill, why }) => {
    fill();

    expect(refusal(() => readAll()).why).toBe(why);
  });

  it('says of a file that is not there only that', () => {
    expect(() => readKey('a')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('passes on what the caller throws', () => {
    make(() => undefined);

    expect(() =>
      readSqlite(path, LIMITS, () => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
  });

  it('takes any bytes: rows or a typed refusal, whatever is damaged', () => {
    make((db) => {
      for (let n = 0; n < 40; n += 1) put(db, `k${n}`, 'v'.repeat(300));
    });
    const whole = readFileSync(path);
    const anyDamage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 });

    fc.assert(
      fc.property(anyDamage, fc.boolean(), (damage, isLogged) => {
        const bytes = Buffer.from(whole);
        if (isLogged) bytes.fill(2, 18, 20);
        for (const [at, value] of damage) bytes[at] = value;
        rmSync(path, { force: true });
        writeFileSync(path, bytes);
        try {
          expect(readAll().rows.length).toBeLessThanOrEqual(100);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
        expect(readdirSync(folder.path)).toEqual(['state.vscdb']);
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (tail) => {
        writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0', 'latin1'), tail]));
        expect(refusal(() => readAll()).why).not.toBe('');
      }),
      { numRuns: 100 },
    );
  });
});
