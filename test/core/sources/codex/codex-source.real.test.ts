// Against the real Codex, which is no dependency: `$CAIRN_TEST_CODEX` or PATH has it, or these tests are skipped. The model is a
// local server.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCodexSource } from '../../../../src/core/sources/codex/codex-source.ts';
import { textOf } from '../../../../src/core/sources/conversation/json-record.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { startFakeOpenAiServer } from '../../../support/fake-openai-server.ts';
import type { FakeServer } from '../../../support/fake-server.ts';
import { findProgram } from '../../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

const CODEX = findAiProgram('codex');
const TMUX = findProgram('tmux');
const START_TIMEOUT_MS = 30_000;

describe.skipIf(CODEX === null)('the Codex source with the real program', { timeout: 4 * START_TIMEOUT_MS }, () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let server: FakeServer;
  let cwd: string;
  let env: Readonly<Record<string, string | undefined>>;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createCodexSource();
    server = await startFakeOpenAiServer();
    cwd = join(folder.path, 'my_project');
    mkdirSync(cwd);
    const config = join(host.homeDir, '.codex/config.toml');
    mkdirSync(dirname(config));
    writeFileSync(
      config,
      `model = "fake-model"
model_provider = "fake"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.fake]
name = "Fake"
base_url = "${server.url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
[projects."${cwd}"]
trust_level = "trusted"
[tui]
screen_reader_detection_done = true
`,
    );
    env = { PATH: process.env['PATH'], HOME: host.homeDir, TERM: 'screen-256color', FAKE_KEY: 'not-a-key' };
  });

  afterEach(async () => {
    for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    const tool = existsSync(join(cwd, 'tool.pid')) ? Number(readFileSync(join(cwd, 'tool.pid'), 'utf8')) : 0;
    if (tool > 1) kill(tool); // it outlives a killed Codex
    endBackgroundProcess();
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Windows leave a process behind that goes on without them. */
  function endBackgroundProcess(): void {
    const daemon = join(host.homeDir, '.codex/app-server-daemon');
    for (const name of existsSync(daemon) ? readdirSync(daemon) : []) {
      if (!name.endsWith('.pid')) continue;
      const pid = Number(/\d+/.exec(readFileSync(join(daemon, name), 'utf8'))?.[0] ?? 0);
      if (pid > 1) kill(pid);
    }
  }

  function start(args: readonly string[], folderOfRun = cwd): ChildProcess {
    const child = spawn(CODEX ?? '', args, { cwd: folderOfRun, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    return child;
  }

  async function run(args: readonly string[], folderOfRun = cwd): Promise<void> {
    const child = start(args, folderOfRun);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => (output += part.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(code, output).toBe(0);
  }

  async function captureAll(): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host))).items;
  }

  async function captureOne(): Promise<CapturedItem> {
    const [item] = await captureAll();
    if (item === undefined) throw new Error('nothing captured');
    return item;
  }

  function pathOf(item: CapturedItem): string {
    return join(host.homeDir, '.codex', textOf(item.attributes['file']) ?? '');
  }

  it('captures a conversation with a tool, brings a deleted one back, and Codex goes on with it', async () => {
    await run(['exec', '--skip-git-repo-check', 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await captureOne();
    expect(item.attributes).toMatchObject({ cwd, isLive: false, provider: 'openai', messageCount: 3 });
    const { items, contents } = toSnapshotItems([item]);
    const read = await source.readConversation?.(items[0]!, {
      readStream: async (name) => contents.get(`${item.key}\n${name}`) ?? new Uint8Array(),
    });
    expect(read?.unreadableLines).toBe(0);
    expect(read?.messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { result: expect.stringContaining('from-the-tool'), isError: false },
    ]);
    const rollout = pathOf(item);
    const original = readFileSync(rollout);

    rmSync(rollout);
    const context = makeRestoreContext(host, folder.path, [item]);
    const plan = await source.planRestore(context.selected, context);
    for await (const result of source.applyRestore(plan, context)) expect(result.status).toBe('done');
    expect(readFileSync(rollout).equals(original)).toBe(true);

    const command = source.resumeCommand?.(items[0]!);
    expect(command?.argv.slice(0, 2)).toEqual(['codex', 'resume']);
    const words = command?.argv.slice(1) ?? [];
    await run(['exec', '--skip-git-repo-check', ...words, 'which word was it?'], command?.cwd);

    expect(server.requests.at(-1)).toContain('cormorant');
    expect(statSync(rollout).size).toBeGreaterThan(original.length);
    expect((await captureOne()).attributes).toMatchObject({ id: item.attributes['id'], messageCount: 5 });
  });

  it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
    start(['exec', '--skip-git-repo-check', 'run it [TOOL:echo $$ > tool.pid; exec sleep 50]']);
    await waitFor('the tool', () => existsSync(join(cwd, 'tool.pid')), START_TIMEOUT_MS);
    await waitFor('the call in the rollout', async () => (await captureAll())[0]?.attributes['messageCount'] === 2);
    const running = await captureOne();
    const context = makeRestoreContext(host, folder.path, [running]);
    const plan = await source.planRestore(context.selected, context);

    kill(Number(running.attributes['pid']));
    await waitFor('the end of it', async () => (await captureOne()).attributes['isLive'] === false);

    expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true, pid: expect.any(Number) });
    expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('running already') }]);
    expect((await captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
  });

  it.skipIf(TMUX === null)(
    'tells the panes of two windows in one folder apart, and none once they have closed',
    async () => {
      const socket = join(folder.path, 'tmux');
      const tmux = (...args: readonly string[]): string =>
        execFileSync(TMUX ?? '', ['-f', '/dev/null', '-S', socket, ...args], { env: { ...env }, encoding: 'utf8' });
      try {
        const ttys: string[] = [];
        for (const name of ['one', 'two']) {
          tmux('new-session', '-d', '-s', name, '-x', '100', '-y', '40', '-c', cwd, CODEX ?? '');
          ttys.push(tmux('display-message', '-p', '-t', name, '#{pane_tty}').trim());
          const sees = (text: string) => () => tmux('capture-pane', '-p', '-t', name).includes(text);
          await waitFor('the window', sees('Ask Codex'), START_TIMEOUT_MS);
          tmux('send-keys', '-t', name, '-l', `this is window ${name}`);
          await waitFor('the text', sees(`› this is window ${name}`), START_TIMEOUT_MS);
          await new Promise((resolve) => setTimeout(resolve, 300)); // a fast return counts as pasted text
          tmux('send-keys', '-t', name, 'Enter');
          await waitFor('the answer', sees('• Answer'), START_TIMEOUT_MS);
        }

        await waitFor('both', async () => (await captureAll()).length === 2);
        const open = (await captureAll()).map(({ attributes }) => [attributes['firstMessage'], attributes['tty']]);
        const isOneClosed = async () => (await captureAll()).some((item) => item.attributes['isLive'] === false);
        tmux('kill-session', '-t', 'one');
        await waitFor('one to be closed', isOneClosed, START_TIMEOUT_MS);
        const left = (await captureAll()).map(({ attributes }) => [attributes['firstMessage'], attributes['isLive']]);

        expect(open).toEqual([
          ['this is window two', ttys[1]],
          ['this is window one', ttys[0]],
        ]);
        expect(left).toEqual([
          ['this is window two', true],
          ['this is window one', false],
        ]);
      } finally {
        tmux('kill-server');
      }
    },
  );
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
