// Against the real Gemini CLI, which is no dependency: `$CAIRN_TEST_GEMINI` or PATH has it, or these tests are skipped. The model is a
// local server.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createGeminiSource } from '../../../../src/core/sources/gemini/gemini-source.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeGeminiServer } from '../../../support/fake-gemini-server.ts';
import { findProgram } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';

const GEMINI = findAiProgram('gemini');

describe.skipIf(GEMINI === null)('the Gemini CLI source with the real program', { timeout: 160_000 }, () => {
  async function setUp(): Promise<ConversationRig> {
    const server = await startFakeGeminiServer();
    const env = {
      GEMINI_API_KEY: 'not-a-key',
      GOOGLE_GEMINI_BASE_URL: server.url,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    };
    const rig = new ConversationRig({ program: GEMINI ?? '', source: createGeminiSource(), server, env });
    const settings = {
      general: { disableAutoUpdate: true, disableUpdateNag: true },
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
    };
    mkdirSync(join(rig.host.homeDir, '.gemini'));
    writeFileSync(join(rig.host.homeDir, '.gemini/settings.json'), JSON.stringify(settings));
    return rig;
  }

  it('captures a session with a tool, brings a deleted one back, and Gemini CLI goes on with it', async () => {
    await using rig = await setUp();
    await rig.run(['--yolo', '-p', 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await rig.captureOne();
    expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, provider: 'google', messageCount: 3 });
    const { messages, unreadableLines } = await rig.read(item);
    expect(unreadableLines).toBe(0);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'run_shell_command', result: expect.stringContaining('from-the-tool'), isError: false },
    ]);
    const file = rig.pathOf(item, '.gemini');
    const original = readFileSync(file);

    rmSync(dirname(dirname(file)), { recursive: true });
    expect(await rig.restore(item)).toEqual(['done']);
    expect(readFileSync(file).equals(original)).toBe(true);

    const command = rig.resumeCommand(item);
    const words = command?.argv.slice(1) ?? [];
    await rig.run(['--yolo', ...words, '-p', 'which word was it?'], command?.cwd);

    expect(rig.server.requests.at(-1)).toContain('cormorant');
    expect(statSync(file).size).toBeGreaterThan(original.length);
    expect((await rig.captureAll()).map(({ attributes }) => [attributes['id'], attributes['messageCount']])).toEqual([
      [item.attributes['id'], 5],
    ]);
  });

  it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
    await using rig = await setUp();
    rig.start(['--yolo', '-p', rig.endlessPrompt]);
    await rig.untilToolRuns();
    await waitFor('the prompt', async () => (await rig.captureAll())[0]?.attributes['messageCount'] === 1);
    const running = await rig.captureOne();
    const plan = await rig.plan(running);

    rig.killAll(running);
    await waitFor('the end of it', async () => (await rig.captureOne()).attributes['isLive'] === false);

    expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true, pid: expect.any(Number) });
    expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('running already') }]);
    expect((await rig.captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
  });

  it.skipIf(findProgram('tmux') === null)('tells the panes of two windows in one folder apart', async () => {
    await using rig = await setUp();
    await rig.run(['--yolo', '-p', 'not in a window']);
    const ttys: string[] = [];
    for (const name of ['one', 'two']) {
      const window = rig.openWindow(name, ['--yolo']);
      ttys.push(window.tty);
      await window.untilShown('Type your message');
      await window.say(`this is window ${name}`);
      await window.untilShown('✦ Answer');
    }
    await waitFor('both', async () => (await rig.captureAll()).length === 3);

    const open = (await rig.captureAll()).map(({ attributes }) => [attributes['firstMessage'], attributes['tty']]);

    expect(open).toEqual(
      expect.arrayContaining([
        ['this is window two', ttys[1]],
        ['this is window one', ttys[0]],
        ['not in a window', undefined],
      ]),
    );
  });
});
