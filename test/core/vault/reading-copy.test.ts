import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { applyLog } from '../../../src/core/vault/reading-copy.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

/** A database whose log holds committed rows, and a transaction that was never committed. */
function logged(): { readonly database: Buffer; readonly log: Buffer } {
  using folder = makeTemporaryFolder();
  const path = join(folder.path, 'a.db');
  const db = new BetterSqlite3(path);
  db.pragma('journal_mode = WAL');
  db.pragma('wal_autocheckpoint = 0');
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)');
  db.pragma('wal_checkpoint(TRUNCATE)');
  for (let n = 1; n <= 200; n += 1) db.prepare('INSERT INTO t VALUES (?, ?)').run(n, 'x'.repeat(n * 20));
  const copy = join(folder.path, 'b.db');
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  db.close();
  return { database: readFileSync(copy), log: readFileSync(`${copy}-wal`) };
}

function countRows(database: Buffer): number {
  const bytes = Buffer.from(database);
  bytes[18] = 1;
  bytes[19] = 1;
  const db = new BetterSqlite3(bytes);
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    return Number(db.prepare('SELECT count(*) FROM t').pluck().get());
  } finally {
    db.close();
  }
}

describe('applyLog()', () => {
  it('gives what SQLite reads from file and log', () => {
    const { database, log } = logged();

    expect(countRows(database)).toBe(0);
    expect(countRows(applyLog(database, log))).toBe(200);
  });

  it('takes whole transactions only, wherever the log is cut', () => {
    const { database, log } = logged();

    fc.assert(
      fc.property(fc.integer({ min: 0, max: log.length }), (end) => {
        const rows = countRows(applyLog(database, log.subarray(0, end)));
        expect(rows).toBeGreaterThanOrEqual(0);
        expect(rows).toBeLessThanOrEqual(200);
      }),
      { numRuns: 60 },
    );
  });

  it('stops at the first byte that does not fit its checksum', () => {
    const { database, log } = logged();

    fc.assert(
      fc.property(fc.integer({ min: 0, max: log.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const spoiled = Buffer.from(log);
        spoiled[at] = (spoiled[at] ?? 0) ^ change;
        expect(countRows(applyLog(database, spoiled))).toBeLessThanOrEqual(200);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves the file as it is under arbitrary bytes', () => {
    const { database } = logged();

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
        expect(applyLog(database, Buffer.from(bytes))).toBe(database);
      }),
    );
  });
});
