// Against the real Continue CLI, which is no dependency: `$CAIRN_TEST_CN` or PATH has it, or these tests are skipped. The model is a
// local server.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createContinueSource } from '../../../../src/core/sources/continue/continue-source.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeChatServer } from '../../../support/fake-chat-server.ts';

const CN = findAiProgram('cn');

describe.skipIf(CN === null)('the Continue source with the real program', { timeout: 120_000 }, () => {
  async function setUp(): Promise<ConversationRig> {
    const server = await startFakeChatServer();
    const env = { CONTINUE_TELEMETRY_ENABLED: '0' };
    const rig = new ConversationRig({ program: CN ?? '', source: createContinueSource(), server, env });
    const folder = join(rig.host.homeDir, '.continue');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'config.yaml'),
      `name: Local
version: 1.0.0
schema: v1
models:
  - name: fake-model
    provider: openai
    model: fake-model
    apiBase: ${server.url}/v1
    apiKey: not-a-key
`,
    );
    return rig;
  }

  it('captures a session with a tool, brings a deleted one back, and Continue goes on with it', async () => {
    await using rig = await setUp();
    await rig.run(['--auto', '-p', 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await rig.captureOne();
    expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, model: 'fake-model', messageCount: 3 });
    const { messages, unreadableLines } = await rig.read(item);
    expect(unreadableLines).toBe(0);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'Bash', result: expect.stringContaining('from-the-tool'), isError: false },
    ]);
    const file = rig.pathOf(item, '.continue');
    const original = readFileSync(file);

    rmSync(join(file, '..'), { recursive: true });
    expect(await rig.restore(item)).toEqual(['done']);
    expect(readFileSync(file).equals(original)).toBe(true);

    const command = rig.resumeCommand(item);
    await rig.run([...(command?.argv.slice(1) ?? []), '--auto', '-p', 'which word was it?'], command?.cwd);

    expect(rig.server.requests.at(-1)).toContain('cormorant');
    const counts = (await rig.captureAll()).map(({ attributes }) => attributes['messageCount']);
    expect(counts).toEqual(expect.arrayContaining([3, 5])); // a fork: what it went on from stays as it was
  });

  it('writes nothing before the end of a run, so that a killed one leaves what was there as it was', async () => {
    await using rig = await setUp();
    await rig.run(['--auto', '-p', 'the first one']);
    const before = await rig.captureOne();
    rig.start(['--auto', '-p', rig.endlessPrompt]);
    await rig.untilToolRuns();
    const during = await rig.captureAll();

    rig.killAll();

    expect(during).toHaveLength(1);
    expect((await rig.captureAll()).map(({ attributes }) => attributes)).toEqual([before.attributes]);
  });
});
