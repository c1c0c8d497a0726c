// The workspace that is brought down and back: which programs run in it, in what state. What is not installed is left out and named.

import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { CHROMIUM_ARGS } from '../core/sources/browser/browser-workshop.ts';
import { findAiProgram as findOnPath } from '../support/ai-program.ts';
import { waitFor } from '../support/test-host.ts';
import { setUpConversations } from './conversation-programs.ts';
import type { FidelityWorkspace } from './fidelity-workspace.ts';
import { openTmux, writeStartFiles, type PaneProgram } from './terminal-programs.ts';

const PATIENCE_MS = 90_000;
const PAGES = ['one', 'two', 'three'];

export interface StartedPrograms {
  readonly running: readonly string[];
  readonly missing: readonly string[];
  /** What a capture holds at least once everything is there. */
  readonly minItems: number;
  /** Throws away what a machine that goes down can lose with it: transcripts and uncommitted work. */
  loseWork(): void;
}

/** Starts everything; resolves once all of it stands as it should. */
export async function startPrograms(workspace: FidelityWorkspace): Promise<StartedPrograms> {
  workspace.exportVariables({});
  writeStartFiles(workspace);
  const repositories = ['api', 'site'].map((name) => makeRepository(workspace, name));
  const conversations = await setUpConversations(workspace);
  const [api = workspace.home] = repositories;
  const wanted = [...panePrograms(workspace, repositories), ...conversations.programs];
  const panes = wanted.filter(({ name }) => findOnPath(name) !== null);
  await openTmux(workspace, panes);
  const outside = [openScreenSession, openKitty, openChromium, openFirefox, openPlainShell];
  const origin = await servePages();
  const started: (string | null)[] = [];
  for (const open of outside) started.push(await open(workspace, { api, origin }));
  return {
    running: [
      ...new Set(['tmux', 'git', ...panes.map(({ name }) => name), ...started.filter((name) => name !== null)]),
    ],
    missing: [
      ...conversations.missing,
      ...wanted.filter((program) => !panes.includes(program)).map(({ name }) => name),
      ...outside.flatMap(({ name }, index) => (started[index] === null ? [name] : [])),
    ],
    minItems: panes.length + conversations.programs.length + 2 * PAGES.length,
    loseWork: () => {
      for (const transcripts of ['.claude/projects', '.codex/sessions', '.gemini/tmp'])
        rmSync(join(workspace.home, transcripts), { recursive: true, force: true });
      for (const repository of repositories) {
        workspace.run('git', ['reset', '-q', '--hard'], repository);
        workspace.run('git', ['clean', '-q', '-fd'], repository);
      }
    },
  };
}

function panePrograms(workspace: FidelityWorkspace, [api = '', site = '']: readonly string[]): readonly PaneProgram[] {
  const docs = workspace.makeFolder('work', 'docs');
  const text = Array.from({ length: 300 }, (_, line) => `line ${line} of the guide`).join('\n');
  workspace.write('work/docs/guide.txt', `${text}\n`);
  workspace.write('work/docs/page.1', '.TH PAGE 1\n.SH NAME\npage \\- of the manual\n');
  workspace.write('work/docs/server.log', 'GET /one\nPOST /two\n');
  workspace.write('work/docs/notes one.md', '# Notes\n\nfirst\nsecond\nthird\n');
  for (const name of ['plan.txt', 'list.txt']) workspace.write(`work/docs/${name}`, 'first\nsecond\nthird\n');
  workspace.write('work/docs/letter.txt', 'Dear reader,\n\nmore to come\n');
  const edit = (typed: string): NonNullable<PaneProgram['keys']> => [
    { press: ['G'], shows: '' },
    { press: ['o'], shows: '' },
    { press: ['-l', typed], shows: typed },
    { press: ['Escape'], shows: typed },
  ];
  return [
    { name: 'bash', command: '', shows: '', cwd: site },
    { name: 'zsh', command: 'exec zsh', shows: '%', cwd: docs },
    { name: 'fish', command: 'exec fish', shows: '>', cwd: docs },
    { name: 'less', command: 'less guide.txt', shows: 'line 5 of', cwd: docs },
    { name: 'top', command: 'top', shows: 'load average', cwd: docs },
    { name: 'htop', command: 'htop', shows: 'F10', cwd: docs },
    { name: 'man', command: 'man ./page.1', shows: 'of the manual', cwd: docs },
    { name: 'tail', command: 'tail -f server.log', shows: 'POST /two', cwd: docs },
    { name: 'watch', command: 'watch -n1 -t "echo once; echo twice"', shows: 'twice', cwd: docs },
    { name: 'python3', command: 'python3 -q', shows: '>>>', cwd: api },
    { name: 'node', command: 'node', shows: 'Welcome to Node.js', cwd: api },
    { name: 'nvim', command: "nvim 'notes one.md'", shows: 'second', cwd: docs, keys: edit('unsaved in Neovim') },
    { name: 'vim', command: 'vim letter.txt', shows: 'more to come', cwd: docs, keys: edit('unsaved in Vim') },
    { name: 'nvim', window: 'nvim-saved', command: 'nvim plan.txt', shows: 'third', cwd: docs },
    { name: 'vim', window: 'vim-saved', command: 'vim list.txt', shows: 'third', cwd: docs },
  ];
}

