import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openDataFolder, resolveDataFolder } from '../../../src/core/config/data-folder.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const owner = { platform: 'linux', uid: process.getuid?.() ?? 0 } as const;
let folder: TemporaryFolder;

beforeEach(() => {
  folder = makeTemporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('resolveDataFolder()', () => {
  it.each([
    { env: { CAIRN_HOME: '/srv/cairn', XDG_DATA_HOME: '/x' }, platform: 'linux', path: '/srv/cairn' },
    { env: { XDG_DATA_HOME: '/x' }, platform: 'linux', path: '/x/cairn' },
    { env: { XDG_DATA_HOME: 'relative' }, platform: 'linux', path: '/home/dev/.local/share/cairn' },
    { env: { CAIRN_HOME: '' }, platform: 'linux', path: '/home/dev/.local/share/cairn' },
    { env: {}, platform: 'darwin', path: '/home/dev/Library/Application Support/Cairn' },
    { env: { LOCALAPPDATA: '/local' }, platform: 'win32', path: '/local/Cairn' },
  ] as const)('$env on $platform: $path', ({ env, platform, path }) => {
    expect(resolveDataFolder({ env, platform, homeDir: '/home/dev' })).toBe(path);
  });
});

describe('openDataFolder()', () => {
  it('[V16] makes the folder for its owner alone', () => {
    const path = join(folder.path, 'a', 'b');

    const opened = openDataFolder(path, owner);

    expect([modeOf(path), opened.mended]).toEqual([0o700, 0]);
    expect(opened).toMatchObject({
      vault: join(path, 'vault.db'),
      config: join(path, 'config.json'),
      backups: join(path, 'backups'),
    });
  });

  it("[V16] refuses a folder of somebody else's things, and leaves them as they are", () => {
    const path = join(folder.path, 'home-of-somebody');
    mkdirSync(path, { mode: 0o755 });
    writeFileSync(join(path, 'letter.txt'), 'dear', { mode: 0o644 });

    expect(() => openDataFolder(path, owner)).toThrow(/holds other things/);
    expect([modeOf(path), modeOf(join(path, 'letter.txt'))]).toEqual([0o755, 0o644]);
    writeFileSync(join(path, 'vault.db'), '', { mode: 0o644 });
    openDataFolder(path, owner);
    expect([path, join(path, 'vault.db'), join(path, 'letter.txt')].map(modeOf)).toEqual([0o700, 0o600, 0o644]);
  });

  it('[V16] mends what others could read, and leaves alone where links lead', () => {
    const outside = join(folder.path, 'outside');
    const path = join(folder.path, 'data');
    mkdirSync(join(path, 'backups'), { recursive: true });
    writeFileSync(outside, '');
    for (const name of ['config.json', 'vault.db']) writeFileSync(join(path, name), '');
    symlinkSync(outside, join(path, 'link'));
    for (const name of ['config.json', 'vault.db']) chmodSync(join(path, name), 0o644);
    for (const open of [path, join(path, 'backups'), outside]) chmodSync(open, 0o755);

    const { mended } = openDataFolder(path, owner);

    expect(mended).toBe(4);
    expect(
      [path, join(path, 'backups'), join(path, 'config.json'), join(path, 'vault.db'), outside].map(modeOf),
    ).toEqual([0o700, 0o700, 0o600, 0o600, 0o755]);
    expect(openDataFolder(path, owner).mended).toBe(0);
  });

  it('[V16] mends every file that Cairn writes there, those in its folders too', () => {
    const names = [
      ...['vault.db', 'vault.db-wal', 'vault.db-shm', 'vault.db.keys', 'vault.db.lock', 'vault.db.reserve'],
      ...['vault.db.attempts', 'vault.db.damaged-20261120', 'config.json', 'config.json.42.new', 'api-token'],
      ...['running.json', 'window.json', 'keychain.json', 'backups/vault-1.db', 'logs/today', 'shell-integration/bash'],
    ];
    const path = join(folder.path, 'data');
    for (const below of ['backups', 'logs', 'shell-integration', 'shell']) {
      mkdirSync(join(path, below), { recursive: true });
      chmodSync(join(path, below), 0o777);
    }
    for (const name of names) {
      writeFileSync(join(path, name), '');
      chmodSync(join(path, name), 0o666);
    }

    openDataFolder(path, owner);

    expect(Object.fromEntries(names.map((name) => [name, modeOf(join(path, name))]))).toEqual(
      Object.fromEntries(names.map((name) => [name, 0o600])),
    );
    expect(['.', 'backups', 'logs', 'shell-integration', 'shell'].map((below) => modeOf(join(path, below)))).toEqual(
      Array.from({ length: 5 }, () => 0o700),
    );
  });

  it.each(['/proc/cairn', '/proc/a/b/cairn', '/proc/self/fd/cairn', '/dev/null/cairn', '/proc/1/task/cairn'])(
    'says that %s cannot be made',
    (path) => {
      expect(() => openDataFolder(path, owner)).toThrow(expect.objectContaining({ code: 'VAULT_READ_ONLY' }));
    },
  );

  it('says so where a link leads nowhere', () => {
    const link = join(folder.path, 'link');
    symlinkSync(join(folder.path, 'nowhere'), link);

    expect(() => openDataFolder(link, owner)).toThrow(expect.objectContaining({ code: 'VAULT_READ_ONLY' }));
    expect(() => openDataFolder(join(link, 'below'), owner)).toThrow(
      expect.objectContaining({ code: 'VAULT_READ_ONLY' }),
    );
  });

  it('refuses a file and the folder of another user', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');

    expect(() => openDataFolder(file, owner)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    expect(() => openDataFolder(folder.path, { ...owner, uid: owner.uid + 1 })).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID' }),
    );
    expect(() => openDataFolder(join(file, 'below'), owner)).toThrow(
      expect.objectContaining({ code: 'VAULT_READ_ONLY' }),
    );
    expect(existsSync(file)).toBe(true);
  });
});
