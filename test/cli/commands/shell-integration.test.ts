import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCore } from '../../../src/cli/open-core.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('cairn shell-integration', () => {
  let folder: TemporaryFolder;
  let bashrc: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    mkdirSync(join(folder.path, 'home'));
    bashrc = join(folder.path, 'home', '.bashrc');
    writeFileSync(bashrc, 'alias ll=ls\n');
  });

  afterEach(() => folder[Symbol.dispose]());

  async function cairn(...argv: string[]): Promise<Result> {
    const written = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr') => ({
      isTTY: false,
      write: (text: string | Uint8Array) => {
        written[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
      },
    });
    const env = { HOME: join(folder.path, 'home'), PATH: process.env['PATH'] };
    const exitCode = await runCli(['shell-integration', ...argv, '--home', join(folder.path, 'data')], {
      version: '1.2.3',
      env,
      stdin: { isTTY: false, on: () => undefined, setRawMode: () => undefined } as never,
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      nowMs: () => 0,
      signal: new AbortController().signal,
      pid: 4242,
      isProcessAlive: () => false,
      createCore: async ({ home }) => createCore({ home }, env),
    });
    return { exitCode, ...written };
  }

  it('shows in a dry run what it would write, and writes nothing', async () => {
    const { exitCode, stdout } = await cairn('install', '--shell', 'bash', '--dry-run');

    expect(exitCode).toBe(0);
    expect(stdout).toContain('+ # >>> cairn shell integration >>>');
    expect(stdout).toContain('Nothing was written.');
    expect(readFileSync(bashrc, 'utf8')).toBe('alias ll=ls\n');
  });

  it('installs, says that the source is off, tells its status, and uninstalls to the byte', async () => {
    const installed = await cairn('install', '--shell', 'bash', '--json');
    expect(installed.exitCode).toBe(0);
    expect(JSON.parse(installed.stdout)).toMatchObject({
      dryRun: false,
      sourceEnabled: false,
      changes: [{ shell: 'bash', file: bashrc, target: bashrc, action: 'add' }],
    });

    const status = await cairn('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({
      sourceEnabled: false,
      shells: [
        { shell: 'bash', state: 'on' },
        { shell: 'zsh', state: 'off' },
        { shell: 'fish', state: 'off' },
      ],
    });
    expect((await cairn('status')).stdout).toContain('cairn config set sources.shell-history on');

    expect((await cairn('uninstall')).exitCode).toBe(0);
    expect(readFileSync(bashrc, 'utf8')).toBe('alias ll=ls\n');
  });

  it('leaves a data folder that a vault can still be made in', async () => {
    await cairn('install', '--shell', 'bash');
    const core = createCore({ home: join(folder.path, 'data') }, { HOME: join(folder.path, 'home') });

    await expect(core.enableSources([])).resolves.toBeUndefined();
  });

  it('exits with 1 where a file is refused, and says which', async () => {
    mkdirSync(join(folder.path, 'home', '.zshrc'));

    const { exitCode, stdout } = await cairn('install', '--shell', 'bash', '--shell', 'zsh', '--json');

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      changes: [{ action: 'add' }, { action: 'refused' }],
      error: { code: 'EXEC_FAILED', message: 'Not done for zsh.' },
    });
  });

  it('exits with 2 for a shell that it does not know', async () => {
    const { exitCode, stderr } = await cairn('install', '--shell', 'tcsh');

    expect(exitCode).toBe(2);
    expect(stderr).toContain('bash, zsh and fish');
  });
});
