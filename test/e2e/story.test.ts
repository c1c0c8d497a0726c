// The whole story, with the real command line and real programs: three tmux sessions with an editor running, a browser with tabs, a
// conversation in a pane, a dirty repository; init, run, everything killed, restore, and each thing compared with what it was. At the
// end the data folder is searched for every word that was planted.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { readProcess } from '../../src/core/sources/host/proc.ts';
import { describeWith, findProgram } from '../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/test-host.ts';

const PASSWORD = 'correct horse battery staple';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CAIRN = join(ROOT, 'bin/cairn');
const TRANSCRIPT = fileURLToPath(
  new URL('../fixtures/claude-code/claude-code__multi-turn-tool-resumed-continue.jsonl', import.meta.url),
);
const CONVERSATION = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --password-store=basic';

interface Step {
  readonly key: string;
  readonly status: string;
}
interface ShownItem {
  readonly kind: string;
  readonly stale: boolean;
  readonly attributes?: {
    readonly url?: string;
    readonly isRunning?: boolean;
    readonly index?: number;
    readonly window?: { readonly index?: number };
  };
}
/** What the commands' documents hold, as far as this test looks. */
interface Answer {
  readonly id: string;
  readonly snapshotId: string;
  readonly recoveryKey: string;
  readonly snapshots: readonly unknown[];
  readonly items: readonly ShownItem[];
  readonly steps: readonly Step[];
}

