import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { MergeConflict } from '../../../src/shared/merge/merge-choices.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { aMergeReport, FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const CONFLICT: MergeConflict = {
  kind: 'checkpoint',
  id: '00112233445566aa',
  name: 'Before \u001b[31mthe move',
  field: 'name',
  ours: 'Before',
  theirs: 'Before the move',
  taken: 'ours',
};

function aCore(changes: Parameters<typeof aMergeReport>[0] = {}): FakeCore {
  const core = new FakeCore();
  core.mergeReport = aMergeReport(changes);
  return core;
}

describe('cairn merge', () => {
  it('shows a person what would come in and where both differ, asks, and does it', async () => {
    const core = aCore({ conflicts: [CONFLICT] });

    const { exitCode, stdout } = await runCairn(['merge', 'old.db'], { core, answers: [TEST_PASSWORD, 'y'] });

    expect(exitCode).toBe(0);
    expect(core.merges.map(({ isDryRun, strategy }) => [isDryRun, strategy])).toEqual([
      [true, 'latest'],
      [false, 'latest'],
    ]);
    expect(stdout).toMatch(/4 snapshots.* of the other state of this vault would come in; 6 snapshots are in both/);
    expect(stdout).toMatch(/here +Before\n +there +Before the move/);
    expect(stdout).toContain('kept as vault.db.before-merge-');
    expect(stdout).not.toContain('\u001b[31mthe');
  });

  it('takes a data folder for the vault in it', async () => {
    using folder = makeTemporaryFolder();
    const { core } = await runCairn(['merge', folder.path, '--dry-run', '--json'], { core: aCore() });

    expect(core.merges.map(({ other }) => other)).toEqual([join(folder.path, 'vault.db')]);
  });

  it('changes nothing for somebody who says no, in a dry run, or where nothing is new', async () => {
    const no = await runCairn(['merge', 'old.db'], { core: aCore(), answers: [TEST_PASSWORD, 'n'] });
    const dry = await runCairn(['merge', 'old.db', '--dry-run', '--json'], { core: aCore() });
    const same = await runCairn(['merge', 'old.db'], { core: aCore({ isNothingNew: true, snapshots: 0 }) });

    for (const { core } of [no, dry, same]) expect(core.merges.map(({ isDryRun }) => isDryRun)).toEqual([true]);
    expect(dry.json()).toMatchObject({ dryRun: true, snapshots: 4, keptAs: null });
    expect(same.stdout).toContain('Nothing is missing here');
  });

  it('asks for each conflict of a manual merge, or takes what --take says, and refuses what is not decided', async () => {
    const manual = ['merge', 'old.db', '--strategy', 'manual'];
    const asked = await runCairn(manual, {
      core: aCore({ conflicts: [CONFLICT] }),
      answers: [TEST_PASSWORD, 'y', 'y'],
    });
    const choice = `checkpoint.${CONFLICT.id}.name=theirs`;
    const given = await runCairn([...manual, '--take', choice, '--yes'], { core: aCore({ conflicts: [CONFLICT] }) });
    const open = await runCairn([...manual, '--yes'], { core: aCore({ conflicts: [CONFLICT] }) });
    const wrong = await runCairn([...manual, '--take', 'name=theirs'], { core: aCore() });

    for (const { core } of [asked, given])
      expect(core.merges.at(-1)).toMatchObject({
        isDryRun: false,
        choices: { [`checkpoint.${CONFLICT.id}.name`]: 'theirs' },
      });
    expect([open.exitCode, wrong.exitCode]).toEqual([2, 2]);
    expect(open.stderr).toContain(`checkpoint.${CONFLICT.id}.name`);
    expect((await runCairn(['merge', 'o.db', '--take', choice], { core: aCore() })).exitCode).toBe(2);
  });

  it('says what stays out until the next capture, and does not call that nothing', async () => {
    const some = await runCairn(['merge', 'old.db', '--dry-run'], { core: aCore({ newerLeftOut: 2 }) });
    const none = await runCairn(['merge', 'old.db'], { core: aCore({ newerLeftOut: 2, isNothingNew: true }) });

    for (const { stdout } of [some, none])
      expect(stdout).toMatch(/2 snapshots.* are newer .* `cairn capture`, then merge/);
    expect(none.stdout).not.toContain('Nothing is missing');
    expect(none.exitCode).toBe(0);
  });

  it('lets somebody choose also where nothing comes in by itself', async () => {
    const core = aCore({ conflicts: [CONFLICT], isNothingNew: true, snapshots: 0 });
    const take = ['--take', `checkpoint.${CONFLICT.id}.name=theirs`];
    await runCairn(['merge', 'old.db', '--strategy', 'manual', ...take, '--yes'], { core });

    expect(core.merges.map(({ isDryRun }) => isDryRun)).toEqual([true, false]);
  });

  it('asks for the password of a vault of its own, or reads it', async () => {
    using folder = makeTemporaryFolder();
    const file = join(folder.path, 'other');
    writeFileSync(file, 'theirs\n', { mode: 0o600 });
    const core = (): FakeCore => Object.assign(aCore({ isSameVault: false }), { otherPassword: 'theirs' });

    const asked = await runCairn(['merge', 'o.db', '--yes'], { core: core(), answers: [TEST_PASSWORD, 'theirs'] });
    const given = await runCairn(['merge', 'o.db', '--yes', '--other-password-file', file], { core: core() });
    const neither = await runCairn(['merge', 'o.db', '--yes'], { core: core() });
    const slipped = await runCairn(['merge', 'o.db', '--yes'], {
      core: core(),
      answers: [TEST_PASSWORD, 'thers', 'theirs'],
    });
    writeFileSync(file, 'wrong\n');
    const wrong = await runCairn(['merge', 'o.db', '--yes', '--other-password-file', file], { core: core() });

    for (const run of [asked, given, slipped])
      expect(run.core.merges.at(-1)).toMatchObject({ otherSecret: { type: 'password', text: 'theirs' } });
    expect([asked.exitCode, given.exitCode, neither.exitCode, slipped.exitCode, wrong.exitCode]).toEqual([
      0, 0, 3, 0, 3,
    ]);
    expect(wrong.stderr).toContain('does not open the other vault');
  });
});
