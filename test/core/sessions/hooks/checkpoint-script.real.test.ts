// The checkpoint before a risk, as tools and shells ask for it: real processes and real shells against a real server with a real vault.

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer, type LocalServer } from '../../../../src/core/api/local/local-server.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { applyHookChange, planInstall } from '../../../../src/core/sessions/hooks/hook-files.ts';
import { readHookScripts } from '../../../../src/core/shell-integration/hook-scripts.ts';
import { ShellIntegration } from '../../../../src/core/shell-integration/shell-integration.ts';
import type { HookedShell } from '../../../../src/core/sources/shell-history/hook-block.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeTestHost } from '../../../support/test-host.ts';
import { makeTestSession, type TestSession } from '../../../support/test-session.ts';
import { TEST_PASSWORD } from '../../../support/test-vault.ts';

const SCRIPT = fileURLToPath(new URL('../../../../resources/hooks/cairn-checkpoint.mjs', import.meta.url));
const SILENT = { code: 0, said: '' };

let test: TestSession;
let server: LocalServer | null;
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  test = makeTestSession({ clock: systemClock });
  await test.session.createVault(TEST_PASSWORD);
  const { session, router } = test;
  server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
  const { running } = test.app.folder;
  // The script asks the system whether the app lives: this process is it.
  writeFileSync(running, readFileSync(running, 'utf8').replace('1000001', String(process.pid)));
});
afterEach(async () => {
  await server?.close();
  await test[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function runScript(
  args: readonly string[],
  event: unknown = '',
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { cwd: folder.path, env: { PATH: process.env['PATH'] } });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  child.stdin.on('error', () => undefined); // it may have ended already
  child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

async function checkpoints(): Promise<readonly string[]> {
  const found = await test.session.unlocked().app.vault.listCheckpoints();
  return found.map(({ name, tags, priority }) => `${name} [${tags.join()} ${priority}]`).toSorted();
}

const bash = (command: string): object => ({
  session_id: 's',
  cwd: '/home/dev/projects/api',
  hook_event_name: 'PreToolUse',
  tool_name: 'Bash',
  tool_input: { command },
});

describe('cairn-checkpoint.mjs', () => {
  it("takes one before an agent's run, once for a run that asks again", async () => {
    const event = { session_id: 's', cwd: '/home/dev/projects/api', hook_event_name: 'UserPromptSubmit' };
    const expected = ['Before Claude Code runs in api [automatic low]'];

    expect(await runScript(['claude-code', test.home], event)).toEqual(SILENT);
    await expect.poll(checkpoints, { timeout: 10_000 }).toEqual(expected);

    expect(await runScript(['claude-code', test.home], event)).toEqual(SILENT);
    await runScript(['codex', test.home], event);
    await expect
      .poll(checkpoints, { timeout: 10_000 })
      .toEqual([...expected, 'Before Codex runs in api [automatic low]']);
  });

  it('takes one before a command of the model that throws work away, and has it when it ends', async () => {
    for (const harmless of ['ls', 'git status', 'git checkout -b topic', 'git log --grep=reset', 'git stash list'])
      expect(await runScript(['claude-code', test.home], bash(harmless))).toEqual(SILENT);
    expect(await checkpoints()).toEqual([]);

    await runScript(['claude-code', test.home], bash('cd /tmp && git -C /home/dev reset --hard HEAD~1'));
    expect(await checkpoints()).toEqual(['Before Claude Code runs git reset in api [automatic low]']);
    await runScript(['codex', test.home], { ...bash(''), tool_input: { command: ['bash', '-lc', 'git rebase main'] } });
    expect(await checkpoints()).toHaveLength(2);
    await runScript(['codex', test.home], bash('git stash drop'));
    expect(await checkpoints()).toHaveLength(3);
  });

  it('does nothing, silently, for whatever it is given, and where no app runs or its vault is locked', async () => {
    const odd = ['', '{', 'null', '[]', '7', { hook_event_name: 'PreToolUse', tool_input: 3 }, { cwd: 4 }];
    for (const event of odd) expect(await runScript(['claude-code', test.home], event)).toEqual(SILENT);
    expect(await runScript(['somebody', test.home], bash('git reset --hard'))).toEqual(SILENT);
    expect(await runScript(['claude-code', join(folder.path, 'no')], bash('git reset --hard'))).toEqual(SILENT);
    expect(await checkpoints()).toEqual([]);

    await test.session.lock();
    expect(await runScript(['claude-code', test.home], bash('git reset --hard'))).toEqual(SILENT);
    await test.session.unlock({ type: 'password', text: TEST_PASSWORD });
    await server?.close();
    server = null;
    expect(await runScript(['git', test.home, 'reset'])).toEqual(SILENT);
    expect(await checkpoints()).toEqual([]);
  });
});

describe.each<HookedShell>(['bash', 'zsh', 'fish'])('git in %s', (shell) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;

  /** A shell as a person's, with the integration that was really installed; gives what it says. */
  function setUp(): { readonly repo: string; readonly run: (line: string) => Promise<string> } {
    const host = makeTestHost(folder.path);
    const integration = new ShellIntegration({
      host,
      folder: join(test.home, 'shell-integration'),
      scripts: readHookScripts(),
    });
    integration.install([shell]);
    const repo = join(folder.path, 'my repo');
    mkdirSync(repo);
    const env = {
      ...process.env,
      HOME: host.homeDir,
      ZDOTDIR: host.homeDir,
      XDG_CONFIG_HOME: join(host.homeDir, '.config'),
      XDG_DATA_HOME: join(host.homeDir, '.local'),
      XDG_RUNTIME_DIR: folder.path,
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, env, stdio: 'pipe' });
    git('init', '-q', '-b', 'main');
    git('-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-q', '--allow-empty', '-m', 'one');
    const start = shell === 'bash' ? ['--rcfile', join(host.homeDir, '.bashrc')] : [];
    return {
      repo,
      run: async (line) => {
        // The server that is asked is this process, so it must not stand still.
        const running = promisify(execFile)(shell, [...start, '-i', '-c', line], { cwd: repo, env });
        running.child.stdin?.end();
        return (await running).stdout;
      },
    };
  }

  it.skipIf(!isThere)('has a checkpoint of what reset throws away, before it is gone', async () => {
    applyHookChange(planInstall('git', { host: makeTestHost(folder.path), home: test.home, node: process.execPath }));
    const { repo, run } = setUp();
    writeFileSync(join(repo, 'new.txt'), 'work');

    await run('git add new.txt; git reset -q --hard');

    expect(existsSync(join(repo, 'new.txt'))).toBe(false);
    expect(await checkpoints()).toEqual(['Before git reset in my repo [automatic low]']);
  });

  it.skipIf(!isThere)('is asked for commands that throw work away only, and behaves as ever', async () => {
    const { run } = setUp();
    const script = join(test.home, 'shell-integration', 'before-git');
    const log = join(folder.path, 'log');
    const lines = [
      'git status --short',
      'git -C . -c core.pager=cat reset -q',
      'git rebase -q main',
      'git checkout -q -b topic',
      'git checkout -q -- .',
      'git stash list',
      'git stash drop',
      'git branch -D nothing',
      'git branch',
      'git clean -n',
      'git',
      'git reset --no-such-option',
    ];
    expect(await run('git rev-parse --abbrev-ref HEAD')).toBe('main\n');
    writeFileSync(script, `#!/bin/sh\necho "$1" >>'${log}'\nexit 3\n`);
    chmodSync(script, 0o700);

    const code = shell === 'fish' ? '$status' : '$?';
    const said = await run(`${lines.map((line) => `${line} 2>/dev/null`).join('; ')}; echo code ${code}`);

    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'reset',
      'rebase',
      'checkout',
      'stash',
      'branch',
      'clean',
      'reset',
    ]);
    // Git's own exit code, not that of what was asked before.
    expect(said).toMatch(/^code 129$/m);
  });
});
