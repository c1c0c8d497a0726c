// Against the real Gemini CLI, which is no dependency: `$CAIRN_TEST_GEMINI` or PATH has it, or these tests are skipped. The model is a
// local server.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { textOf } from '../../../../src/core/sources/conversation/json-record.ts';
import { createGeminiSource } from '../../../../src/core/sources/gemini/gemini-source.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { startFakeGeminiServer } from '../../../support/fake-gemini-server.ts';
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

const GEMINI = findAiProgram('gemini');
const TMUX = findProgram('tmux');
const START_TIMEOUT_MS = 40_000;

describe.skipIf(GEMINI === null)(
  'the Gemini CLI source with the real program',
  { timeout: 4 * START_TIMEOUT_MS },
  () => {
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
      source = createGeminiSource();
      server = await startFakeGeminiServer();
      cwd = join(folder.path, 'my_project');
      mkdirSync(cwd);
      const settings = join(host.homeDir, '.gemini/settings.json');
      mkdirSync(dirname(settings));
      const general = { disableAutoUpdate: true, disableUpdateNag: true };
      const auth = { selectedType: 'gemini-api-key' };
      writeFileSync(
        settings,
        JSON.stringify({ general, security: { auth }, privacy: { usageStatisticsEnabled: false } }),
      );
      env = {
        PATH: process.env['PATH'],
        HOME: host.homeDir,
        TERM: 'screen-256color',
        GEMINI_API_KEY: 'not-a-key',
        GOOGLE_GEMINI_BASE_URL: server.url,
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
      };
    });

    afterEach(async () => {
      for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
      const tool = existsSync(join(cwd, 'tool.pid')) ? Number(readFileSync(join(cwd, 'tool.pid'), 'utf8')) : 0;
      if (tool > 1) kill(tool); // it outlives a killed Gemini CLI
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    function start(args: readonly string[], folderOfRun = cwd): ChildProcess {
      const child = spawn(GEMINI ?? '', ['--yolo', ...args], {
        cwd: folderOfRun,
        env: { ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
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

    it('captures a session with a tool, brings a deleted one back, and Gemini CLI goes on with it', async () => {
      await run(['-p', 'remember the word cormorant [TOOL:echo from-the-tool]']);
      const item = await captureOne();
      expect(item.attributes).toMatchObject({ cwd, isLive: false, provider: 'google', messageCount: 3 });
      const { items, contents } = toSnapshotItems([item]);
      const read = await source.readConversation?.(items[0]!, {
        readStream: async (name) => contents.get(`${item.key}\n${name}`) ?? new Uint8Array(),
      });
      expect(read?.unreadableLines).toBe(0);
      expect(read?.messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
        { name: 'run_shell_command', result: expect.stringContaining('from-the-tool'), isError: false },
      ]);
      const file = join(host.homeDir, '.gemini', textOf(item.attributes['file']) ?? '');
      const original = readFileSync(file);

      rmSync(dirname(dirname(file)), { recursive: true });
      const context = makeRestoreContext(host, folder.path, [item]);
      const plan = await source.planRestore(context.selected, context);
      for await (const result of source.applyRestore(plan, context)) expect(result.status).toBe('done');
      expect(readFileSync(file).equals(original)).toBe(true);

      const command = source.resumeCommand?.(items[0]!);
      await run([...(command?.argv.slice(1) ?? []), '-p', 'which word was it?'], command?.cwd);

      expect(server.requests.at(-1)).toContain('cormorant');
      expect(statSync(file).size).toBeGreaterThan(original.length);
      expect((await captureAll()).map(({ attributes }) => [attributes['id'], attributes['messageCount']])).toEqual([
        [item.attributes['id'], 5],
      ]);
    });

    it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
      start(['-p', 'run it [TOOL:echo $$ > tool.pid; exec sleep 50]']);
      await waitFor('the tool', () => existsSync(join(cwd, 'tool.pid')), START_TIMEOUT_MS);
      await waitFor('the prompt in the file', async () => (await captureAll())[0]?.attributes['messageCount'] === 1);
      const running = await captureOne();
      const context = makeRestoreContext(host, folder.path, [running]);
      const plan = await source.planRestore(context.selected, context);

      for (const child of started) child.kill('SIGKILL');
      kill(Number(running.attributes['pid']));
      await waitFor('the end of it', async () => (await captureOne()).attributes['isLive'] === false);

      expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true, pid: expect.any(Number) });
      expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('running already') }]);
      expect((await captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
    });

    it.skipIf(TMUX === null)('tells the panes of two windows in one folder apart', async () => {
      const socket = join(folder.path, 'tmux');
      const tmux = (...args: readonly string[]): string =>
        execFileSync(TMUX ?? '', ['-f', '/dev/null', '-S', socket, ...args], { env: { ...env }, encoding: 'utf8' });
      try {
        await run(['-p', 'not in a window']);
        const ttys: string[] = [];
        for (const name of ['one', 'two']) {
          tmux('new-session', '-d', '-s', name, '-x', '110', '-y', '40', '-c', cwd, GEMINI ?? '', '--yolo');
          ttys.push(tmux('display-message', '-p', '-t', name, '#{pane_tty}').trim());
          const sees = (text: string) => () => tmux('capture-pane', '-p', '-t', name).includes(text);
          await waitFor('the window', sees('Type your message'), START_TIMEOUT_MS);
          tmux('send-keys', '-t', name, '-l', `this is window ${name}`);
          await waitFor('the text', sees(`this is window ${name}`), START_TIMEOUT_MS);
          await new Promise((resolve) => setTimeout(resolve, 300)); // a fast return counts as pasted text
          tmux('send-keys', '-t', name, 'Enter');
          await waitFor('the answer', sees('✦ Answer'), START_TIMEOUT_MS);
        }
        await waitFor('both', async () => (await captureAll()).length === 3);

        const open = (await captureAll()).map(({ attributes }) => [attributes['firstMessage'], attributes['tty']]);

        expect(open).toEqual(
          expect.arrayContaining([
            ['this is window two', ttys[1]],
            ['this is window one', ttys[0]],
            ['not in a window', undefined],
          ]),
        );
      } finally {
        tmux('kill-server');
      }
    });
  },
);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
