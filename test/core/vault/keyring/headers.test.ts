import { copyFileSync, mkdirSync, rmdirSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { openVault } from '../../../../src/core/vault/vault-client.ts';
import type { Vault } from '../../../../src/core/vault/vault.ts';
import { AppError } from '../../../../src/shared/model/app-error.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

const NEW_PASSWORD = 'a new and different password';
const HEADERS = ['header_a', 'header_b', 'header_c'] as const;

function openWith(test: TestVault, password: string): Promise<Vault> {
  return openVault({
    path: test.path,
    secret: { type: 'password', text: password },
    nowMs: TEST_NOW_MS,
    argon2: ARGON2_FLOOR,
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

function save(vault: Vault, text: string, at: number) {
  return vault.save(
    aCapture([aTerminal('a', { title: text, streams: [aStream({ text })] })], { takenAtMs: TEST_NOW_MS + at }),
  );
}

async function textOf(vault: Vault, reference: string): Promise<string> {
  const id = await vault.resolveSnapshot(reference, TEST_NOW_MS + 1_000_000);
  return Buffer.from(await vault.readStream(id, key('tmux:a'), 'scrollback')).toString();
}

function editHeaders(path: string, edit: (bytes: Buffer) => Buffer, tables: readonly string[] = HEADERS): void {
  const db = new BetterSqlite3(path);
  for (const table of tables) {
    const bytes = db.prepare(`SELECT bytes FROM ${table}`).pluck().get() as Buffer; // a blob by the schema
    db.prepare(`UPDATE ${table} SET bytes = ?`).run(edit(Buffer.from(bytes)));
  }
  db.close();
}

/** Makes every header change fail inside its transaction, as a full disk does, until the result is called. */
function refuseHeaderChanges(path: string): () => void {
  const run = (sql: string): void => {
    const db = new BetterSqlite3(path);
    db.exec(sql);
    db.close();
  };
  run("CREATE TRIGGER refused BEFORE UPDATE ON header_b BEGIN SELECT RAISE(ABORT, 'no'); END");
  return () => run('DROP TRIGGER refused');
}

describe('header copies that differ', () => {
  it('[V6] a stale sidecar never brings an old password back', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'one', 1);
    await test.vault.close();
    copyFileSync(`${test.path}.keys`, `${test.path}.keys.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.changePassword(NEW_PASSWORD, TEST_NOW_MS);
    await vault.close();
    copyFileSync(`${test.path}.keys.old`, `${test.path}.keys`);

    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    const opened = await openWith(test, NEW_PASSWORD);
    expect(opened.notices.map(({ code }) => code)).toContain('header-mended');
    await opened.close();
    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    await (await openWith(test, NEW_PASSWORD)).close();
  });

  it('[V6] old copies in the tables never bring an old password back beside a newer sidecar', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'one', 1);
    await test.vault.close();
    copyFileSync(test.path, `${test.path}.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.changePassword(NEW_PASSWORD, TEST_NOW_MS);
    await vault.close();
    copyFileSync(`${test.path}.old`, test.path);

    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    const opened = await openWith(test, NEW_PASSWORD);
    expect(await textOf(opened, 'latest')).toBe('one');
    await opened.close();
  });

  it('[V6] a copy of another vault before the own ones does not silence the newer sidecar', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'one', 1);
    await test.vault.close();
    copyFileSync(test.path, `${test.path}.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.changePassword(NEW_PASSWORD, TEST_NOW_MS);
    await vault.close();
    copyFileSync(`${test.path}.old`, test.path);
    await using other = await openTestVault();
    await other.vault.close();
    const db = new BetterSqlite3(other.path);
    const foreign = db.prepare('SELECT bytes FROM header_a').pluck().get() as Buffer; // a blob by the schema
    db.close();
    editHeaders(test.path, () => foreign, ['header_a']);

    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    const opened = await openWith(test, NEW_PASSWORD);
    expect(await textOf(opened, 'latest')).toBe('one');
    await opened.close();
  });

  it('[V6] a forged copy with a higher counter wins nothing and locks nobody out', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'one', 1);
    await test.vault.close();
    // Whole by its checksum, which needs no key, but not by the MAC.
    const { createHash } = await import('node:crypto');
    editHeaders(
      test.path,
      (bytes) => {
        const at = bytes.indexOf('"counter":') + '"counter":'.length;
        bytes[at] = '9'.charCodeAt(0);
        const slot = bytes.indexOf('"salt":"') + '"salt":"'.length;
        bytes[slot] = bytes[slot] === 0x41 ? 0x42 : 0x41;
        const end = 12 + bytes.readUInt32LE(8);
        createHash('sha256').update(bytes.subarray(0, end)).digest().copy(bytes, end);
        return bytes;
      },
      ['header_a'],
    );

    const opened = await openWith(test, TEST_PASSWORD);
    expect(opened.notices.map(({ code }) => code)).toEqual(['header-mended']);
    await opened.close();
  });

  it('[V6] where every table copy is torn, a newer one still says which password holds', async () => {
    await using test = await openTestVault();
    await test.vault.close();
    copyFileSync(`${test.path}.keys`, `${test.path}.keys.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.changePassword(NEW_PASSWORD, TEST_NOW_MS);
    await vault.close();
    copyFileSync(`${test.path}.keys.old`, `${test.path}.keys`);
    editHeaders(test.path, (bytes) => {
      const at = bytes.indexOf('"secrets":"') + 40;
      bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
      return bytes;
    });

    const opened = await openWith(test, NEW_PASSWORD);
    await opened.close();
    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
  });
});

describe('a vault file of another time than its key file', () => {
  it('[V6] opens a backup from before a rotation, says that it is older, and works on', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'before', 1);
    await test.vault.close();
    copyFileSync(test.path, `${test.path}.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.rotate({ nowMs: TEST_NOW_MS });
    await save(vault, 'after', 2);
    await vault.changePassword(NEW_PASSWORD, TEST_NOW_MS);
    await vault.close();
    copyFileSync(`${test.path}.old`, test.path);

    expect(await codeOf(openWith(test, TEST_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    const opened = await openWith(test, NEW_PASSWORD);
    expect(opened.notices.map(({ code }) => code).toSorted()).toEqual(['header-mended', 'rolled-back']);
    expect(await textOf(opened, 'latest')).toBe('before');
    await save(opened, 'later', 3);
    await opened.close();

    const again = await openWith(test, NEW_PASSWORD);
    expect(again.notices).toEqual([]);
    expect(await textOf(again, 'latest')).toBe('later');
    await again.rotate({ nowMs: TEST_NOW_MS });
    expect(await again.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    await again.close();
    await (await openWith(test, NEW_PASSWORD)).close();
  });

  it('[V6] goes on with a rotation that was under way when the backup was made', async () => {
    await using test = await openTestVault();
    for (let at = 0; at < 4; at += 1) await save(test.vault, `text ${at}`, at);
    const controller = new AbortController();
    await codeOf(
      test.vault.rotate({ nowMs: TEST_NOW_MS, signal: controller.signal, onProgress: () => controller.abort() }),
    );
    expect((await test.vault.keys(TEST_NOW_MS)).rotation).not.toBeNull();
    await test.vault.close();
    copyFileSync(test.path, `${test.path}.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.rotate({ nowMs: TEST_NOW_MS });
    await vault.rotate({ nowMs: TEST_NOW_MS });
    await vault.close();
    copyFileSync(`${test.path}.old`, test.path);

    const opened = await openWith(test, TEST_PASSWORD);
    expect((await opened.keys(TEST_NOW_MS)).rotation).not.toBeNull();
    await opened.rotate({ nowMs: TEST_NOW_MS });
    expect(await opened.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    expect(await textOf(opened, 'latest')).toBe('text 3');
    await opened.close();
    await (await openWith(test, TEST_PASSWORD)).close();
  });

  it('[V6] says what to do where no header at hand has the keys that the file needs', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'before', 1);
    await test.vault.close();
    copyFileSync(test.path, `${test.path}.old`);
    const vault = await openWith(test, TEST_PASSWORD);
    await vault.rotate({ nowMs: TEST_NOW_MS });
    await vault.close();
    copyFileSync(`${test.path}.old`, test.path);
    editHeaders(test.path, () => Buffer.alloc(64));

    const failure = await openWith(test, TEST_PASSWORD).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'VAULT_ROLLED_BACK' });
    expect((failure as AppError).hint).toMatch(/vault\.db\.keys/);
  });
});

