import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { AppError } from '../../../src/shared/model/app-error.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { createVault, openVault, type VaultSecret } from '../../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal } from '../../support/captures.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';

const PASSWORD: VaultSecret = { type: 'password', text: TEST_PASSWORD };

function open(path: string, secret: VaultSecret = PASSWORD) {
  return openVault({ path, secret, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

async function closedVault(snapshots = 3) {
  const test = await openTestVault();
  for (let at = 0; at < snapshots; at += 1) {
    await test.vault.save(
      aCapture([aTerminal('a', { title: `title ${at}`, streams: [aStream({ text: `line ${at}\n`.repeat(50) })] })], {
        takenAtMs: TEST_NOW_MS + at,
      }),
    );
  }
  await test.vault.close();
  return test;
}

/** Changes bytes in every copy of the header that the database file holds. */
function editHeaders(
  path: string,
  edit: (bytes: Buffer) => void,
  tables: readonly string[] = ['header_a', 'header_b', 'header_c'],
): void {
  const db = new BetterSqlite3(path);
  for (const table of tables) {
    const bytes = db.prepare(`SELECT bytes FROM ${table}`).pluck().get() as Buffer; // a blob by the schema
    edit(bytes);
    db.prepare(`UPDATE ${table} SET bytes = ?`).run(bytes);
  }
  db.close();
}

describe('openVault()', () => {
  it('[V19] tells a missing vault, a wrong password, and a file that is none apart', async () => {
    await using test = await closedVault();
    const garbage = join(test.folder, 'garbage.db');
    writeFileSync(garbage, 'not a database at all, but long enough to be looked at; '.repeat(10));
    const empty = join(test.folder, 'empty.db');
    writeFileSync(empty, '');
    const foreign = join(test.folder, 'foreign.db');
    new BetterSqlite3(foreign).exec('CREATE TABLE t (a)').close();

    expect(await codeOf(open(join(test.folder, 'nothing.db')))).toBe('VAULT_MISSING');
    expect(await codeOf(open(test.path, { type: 'password', text: 'wrong' }))).toBe('VAULT_WRONG_PASSWORD');
    expect(await codeOf(open(test.path, { type: 'recovery', text: 'AAAA-BBBB' }))).toBe('VAULT_WRONG_PASSWORD');
    for (const path of [garbage, empty, foreign]) {
      const before = readFileSync(path);
      expect(await codeOf(open(path))).toBe('VAULT_NOT_A_VAULT');
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  });

  it('[V19] refuses a newer format by name of the needed version, and leaves it alone', async () => {
    await using test = await closedVault();
    const db = new BetterSqlite3(test.path);
    db.pragma('user_version = 7');
    db.close();
    const before = readFileSync(test.path);

    await expect(open(test.path)).rejects.toThrow(/format 7/);
    expect(await codeOf(open(test.path))).toBe('VAULT_NEWER_FORMAT');
    expect(readFileSync(test.path).equals(before)).toBe(true);
  });

  it('[V19] never makes a vault where one is, or where its keys still lie', async () => {
    await using test = await closedVault();
    const before = readFileSync(test.path);
    const make = (): Promise<unknown> =>
      createVault({ path: test.path, password: 'x', nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR });

    expect(await codeOf(make())).toBe('VAULT_EXISTS');
    expect(readFileSync(test.path).equals(before)).toBe(true);
    renameSync(test.path, `${test.path}.moved`);
    expect(await codeOf(make())).toBe('VAULT_EXISTS');
    await expect(open(test.path)).rejects.toThrow(/no vault here/);
  });

  it('[V6] opens from any one copy of the header, and mends the others', async () => {
    const all = ['header_a', 'header_b', 'header_c'];
    for (const survivor of [...all, 'sidecar']) {
      await using test = await closedVault();
      editHeaders(
        test.path,
        (bytes) => bytes.fill(0xff),
        all.filter((table) => table !== survivor),
      );
      if (survivor !== 'sidecar') unlinkSync(`${test.path}.keys`);

      const vault = await open(test.path);
      expect(
        vault.notices.map((notice) => notice.code),
        survivor,
      ).toContain('header-mended');
      expect((await vault.listSnapshots({ limit: 10 })).length).toBe(3);
      await vault.close();

      const again = await open(test.path);
      expect(again.notices).toEqual([]);
      expect(existsSync(`${test.path}.keys`)).toBe(true);
      await again.close();
    }
  });

  it('[V6] says that no header is left when all four are gone', async () => {
    await using test = await closedVault();
    editHeaders(test.path, (bytes) => bytes.fill(0));
    unlinkSync(`${test.path}.keys`);

    expect(await codeOf(open(test.path))).toBe('VAULT_DAMAGED');
  });

  it('[V1] tells a damaged slot from a wrong password, and the other slot still opens', async () => {
    await using test = await closedVault();
    const damage = (bytes: Buffer): void => {
      const at = bytes.indexOf('"wrappedKey":"') + 20;
      bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
    };
    editHeaders(test.path, damage);
    unlinkSync(`${test.path}.keys`);

    expect(await codeOf(open(test.path))).toBe('VAULT_SLOT_DAMAGED');
    const vault = await open(test.path, { type: 'recovery', text: test.recoveryKey });
    await vault.changePassword('a new and different password', TEST_NOW_MS);
    await vault.close();
    await (await open(test.path, { type: 'password', text: 'a new and different password' })).close();
  });

  it('[V13] notices a vault file that was put back from an older copy', async () => {
    await using test = await closedVault();
    const old = `${test.path}.old`;
    copyFileSync(test.path, old);
    const vault = await open(test.path);
    await vault.save(aCapture([aTerminal('a', { title: 'later' })], { takenAtMs: TEST_NOW_MS + 99 }));
    await vault.close();
    renameSync(old, test.path);

    const back = await open(test.path);

    expect(back.notices.map((notice) => notice.code)).toContain('rolled-back');
    expect(back.notices[0]?.message).toMatch(/1 snapshots are missing/);
    await back.close();
  });

  it('[V13] survives the loss of either head slot', async () => {
    for (const table of ['head_a', 'head_b']) {
      await using test = await closedVault(4);
      const db = new BetterSqlite3(test.path);
      db.exec(`DELETE FROM ${table}`);
      db.close();

      const vault = await open(test.path);
      // The older head may lack the last commit; it never lacks more.
      expect((await vault.listSnapshots({ limit: 10 })).length).toBeGreaterThanOrEqual(3);
      await vault.close();
    }
  });

  it('reads of a truncated file what is left, says that it is damaged, and leaves it as it is', async () => {
    await using test = await closedVault();
    truncateSync(test.path, Math.floor(statSync(test.path).size / 2));
    const before = readFileSync(test.path);

    const vault = await open(test.path);
    expect(vault.notices.map((notice) => notice.code)).toContain('opened-read-only');
    expect(await codeOf(vault.writeSetting('test', {}))).toBe('VAULT_READ_ONLY');
    await vault.close();

    expect(readFileSync(test.path).equals(before)).toBe(true);
  });

  it('[V16] closes a vault that others could read', async () => {
    await using test = await closedVault();
    chmodSync(test.path, 0o644);

    const vault = await open(test.path);

    expect(vault.notices.map((notice) => notice.code)).toContain('permissions-mended');
    expect(statSync(test.path).mode & 0o777).toBe(0o600);
    await vault.close();
    for (const suffix of ['', '.keys', '.lock']) expect(statSync(test.path + suffix).mode & 0o777, suffix).toBe(0o600);
  });

  it('[V1] raises a weaker key derivation at the next unlock', async () => {
    await using test = await closedVault();
    const vault = await openVault({
      path: test.path,
      secret: PASSWORD,
      nowMs: TEST_NOW_MS,
      argon2: { ...ARGON2_FLOOR, passes: 3 },
    });

    expect(vault.notices.map((notice) => notice.code)).toContain('kdf-raised');
    expect((await vault.keys(TEST_NOW_MS)).slots.find((slot) => slot.type === 'password')?.detail).toContain(
      '3 passes',
    );
    await vault.close();
    await (await open(test.path)).close();
  });

  it('makes a vault whole or not at all', async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'sub', 'vault.db');

    expect(await codeOf(createVault({ path, password: 'x', nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR }))).not.toBe(
      'no error',
    );
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.keys`)).toBe(false);
  });
});

describe('a time index that lost blocks', () => {
  it.each([
    ['are gone', 'DELETE FROM time_index'],
    ['are damaged', 'UPDATE time_index SET box = zeroblob(length(box))'],
  ])('[V12] is made anew from the snapshots where they %s, once', async (_what, damage) => {
    await using test = await openTestVault();
    for (let at = 0; at < 6; at += 1)
      await test.vault.save(aCapture([aTerminal(`a${at}`)], { takenAtMs: TEST_NOW_MS + at * 600_000 }));
    // A prune writes blocks even where there are few snapshots.
    await test.vault.prune({ ...DEFAULT_RETENTION, allHours: 2 }, TEST_NOW_MS + 30 * 3_600_000, { isDryRun: false });
    await test.vault.save(aCapture([aTerminal('last')], { takenAtMs: TEST_NOW_MS + 31 * 3_600_000 }));
    const left = await test.vault.listSnapshots({ limit: 20 });
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    expect(db.prepare('SELECT count(*) FROM time_index').pluck().get()).toBeGreaterThan(0);
    db.exec(damage).close();

    await test.reopen();
    expect(test.vault.notices.map(({ code }) => code)).toContain('index-mended');
    expect(await test.vault.listSnapshots({ limit: 20 })).toEqual(left);
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    await test.reopen();
    expect(test.vault.notices).toEqual([]);
  });
});
