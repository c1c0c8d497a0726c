// What a running Cairn leaves to others: no file that they may read, however lax the umask; no core file; no debugger.

import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault } from '../../src/core/vault/vault-client.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openSpawnedCairn } from './spawned-cli.ts';

const BIN = fileURLToPath(new URL('../../bin/cairn', import.meta.url));
const LAX = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];

/** Every file and folder below that others may touch. */
function openToOthers(folder: string): string[] {
  return ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].filter(
    (name) => (lstatSync(join(folder, name)).mode & 0o077) !== 0,
  );
}

describe('a process of cairn', () => {
  it('[V16] writes for its owner alone, and opens no debugger', async () => {
    using cairn = openSpawnedCairn();
    const path = join(cairn.home, 'vault.db');
    mkdirSync(cairn.home);
    const { vault } = await createVault({ path, password: TEST_PASSWORD, nowMs: Date.now(), argon2: ARGON2_FLOOR });
    await vault.close();
    writeFileSync(join(cairn.home, 'config.json'), '{"sources.shell-history":true}');
    let open: readonly string[] = ['not looked'];
    let names: readonly string[] = [];

    const { stdout, stderr } = await cairn.run(['run', '--interval', '5'], {
      command: LAX,
      onStart: (child) =>
        child.stdout.once('data', () => {
          open = openToOthers(cairn.home);
          names = readdirSync(cairn.home);
          child.kill('SIGUSR1');
          setTimeout(() => child.kill('SIGTERM'), 300);
        }),
    });

    expect({ open, names }, stderr).toEqual({
      open: [],
      names: expect.arrayContaining(['vault.db', 'vault.db.keys', 'vault.db-wal', 'vault.db.lock']),
    });
    expect(stdout + stderr).not.toMatch(/debugger/i);
  });
});

describe('bin/cairn', () => {
  it('leaves no core file: Node and what it starts have a soft limit of none', () => {
    using folder = makeTemporaryFolder();
    for (const name of ['bin', 'node_modules/.bin', 'src/cli']) mkdirSync(join(folder.path, name), { recursive: true });
    copyFileSync(BIN, join(folder.path, 'bin/cairn'));
    const node = join(folder.path, 'node_modules/.bin/node');
    writeFileSync(node, '#!/bin/sh\ncase "$*" in *process.exit*) exit 0 ;; esac\nulimit -S -c\n', { mode: 0o755 });
    for (const path of [node, join(folder.path, 'bin/cairn')]) chmodSync(path, 0o755);

    const limit = execFileSync('sh', [
      '-c',
      'ulimit -S -c unlimited 2>/dev/null; exec "$0" run',
      join(folder.path, 'bin/cairn'),
    ]);

    expect(String(limit).trim()).toBe('0');
  });
});
