import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore, TEST_RECOVERY_KEY } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const DAY_MS = 86_400_000;

describe('cairn verify', () => {
  it('says that the vault is whole', async () => {
    expect((await runCairn(['verify'])).stdout).toContain('The vault is whole');
    expect((await runCairn(['verify', '--deep', '--json'])).json()).toEqual({ ok: true, checked: 0, damaged: [] });
  });

  it('has exit code 5 where something is damaged, and tells what', async () => {
    const core = new FakeCore();
    core.vault.verify = async () => ({
      ok: false,
      checked: 9,
      damaged: [{ what: 'chunk', detail: 'does not open', snapshots: 3 }],
    });

    const people = await runCairn(['verify'], { core });
    const scripts = await runCairn(['verify', '--json'], { core });

    expect([people.exitCode, scripts.exitCode]).toEqual([5, 5]);
    expect(people.stdout).toContain('chunk: does not open (touches 3 snapshots)');
    expect(scripts.json()).toMatchObject({ ok: false, checked: 9, damaged: [{}], error: { code: 'VAULT_DAMAGED' } });
  });
});

describe('cairn prune', () => {
  async function withOld(): Promise<FakeCore> {
    const core = new FakeCore();
    for (const days of [40, 39, 1, 0]) {
      core.nowMs = TEST_NOW_MS - days * DAY_MS;
      await runCairn(['capture'], { core });
    }
    return core;
  }

  it('says what would go and why the rest is kept, and changes nothing', async () => {
    const core = await withOld();

    const { stdout } = await runCairn(['prune', '--dry-run'], { core });

    expect(stdout).toMatch(/Would let go 2 snapshots, about 16 KB\./);
    expect(stdout).toContain('the newest: always kept');
    expect(stdout).toContain('Nothing was changed.');
    expect((await runCairn(['list', '--json'], { core })).json()).toMatchObject({ snapshots: [{}, {}, {}, {}] });
  });

  it('names the checkpoints that would go', async () => {
    const core = new FakeCore();
    core.nowMs = TEST_NOW_MS - 100 * DAY_MS;
    await runCairn(['checkpoint', 'before the \u001b[31mbig refactor'], { core });
    await runCairn(['checkpoint', 'for ever', '--pin'], { core });
    core.nowMs = TEST_NOW_MS;
    await runCairn(['capture'], { core });

    const people = await runCairn(['prune', '--dry-run'], { core });
    const scripts = (await runCairn(['prune', '--dry-run', '--json'], { core })).json() as {
      removedCheckpoints: string[];
      checkpoints: { id: string; name: string; snapshotId: string }[];
    };

    expect(people.stdout).toMatch(/Would let go 1 snapshot and 1 checkpoint/);
    expect(people.stdout).toMatch(
      /Checkpoints that would go, being older than 90 days and not pinned:\n {2}[0-9a-f]{8} {2}before the big refactor\n/,
    );
    expect(people.stdout).not.toMatch(/[0-9a-f]{8} {2}for ever/);
    expect(people.stdout).toContain('pinned checkpoints: kept for ever');
    expect(scripts.checkpoints).toMatchObject([
      { id: scripts.removedCheckpoints[0], name: expect.stringContaining('big refactor') },
    ]);
    expect(scripts.checkpoints[0]?.snapshotId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('lets go', async () => {
    const core = await withOld();

    const { json } = await runCairn(['prune', '--json'], { core });

    expect(json()).toMatchObject({
      dryRun: false,
      removed: [{}, {}].map(() => expect.any(String)),
      freedBytes: 16_384,
    });
    expect((await runCairn(['list', '--json'], { core })).json()).toMatchObject({ snapshots: [{}, {}] });
  });
});

describe('cairn backup', () => {
  it('names the backup and its proof', async () => {
    expect((await runCairn(['backup'])).stdout).toContain('Backed up 8.2 KB to vault-fake.db, and proved it');
    expect((await runCairn(['backup', '--folder', '/backups', '--json'])).json()).toMatchObject({
      folder: '/backups',
      name: 'vault-fake.db',
    });
    expect((await runCairn(['backup', '--keep', '0'])).exitCode).toBe(2);
  });
});

describe('cairn keys', () => {
  it('lists and rotates', async () => {
    expect((await runCairn(['keys', 'list'])).stdout).toMatch(/password +just now \(\S+\) +whole/);
    expect((await runCairn(['keys', 'list', '--json'])).json()).toMatchObject({
      epoch: 1,
      slots: [{ type: 'password', whole: true }],
      rotation: null,
    });
    expect((await runCairn(['keys', 'rotate', '--json'])).json()).toEqual({ epoch: 1, resealed: 0 });
  });

  it('changes the password from a file, and refuses a weak one', async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'new');
    const core = new FakeCore();
    const changed: string[] = [];
    core.vault.changePassword = async (password?: string) => {
      changed.push(password ?? '');
    };

    writeFileSync(path, 'weak\n', { mode: 0o600 });
    const weak = await runCairn(['keys', 'change-password', '--new-password-file', path], { core });
    writeFileSync(path, 'long enough to pass\n');
    const strong = await runCairn(['keys', 'change-password', '--new-password-file', path], { core });

    expect([weak.exitCode, strong.exitCode, changed]).toEqual([2, 0, ['long enough to pass']]);
    expect((await runCairn(['keys', 'change-password'])).exitCode).toBe(2);
  });

  it('makes a recovery key, shown or written to a new file', async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'key');

    const shown = await runCairn(['keys', 'add-recovery']);
    const written = await runCairn(['keys', 'add-recovery', '--output', path]);
    const refused = await runCairn(['keys', 'add-recovery', '--output', path]);

    expect(shown.stdout).toContain('FAKE-RECOVERY-KEY');
    expect(written.stdout).not.toContain('FAKE-RECOVERY-KEY');
    expect(readFileSync(path, 'utf8')).toBe('FAKE-RECOVERY-KEY\n');
    expect(refused.exitCode).toBe(2);
  });

  it('unlocks with the recovery key', async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'key');
    writeFileSync(path, `${TEST_RECOVERY_KEY}\n`, { mode: 0o600 });

    const { exitCode, core } = await runCairn(['keys', 'list', '--recovery-key-file', path]);

    expect(exitCode).toBe(0);
    expect(core.opened).toEqual([{ type: 'recovery', text: TEST_RECOVERY_KEY }]);
    expect(existsSync(path)).toBe(true);
  });
});