describeWith(['tmux', 'git', 'chromium', 'xvfb', 'vim', 'bash'], 'the whole story', () => {
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  let server: Server;
  let origin = '';
  let repo = '';
  let transcript = '';
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    // bin/cairn runs what is built, as it does for its users.
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'ignore' });
    folder = makeTemporaryFolder();
    const home = join(folder.path, 'home');
    const programs = join(folder.path, 'bin');
    for (const path of [home, programs]) mkdirSync(path);
    // As root Chromium runs without its sandbox only; a user's own start script may say such things as well.
    writeFileSync(
      join(programs, 'chromium'),
      `#!/bin/sh\nexec ${findProgram('chromium') ?? ''} ${CHROMIUM_ARGS} --host-resolver-rules='MAP * ~NOTFOUND , EXCLUDE 127.0.0.1' "$@"\n`,
    );
    chmodSync(join(programs, 'chromium'), 0o755);
    env = {
      PATH: `${programs}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      SHELL: findProgram('bash') ?? '/bin/bash',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      TMUX_TMPDIR: folder.path,
      CAIRN_HOME: join(folder.path, 'cairn'),
      CAIRN_PASSWORD: PASSWORD,
      DISPLAY: await startScreen(),
      XDG_RUNTIME_DIR: folder.path,
    };
    server = createServer((request, response) => response.end(`<title>canary-title ${request.url}</title>`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    tryTmux('kill-server');
    for (const child of children) killTree(child.pid);
    killWhatNames(folder.path);
    await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    folder[Symbol.dispose]();
  });

  function start(file: string, args: readonly string[]): ChildProcess {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    children.push(child);
    return child;
  }

  function startScreen(): Promise<string> {
    const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    children.push(screen);
    return new Promise((resolve) =>
      screen.stdout.once('data', (bytes: Buffer) => resolve(`:${bytes.toString().trim()}`)),
    );
  }

  function cairn(...args: string[]): Answer {
    return JSON.parse(
      execFileSync(CAIRN, [...args, '--json'], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  function tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  function tryTmux(...args: string[]): void {
    try {
      tmux(...args);
    } catch {
      // no server
    }
  }

  function git(...args: string[]): string {
    return execFileSync('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  function geometry(): string[] {
    const format =
      '#{session_name}:#{window_index}.#{pane_index} #{window_name} #{pane_width}x#{pane_height}+#{pane_left}+#{pane_top} #{pane_active}#{window_active} #{pane_current_path}';
    return tmux('list-panes', '-a', '-F', format).trim().split('\n').toSorted();
  }

  async function makeWorkspace(): Promise<void> {
    repo = join(folder.path, 'api');
    mkdirSync(repo);
    git('init', '-q', '-b', 'main');
    writeFileSync(join(repo, 'server.ts'), 'one\ntwo\n');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    writeFileSync(join(repo, 'server.ts'), 'one\ncanary-edit\n');
    writeFileSync(join(repo, 'new.ts'), 'canary-untracked\n');
    const bash = 'bash --norc';
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'api', '-n', 'edit', '-x', '120', '-y', '40', '-c', repo, bash);
    tmux('split-window', '-h', '-t', 'api:edit', '-c', folder.path, bash);
    tmux('new-session', '-d', '-s', 'agents', '-n', 'claude', '-x', '100', '-y', '30', '-c', repo, bash);
    tmux('new-session', '-d', '-s', 'notes', '-n', 'todo', '-x', '90', '-y', '25', '-c', folder.path, bash);
    // More than a screen, with colours.
    tmux(
      'send-keys',
      '-t',
      'notes:todo.0',
      `for n in $(seq 1 60); do printf '\\033[3%dmcanary-line-%d\\033[0m\\n' $((n % 8)) $n; done`,
      'Enter',
    );
    tmux('send-keys', '-t', 'api:edit.0', `${findProgram('vim') ?? 'vi'} server.ts`, 'Enter');
    // Claude Code itself cannot be asked without a paid model: a process stands in its pane, its own files say the rest.
    tmux('send-keys', '-t', 'agents:claude.0', 'exec -a claude sleep 4000', 'Enter');
    await waitFor(
      'the programs',
      () =>
        /vi/.test(tmux('list-panes', '-a', '-F', '#{pane_current_command}')) &&
        tmux('list-panes', '-t', 'agents', '-F', '#{pane_current_command}').includes('claude'),
    );
    const pid = Number(tmux('list-panes', '-t', 'agents', '-F', '#{pane_pid}').trim());
    const config = join(env['HOME'] ?? '', '.claude');
    const project = join(config, 'projects/-api');
    transcript = join(project, `${CONVERSATION}.jsonl`);
    for (const path of [project, join(config, 'sessions')]) mkdirSync(path, { recursive: true });
    copyFileSync(TRANSCRIPT, transcript);
    writeFileSync(
      join(config, 'sessions', `${pid}.json`),
      JSON.stringify({
        pid,
        sessionId: CONVERSATION,
        cwd: repo,
        procStart: String(readProcess('/proc', pid)?.startTime),
        status: 'idle',
      }),
    );
    start('chromium', [
      `--user-data-dir=${join(env['HOME'] ?? '', '.config/chromium')}`,
      `${origin}/canary-one`,
      `${origin}/two`,
    ]);
  }

  /** What stands in the pane and above it, with its colours, up to the prompt that waits. */
  function scrollback(): string {
    const text = tmux('capture-pane', '-p', '-e', '-J', '-S', '-', '-t', 'notes:todo.0');
    const first = text.indexOf('\u001b[31mcanary-line-1\n');
    const last = text.indexOf('canary-line-60');
    return first < 0 || last < 0 ? '' : text.slice(first, last + 'canary-line-60'.length);
  }

  /** The windows of the browser that runs, each with its tabs in order. */
  function openWindows(): string[][] {
    const shown = cairn('show', cairn('capture').snapshotId);
    const tabs = shown.items.filter(
      (item) => item.kind === 'tab' && !item.stale && item.attributes?.isRunning === true,
    );
    const byWindow = Map.groupBy(tabs, (tab) => tab.attributes?.window?.index ?? -1);
    return [...byWindow.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, ofWindow]) =>
        ofWindow
          .toSorted((a, b) => (a.attributes?.index ?? 0) - (b.attributes?.index ?? 0))
          .map((tab) => String(tab.attributes?.url).replace(origin, '')),
      );
  }

  function openTabs(): string[] {
    const shown = cairn('show', cairn('capture').snapshotId);
    return shown.items
      .filter((item) => item.kind === 'tab' && !item.stale && item.attributes?.isRunning === true)
      .map((item) => String(item.attributes?.url))
      .filter((url: string) => url.startsWith(origin))
      .toSorted();
  }

  it(
    'captures a workspace while it runs, loses nothing when all is killed, and brings everything back',
    { timeout: 240_000 },
    async () => {
      await makeWorkspace();
      const made = cairn('init', '--sources', 'tmux,chromium,claude-code,git');
      expect(made.recoveryKey).toMatch(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
      await waitFor('the tabs', () => openTabs().length === 2, 60_000);
      start('chromium', [
        `--user-data-dir=${join(env['HOME'] ?? '', '.config/chromium')}`,
        '--new-window',
        `${origin}/three`,
        `${origin}/four`,
        `${origin}/five`,
      ]);
      await waitFor('the second window', () => openTabs().length === 5, 60_000);
      const windowsBefore = openWindows();
      expect(windowsBefore).toEqual([
        ['/canary-one', '/two'],
        ['/three', '/four', '/five'],
      ]);
      const scrollbackBefore = scrollback();
      expect(scrollbackBefore.split('\n')).toHaveLength(60);
      const run = start(CAIRN, ['run', '--interval', '2', '--json']);
      const before = geometry();
      const count = cairn('list', '--limit', '100').snapshots.length;
      await waitFor('two captures more', () => cairn('list', '--limit', '100').snapshots.length >= count + 2, 30_000);
      const latest = cairn('show', 'latest');
      const kinds = new Set(latest.items.map((item) => item.kind));
      expect([...kinds].toSorted()).toEqual(['conversation', 'repository', 'tab', 'terminal']);

      // The crash: everything at once, Cairn included; then the tool deletes its transcript, and the work tree is lost.
      killTree(run.pid);
      for (const name of ['chromium', 'tmux', 'vim', 'sleep']) killNamed(name, folder.path);
      killWhatNames(folder.path);
      await waitFor('tmux to be gone', () => isTmuxGone());
      // What lies there right after the kill, the log that was being written included.
      expect(existsSync(join(env['CAIRN_HOME'] ?? '', 'vault.db-wal'))).toBe(true);
      expectNoWords();
      rmSync(transcript);
      git('checkout', '-q', '.');
      rmSync(join(repo, 'new.ts'));

      const dry = cairn('restore', latest.id, '--dry-run');
      expect(dry.steps.filter((step) => step.status === 'planned').length).toBeGreaterThanOrEqual(8);
      const report = cairn('restore', latest.id);
      expect(report.steps.filter((step) => step.status === 'failed')).toEqual([]);

      await waitFor(
        'the panes in their places',
        () => JSON.stringify(geometry()) === JSON.stringify(before),
        15_000,
      ).catch(() => undefined);
      expect(geometry()).toEqual(before);
      await waitFor('the editor on the prompt', () =>
        tmux('capture-pane', '-p', '-J', '-t', 'api:edit.0').trimEnd().endsWith('server.ts'),
      );
      await waitFor('the conversation on the prompt', () =>
        tmux('capture-pane', '-p', '-J', '-t', 'agents:claude.0').trimEnd().endsWith(`claude --resume ${CONVERSATION}`),
      );
      await waitFor('the old text', () => scrollback() !== '');
      expect(scrollback()).toBe(scrollbackBefore);
      expect(tmux('list-panes', '-a', '-F', '#{pane_current_command}')).not.toMatch(/vi|sleep|claude/);
      expect(readFileSync(transcript).equals(readFileSync(TRANSCRIPT))).toBe(true);
      const branch = git('branch', '--list', 'cairn/*', '--format=%(refname:short)').trim();
      expect(git('show', `${branch}:server.ts`)).toBe('one\ncanary-edit\n');
      expect(git('show', `${branch}:new.ts`)).toBe('canary-untracked\n');
      // An editor that is killed leaves its swap file: that is its own affair.
      expect(git('status', '--porcelain', '--', 'server.ts', 'new.ts')).toBe('');
      await waitFor('the tabs', () => openTabs().length === 5, 60_000);
      expect(openWindows()).toEqual(windowsBefore);

      const again = cairn('restore', latest.id);
      expect(again.steps.filter((step) => step.status === 'done')).toEqual([]);
      // The panes stand as the restore left them, so all of it can be taken back.
      const undone = cairn('restore', '--undo');
      const undoneOf = (prefix: string): string[] =>
        undone.steps.filter(({ key }) => key.startsWith(prefix)).map(({ status }) => status);
      expect(undone.steps.filter(({ status }) => status === 'failed')).toEqual([]);
      expect(undoneOf('tmux:')).toEqual(['done', 'done', 'done', 'done']);
      expect(undoneOf('claude-code:')).toEqual(['done']);
      expect(undoneOf('git:')).toEqual(['done']);
      await waitFor('the panes to be gone', () => isTmuxGone());
      expect(existsSync(transcript)).toBe(false);
      expect(git('branch', '--list', 'cairn/*').trim()).toBe('');
      expect(() => cairn('restore', '--undo')).toThrow(expect.objectContaining({ status: 4 }));
      expect(cairn('verify', '--deep')).toMatchObject({ ok: true, damaged: [] });

      expectNoWords();
    },
  );

  /** No byte of the data folder, nor of a temporary folder on the disk that Cairn made, holds a word that was planted. */
  function expectNoWords(): void {
    const home = env['CAIRN_HOME'] ?? '';
    const left = readdirSync(tmpdir()).filter((name) => /^cairn-(?:private|git|restore)-/.test(name));
    const folders = [home, ...left.map((name) => join(tmpdir(), name))];
    const files = folders.flatMap((path) =>
      readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
    );
    expect(files.filter((entry) => entry.parentPath.startsWith(home)).length).toBeGreaterThan(3);
    for (const entry of files) {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      for (const word of ['canary', folder.path, origin, CONVERSATION, PASSWORD])
        expect(bytes.includes(word), `${entry.name} holds ${word}`).toBe(false);
    }
  }

  function isTmuxGone(): boolean {
    try {
      tmux('list-sessions');
      return false;
    } catch {
      return true;
    }
  }
});

function killTree(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** Processes of this name whose environment or words name the folder. */
function killNamed(name: string, folder: string): void {
  forEachProcess((pid) => {
    if (!(readProcess('/proc', pid)?.name.startsWith(name) ?? false)) return;
    if (readText(`/proc/${pid}/environ`).includes(folder)) process.kill(pid, 'SIGKILL');
  });
}

function killWhatNames(folder: string): void {
  forEachProcess((pid) => {
    if (pid !== process.pid && readText(`/proc/${pid}/cmdline`).includes(folder)) process.kill(pid, 'SIGKILL');
  });
}

function forEachProcess(work: (pid: number) => void): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      work(Number(name));
    } catch {
      // ended in between
    }
  }
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
