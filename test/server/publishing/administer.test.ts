import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { runCairn } from '../../cli/test-shell.ts';
import { aSession, SYNC } from '../../support/publishing-rig.ts';
import { call, logIn, signUp, startTestServer } from '../../support/sync-server.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

async function publishOnce(
  dataFolder: string,
  token?: string,
): Promise<{ readonly token: string; readonly text: string }> {
  await using server = await startTestServer({ dataFolder });
  if (token === undefined) await signUp(server.address, 'ann@example.org');
  const own = token ?? (await logIn(server.address, 'ann@example.org')).accessToken;
  if (token === undefined)
    await call(server.address, 'POST', '/graphql', {
      token: own,
      json: { query: SYNC, variables: { input: aSession() } },
    });
  const read = await call(server.address, 'POST', '/graphql', {
    token: own,
    json: { query: '{ sessions { edges { node { summary messages { content } } } } }' },
  });
  return { token: own, text: read.bytes.toString() };
}

describe('cairn server audit and rotate-keys', () => {
  it('[S22] [S24] rotate the keys while everything stays readable, and tell of a changed entry', async () => {
    using folder = makeTemporaryFolder();
    const { token } = await publishOnce(folder.path);
    const keyFile = join(folder.path, 'server.key');
    const before = readFileSync(keyFile, 'utf8');
    const dir = ['--data-dir', folder.path];

    const rotated = await runCairn(['server', 'rotate-keys', '--owners', ...dir, '--json']);
    const verified = await runCairn(['server', 'audit', 'verify', ...dir, '--json']);

    expect(rotated.json()).toEqual({ rewrapped: 2, owners: 1, resealed: 1 });
    expect(readFileSync(keyFile, 'utf8').split('\n')[1]).toBe(before.trim());
    expect(verified.json()).toMatchObject({ ok: true, chains: [{ entries: 1, broken: null }] });
    // The old key is of no use to anything any more.
    writeFileSync(keyFile, readFileSync(keyFile, 'utf8').split('\n')[0] ?? '', { mode: 0o600 });
    expect((await publishOnce(folder.path, token)).text).toContain('Fixing the login');

    const heads = join(folder.path, 'heads.json');
    writeFileSync(heads, verified.stdout);
    const db = new Database(join(folder.path, 'cairn-server.db'));
    db.prepare('DELETE FROM audit_entries').run();
    db.prepare('DELETE FROM audit_heads').run();
    db.close();
    expect((await runCairn(['server', 'audit', 'verify', ...dir])).exitCode).toBe(0);
    const missing = await runCairn(['server', 'audit', 'verify', ...dir, '--heads', heads]);
    expect(missing).toMatchObject({ exitCode: 5 });
    expect(missing.stdout).toContain('entries are missing that the kept head has');
    expect((await runCairn(['server', 'audit', 'burn', ...dir])).exitCode).toBe(2);
  });
});

describe('a server whose key was changed without a rotation', () => {
  it('[S22] says so at its start, and goes on once it has the old one too', async () => {
    using folder = makeTemporaryFolder();
    const { token } = await publishOnce(folder.path);
    const keyFile = join(folder.path, 'server.key');
    const old = readFileSync(keyFile, 'utf8').trim();
    const newer = Buffer.alloc(32, 7).toString('base64');

    const start = startTestServer({ dataFolder: folder.path, serverKey: newer });
    await expect(start).rejects.toMatchObject({ code: 'SERVER_KEY_UNREADABLE' });
    await using server = await startTestServer({ dataFolder: folder.path, serverKey: `${newer},${old}` });
    const read = await call(server.address, 'POST', '/graphql', {
      token,
      json: { query: '{ sessions { edges { node { summary } } } }' },
    });

    expect(read.bytes.toString()).toContain('Fixing the login');
  });
});

describe('cairn server add-account, restored, audit and rotate-keys', () => {
  it.each([['add-account', 'ann@example.org'], ['restored'], ['audit', 'verify'], ['rotate-keys']])(
    'do nothing where no server has kept anything: %s',
    async (...words) => {
      using folder = makeTemporaryFolder();
      const password = join(folder.path, 'password');
      writeFileSync(password, 'account password 1\n', { mode: 0o600 });
      const data = join(folder.path, 'elsewhere');

      const { exitCode, stderr } = await runCairn([
        ...['server', ...words, '--data-dir', data],
        ...['--password-file', password],
      ]);

      expect([exitCode, existsSync(data)]).toEqual([1, false]);
      expect(stderr).toMatch(/^cairn: No sync server has its data there\. .*--data-dir.*DATABASE_URL/);
    },
  );
});