describe('cairn config', () => {
  it('reads, changes and lists without the password', async () => {
    const core = new FakeCore();
    const options = { core, env: {} };

    expect((await runCairn(['config', 'get', 'retention.dailyDays'], options)).stdout).toBe('30\n');
    expect((await runCairn(['config', 'set', 'retention.dailyDays', '60', '--json'], options)).json()).toEqual({
      key: 'retention.dailyDays',
      value: 60,
    });
    expect((await runCairn(['config', 'list'], options)).stdout).toMatch(/retention\.dailyDays +60 +30 +How long\./);
    expect((await runCairn(['config', 'list', '--json'], options)).json()).toMatchObject({
      entries: [{ key: 'retention.dailyDays', value: 60, default: 30 }],
    });
  });

  it('needs the password for what is sealed', async () => {
    expect((await runCairn(['config', 'get', 'exclude.paths'], { env: {} })).exitCode).toBe(3);
    expect((await runCairn(['config', 'list', '--sealed'], { env: {} })).exitCode).toBe(3);
  });

  it('refuses an unknown key with exit code 2', async () => {
    const { exitCode, stderr } = await runCairn(['config', 'set', 'retention.daylyDays', '3']);

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^cairn: [^\n]+\n$/);
  });
});

describe('data keys that are old', () => {
  async function withKeysOf(days: number): Promise<FakeCore> {
    const core = new FakeCore();
    const epochCreatedAtMs = TEST_NOW_MS - days * DAY_MS;
    const keys = await core.vault.keys(TEST_NOW_MS);
    core.vault.keys = async () => ({ ...keys, epochCreatedAtMs, isRotationAdvised: days > 90 });
    return core;
  }

  it.each([['status'], ['keys', 'list']])(
    'are advised against by `cairn %s %s` once they are older than 90 days',
    async (...argv) => {
      const young = await withKeysOf(89);
      const old = await withKeysOf(91);

      expect((await runCairn(argv, { core: young })).stdout).not.toContain('cairn keys rotate');
      expect((await runCairn(argv, { core: old })).stdout).toMatch(
        /older than 90 days: `cairn keys rotate` makes new ones/,
      );
      const documents = [
        (await runCairn([...argv, '--json'], { core: young })).json(),
        (await runCairn([...argv, '--json'], { core: old })).json(),
      ];
      expect(JSON.stringify(documents[0])).toContain('"rotationAdvised":false');
      expect(JSON.stringify(documents[1])).toContain('"rotationAdvised":true');
    },
  );
});
