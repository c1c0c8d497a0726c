import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AppError } from '../../../src/shared/model/app-error.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { FakeCore, TEST_RECOVERY_KEY } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

let folder: TemporaryFolder;

beforeEach(() => {
  folder = makeTemporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

function newMachine(): FakeCore {
  const core = new FakeCore();
  core.isThere = false;
  core.enabled = [];
  return core;
}

describe('cairn init', () => {
  it('takes the explicit command as consent to all sources, and says so', async () => {
    const { exitCode, stdout, core } = await runCairn(['init'], { core: newMachine() });

    expect(exitCode).toBe(0);
    expect(core.createdWith).toBe(TEST_PASSWORD);
    expect(core.enabled).toEqual(['tmux', 'claude-code']);
    expect(stdout).toContain(TEST_RECOVERY_KEY);
    expect(stdout).toContain('Captures tmux and Claude Code.');
    expect(stdout).toContain('cairn config set sources.tmux off');
  });

  it('gives the recovery key in the document, once', async () => {
    const { json } = await runCairn(['init', '--json', '--sources', 'tmux'], { core: newMachine() });

    expect(json()).toMatchObject({
      recoveryKey: TEST_RECOVERY_KEY,
      sources: [
        { id: 'tmux', captured: true, present: true },
        { id: 'claude-code', captured: false, present: false },
      ],
    });
  });

  it('writes the recovery key to a private file instead', async () => {
    const path = join(folder.path, 'recovery.txt');

    const { exitCode, stdout, json } = await runCairn(['init', '--json', '--recovery-key-file', path], {
      core: newMachine(),
    });

    expect(exitCode).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(`${TEST_RECOVERY_KEY}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain(TEST_RECOVERY_KEY);
    expect(json()).toMatchObject({ recoveryKeyFile: path });
  });

  it('overwrites no file, and makes no vault then', async () => {
    const path = join(folder.path, 'recovery.txt');
    writeFileSync(path, 'mine');

    const { exitCode, stderr, core } = await runCairn(['init', '--recovery-key-file', path], { core: newMachine() });

    expect([exitCode, core.createdWith, readFileSync(path, 'utf8')]).toEqual([2, null, 'mine']);
    expect(stderr).toMatch(/^cairn: The file of --recovery-key-file exists already.*\n$/);
  });

  it('leaves no recovery key file behind when no vault was made', async () => {
    const path = join(folder.path, 'recovery.txt');
    const core = newMachine();
    core.createVault = async () => {
      throw new AppError('VAULT_READ_ONLY', 'Cannot be written.');
    };

    const { exitCode } = await runCairn(['init', '--recovery-key-file', path], { core });

    expect([exitCode, existsSync(path)]).toEqual([1, false]);
  });

  it.each([
    ['a vault that is there', ['init'], (core: FakeCore) => (core.isThere = true), {}, 1],
    ['a weak password', ['init'], () => true, { CAIRN_PASSWORD: 'short' }, 2],
    ['no password', ['init'], () => true, {}, 3],
    ['unknown sources', ['init', '--sources', 'tmux,emacs'], () => true, { CAIRN_PASSWORD: TEST_PASSWORD }, 2],
  ])('refuses %s and makes nothing', async (_name, argv, prepare, env, exitCode) => {
    const core = newMachine();
    prepare(core);

    const result = await runCairn(argv, { core, env });

    expect([result.exitCode, core.createdWith]).toEqual([exitCode, null]);
    expect(result.stderr).toMatch(/^cairn: [^\n]+\n$/);
  });

  it('asks a person for the password twice and for each source', async () => {
    const answers = ['short', TEST_PASSWORD, 'another one entirely', TEST_PASSWORD, TEST_PASSWORD, '9', '2', ''];

    const { exitCode, stdout, stderr, core } = await runCairn(['init'], { core: newMachine(), answers });

    expect(exitCode).toBe(0);
    expect(core.enabled).toEqual(['claude-code']);
    expect(stderr).toContain('This password is too weak.');
    expect(stderr).toContain('These two are not the same.');
    expect(stderr).toContain('Please answer with numbers from 1 to 2');
    expect(stderr).not.toContain(TEST_PASSWORD);
    expect(stdout).toContain('Captures Claude Code; not tmux.');
  });

  it('turns nothing on that was not chosen', async () => {
    const { stdout, core } = await runCairn(['init'], {
      core: newMachine(),
      answers: [TEST_PASSWORD, TEST_PASSWORD, ''],
    });

    expect(core.enabled).toEqual([]);
    expect(stdout).toContain('Captures nothing yet');
  });

  it('says what cannot be written, in a folder that is read-only', async () => {
    chmodSync(folder.path, 0o500);

    const { exitCode, stderr } = await runCairn(['init', '--recovery-key-file', join(folder.path, 'none', 'key')], {
      core: newMachine(),
    });

    expect(exitCode).toBe(2);
    expect(stderr).toContain('cannot be made (ENOENT)');
    chmodSync(folder.path, 0o700);
  });
});