function makeRepository(workspace: FidelityWorkspace, name: string): string {
  const path = workspace.makeFolder('work', name);
  const git = (...args: readonly string[]): void => {
    workspace.run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], path);
  };
  git('init', '-q', '-b', 'main');
  workspace.write(`work/${name}/app.ts`, 'export const answer = 41;\n');
  workspace.write(`work/${name}/readme.md`, `# ${name}\n`);
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('switch', '-q', '-c', `feature-${name}`);
  workspace.write(`work/${name}/app.ts`, 'export const answer = 42;\n');
  git('add', 'app.ts');
  workspace.write(`work/${name}/readme.md`, `# ${name}\n\nnot staged\n`);
  workspace.write(`work/${name}/new.txt`, 'not known to git\n');
  return path;
}

interface Surroundings {
  readonly api: string;
  readonly origin: string;
}

async function openScreenSession(workspace: FidelityWorkspace, { api }: Surroundings): Promise<string | null> {
  if (findOnPath('screen') === null) return null;
  workspace.run('screen', ['-U', '-dmS', 'notes'], api);
  const type = (window: number, line: string): void => {
    workspace.run('screen', ['-S', 'notes', '-p', String(window), '-X', 'stuff', `${line}^M`]);
  };
  workspace.run('screen', ['-S', 'notes', '-X', 'chdir', join(workspace.home, 'work', 'docs')]);
  workspace.run('screen', ['-S', 'notes', '-X', 'screen', '-t', 'guide']);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  type(0, 'echo in-the-first-window');
  type(1, 'echo in-the-second-window');
  type(1, 'less guide.txt');
  return 'screen';
}

async function openKitty(workspace: FidelityWorkspace, { api }: Surroundings): Promise<string | null> {
  if (findOnPath('kitty') === null || workspace.env['DISPLAY'] === undefined) return null;
  const socket = join(workspace.folder, 'run', 'kitty');
  const lines = ['allow_remote_control socket-only', `listen_on unix:${socket}`, 'update_check_interval 0'];
  workspace.write('.config/kitty/kitty.conf', [...lines, 'shell_integration disabled', ''].join('\n'));
  const kitty = workspace.start('kitty', [], api);
  const remote = (...args: readonly string[]): string =>
    workspace.run('kitty', ['@', '--to', `unix:${socket}-${kitty.pid ?? 0}`, ...args]);
  const answers = (): boolean => {
    try {
      return remote('ls') !== '';
    } catch {
      return false;
    }
  };
  await waitFor('kitty', answers, PATIENCE_MS);
  remote('launch', '--type=tab', '--cwd', join(workspace.home, 'work', 'docs'), 'bash');
  remote('send-text', '--match', 'recent:0', 'less guide.txt\\r');
  return 'kitty';
}

async function openChromium(workspace: FidelityWorkspace, { origin }: Surroundings): Promise<string | null> {
  const program = findOnPath('chromium');
  if (program === null || workspace.env['DISPLAY'] === undefined) return null;
  // It does not start as root without.
  workspace.addProgram('chromium', program, CHROMIUM_ARGS);
  workspace.start(
    join(workspace.bin, 'chromium'),
    PAGES.map((page) => `${origin}/chromium-${page}`),
  );
  return 'chromium';
}

async function openFirefox(workspace: FidelityWorkspace, { origin }: Surroundings): Promise<string | null> {
  const program = findOnPath('firefox-esr') ?? findOnPath('firefox');
  if (program === null || workspace.env['DISPLAY'] === undefined) return null;
  workspace.write('.mozilla/firefox/profiles.ini', '[Profile0]\nName=work\nIsRelative=1\nPath=work\nDefault=1\n');
  const preferences = {
    'browser.sessionstore.interval': 1000,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
    'browser.aboutwelcome.enabled': false,
    'toolkit.telemetry.enabled': false,
    'network.captive-portal-service.enabled': false,
    'browser.startup.homepage_override.mstone': 'ignore',
  };
  const text = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  workspace.write('.mozilla/firefox/work/user.js', text.join(''));
  const profile = join(workspace.home, '.mozilla/firefox/work');
  workspace.start(program, ['--profile', profile, ...PAGES.map((page) => `${origin}/firefox-${page}`)]);
  return 'firefox';
}

/** A terminal outside of any multiplexer: `script` has its own, as a window of a terminal program would. */
async function openPlainShell(workspace: FidelityWorkspace, { api }: Surroundings): Promise<string | null> {
  if (findOnPath('script') === null) return null;
  workspace.startInTerminal('less app.ts', api);
  return 'script';
}

async function servePages(): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<title>Page ${(request.url ?? '/').slice(1)}</title><h1>It is open.</h1>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
}
