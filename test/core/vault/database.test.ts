// The settings of V14 as SQLite has them, and a second process that wants to write at the same time (V15).

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import {
  createDatabase,
  isSqliteNewEnough,
  openReadDatabase,
  openWriteDatabase,
} from '../../../src/core/vault/database.ts';
import { runMigrations } from '../../../src/core/vault/migrations/run-migrations.ts';
import { WriterLock } from '../../../src/core/vault/writer-lock.ts';
import { aCapture, aTerminal } from '../../support/captures.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { openTestVault } from '../../support/test-vault.ts';

const SETTINGS = ['trusted_schema', 'cell_size_check', 'mmap_size', 'temp_store'] as const;

describe('the database', () => {
  it('[V14] is written with the settings that keep what was acknowledged', () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'vault.db');
    const made = createDatabase(path);
    runMigrations(made);
    made.close();
    const db = openWriteDatabase(path);
    const read = (name: string): unknown => db.pragma(name, { simple: true });

    expect(read('journal_mode')).toBe('wal');
    expect(read('synchronous')).toBe(2); // FULL
    expect(read('page_size')).toBe(8192);
    expect(read('auto_vacuum')).toBe(2); // INCREMENTAL
    expect(read('wal_autocheckpoint')).toBe(0);
    expect(read('foreign_keys')).toBe(1);
    expect(SETTINGS.map(read)).toEqual([0, 1, 0, 2]);
    if (process.platform === 'darwin') expect([read('fullfsync'), read('checkpoint_fullfsync')]).toEqual([1, 1]);
    db.close();
  });

  it('[V14] is read by a connection that can change nothing', () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'vault.db');
    const made = createDatabase(path);
    runMigrations(made);
    made.close();
    const db = openReadDatabase(path);

    expect(SETTINGS.map((name) => db.pragma(name, { simple: true }))).toEqual([0, 1, 0, 2]);
    expect(() => db.exec('CREATE TABLE t (a)')).toThrow(/readonly/);
    db.close();
  });

  it('[V8] has no table that is not strict', async () => {
    await using test = await openTestVault();
    const db = new BetterSqlite3(test.path, { readonly: true });
    const loose = db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
      )
      .pluck()
      .all();
    db.close();

    expect(loose).toEqual([]);
  });

  it.each([
    ['3.51.3', true],
    ['3.51.10', true],
    ['3.52.0', true],
    ['4.0.0', true],
    ['3.51.2', false],
    ['3.9.99', false],
    ['2.99.99', false],
    ['nonsense', false],
  ])('[V14] SQLite %s: new enough %s', (version, isNewEnough) => {
    expect(isSqliteNewEnough(version)).toBe(isNewEnough);
  });
});

/** Holds the writer's lock of a vault in a process of its own, as another Cairn would. */
async function holdLock(path: string): Promise<ChildProcess> {
  const script = `
    const Database = require(${JSON.stringify(fileURLToPath(import.meta.resolve('better-sqlite3')))});
    new Database(${JSON.stringify(`${path}.lock`)}).exec('BEGIN EXCLUSIVE');
    process.stdout.write('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('a second process that writes', () => {
  it('[V15] is waited for, not longer than told, and named', async () => {
    await using test = await openTestVault();
    const holder = await holdLock(test.path);
    const lock = new WriterLock(`${test.path}.lock`);
    const startMs = performance.now();

    const failure = await lock.hold(() => 'done', 300).catch((error: unknown) => error);

    expect(performance.now() - startMs).toBeGreaterThanOrEqual(300);
    expect(failure).toMatchObject({ code: 'VAULT_BUSY', isRetryable: true });
    expect((failure as Error).message).toContain(`process ${holder.pid}`);
    lock.close();
    holder.kill('SIGKILL');
  });

  it('[V15] lets the waiting one go on as soon as it is done, also when it is killed; reading never waits', async () => {
    await using test = await openTestVault();
    const { summary } = await test.vault.save(aCapture([aTerminal('a')]));
    const holder = await holdLock(test.path);
    let isSaved = false;
    const saving = test.vault.save(aCapture([aTerminal('b')], { takenAtMs: summary.takenAtMs + 1 })).then(() => {
      isSaved = true;
    });

    expect((await test.vault.listSnapshots({ limit: 5 })).map(({ id }) => id)).toEqual([summary.id]);
    await delay(200);
    expect(isSaved).toBe(false);
    holder.kill('SIGKILL');
    await saving;

    expect(await test.vault.listSnapshots({ limit: 5 })).toHaveLength(2);
  });

  it('[V15] does not keep a vault with nothing to mend from being opened', async () => {
    await using test = await openTestVault();
    await test.vault.save(aCapture([aTerminal('a')]));
    await test.vault.close();
    const holder = await holdLock(test.path);

    await test.reopen();

    expect(await test.vault.listSnapshots({ limit: 5 })).toHaveLength(1);
    holder.kill('SIGKILL');
    await once(holder, 'close');
  });
});
