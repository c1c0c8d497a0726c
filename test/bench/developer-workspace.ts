// A developer's workspace of real programs and genuine files, in a folder of its own: 40 tmux panes with scrollback, 200 Firefox tabs,
// 10 Claude Code conversations, 4 repositories with uncommitted work. Nothing in it changes by itself.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { decodeMozLz4 } from '../../src/core/sources/firefox/mozlz4.ts';

export const PANES = 40;
export const TABS = 200;
export const CONVERSATIONS = 10;
const SESSIONS = 10;
const REPOSITORIES = 4;
const SCROLLBACK_LINES = 1500;
/** When the files of the repositories were written. */
const WRITTEN = new Date('2026-01-05T10:00:00Z');
/** Benches are started from the project's folder. */
const FIXTURES = resolve('test/fixtures');

export interface DeveloperWorkspace extends Disposable {
  /** What `cairn` must be started with to see this workspace and nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

/** Lays everything out and starts tmux. */
export function openDeveloperWorkspace(folder: string): DeveloperWorkspace {
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMUX_TMPDIR: folder,
    SHELL: '/bin/sh',
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
  };
  const repositories = Array.from({ length: REPOSITORIES }, (_, index) => makeRepository(join(home, `repo-${index}`)));
  makeConversations(home, repositories);
  makeFirefoxProfile(home);
  startPanes(env, repositories);
  return { env, [Symbol.dispose]: () => execFileSync('tmux', ['kill-server'], { env }) };
}

function makeRepository(path: string): string {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { cwd: path });
  };
  mkdirSync(path);
  git('init', '-q', '-b', 'main');
  // Git reads whatever was written within the second of its index, each time: nobody's files are all so young.
  const write = (name: string, text: string): void => {
    writeFileSync(join(path, name), text);
    utimesSync(join(path, name), WRITTEN, WRITTEN);
  };
  for (let file = 0; file < 200; file += 1) write(`file-${file}.ts`, lines(file, 80));
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  for (let file = 0; file < 5; file += 1) write(`file-${file}.ts`, lines(file + 1, 90));
  git('add', 'file-0.ts');
  write('notes.txt', lines(7, 40));
  return path;
}

/** Genuine transcripts, made longer by repeating their lines. */
function makeConversations(home: string, repositories: readonly string[]): void {
  const genuine = readFileSync(
    join(FIXTURES, 'claude-code', 'claude-code__multi-turn-tool-resumed-continue.jsonl'),
    'utf8',
  );
  const original = /"sessionId":"([^"]+)"/.exec(genuine)?.[1] ?? '';
  for (let index = 0; index < CONVERSATIONS; index += 1) {
    const id = `0000000${index}-aaaa-4bbb-8ccc-dddddddddddd`;
    const cwd = repositories[index % repositories.length] ?? home;
    const folder = join(home, '.claude', 'projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${id}.jsonl`), genuine.replaceAll(original, id).repeat(20));
  }
}

/** A genuine session file whose first tab is there 200 times, at 200 addresses. */
function makeFirefoxProfile(home: string): void {
  const root = join(home, '.mozilla', 'firefox');
  const profile = join(root, 'bench.default');
  mkdirSync(join(profile, 'sessionstore-backups'), { recursive: true });
  writeFileSync(join(root, 'profiles.ini'), '[Profile0]\nName=default\nIsRelative=1\nPath=bench.default\nDefault=1\n');
  const file = readFileSync(join(FIXTURES, 'browser', 'firefox-153.7esr-recovery.jsonlz4'));
  const decoded = decodeMozLz4(file);
  if (decoded === null) throw new Error('the session file does not decode');
  const session = JSON.parse(decoded.toString('utf8')) as {
    windows: { tabs: { entries: { url: string; title: string }[]; index: number }[]; selected: number }[];
  }; // a genuine file of Firefox 153
  const [window] = session.windows;
  const tab = window?.tabs[0];
  if (window === undefined || tab === undefined) throw new Error('the session file has no tab');
  window.tabs = Array.from({ length: TABS }, (_, index) => ({
    ...tab,
    index: 1,
    entries: [{ ...tab.entries[0], url: `https://example.org/page/${index}`, title: `Page ${index}` }],
  }));
  window.selected = 1;
  session.windows = [window];
  const text = Buffer.from(JSON.stringify(session), 'utf8');
  writeFileSync(join(profile, 'sessionstore-backups', 'recovery.jsonlz4'), encodeMozLz4(text));
  cpSync(join(profile, 'sessionstore-backups', 'recovery.jsonlz4'), join(profile, 'sessionstore.jsonlz4'));
}

/** Mozilla's frame around one LZ4 block of nothing but literals. */
function encodeMozLz4(content: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from('mozLz40\0', 'latin1'), Buffer.alloc(4)]);
  head.writeUInt32LE(content.length, 8);
  const extra = content.length - 15;
  const lengths = Buffer.concat([Buffer.alloc(Math.floor(extra / 255), 255), Buffer.from([extra % 255])]);
  return Buffer.concat([head, Buffer.from([0xf0]), lengths, content]);
}

function startPanes(env: Readonly<Record<string, string>>, repositories: readonly string[]): void {
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-f', '/dev/null', ...args], { env, encoding: 'utf8' });
  const show = `seq -f 'line %g of what was printed here, with some more words' ${SCROLLBACK_LINES}; exec cat`;
  for (let session = 0; session < SESSIONS; session += 1) {
    const cwd = repositories[session % repositories.length] ?? '/';
    const name = `work-${session}`;
    tmux('new-session', '-d', '-s', name, '-x', '200', '-y', '100', '-c', cwd, show);
    for (let pane = 1; pane < PANES / SESSIONS; pane += 1) {
      tmux('split-window', '-t', name, '-c', cwd, show);
      tmux('select-layout', '-t', name, 'tiled');
    }
  }
  // Until every pane has printed all and waits.
  for (let waited = 0; waited < 100; waited += 1) {
    const format = '#{pane_current_command} #{window_name} #{history_size}';
    const states = tmux('list-panes', '-a', '-F', format).trim().split('\n');
    // tmux names a window after its program a moment after it has started.
    const isQuiet = (state: string): boolean =>
      state.startsWith('cat cat ') && Number(state.split(' ')[2]) > SCROLLBACK_LINES - 150;
    if (states.every(isQuiet)) return;
    execFileSync('sleep', ['0.1']);
  }
  throw new Error('the panes did not become quiet');
}

function lines(seed: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `const value${index} = ${seed * 31 + index};\n`).join('');
}
