import { chmodSync, cpSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from './spawned-cli.ts';

const ONE_LINE = /^cairn: \S[^\n]+\n$/;
/** Where SQLite keeps `user_version` in a file. */
const USER_VERSION_OFFSET = 60;

let cairn: SpawnedCairn;
let recoveryFile: string;

beforeAll(async () => {
  cairn = openSpawnedCairn();
  recoveryFile = join(cairn.folder, 'recovery.txt');
  const { exitCode, stderr } = await cairn.run(['init', '--sources', 'none', '--recovery-key-file', recoveryFile]);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect((await cairn.run(['capture'])).exitCode).toBe(0);
});
afterAll(() => cairn[Symbol.dispose]());

/** A copy of the data folder, spoiled. */
function spoil(name: string, change: (home: string) => void): string {
  const home = join(cairn.folder, name);
  cpSync(cairn.home, home, { recursive: true });
  change(home);
  return home;
}

function expectFailure(result: SpawnedResult, exitCode: number, words: RegExp): void {
  expect([result.exitCode, result.stdout]).toEqual([exitCode, '']);
  expect(result.stderr).toMatch(ONE_LINE);
  expect(result.stderr).toMatch(words);
}

describe('cairn, as a process', () => {
  it('makes private files only', () => {
    expect(statSync(cairn.home).mode & 0o777).toBe(0o700);
    expect(statSync(join(cairn.home, 'vault.db')).mode & 0o777).toBe(0o600);
    expect(statSync(recoveryFile).mode & 0o777).toBe(0o600);
  });

  it('prints one document and nothing else', async () => {
    const { exitCode, stdout, stderr } = await cairn.run(['list', '--json']);

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ snapshots: [{ kind: 'manual' }] });
  });

  it('unlocks with the recovery key', async () => {
    const { exitCode } = await cairn.run(['keys', 'list', '--recovery-key-file', recoveryFile], {
      env: { CAIRN_PASSWORD: 'wrong' },
    });

    expect(exitCode).toBe(0);
  });

  it('lets several commands work at once', async () => {
    const results = await Promise.all([cairn.run(['capture']), cairn.run(['capture']), cairn.run(['list'])]);

    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('run ends with a last capture at %s', async (signal) => {
    const { exitCode, stdout } = await cairn.run(['run', '--interval', '1', '--json'], {
      onStart: (child) => child.stderr.once('data', () => child.kill(signal)),
    });

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ failures: 0, last: { items: 0 } });
    expect(JSON.parse((await cairn.run(['list', '--json', '--limit', '1'])).stdout)).toMatchObject({
      snapshots: [{ kind: 'shutdown' }],
    });
  });

  it.each([
    ['no name', ''],
    ['a name of 300 characters', 'x'.repeat(300)],
  ])('refuses a checkpoint with %s, and stores nothing of it', async (_what, name) => {
    const before = (await cairn.run(['list', '--json'])).stdout;

    expectFailure(await cairn.run(['checkpoint', name]), 2, /name has 1 to 200 characters/);

    expect((await cairn.run(['list', '--json'])).stdout).toBe(before);
  });

  it('is quiet when nobody reads any further', async () => {
    const { exitCode, stderr } = await cairn.run(['list', '--json'], { onStart: (child) => child.stdout.destroy() });

    expect([exitCode, stderr]).toEqual([0, '']);
  });
});

