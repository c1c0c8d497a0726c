// A disk that is full, and one that cannot be written: a small file system in memory of the test's own. Needs the right to mount.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal, key } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';

const folder = makeTemporaryFolder();
const canMount = mount('-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder.path);

afterAll(() => {
  if (canMount) execFileSync('umount', ['-l', folder.path]);
  folder[Symbol.dispose]();
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
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  return bytes;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe.skipIf(!canMount)('a small disk (needs the right to mount)', () => {
  const path = join(folder.path, 'vault.db');
  const options = { path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR };
  const secret = { type: 'password' as const, text: TEST_PASSWORD };

  it('refuses a save on a full disk in words, loses nothing, and saves again once there is space', async () => {
    const { vault } = await createVault({ ...options, password: TEST_PASSWORD });
    const kept = await vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'kept' })] })]));
    const filler = join(folder.path, 'filler');
    writeFileSync(filler, noise(6_000_000));
    const large = () =>
      vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ content: { type: 'whole', bytes: noise(3_000_000) } })] })]),
      );

    expect(await codeOf(large())).toBe('VAULT_DISK_FULL');
    expect(await codeOf(large())).toBe('VAULT_DISK_FULL');
    expect(Buffer.from(await vault.readStream(kept.summary.id, key('tmux:a'), 'scrollback')).toString()).toBe('kept');
    expect((await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).ok).toBe(true);
    rmSync(filler);
    expect(await codeOf(large())).toBe('no error');
    await vault.close();
  });

  it('gives up a backup that does not fit, and leaves no half of it', async () => {
    const vault = await openVault({ ...options, secret });
    const filler = join(folder.path, 'filler');
    writeFileSync(filler, noise(12_000_000));

    expect(await codeOf(vault.backup({ folder: join(folder.path, 'backups'), keep: 1, nowMs: TEST_NOW_MS }))).toBe(
      'VAULT_DISK_FULL',
    );

    expect(readdirSync(join(folder.path, 'backups'))).toEqual([]);
    rmSync(filler);
    await vault.close();
  });

  it('says that it cannot write where the disk is read-only', async () => {
    expect(mount('-o', 'remount,ro', folder.path)).toBe(true);
    try {
      expect(await codeOf(openVault({ ...options, secret }))).toBe('VAULT_READ_ONLY');
      expect(
        await codeOf(createVault({ ...options, path: join(folder.path, 'other.db'), password: TEST_PASSWORD })),
      ).toBe('VAULT_READ_ONLY');
    } finally {
      mount('-o', 'remount,rw', folder.path);
    }
    expect(existsSync(join(folder.path, 'other.db'))).toBe(false);
    await (await openVault({ ...options, secret })).close();
  });
});
