import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fakeHost } from '../../support/fake-source.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

describe('cairn hooks', () => {
  it('shows what it would write, writes it only when told to, and takes it out', async () => {
    using folder = makeTemporaryFolder();
    const core = new FakeCore();
    core.host = fakeHost({ homeDir: folder.path, env: {} });
    const file = join(folder.path, '.claude', 'settings.json');

    const dry = await runCairn(['hooks', 'install', 'claude-code', '--dry-run'], { core });
    expect(dry.stdout).toMatch(/^Into .*settings\.json:\n[^]*cairn-hook\.mjs[^]*Nothing was written\.\n$/);
    const refused = await runCairn(['hooks', 'install', 'claude-code'], { core, answers: ['n'] });
    expect(refused.stderr).toContain('cairn-hook.mjs');
    expect(existsSync(file)).toBe(false);

    const agreed = await runCairn(['hooks', 'install', 'claude-code', '--json'], { core });
    expect(agreed.json()).toMatchObject({ tool: 'claude-code', file, action: 'install', dryRun: false, done: true });
    expect(readFileSync(file, 'utf8')).toContain('cairn-hook.mjs');
    expect((await runCairn(['hooks', 'status', '--json'], { core })).json()).toMatchObject({
      hooks: [
        { tool: 'claude-code', installed: true, whole: true },
        { tool: 'codex', installed: false },
        { tool: 'git', installed: false },
      ],
    });
    expect((await runCairn(['hooks', 'uninstall', 'claude-code'], { core })).stdout).toContain('Taken out');
    expect(existsSync(file)).toBe(false);
    expect((await runCairn(['hooks', 'uninstall', 'claude-code'], { core })).stdout).toBe(
      'There is no entry of Cairn.\n',
    );
    expect((await runCairn(['hooks', 'install', 'vim'], { core })).exitCode).toBe(2);
  });
});
