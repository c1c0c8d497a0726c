import {
  appendFileSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { SnapshotId } from '../../../../src/shared/model/ids.ts';
import { listBackupFiles, restoreBackup } from '../../../../src/core/vault/repair/backups.ts';
import { replaceVault } from '../../../../src/core/vault/replace-vault.ts';
import { startRepair } from '../../../../src/core/vault/repair/repair-client.ts';
import { vaultFiles } from '../../../../src/core/vault/vault-files.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

const SECRET = { type: 'password', text: TEST_PASSWORD } as const;
const PAGE_BYTES = 8192;

function text(pane: number): string {
  return Array.from(
    { length: 300 },
    (_, line) => `pane ${pane}, line ${line}, ${(line * 7919 * (pane + 1)) % 104729}\n`,
  ).join('');
}

/** A closed vault with so many snapshots, each with a pane more. */
async function aVault(snapshots = 6): Promise<{ readonly test: TestVault; readonly ids: readonly SnapshotId[] }> {
  const test = await openTestVault();
  const ids: SnapshotId[] = [];
  for (let at = 0; at < snapshots; at += 1) ids.push(await save(test, at, at + 1));
  await test.vault.close();
  return { test, ids };
}

async function save({ vault }: TestVault, at: number, panes: number): Promise<SnapshotId> {
  const items = Array.from({ length: panes }, (_, pane) =>
    aTerminal(`p${pane}`, { streams: [aStream({ kind: 'blob', text: text(pane) })] }),
  );
  return (await vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * 60_000 }))).summary.id;
}

async function read({ vault }: TestVault, id: SnapshotId, pane: number): Promise<string> {
  return Buffer.from(await vault.readStream(id, key(`tmux:p${pane}`), 'scrollback')).toString();
}

function repair(test: TestVault, options: Partial<Parameters<typeof startRepair>[0]> = {}) {
  return startRepair({ path: test.path, secret: SECRET, nowMs: TEST_NOW_MS, backups: [], ...options });
}

function overwrite(path: string, at: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, at);
  closeSync(file);
}

/** Destroys boxes of a table: one wrong bit would be put right. */
function flip(path: string, table: string, where = '1'): number {
  const db = new BetterSqlite3(path);
  const rows = db.prepare(`SELECT rowid AS id, box FROM ${table} WHERE ${where}`).all() as {
    id: number;
    box: Buffer;
  }[];
  for (const { id, box } of rows) {
    box.fill(0x5a, 50, 60);
    db.prepare(`UPDATE ${table} SET box = ? WHERE rowid = ?`).run(box, id);
  }
  db.close();
  return rows.length;
}

