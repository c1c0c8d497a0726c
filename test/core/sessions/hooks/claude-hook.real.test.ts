// The entry as the real Claude Code runs it: `$CAIRN_TEST_CLAUDE` or PATH has it, or this is skipped. The model is a local server.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer, type LocalServer } from '../../../../src/core/api/local/local-server.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { applyHookChange, planInstall, planUninstall } from '../../../../src/core/sessions/hooks/hook-files.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { startFakeModelServer, type FakeModelServer } from '../../../support/fake-model-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeTestHost } from '../../../support/test-host.ts';
import { makeTestSession, type TestSession } from '../../../support/test-session.ts';
import { TEST_PASSWORD } from '../../../support/test-vault.ts';

const CLAUDE = findAiProgram('claude');

describe.skipIf(CLAUDE === null)('the hook of the real Claude Code', { timeout: 60_000 }, () => {
  let folder: TemporaryFolder;
  let test: TestSession;
  let server: LocalServer;
  let model: FakeModelServer;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    test = makeTestSession({ clock: systemClock });
    await test.session.createVault(TEST_PASSWORD);
    const { session, router } = test;
    server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
    const { running } = test.app.folder;
    // The hook asks the system whether the app lives: this process is it.
    writeFileSync(running, readFileSync(running, 'utf8').replace('1000001', String(process.pid)));
    model = await startFakeModelServer();
  });
  afterEach(async () => {
    await model[Symbol.asyncDispose]();
    await server.close();
    await test[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('tells a running Cairn of each turn, and says nothing into the conversation', async () => {
    const host = makeTestHost(folder.path);
    const place = { host, home: test.home, node: process.execPath };
    applyHookChange(planInstall('claude-code', place));
    const cwd = join(folder.path, 'my_project');
    mkdirSync(cwd);

    const child = spawn(CLAUDE ?? '', ['-p', 'Turn one, please'], {
      cwd,
      env: {
        ...host.env,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);

    const { store } = test.session.unlocked().sessions;
    await expect
      .poll(async () => (await store.list()).map(({ messageCount }) => messageCount), { timeout: 10_000 })
      .toEqual([2]);
    const [session] = await store.list();
    expect(session).toMatchObject({
      tool: 'claude-code',
      project: 'my_project',
      folder: cwd,
      preview: 'Turn one, please',
    });
    const messages = session === undefined ? [] : await store.allMessages(session.id);
    expect(messages.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'user: Turn one, please',
      `assistant: ${printed.trim()}`,
    ]);
    applyHookChange(planUninstall('claude-code', place));
  });
});
