// The entry as the real tools run it: `$CAIRN_TEST_CLAUDE`, `$CAIRN_TEST_CODEX` or PATH have them, or they are skipped. The model is a
// local server.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer, type LocalServer } from '../../../../src/core/api/local/local-server.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import {
  applyHookChange,
  planInstall,
  planUninstall,
  type HookTool,
} from '../../../../src/core/sessions/hooks/hook-files.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { startFakeModelServer } from '../../../support/fake-model-server.ts';
import { startFakeOpenAiServer } from '../../../support/fake-openai-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeTestHost } from '../../../support/test-host.ts';
import { makeTestSession, type TestSession } from '../../../support/test-session.ts';
import { TEST_PASSWORD } from '../../../support/test-vault.ts';

interface Run {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Tool {
  readonly tool: Exclude<HookTool, 'git'>;
  readonly title: string;
  readonly program: string | null;
  readonly startModel: () => Promise<{ readonly url: string; [Symbol.asyncDispose](): Promise<void> }>;
  /** Says what to run, and writes the settings that the run needs. */
  readonly prepare: (place: { readonly url: string; readonly home: string; readonly cwd: string }) => Run;
}

const TOOLS: readonly Tool[] = [
  {
    tool: 'claude-code',
    title: 'Claude Code',
    program: findAiProgram('claude'),
    startModel: startFakeModelServer,
    prepare: ({ url }) => ({
      args: ['-p'],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'not-a-key',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    }),
  },
  {
    tool: 'codex',
    title: 'Codex',
    program: findAiProgram('codex'),
    startModel: startFakeOpenAiServer,
    prepare: ({ url, home, cwd }) => {
      mkdirSync(join(home, '.codex'), { recursive: true });
      writeFileSync(
        join(home, '.codex/config.toml'),
        `model = "fake-model"
model_provider = "fake"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.fake]
name = "Fake"
base_url = "${url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
[projects."${cwd}"]
trust_level = "trusted"
`,
      );
      // A person trusts a hook once, in Codex itself.
      const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-hook-trust'];
      return { args, env: { FAKE_KEY: 'not-a-key' } };
    },
  },
];

describe.each(TOOLS)('the hook of the real $tool', ({ tool, title, program, startModel, prepare }) => {
  let folder: TemporaryFolder;
  let test: TestSession;
  let server: LocalServer;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    test = makeTestSession({ clock: systemClock });
    await test.session.createVault(TEST_PASSWORD);
    const { session, router } = test;
    server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
    const { running } = test.app.folder;
    // The hook asks the system whether the app lives: this process is it.
    writeFileSync(running, readFileSync(running, 'utf8').replace('1000001', String(process.pid)));
  });
  afterEach(async () => {
    await server.close();
    await test[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it.skipIf(program === null)(
    'tells a running Cairn of each turn, has a checkpoint before it, and says nothing into the conversation',
    { timeout: 90_000 },
    async () => {
      await using model = await startModel();
      const host = makeTestHost(folder.path);
      const cwd = join(folder.path, 'my_project');
      mkdirSync(cwd);
      const { args, env } = prepare({ url: model.url, home: host.homeDir, cwd });
      const place = { host, home: test.home, node: process.execPath };
      applyHookChange(planInstall(tool, place));

      const child = spawn(program ?? '', [...args, 'Turn one, please'], {
        cwd,
        env: { ...host.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
      child.stderr.resume();
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);

      const { store } = test.session.unlocked().sessions;
      await expect
        .poll(async () => (await store.list()).map(({ messageCount }) => messageCount), { timeout: 15_000 })
        .toEqual([2]);
      const [session] = await store.list();
      expect(session).toMatchObject({ tool, project: 'my_project', folder: cwd, preview: 'Turn one, please' });
      const messages = session === undefined ? [] : await store.allMessages(session.id);
      expect(messages.map(({ role, text }) => `${role}: ${text}`)).toEqual([
        'user: Turn one, please',
        `assistant: ${printed.trim()}`,
      ]);
      const checkpoints = await test.session.unlocked().app.vault.listCheckpoints();
      expect(checkpoints.map(({ name, tags }) => ({ name, tags }))).toEqual([
        { name: `Before ${title} runs in my_project`, tags: ['automatic'] },
      ]);
      applyHookChange(planUninstall(tool, place));
    },
  );
});
