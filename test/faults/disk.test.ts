// A disk that is full to the last byte, and one that cannot be written: a small file system in memory of the test's own, and the real
// command line on it. Needs the right to mount.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { DEFAULT_RETENTION } from '../../src/shared/model/retention.ts';
import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from '../cli/spawned-cli.ts';
import { aCapture, aConversation, aStream, aTerminal, key } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';

const DISK_BYTES = 40 * 1024 * 1024;
const DAY_MS = 86_400_000;
const ONE_LINE = /^cairn: \S[^\n]+\n$/;
const FULL = /the disk is full/;
const secret = { type: 'password' as const, text: TEST_PASSWORD };
const disk = makeTemporaryFolder();
const canMount = mount('-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk.path);

afterAll(() => {
  if (canMount) execFileSync('umount', ['-l', disk.path]);
  disk[Symbol.dispose]();
});

function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not root, or a sandbox
  }
}

function noise(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(randomBytes(size));
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(disk.path);
  return bavail * bsize;
}

/** Fills the disk until not one byte more goes onto it. */
function fillDisk(): void {
  const path = join(disk.path, 'filler');
  const file = openSync(path, 'w');
  try {
    for (const size of [1024 * 1024, 4096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size, 0x55));
      } catch (error) {
        if (!(error instanceof Error) || !/ENOSPC/.test(error.message)) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
  expect(freeBytes()).toBe(0);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

function expectDone({ exitCode, stderr }: SpawnedResult): void {
  expect([exitCode, stderr]).toEqual([0, '']);
}

function expectRefused({ exitCode, stderr }: SpawnedResult, words: RegExp): void {
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toMatch(words);
}

describe.skipIf(!canMount)('a small disk (needs the right to mount)', () => {
  let cairn: SpawnedCairn;
  let home: string;
  const run = (...argv: string[]): Promise<SpawnedResult> => cairn.run([...argv, '--home', home]);
  const open = () => openVault({ path: join(home, 'vault.db'), secret, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR });

  /** A vault with old snapshots of much content, which a prune lets go, and a newest one with little. */
  beforeAll(async () => {
    cairn = openSpawnedCairn();
    home = join(disk.path, 'home');
    const recovery = join(cairn.folder, 'recovery.txt');
    expectDone(await run('init', '--sources', 'none', '--recovery-key-file', recovery));
    cairn.unlockWith(recovery);
    const vault = await open();
    const nowMs = Date.now();
    for (let at = 0; at < 12; at += 1)
      await vault.save(
        aCapture(
          [aTerminal('a', { streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes: noise(800_000) } })] })],
          {
            takenAtMs: nowMs - 200 * DAY_MS + at * 1000,
          },
        ),
      );
    await vault.save(
      aCapture([aTerminal('a', { streams: [aStream({ text: 'kept' })] })], { takenAtMs: nowMs - DAY_MS }),
    );
    await vault.upkeep(0);
    await vault.close();
  });
  afterEach(() => {
    for (const name of ['filler', 'more']) rmSync(join(disk.path, name), { force: true });
  });
  afterAll(() => cairn[Symbol.dispose]());

  it('can be read, listed, restored from and verified when it is full', async () => {
    fillDisk();

    expectDone(await run('list', '--json'));
    expect(JSON.parse((await run('list', '--json', '--limit', '100')).stdout)).toMatchObject({
      snapshots: { length: 13 },
    });
    expect((await run('show', 'latest', '--item', 'tmux:a', '--stream', 'scrollback')).stdout).toContain('kept');
    expectDone(await run('restore', 'latest', '--dry-run'));
    expectDone(await run('keys', 'list'));
    expectDone(await run('status'));
    expectDone(await run('verify'));
    expectDone(await run('prune', '--dry-run'));
  });

  it('says in one line what a full disk does not take, loses nothing, and holds its reserve', async () => {
    fillDisk();

    expectRefused(await run('capture'), FULL);
    expectRefused(await run('checkpoint', 'a name'), FULL);
    expectRefused(await run('backup'), FULL);
    expectRefused(await run('config', 'set', 'redaction', 'on'), FULL);
    expect(existsSync(join(home, 'vault.db.reserve'))).toBe(true);
    expect(freeBytes()).toBe(0);
    expect(readdirSync(join(home, 'backups')).filter((name) => name.includes('unfinished'))).toEqual([]);
    expectDone(await run('verify', '--deep'));
  });

  it('keeps the old password where the new one cannot be stored', async () => {
    fillDisk();
    const vault = await open();
    // Nothing is left, not even the reserve.
    appendUntilFull();

    expect(await codeOf(vault.changePassword('another long password', TEST_NOW_MS))).toBe('VAULT_DISK_FULL');
    await vault.close();
    for (const name of ['filler', 'more']) rmSync(join(disk.path, name));
    const again = await open();
    await again.upkeep(0);
    await again.close();
    expect(existsSync(join(home, 'vault.db.reserve'))).toBe(true);
  });

  it('is emptied by a prune when it is full', async () => {
    fillDisk();
    const before = statSync(join(home, 'vault.db')).size;

    expectDone(await run('prune'));

    expect(statSync(join(home, 'vault.db')).size).toBeLessThan(before - 6_000_000);
    expect(freeBytes()).toBeGreaterThan(6_000_000);
    rmSync(join(disk.path, 'filler'));
    expectDone(await run('capture'));
    expectDone(await run('verify', '--deep'));
  });

  it('restores when it is full, and says that it cannot be undone', async () => {
    const id = '11111111-2222-3333-4444-555555555555';
    const file = `projects/-x/${id}.jsonl`;
    const lost = aConversation(id, '{"type":"user"}\n', { attributes: { id, cwd: '/', isLive: false, file } });
    const vault = await open();
    await vault.save(aCapture([lost], { takenAtMs: Date.now() }));
    await vault.close();
    fillDisk();

    const { exitCode, stdout, stderr } = await run('restore', 'latest', '--json');

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Warning: the present could not be saved[^\n]+cannot be undone\.\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ steps: [{ key: `claude-code:${id}`, status: 'done' }], undo: null });
    // The user's home lies on another disk.
    expect(readFileSync(join(cairn.folder, '.claude', file), 'utf8')).toBe('{"type":"user"}\n');
  });

  it('can be read and nothing else where it is read-only', async () => {
    expect(mount('-o', 'remount,ro', disk.path)).toBe(true);
    try {
      expectDone(await run('list'));
      expectDone(await run('show', 'latest'));
      expectDone(await run('status'));
      expectDone(await run('keys', 'list'));
      expectDone(await run('verify', '--deep'));
      expectDone(await run('restore', 'latest', '--dry-run'));
      for (const argv of [
        ['capture'],
        ['prune'],
        ['backup'],
        ['config', 'set', 'redaction', 'on'],
        ['checkpoint', 'x'],
      ])
        expectRefused(await run(...argv), /cannot be written|could not be written|cannot be made/);
      expectRefused(await cairn.run(['init', '--home', join(disk.path, 'other')]), /could not be made/);
    } finally {
      mount('-o', 'remount,rw', disk.path);
    }
    expectDone(await run('capture'));
  });

  it('can be read where a killed process left its log and the disk is read-only', async () => {
    const path = join(disk.path, 'killed.db');
    const { vault } = await createVault({ path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR, password: TEST_PASSWORD });
    const saved = await vault.save(aCapture([aTerminal('b', { streams: [aStream({ text: 'in the log' })] })]));
    // As a kill leaves them: the copy has the log, and nobody has it open.
    const copy = join(disk.path, 'copy.db');
    for (const suffix of ['', '-wal', '.keys'])
      if (existsSync(path + suffix)) execFileSync('cp', [path + suffix, copy + suffix]);
    await vault.close();
    expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);
    expect(mount('-o', 'remount,ro', disk.path)).toBe(true);
    try {
      const read = await openVault({ path: copy, secret, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR });
      expect(Buffer.from(await read.readStream(saved.summary.id, key('tmux:b'), 'scrollback')).toString()).toBe(
        'in the log',
      );
      expect(await codeOf(read.save(aCapture([aTerminal('c')])))).toBe('VAULT_READ_ONLY');
      expect(await codeOf(read.prune(DEFAULT_RETENTION, TEST_NOW_MS, { isDryRun: false }))).toBe('VAULT_READ_ONLY');
      await read.close();
    } finally {
      mount('-o', 'remount,rw', disk.path);
    }
  });

  function appendUntilFull(): void {
    const more = join(disk.path, 'more');
    try {
      for (;;) appendFileSync(more, Buffer.alloc(4096));
    } catch (error) {
      if (!(error instanceof Error) || !/ENOSPC/.test(error.message)) throw error;
    }
  }
});
