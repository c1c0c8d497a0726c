// A workspace as a developer has it, made of real programs in a scratch home: tmux with coloured output, a repository with uncommitted
// work, conversations of Claude Code, a Firefox session. What the window shows in tests and pictures was captured from it.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const PROFILE = 'abcd1234.default-esr';
const TMUX_SIZE = ['-x', '110', '-y', '32'];

/** Pictures show what a person has on the screen; the specs, what an attacker would put there as well. */
export const isForPictures = process.env['CAIRN_PICTURES'] !== undefined;

/** What would run, forge or reorder something if it were not shown as text. */
export const HOSTILE = {
  html: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>',
  bidi: 'invoice_\u202egpj.exe',
  ansi: '\u001b]0;pwned\u0007\u001b[2J\u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007',
} as const;

export interface DemoWorkspace {
  /** The environment for programs that belong to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly repository: string;
  readonly tmux: (...args: readonly string[]) => string;
  readonly git: (...args: readonly string[]) => string;
  /** Adds a conversation with so many messages, the last one said then or now; gives its id. */
  addConversation(title: string, messages: number, endMs?: number): string;
  stop(): void;
}

/** Makes the workspace below a folder and starts its programs. */
export function startDemoWorkspace(folder: string): DemoWorkspace {
  const home = isForPictures ? folder : join(folder, 'home');
  const sockets = join(folder, 'sockets');
  const repository = join(home, 'code', 'api');
  for (const path of [home, sockets, repository]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const env = {
    // What a test puts into the first folder stands in for the real program.
    PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    HOME: home,
    TMUX_TMPDIR: sockets,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
  };
  const run = (program: string, args: readonly string[], cwd = home): string =>
    execFileSync(program, [...args], { env, cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const tmux = (...args: readonly string[]): string => run('tmux', args);
  const git = (...args: readonly string[]): string => run('git', args, repository);
  let conversations = 0;
  const workspace: DemoWorkspace = {
    env,
    home,
    repository,
    tmux,
    git,
    addConversation: (title, messages, endMs = Date.now()) => {
      conversations += 1;
      const id = `00000000-0000-4000-8000-${String(conversations).padStart(12, '0')}`;
      writeTranscript(home, repository, { id, title, messages, endMs });
      return id;
    },
    stop: () => {
      try {
        tmux('kill-server');
      } catch {
        // it has ended by itself
      }
    },
  };
  makeRepository(workspace);
  workspace.addConversation('Fix the login redirect', 12);
  workspace.addConversation('Why is the nightly build slow?', 6);
  makeFirefoxProfile(home);
  makeTerminals(workspace);
  return workspace;
}

function makeRepository({ repository, git }: DemoWorkspace): void {
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Dev');
  git('config', 'user.email', 'dev@localhost');
  mkdirSync(join(repository, 'src'));
  writeFileSync(
    join(repository, 'src', 'login.ts'),
    [
      "import { session } from './session.ts';",
      '',
      'export function login(name: string, next: string): string {',
      '  const user = session.find(name);',
      "  if (user === null) return '/login';",
      '  return next;',
      '}',
      '',
    ].join('\n'),
  );
  writeFileSync(join(repository, 'README.md'), '# api\n\nThe service behind everything.\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'Log in by name');
  writeFileSync(
    join(repository, 'src', 'login.ts'),
    [
      "import { session } from './session.ts';",
      '',
      "const HOME = '/home';",
      '',
      '/** Where to go after a login; never to another site. */',
      'export function login(name: string, next: string): string {',
      '  const user = session.find(name);',
      "  if (user === null) return '/login?reason=unknown';",
      "  return next.startsWith('/') && !next.startsWith('//') ? next : HOME;",
      '}',
      '',
    ].join('\n'),
  );
  writeFileSync(join(repository, 'src', 'redirects.test.ts'), "it('stays on this site', () => {});\n");
}

function makeTerminals({ tmux, repository, home }: DemoWorkspace): void {
  writeFileSync(join(home, '.bash_profile'), '. ~/.bashrc\n');
  writeFileSync(join(home, '.bashrc'), "PS1='\\[\\e[32m\\]dev@box\\[\\e[0m\\]:\\[\\e[34m\\]\\W\\[\\e[0m\\]$ '\n");
  const tests = [
    "printf '\\033[1m RUN \\033[0m api\\n\\n'",
    "for i in 1 2 3 4 5 6; do printf '\\033[32m ✓\\033[0m login: case %s \\033[2m%s ms\\033[0m\\n' $i $((i*3)); done",
    "printf '\\033[31m ✗\\033[0m redirects: stays on this site\\n'",
    "printf '\\n\\033[31m 1 failed\\033[0m, \\033[32m6 passed\\033[0m\\n'",
  ].join('; ');
  writeFileSync(join(home, 'tests.sh'), `${tests}\n`);
  writeFileSync(
    join(home, 'hostile.sh'),
    isForPictures
      ? 'uptime -p\n'
      : `printf '%s\\n' '${HOSTILE.html}' '${HOSTILE.bidi}'\nprintf '${escaped(HOSTILE.ansi)}'\n`,
  );
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'api', ...TMUX_SIZE, '-c', repository, '-n', 'tests');
  tmux('send-keys', '-t', 'api:tests', `clear; bash ${home}/tests.sh`, 'Enter');
  tmux('new-window', '-t', 'api', '-n', 'server', '-c', repository);
  tmux('send-keys', '-t', 'api:server', 'echo listening on 8080', 'Enter');
  tmux('split-window', '-t', 'api:server', '-h', '-c', home);
  tmux('send-keys', '-t', 'api:server.1', `bash ${home}/hostile.sh`, 'Enter');
}

function escaped(text: string): string {
  return text.replaceAll('\u001b', '\\033').replaceAll('\u0007', '\\007');
}

function makeFirefoxProfile(home: string): void {
  const base = join(home, '.mozilla', 'firefox');
  mkdirSync(join(base, PROFILE, 'sessionstore-backups'), { recursive: true });
  writeFileSync(
    join(base, 'profiles.ini'),
    `[Profile0]\nName=default-esr\nIsRelative=1\nPath=${PROFILE}\nDefault=1\n\n[General]\nStartWithLastProfile=1\nVersion=2\n`,
  );
  copyFileSync(
    join(FIXTURES, 'browser', 'firefox-153.7esr-recovery.jsonlz4'),
    join(base, PROFILE, 'sessionstore-backups', 'recovery.jsonlz4'),
  );
}

interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly messages: number;
  readonly endMs: number;
}

/** In the tool's own format: the records of a genuine transcript with other words. */
function writeTranscript(home: string, cwd: string, { id, title, messages, endMs }: Conversation): void {
  const folder = join(home, '.claude', 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'));
  mkdirSync(folder, { recursive: true });
  const template = firstRecord();
  const startMs = endMs - messages * 40_000;
  const lines: object[] = [];
  let parentUuid: string | null = null;
  for (let at = 0; at < messages; at += 1) {
    const uuid = `${id.slice(0, 24)}${String(at).padStart(12, '0')}`;
    const isUser = at % 2 === 0;
    const text =
      at === 0
        ? `${title}${title.endsWith('?') ? '' : '.'} It worked yesterday. ${isForPictures ? '' : HOSTILE.html}`.trimEnd()
        : isUser
          ? `And what about case ${at}?`
          : `Message ${at}: the reason is in \`src/login.ts\`.\n\n\`\`\`ts\nreturn next.startsWith('/') ? next : HOME;\n\`\`\`\n\nThat keeps it on this site.`;
    lines.push({
      ...template,
      parentUuid,
      sessionId: id,
      cwd,
      uuid,
      timestamp: new Date(startMs + at * 40_000).toISOString(),
      type: isUser ? 'user' : 'assistant',
      message: isUser
        ? { role: 'user', content: text }
        : {
            id: `msg_${id.slice(-4)}_${at}`,
            type: 'message',
            role: 'assistant',
            model: 'claude-fable-5',
            content: [{ type: 'text', text }],
            stop_reason: 'end_turn',
            usage: { input_tokens: 10, output_tokens: 20 },
          },
    });
    parentUuid = uuid;
  }
  writeFileSync(join(folder, `${id}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function firstRecord(): object {
  const name = 'claude-code__multi-turn-tool-resumed-continue.jsonl';
  const lines = readFileSync(join(FIXTURES, 'claude-code', name), 'utf8').split('\n');
  const line = lines.find((text) => text.startsWith('{') && text.includes('"type":"user"') && text.includes('"uuid"'));
  if (line === undefined) throw new Error('the fixture holds no message');
  const { message: _, toolUseResult: __, ...rest } = JSON.parse(line) as Record<string, unknown>; // a record of the fixture
  return rest;
}
