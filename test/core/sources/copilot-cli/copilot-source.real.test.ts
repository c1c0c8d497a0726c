// Against the real Copilot CLI, which is no dependency: `$CAIRN_TEST_COPILOT` or PATH has it, or these tests are skipped. The model is
// a local server.

import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createCopilotSource } from '../../../../src/core/sources/copilot-cli/copilot-source.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeChatServer } from '../../../support/fake-chat-server.ts';
import { waitFor } from '../../../support/test-host.ts';

const COPILOT = findAiProgram('copilot');

describe.skipIf(COPILOT === null)('the Copilot CLI source with the real program', { timeout: 120_000 }, () => {
  async function setUp(): Promise<ConversationRig> {
    const server = await startFakeChatServer();
    const env = {
      COPILOT_PROVIDER_BASE_URL: `${server.url}/v1`,
      COPILOT_PROVIDER_API_KEY: 'not-a-key',
      COPILOT_MODEL: 'fake-model',
      COPILOT_OFFLINE: 'true',
    };
    return new ConversationRig({ program: COPILOT ?? '', source: createCopilotSource(), server, env });
  }

  it('captures a session with a tool, brings a deleted one back, and Copilot CLI goes on with it', async () => {
    await using rig = await setUp();
    await rig.run(['--allow-all-tools', '-p', 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await rig.captureOne();
    expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, provider: 'github', messageCount: 3 });
    const { messages, unreadableLines } = await rig.read(item);
    expect(unreadableLines).toBe(0);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'bash', result: expect.stringContaining('from-the-tool'), isError: false },
    ]);
    const events = rig.pathOf(item, '.copilot');
    const original = readFileSync(events);

    rmSync(dirname(events), { recursive: true });
    expect(await rig.restore(item)).toEqual(['done']);
    expect(readFileSync(events).equals(original)).toBe(true);

    const command = rig.resumeCommand(item);
    const words = command?.argv.slice(1) ?? [];
    await rig.run(['--allow-all-tools', ...words, '-p', 'which word was it?'], command?.cwd);

    expect(rig.server.requests.at(-1)).toContain('cormorant');
    expect(statSync(events).size).toBeGreaterThan(original.length);
    expect((await rig.captureAll()).map(({ attributes }) => [attributes['id'], attributes['messageCount']])).toEqual([
      [item.attributes['id'], 5],
    ]);
  });

  it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
    await using rig = await setUp();
    rig.start(['--allow-all-tools', '-p', rig.endlessPrompt]);
    await rig.untilToolRuns();
    await waitFor('the call', async () => (await rig.captureAll())[0]?.attributes['messageCount'] === 2);
    const running = await rig.captureOne();
    const plan = await rig.plan(running);

    rig.killAll(running);
    await waitFor('the end of it', async () => (await rig.captureOne()).attributes['isLive'] === false);

    expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true, pid: expect.any(Number) });
    expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('running already') }]);
    expect((await rig.captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
  });
});