/** Writes what another vault has in some tables over this one's, as where the pages of two files were mixed. */
function mixIn(path: string, other: string, tables: readonly string[]): void {
  const db = new BetterSqlite3(path);
  db.prepare('ATTACH ? AS other').run(other);
  for (const table of tables)
    db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM other.${table}`);
  db.close();
}

async function expectUsable(test: TestVault): Promise<void> {
  expect(test.vault.notices.map(({ code }) => code)).not.toContain('opened-read-only');
  await save(test, 100, 2);
  expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
}

describe('a vault that is damaged', () => {
  it('opens for reading only: all that is whole can be read, nothing is written, and the reason is told', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    flip(test.path, 'snapshots', 'sequence = 3');
    await test.reopen();
    expect(test.vault.notices[0]).toMatchObject({ code: 'opened-read-only', message: /snapshot record 3/ });
    expect((await test.vault.listSnapshots({ limit: 10 })).map(({ id }) => id).toSorted()).toEqual(
      ids.filter((_, at) => at !== 2).toSorted(),
    );
    expect(await read(test, ids[5]!, 4)).toBe(text(4));
    await expect(save(test, 9, 1)).rejects.toMatchObject({ code: 'VAULT_READ_ONLY', message: /damaged/ });
    await test.vault.close();
    const before = readFileSync(test.path);
    await test.reopen();
    await test.vault.close();
    expect(readFileSync(test.path).equals(before)).toBe(true);
  });

  it.each([
    ['its first page destroyed', (path: string) => overwrite(path, 0, PAGE_BYTES)],
    ['both heads destroyed', (path: string) => flip(path, 'head_a') + flip(path, 'head_b')],
  ])('opens for reading with %s, from what is left of the file', async (_what, damage) => {
    const { test, ids } = await aVault();
    await using _ = test;
    damage(test.path);
    const before = readFileSync(test.path);
    await test.reopen();
    expect(test.vault.notices[0]).toMatchObject({ code: 'opened-read-only' });
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expect(save(test, 9, 1)).rejects.toMatchObject({ code: 'VAULT_READ_ONLY' });
    await test.vault.close();
    expect(readFileSync(test.path).equals(before)).toBe(true);
  });
});

describe('a repair', () => {
  it('brings a whole vault back from a destroyed first page, and keeps the old file as it was', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    overwrite(test.path, 0, PAGE_BYTES);
    const before = readFileSync(test.path);
    const report = await repair(test);
    expect(report).toMatchObject({ snapshots: 6, lostSnapshots: 0, lost: 0 });
    expect(readFileSync(join(test.folder, report.keptAs ?? '')).equals(before)).toBe(true);
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expectUsable(test);
  });

  it('takes a damaged snapshot record back from the key file', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    flip(test.path, 'snapshots', 'sequence IN (2, 6)');
    expect(await repair(test)).toMatchObject({ snapshots: 6, lostSnapshots: 0, healed: 2 });
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expectUsable(test);
  });

  it('leaves out what no copy is left of, says so, and everything else stays readable', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    flip(test.path, 'snapshots', 'sequence = 3');
    // Of the key file only the header is left.
    const keys = readFileSync(`${test.path}.keys`);
    truncateSync(`${test.path}.keys`, 12 + keys.readUInt32LE(8));
    expect(await repair(test)).toMatchObject({ snapshots: 5, lostSnapshots: 1, healed: 0 });
    await test.reopen();
    for (const at of [0, 1, 3, 4, 5]) expect(await read(test, ids[at]!, at)).toBe(text(at));
    await expectUsable(test);
  });

  it('takes damaged chunks back from a backup', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    await test.reopen();
    const folder = join(test.folder, 'backups');
    const { name } = await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS });
    await test.vault.close();
    const chunks = flip(test.path, 'chunks');
    expect(chunks).toBeGreaterThan(3);
    expect(await repair(test, { backups: [join(folder, name)] })).toMatchObject({ healed: chunks, lost: 0 });
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expectUsable(test);
  });

  it('takes nothing from a backup that has other content since under the same number, as after a redaction', async () => {
    const { test } = await aVault(1);
    await using _ = test;
    await test.reopen();
    const folder = join(test.folder, 'backups');
    const { name } = await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS });
    await test.vault.close();
    new BetterSqlite3(test.path).exec('UPDATE chunks SET content_id = randomblob(length(content_id))').close();
    const chunks = flip(test.path, 'chunks');
    expect(await repair(test, { backups: [join(folder, name)] })).toMatchObject({ healed: 0, lost: chunks });
  });

  it('can be cancelled on the way: the vault is as it was, and opens as it did', async () => {
    const { test } = await aVault();
    await using _ = test;
    flip(test.path, 'snapshots', 'sequence = 3');
    const before = readFileSync(test.path);
    const end = new AbortController();
    let told = 0;
    const onProgress = (): void => {
      told += 1;
      end.abort();
    };
    await expect(repair(test, { signal: end.signal, onProgress })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(told).toBeGreaterThan(0);
    expect(readFileSync(test.path).equals(before)).toBe(true);
    expect(readdirSync(test.folder).filter((name) => /new|damaged/.test(name))).toEqual([]);
    await test.reopen();
    expect(test.vault.notices[0]).toMatchObject({ code: 'opened-read-only' });
  });

  it('leaves a vault in its place where the last step fails or is killed', async () => {
    const { test } = await aVault(2);
    await using _ = test;
    const before = readFileSync(test.path);
    // The new files are not there: the swap stops where a kill could stop it.
    const fresh = vaultFiles(`${test.path}.new-1`);
    expect(() => replaceVault(vaultFiles(test.path), fresh, { nowMs: TEST_NOW_MS })).toThrow(/ENOENT/);
    expect(readFileSync(test.path).equals(before)).toBe(true);
    expect((await test.reopen()).notices).toEqual([]);
    expect(await test.vault.listSnapshots({ limit: 9 })).toHaveLength(2);
  });

  it('keeps the place of a chunk that nobody has whole: it becomes whole when its content comes again', async () => {
    const { test, ids } = await aVault(2);
    await using _ = test;
    const chunks = flip(test.path, 'chunks');
    expect(await repair(test)).toMatchObject({ snapshots: 2, lost: chunks });
    await test.reopen();
    await expect(read(test, ids[0]!, 0)).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    await save(test, 9, 2);
    expect(await read(test, ids[0]!, 0)).toBe(text(0));
  });

  it('saves what is left of a file that was cut off', async () => {
    const { test } = await aVault(12);
    await using _ = test;
    truncateSync(test.path, Math.floor((statSync(test.path).size * 3) / 5));
    const report = await repair(test);
    expect(report.snapshots).toBeGreaterThan(0);
    await test.reopen();
    const listed = await test.vault.listSnapshots({ limit: 20 });
    expect(listed).toHaveLength(report.snapshots);
    for (const { id } of listed) expect((await test.vault.readSnapshot(id)).itemList.length).toBeGreaterThan(0);
    await save(test, 100, 2);
  });

  it('whatever page is destroyed: what is listed can be read, and the vault takes captures again', async () => {
    const { test } = await aVault();
    await using _ = test;
    const whole = join(test.folder, 'whole.db');
    copyFileSync(test.path, whole);
    copyFileSync(`${test.path}.keys`, `${whole}.keys`);
    const pages = statSync(whole).size / PAGE_BYTES;
    for (let page = 0; page < pages; page += 3) {
      copyFileSync(whole, test.path);
      copyFileSync(`${whole}.keys`, `${test.path}.keys`);
      overwrite(test.path, page * PAGE_BYTES, PAGE_BYTES);
      const report = await repair(test);
      await test.reopen();
      expect(
        test.vault.notices.map(({ code }) => code),
        `page ${page}`,
      ).toEqual([]);
      expect(await test.vault.listSnapshots({ limit: 20 }), `page ${page}`).toHaveLength(report.snapshots);
      expect(report.snapshots, `page ${page}`).toBe(6);
      await save(test, 100 + page, 2);
      await test.vault.close();
    }
  });

  it('changes nothing where it is cancelled, where the password is wrong, and where nothing is left', async () => {
    const { test } = await aVault();
    await using _ = test;
    flip(test.path, 'snapshots', 'sequence = 3');
    const before = readFileSync(test.path);
    const names = readdirSync(test.folder).toSorted();
    await expect(repair(test, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(repair(test, { secret: { type: 'password', text: 'wrong' } })).rejects.toMatchObject({
      code: 'VAULT_WRONG_PASSWORD',
    });
    expect(readFileSync(test.path).equals(before)).toBe(true);
    expect(readdirSync(test.folder).toSorted()).toEqual(names);
    overwrite(test.path, 0, before.length);
    unlinkSync(`${test.path}.keys`);
    await expect(repair(test)).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(existsSync(`${test.path}.keys`)).toBe(false);
  });
});

describe('a vault into which another one was mixed', () => {
  const HEADERS = ['header_a', 'header_b', 'header_c'];
  const OTHER = 'the password of the other one';

  it.each([
    ['a password of its own', OTHER],
    ['the same password', TEST_PASSWORD],
  ])('comes back whole where all its headers are those of the other one, which has %s', async (_what, password) => {
    const { test, ids } = await aVault();
    await using _ = test;
    const other = await aVault(2);
    await using __ = other.test;
    await other.test.reopen();
    await other.test.vault.changePassword(password, TEST_NOW_MS);
    await other.test.vault.close();
    mixIn(test.path, other.test.path, HEADERS);
    const before = readFileSync(test.path);
    await test.reopen();
    expect(test.vault.notices[0]).toMatchObject({ code: 'opened-read-only' });
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await test.vault.close();
    expect(readFileSync(test.path).equals(before)).toBe(true);
    expect(await repair(test)).toMatchObject({ snapshots: 6, lostSnapshots: 0, lost: 0 });
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expectUsable(test);
  });

  it("finds its header in the bytes of the file where the other one's key file lies beside it", async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    const other = await aVault(1);
    await using __ = other.test;
    await other.test.reopen();
    await other.test.vault.changePassword(OTHER, TEST_NOW_MS);
    await other.test.vault.close();
    const db = new BetterSqlite3(test.path);
    const header = db.prepare('SELECT bytes FROM header_a').pluck().get() as Buffer; // a blob by the schema
    // No table has it any more, but it still lies in the file.
    for (const table of HEADERS) db.exec(`DELETE FROM ${table}`);
    db.close();
    appendFileSync(test.path, Buffer.concat([header], PAGE_BYTES));
    copyFileSync(`${other.test.path}.keys`, `${test.path}.keys`);
    expect(await repair(test)).toMatchObject({ snapshots: 6, lost: 0 });
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
  });

  it("is no vault of a key file that was left beside it: the other one's password stays wrong", async () => {
    const { test } = await aVault();
    await using _ = test;
    const other = await aVault(2);
    await using __ = other.test;
    await other.test.reopen();
    await other.test.vault.changePassword(OTHER, TEST_NOW_MS);
    await other.test.vault.close();
    copyFileSync(`${other.test.path}.keys`, `${test.path}.keys`);
    const before = readFileSync(test.path);
    const wrong = { type: 'password', text: OTHER } as const;
    await expect(test.reopen(wrong)).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await expect(repair(test, { secret: wrong })).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    expect(await repair(test)).toMatchObject({ isWhole: true, snapshots: 6 });
    expect(readFileSync(test.path).equals(before)).toBe(true);
    await test.reopen();
    await expectUsable(test);
  });

  it('stays what it is beside the key file of another one with the same password', async () => {
    const { test } = await aVault();
    await using _ = test;
    const other = await aVault(2);
    await using __ = other.test;
    copyFileSync(`${other.test.path}.keys`, `${test.path}.keys`);
    flip(test.path, 'head_a');
    flip(test.path, 'head_b');
    expect(await repair(test)).toMatchObject({ isWhole: false, snapshots: 6, lost: 0 });
    await test.reopen();
    await expectUsable(test);
  });
});

describe('restoreBackup()', () => {
  it('puts a backup in place once it was checked, and keeps what was there', async () => {
    const { test, ids } = await aVault();
    await using _ = test;
    await test.reopen();
    const folder = join(test.folder, 'backups');
    const { name, sizeBytes } = await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS });
    await test.vault.close();
    expect(listBackupFiles(folder)).toEqual([{ name, sizeBytes, madeAtMs: TEST_NOW_MS }]);
    overwrite(test.path, 0, statSync(test.path).size);
    const before = readFileSync(test.path);
    const options = { path: test.path, folder, name, secret: SECRET, nowMs: TEST_NOW_MS };

    await expect(restoreBackup({ ...options, secret: { type: 'password', text: 'wrong' } })).rejects.toMatchObject({
      code: 'VAULT_WRONG_PASSWORD',
    });
    await expect(restoreBackup({ ...options, name: '../vault.db' })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(readFileSync(test.path).equals(before)).toBe(true);

    const { keptAs } = await restoreBackup(options);
    expect(readFileSync(join(test.folder, keptAs)).equals(before)).toBe(true);
    await test.reopen();
    for (const [at, id] of ids.entries()) expect(await read(test, id, at)).toBe(text(at));
    await expectUsable(test);
  });

  it.each([
    ['in its chunks', (path: string) => flip(path, 'chunks')],
    ['in its first page', (path: string) => overwrite(path, 0, PAGE_BYTES)],
  ])('refuses a backup that is damaged itself, %s', async (_what, damage) => {
    const { test } = await aVault();
    await using _ = test;
    await test.reopen();
    const folder = join(test.folder, 'backups');
    const { name } = await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS });
    await test.vault.close();
    damage(join(folder, name));
    const before = readFileSync(test.path);
    await expect(
      restoreBackup({ path: test.path, folder, name, secret: SECRET, nowMs: TEST_NOW_MS }),
    ).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(readFileSync(test.path).equals(before)).toBe(true);
  });
});
