// Against the real Claude Code, which is no dependency: `$CAIRN_TEST_CLAUDE` or PATH has it, or these tests are skipped. The model is
// a local server.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createClaudeCodeSource } from '../../../../src/core/sources/claude-code/claude-source.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { startFakeModelServer, type FakeModelServer } from '../../../support/fake-model-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

const CLAUDE = findAiProgram('claude');
const START_TIMEOUT_MS = 20_000;

describe.skipIf(CLAUDE === null)(
  'the Claude Code source with the real program',
  { timeout: 3 * START_TIMEOUT_MS },
  () => {
    let folder: TemporaryFolder;
    let host: Host;
    let source: Source;
    let server: FakeModelServer;
    let cwd: string;
    const started: ChildProcess[] = [];

    beforeEach(async () => {
      folder = makeTemporaryFolder();
      host = makeTestHost(folder.path);
      source = createClaudeCodeSource();
      server = await startFakeModelServer();
      cwd = join(folder.path, 'my_project');
      mkdirSync(cwd);
    });

    afterEach(async () => {
      for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
      const tool = existsSync(join(cwd, 'tool.pid')) ? Number(readFileSync(join(cwd, 'tool.pid'), 'utf8')) : 0;
      if (tool > 1) kill(tool); // it outlives a killed Claude Code
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    function start(args: readonly string[], folderOfRun = cwd): ChildProcess {
      const child = spawn(CLAUDE ?? '', ['--allowedTools', 'Bash', ...args], {
        cwd: folderOfRun,
        env: {
          ...host.env,
          ANTHROPIC_BASE_URL: server.url,
          ANTHROPIC_API_KEY: 'not-a-key',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_AUTOUPDATER: '1',
        },
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

    it('captures a conversation, brings a deleted one back, and Claude Code goes on with it', async () => {
      await run(['-p', 'remember the word cormorant']);
      const [item] = await captureAll();
      if (item === undefined) throw new Error('nothing captured');
      expect(item.attributes).toMatchObject({ cwd, isLive: false, firstMessage: 'remember the word cormorant' });
      const { file } = item.attributes;
      if (typeof file !== 'string') throw new Error('no file');
      const transcript = join(host.homeDir, '.claude', file);
      const original = readFileSync(transcript);

      rmSync(transcript);
      const context = makeRestoreContext(host, folder.path, [item]);
      const plan = await source.planRestore(context.selected, context);
      for await (const result of source.applyRestore(plan, context)) expect(result.status).toBe('done');
      expect(readFileSync(transcript).equals(original)).toBe(true);

      const command = source.resumeCommand?.(toSnapshotItems([item]).items[0]!);
      await run([...(command?.argv.slice(1) ?? []), '-p', 'which word was it?'], command?.cwd);

      expect(server.requests.at(-1)).toContain('cormorant');
      expect(statSync(transcript).size).toBeGreaterThan(original.length);
      const [grown] = await captureAll();
      expect(grown?.attributes).toMatchObject({ id: item.attributes['id'], messageCount: 4 });
    });

    it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
      const child = start(['-p', 'run it [TOOL:echo $$ > tool.pid; exec sleep 50]']);
      await waitFor('the tool', () => existsSync(join(cwd, 'tool.pid')), START_TIMEOUT_MS);
      await waitFor(
        'the call in the transcript',
        async () => (await captureAll())[0]?.attributes['isMidTurn'] === true,
      );
      const [running] = await captureAll();

      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('exit', resolve)); // the tool holds its output open
      const [killed] = await captureAll();

      expect(running?.attributes).toMatchObject({ isLive: true, pid: child.pid });
      expect(killed?.attributes).toMatchObject({ isLive: false, isMidTurn: true });
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