describe('a header change that fails', () => {
  it('leaves the old password, and no later change commits the new one', async () => {
    await using test = await openTestVault();
    const allow = refuseHeaderChanges(test.path);
    expect(await codeOf(test.vault.changePassword(NEW_PASSWORD, TEST_NOW_MS))).not.toBe('no error');
    allow();

    await test.vault.setKeychainSecret(null, TEST_NOW_MS);
    await test.vault.close();

    expect(await codeOf(openWith(test, NEW_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    await (await openWith(test, TEST_PASSWORD)).close();
  });

  it('seals nothing under an epoch that was not stored', async () => {
    await using test = await openTestVault();
    const allow = refuseHeaderChanges(test.path);
    expect(await codeOf(test.vault.rotate({ nowMs: TEST_NOW_MS }))).not.toBe('no error');
    allow();

    await save(test.vault, 'kept', 5);
    await test.vault.close();

    const opened = await openWith(test, TEST_PASSWORD);
    expect(await textOf(opened, 'latest')).toBe('kept');
    expect(await opened.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    await opened.rotate({ nowMs: TEST_NOW_MS });
    expect((await opened.keys(TEST_NOW_MS)).epoch).toBe(2);
    await opened.close();
  });

  it('changes nothing where the key file cannot be written', async () => {
    await using test = await openTestVault();
    const inTheWay = `${test.path}.keys.new-${process.pid}`;
    mkdirSync(inTheWay);
    expect(await codeOf(test.vault.changePassword(NEW_PASSWORD, TEST_NOW_MS))).not.toBe('no error');
    rmdirSync(inTheWay);
    await test.vault.close();

    expect(await codeOf(openWith(test, NEW_PASSWORD))).toBe('VAULT_WRONG_PASSWORD');
    await (await openWith(test, TEST_PASSWORD)).close();
  });
});

describe('a head slot that does not open', () => {
  it('[V13] is written anew at the opening, which says so', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'one', 1);
    await save(test.vault, 'two', 2);
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    // The older of the two: the newer one says it all.
    const counters = ['head_a', 'head_b'].map((table) => ({
      table,
      counter: (db.prepare(`SELECT box FROM ${table}`).pluck().get() as Buffer).readBigUInt64LE(12), // a box, see V7
    }));
    const older = counters.toSorted((a, b) => Number(a.counter - b.counter))[0]?.table ?? '';
    db.exec(`UPDATE ${older} SET box = zeroblob(length(box))`).close();

    const opened = await openWith(test, TEST_PASSWORD);
    expect(opened.notices.map(({ code }) => code)).toEqual(['head-slot-mended']);
    expect(await textOf(opened, 'latest')).toBe('two');
    await opened.close();
    const again = await openWith(test, TEST_PASSWORD);
    expect(again.notices).toEqual([]);
    await again.close();
  });
});
