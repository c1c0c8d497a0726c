// A data folder that its user may read and not write, through the real command line: what reads works, what writes says in one line
// that it cannot.

import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from './spawned-cli.ts';

const ONE_LINE = /^cairn: \S[^\n]+\n$/;
/** Root may write what nobody may, unless it gives that up. */
const NO_OVERRIDE = '-dac_override,-dac_read_search';
const isRoot = process.getuid?.() === 0;
const AS_ANYBODY = isRoot ? ['setpriv', `--bounding-set=${NO_OVERRIDE}`, `--inh-caps=${NO_OVERRIDE}`] : [];

describe.skipIf(process.platform !== 'linux')('a data folder that cannot be written', () => {
  let cairn: SpawnedCairn;
  const run = (...argv: string[]): Promise<SpawnedResult> => cairn.run(argv, { command: AS_ANYBODY });

  function setModes(folderMode: number, fileMode: number): void {
    for (const entry of readdirSync(cairn.home, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), fileMode);
    chmodSync(cairn.home, folderMode);
  }

  beforeAll(async () => {
    cairn = openSpawnedCairn();
    const recovery = join(cairn.folder, 'recovery.txt');
    expect((await run('init', '--sources', 'none', '--recovery-key-file', recovery)).exitCode).toBe(0);
    cairn.unlockWith(recovery);
    expect((await run('checkpoint', 'kept')).exitCode).toBe(0);
    setModes(0o500, 0o400);
  });
  afterAll(() => {
    setModes(0o700, 0o600);
    cairn[Symbol.dispose]();
  });

  it.each([
    ['list'],
    ['show', 'latest'],
    ['checkpoints', 'list'],
    ['status'],
    ['stats'],
    ['keys', 'list'],
    ['config', 'list'],
    ['verify', '--deep'],
    ['prune', '--dry-run'],
  ])('is read by cairn %s %s', async (...argv) => {
    const { exitCode, stdout, stderr } = await run(...argv.filter((word) => word !== undefined));

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).not.toBe('');
  });

  it.each([
    ['capture'],
    ['checkpoint', 'another'],
    ['prune'],
    ['backup'],
    ['config', 'set', 'redaction', 'on'],
    ['checkpoints', 'delete', 'kept'],
  ])('is left alone by cairn %s %s, which says so', async (...argv) => {
    const before = readFileSync(join(cairn.home, 'vault.db'));

    const { exitCode, stdout, stderr } = await run(...argv.filter((word) => word !== undefined));

    expect([exitCode, stdout], stderr).toEqual([1, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/cannot be written|could not be written|cannot be made/);
    expect(readFileSync(join(cairn.home, 'vault.db')).equals(before)).toBe(true);
  });

  it('says of a vault file that may not even be read that it cannot be', async () => {
    const path = join(cairn.home, 'vault.db');
    const { mode } = statSync(path);
    chmodSync(path, 0);
    try {
      const { exitCode, stderr } = await run('list');

      expect(exitCode).toBe(1);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(/cannot be read/);
    } finally {
      chmodSync(path, mode);
    }
    expect(existsSync(path)).toBe(true);
  });
});