describe('cairn, given what is wrong', () => {
  it.each([
    ['a wrong password', ['list'], { CAIRN_PASSWORD: 'wrong' }, 3, /Wrong password/],
    ['no password', ['list'], { CAIRN_PASSWORD: undefined }, 3, /no password was given/],
    ['no vault', ['capture', '--home', '/nonexistent/cairn'], {}, 4, /no vault here/],
    ['a folder that cannot be made', ['init', '--home', '/dev/null/cairn'], {}, 1, /could not be made/],
    ['a folder where none can be made', ['init', '--home', '/proc/cairn'], {}, 1, /could not be made/],
    [
      'a setting where no folder can be made',
      ['config', 'set', 'redaction', 'on', '--home', '/proc/cairn'],
      {},
      1,
      /made/,
    ],
    ['no vault where no folder can be', ['run', '--home', '/proc/cairn'], {}, 4, /no vault here/],
    ['a folder deep where none can be made', ['init', '--home', '/proc/a/b/cairn'], {}, 1, /could not be made/],
    ['a vault that is there', ['init'], {}, 1, /already/],
    [
      'a weak password',
      ['init', '--home', '/tmp/cairn-never-made'],
      { CAIRN_PASSWORD: 'password1234' },
      2,
      /password/i,
    ],
    ['an unknown command', ['lst'], {}, 2, /Did you mean list/],
    ['an unknown setting', ['config', 'set', 'retention.daylyDays', '3'], {}, 2, /retention\.dailyDays/],
    ['a bad setting', ['config', 'set', 'retention.dailyDays', 'many'], {}, 2, /retention\.dailyDays must be/],
    ['an unknown snapshot', ['show', 'ffffffff'], {}, 4, /no such snapshot/],
    ['a password file that is missing', ['list', '--password-file', '/nonexistent'], {}, 2, /--password-file/],
    ['a recovery key with a slip', ['list', '--recovery-key-file', '/dev/null'], {}, 2, /empty/],
  ])('%s: one clear line and its exit code', async (_name, argv, env, exitCode, words) => {
    expectFailure(await cairn.run(argv, { env }), exitCode, words);
  });

  it.each([
    [
      'garbage in place of the vault',
      (home: string) => writeFileSync(join(home, 'vault.db'), Buffer.alloc(20_000, 0x5a)),
      5,
      /no Cairn vault/,
    ],
    ['an empty file', (home: string) => truncateSync(join(home, 'vault.db'), 0), 5, /no Cairn vault/],
    ['a vault of a newer version', (home: string) => patchVersion(home, 9_999), 1, /format 9999/],
    [
      'an unknown key in config.json',
      (home: string) => writeFileSync(join(home, 'config.json'), '{"retension":{"dailyDays":3}}'),
      2,
      /retension/,
    ],
    [
      'an unknown area in config.json, empty',
      (home: string) => writeFileSync(join(home, 'config.json'), '{"retension":{}}'),
      2,
      /retension.*Did you mean retention/,
    ],
    [
      'an unknown area within an area in config.json, empty',
      (home: string) => writeFileSync(join(home, 'config.json'), '{"retention":{"dayly":{}}}'),
      2,
      /retention\.dayly.*Did you mean retention\.dailyDays/,
    ],
    ['a config.json that is none', (home: string) => writeFileSync(join(home, 'config.json'), '\0\0'), 1, /config/i],
  ])('%s: one clear line, its exit code, and the file left as it is', async (name, change, exitCode, words) => {
    const home = spoil(name.replaceAll(/\W/g, '-'), change);
    const files = ['vault.db', 'config.json'].map((file) => join(home, file)).filter((path) => existsSync(path));
    const before = files.map((path) => readFileSync(path));

    expectFailure(await cairn.run(['list', '--home', home]), exitCode, words);
    expect(files.map((path) => readFileSync(path))).toEqual(before);
  });

  it('a truncated file: what is left is read, said to be damaged, and nothing is written', async () => {
    const home = spoil('truncated', (path) => truncateSync(join(path, 'vault.db'), 20_000));
    const before = readFileSync(join(home, 'vault.db'));

    const { exitCode, stdout, stderr } = await cairn.run(['list', '--json', '--home', home]);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/damaged/)]);
    const { snapshots } = JSON.parse(stdout) as { snapshots: { kind: string }[] };
    expect(snapshots.map(({ kind }) => kind)).toContain('manual');
    const capture = await cairn.run(['capture', '--home', home]);
    expect([capture.exitCode, capture.stdout]).toEqual([1, '']);
    expect(capture.stderr).toMatch(/damaged/);

    expect(readFileSync(join(home, 'vault.db'))).toEqual(before);
  });

  it('repairs a damaged vault and keeps the old file, once nobody has it open', async () => {
    const home = spoil('repaired', (path) => {
      const file = join(path, 'vault.db');
      writeFileSync(file, Buffer.concat([Buffer.alloc(8192), readFileSync(file).subarray(8192)]));
    });
    const before = readFileSync(join(home, 'vault.db'));
    const look = await cairn.run(['repair', '--dry-run', '--json', '--home', home]);
    expect([look.exitCode, look.stderr]).toEqual([0, '']);
    expect(JSON.parse(look.stdout)).toMatchObject({ dryRun: true, isWhole: false, lostSnapshots: 0, keptAs: null });
    expect(readFileSync(join(home, 'vault.db'))).toEqual(before);

    const done = await cairn.run(['repair', '--json', '--home', home]);
    const { keptAs, snapshots } = JSON.parse(done.stdout) as { keptAs: string; snapshots: number };
    expect([done.exitCode, snapshots > 0]).toEqual([0, true]);
    expect(readFileSync(join(home, keptAs))).toEqual(before);
    expect(await cairn.run(['verify', '--deep', '--home', home])).toMatchObject({ exitCode: 0, stderr: '' });
    const again = await cairn.run(['repair', '--home', home]);
    expect([again.exitCode, again.stdout]).toEqual([0, 'The vault is whole: there is nothing to repair.\n']);
  });

  it('repairs nothing that another process has open', async () => {
    const home = spoil('open-elsewhere', () => undefined);
    const repaired: Promise<SpawnedResult>[] = [];
    await cairn.run(['run', '--interval', '60', '--home', home], {
      onStart: (child) =>
        child.stderr.once('data', () => {
          repaired.push(cairn.run(['repair', '--home', home]).finally(() => child.kill('SIGTERM')));
        }),
    });

    const [refused] = await Promise.all(repaired);
    expect([refused?.exitCode, refused?.stderr]).toEqual([
      1,
      expect.stringMatching(/^cairn: The vault is open in process \d+\./),
    ]);
  });

  it('mends a folder that others could read', async () => {
    const home = spoil('open-folder', (path) => chmodSync(path, 0o755));

    expect((await cairn.run(['list', '--home', home])).exitCode).toBe(0);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });
});

function patchVersion(home: string, version: number): void {
  const path = join(home, 'vault.db');
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(version, USER_VERSION_OFFSET);
  writeFileSync(path, bytes);
}
