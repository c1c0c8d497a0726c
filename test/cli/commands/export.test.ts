import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { AppError } from '../../../src/shared/model/app-error.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

describe('cairn export', () => {
  it('writes the newest and every checkpoint, and says that nothing of it is encrypted', async () => {
    using folder = makeTemporaryFolder();
    const core = new FakeCore();
    await runCairn(['checkpoint', 'Before'], { core });
    await runCairn(['capture'], { core });
    await runCairn(['capture'], { core });
    const out = join(folder.path, 'out');

    const { exitCode, stdout, stderr } = await runCairn(['export', out], { core });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('Exported 2 snapshots');
    expect(stderr).toContain('is not encrypted');
    expect(readFileSync(join(out, 'readme.md'), 'utf8')).toContain('Before');
    const all = await runCairn(['export', join(folder.path, 'all'), '--all', '--json'], { core });
    expect(all.json()).toMatchObject({ snapshots: 3, unreadable: [], folder: join(folder.path, 'all') });
    const one = await runCairn(['export', join(folder.path, 'one'), '--snapshot', 'Before', '--json'], { core });
    expect(one.json()).toMatchObject({ snapshots: 1 });
  });

  it('refuses a place where something is, and two selections at once', async () => {
    using folder = makeTemporaryFolder();
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    await runCairn(['export', join(folder.path, 'out')], { core });

    expect((await runCairn(['export', join(folder.path, 'out')], { core })).exitCode).toBe(2);
    const both = await runCairn(['export', join(folder.path, 'b'), '--all', '--snapshot', 'latest'], { core });
    expect([both.exitCode, existsSync(join(folder.path, 'b'))]).toEqual([2, false]);
  });

  it('has exit code 5 where something could not be read, and names it', async () => {
    using folder = makeTemporaryFolder();
    const core = new FakeCore();
    const { snapshotId } = (await runCairn(['capture', '--json'], { core })).json() as { snapshotId: string };
    core.vault.readSnapshot = () => Promise.reject(new AppError('VAULT_DAMAGED', 'damaged'));

    const { exitCode, json } = await runCairn(['export', join(folder.path, 'out'), '--json'], { core });

    expect(exitCode).toBe(5);
    expect(json()).toMatchObject({ unreadable: [{ snapshotId }], error: { code: 'VAULT_DAMAGED' } });
  });
});
