import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readHookScripts } from '../../../src/core/shell-integration/hook-scripts.ts';
import { ShellIntegration } from '../../../src/core/shell-integration/shell-integration.ts';
import { BLOCK_END, BLOCK_START, isHooked } from '../../../src/core/sources/shell-history/hook-block.ts';
import type { Host } from '../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestHost } from '../../support/test-host.ts';

describe('ShellIntegration', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let integration: ShellIntegration;
  let bashrc: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    bashrc = join(host.homeDir, '.bashrc');
    integration = make();
  });

  afterEach(() => folder[Symbol.dispose]());

  function make(scripts = readHookScripts()): ShellIntegration {
    return new ShellIntegration({ host, folder: join(folder.path, "it's data", 'shell-integration'), scripts });
  }

  it('adds one marked block, which leads to a script that is there, and takes it out to the byte', () => {
    const original = Buffer.concat([
      Buffer.from('alias ll=ls # ünï\n'),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from('last'),
    ]);
    writeFileSync(bashrc, original, { mode: 0o640 });
    chmodSync(bashrc, 0o640);

    expect(integration.install(['bash'])).toMatchObject([{ action: 'add', path: bashrc, target: bashrc }]);
    const text = readFileSync(bashrc, 'utf8');
    expect(isHooked(text)).toBe(true);
    expect(text).toContain(String.raw`'\''`);
    expect(statSync(bashrc).mode & 0o777).toBe(0o640);
    expect(integration.status()[0]).toMatchObject({ shell: 'bash', state: 'on' });

    expect(integration.uninstall(['bash'])).toMatchObject([{ action: 'remove' }]);
    expect(readFileSync(bashrc)).toEqual(original);
    expect(statSync(bashrc).mode & 0o777).toBe(0o640);
    expect(integration.status()[0]).toMatchObject({ state: 'off' });
    expect(readdirSync(host.homeDir)).toEqual(['.bashrc']);
  });

  it('shows in its plan what it then writes, and writes nothing before', () => {
    writeFileSync(bashrc, 'one\n');
    const [plan] = integration.planInstall(['bash']);

    expect(readFileSync(bashrc, 'utf8')).toBe('one\n');
    expect(readdirSync(folder.path)).toEqual(['home']);
    const [done] = integration.install(['bash']);
    expect(done).toEqual(plan);
    expect(readFileSync(bashrc, 'utf8')).toBe(`one\n${plan?.added ?? ''}`);
  });

  it('makes files that were not there and removes these again', () => {
    expect(integration.install(['bash', 'zsh', 'fish']).map(({ action }) => action)).toEqual(['add', 'add', 'add']);
    const files = ['.bashrc', '.zshrc', '.config/fish/conf.d/cairn.fish'].map((name) => join(host.homeDir, name));
    for (const file of files) expect(isHooked(readFileSync(file, 'utf8'))).toBe(true);

    expect(integration.uninstall(['bash', 'zsh', 'fish']).map(({ action }) => action)).toEqual([
      'delete',
      'delete',
      'delete',
    ]);
    for (const file of files) expect(existsSync(file)).toBe(false);
  });

  it('follows a link into a repository of dotfiles and keeps the link', () => {
    const target = join(folder.path, 'dotfiles-bashrc');
    writeFileSync(target, 'one\n');
    symlinkSync(target, bashrc);

    expect(integration.install(['bash'])).toMatchObject([{ path: bashrc, target }]);

    expect(lstatSync(bashrc).isSymbolicLink()).toBe(true);
    expect(readlinkSync(bashrc)).toBe(target);
    expect(isHooked(readFileSync(target, 'utf8'))).toBe(true);
    integration.uninstall(['bash']);
    expect(readFileSync(target, 'utf8')).toBe('one\n');
    expect(lstatSync(bashrc).isSymbolicLink()).toBe(true);
  });

  it('does nothing the second time, and brings an older script up to date without touching the start file', () => {
    integration.install(['bash']);
    const before = statSync(bashrc);

    expect(integration.install(['bash'])).toMatchObject([{ action: 'none' }]);
    const newer = make({ ...readHookScripts(), bash: '# a newer one\n' });
    expect(newer.status()[0]).toMatchObject({ state: 'outdated' });
    expect(newer.install(['bash'])).toMatchObject([{ action: 'replace' }]);
    expect(newer.status()[0]).toMatchObject({ state: 'on' });
    expect(statSync(bashrc).ino).toBe(before.ino);
  });

  it('replaces the block of an older version in its place', () => {
    integration.install(['fish']);
    const file = join(host.homeDir, '.config/fish/conf.d/cairn.fish');
    const newer = make({ ...readHookScripts(), fish: 'echo newer\n' });
    expect(newer.status()[2]).toMatchObject({ state: 'outdated' });

    expect(newer.install(['fish'])).toMatchObject([{ action: 'replace' }]);

    expect(readFileSync(file, 'utf8')).toContain('echo newer');
    expect(newer.uninstall(['fish'])).toMatchObject([{ action: 'delete' }]);
  });

  it('keeps a copy of the start file as it was', () => {
    writeFileSync(bashrc, 'one\n');
    integration.install(['bash']);
    const backup = join(folder.path, "it's data", 'shell-integration', 'bash-start-file.backup');

    expect(readFileSync(backup, 'utf8')).toBe('one\n');
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    writeFileSync(bashrc, `${readFileSync(bashrc, 'utf8')}two\n`);
    integration.uninstall(['bash']);
    expect(readFileSync(bashrc, 'utf8')).toBe('one\ntwo\n');
    expect(existsSync(backup)).toBe(true);
  });

  it('uses the folders that ZDOTDIR and XDG_CONFIG_HOME name', () => {
    const zdotdir = join(folder.path, 'zsh');
    mkdirSync(zdotdir);
    host = makeTestHost(folder.path, { ZDOTDIR: zdotdir, XDG_CONFIG_HOME: join(folder.path, 'config') });

    make().install(['zsh', 'fish']);

    expect(existsSync(join(zdotdir, '.zshrc'))).toBe(true);
    expect(existsSync(join(folder.path, 'config/fish/conf.d/cairn.fish'))).toBe(true);
  });

  describe('leaves alone, and says why,', () => {
    const REFUSED = [
      ['a read-only file', 'read-only', () => (writeFileSync(bashrc, 'x\n'), chmodSync(bashrc, 0o444))],
      ['a folder', 'no regular file', () => mkdirSync(bashrc)],
      ['a link that leads nowhere', 'leads nowhere', () => symlinkSync('/nowhere/at/all', bashrc)],
      ['a file with a second name', 'hard link', () => (writeFileSync(bashrc, 'x\n'), linkSync(bashrc, `${bashrc}2`))],
      ['a block with a mark missing', 'incomplete', () => writeFileSync(bashrc, `${BLOCK_START}\n. x\n`)],
      ['two blocks', 'twice', () => writeFileSync(bashrc, `${BLOCK_START}\n${BLOCK_END}\n`.repeat(2))],
    ] as const;

    it.each(REFUSED)('%s', (_name, why, prepare) => {
      prepare();
      const before = lstatSync(bashrc);

      for (const work of ['planInstall', 'install', 'planUninstall', 'uninstall'] as const)
        expect(integration[work](['bash'])).toMatchObject([
          { action: 'refused', detail: expect.stringContaining(why) },
        ]);

      expect(lstatSync(bashrc)).toMatchObject({ ino: before.ino, size: before.size, mtimeMs: before.mtimeMs });
    });

    it("a fish file of the same name that is somebody else's", () => {
      const file = join(host.homeDir, '.config/fish/conf.d/cairn.fish');
      mkdirSync(join(host.homeDir, '.config/fish/conf.d'), { recursive: true });
      writeFileSync(file, 'echo mine\n');

      expect(integration.install(['fish'])).toMatchObject([{ action: 'refused' }]);
      expect(integration.uninstall(['fish'])).toMatchObject([{ action: 'none' }]);
      expect(readFileSync(file, 'utf8')).toBe('echo mine\n');
    });
  });
});
