import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

const CANARY = 'zebracanary';

let cairn: SpawnedCairn;

beforeAll(async () => {
  cairn = openSpawnedCairn();
  await cairn.run(['init', '--sources', 'none', '--recovery-key-file', join(cairn.folder, 'recovery.txt')]);
  await cairn.run(['checkpoint', `${CANARY} milestone`, '--description', `${CANARY} words`]);
  await cairn.run(['config', 'set', 'backup.folder', join(cairn.folder, `${CANARY}-backups`)]);
  await cairn.run(['backup']);
});
afterAll(() => cairn[Symbol.dispose]());

describe('cairn doctor', () => {
  it('needs no password, and its bundle holds nothing of what was captured, no path and no name', async () => {
    const bundle = join(cairn.folder, 'bundle.txt');
    const { exitCode, stdout, stderr } = await cairn.run(['doctor', '--json', '--bundle', bundle], {
      env: { CAIRN_PASSWORD: undefined },
    });

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, bundle });
    const text = readFileSync(bundle, 'utf8');
    expect(text).toMatch(/vault\.db +\d+ bytes {2}600/);
    for (const secret of [CANARY, cairn.folder, '/', process.env['USER'] ?? CANARY])
      expect(text.replace(/^.*Read it before.*$/m, ''), secret).not.toContain(secret);
    expect(statSync(bundle).mode & 0o777).toBe(0o600);
  });

  it('never writes its bundle over a file', async () => {
    const { exitCode, stderr } = await cairn.run(['doctor', '--bundle', join(cairn.home, 'vault.db')]);

    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/could not be written \(EEXIST\)/)]);
  });
});
