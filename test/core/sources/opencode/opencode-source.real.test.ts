// Against the real OpenCode, which is no dependency: `$CAIRN_TEST_OPENCODE` or PATH has it, or these tests are skipped. The model is a
// local server.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createOpencodeSource } from '../../../../src/core/sources/opencode/opencode-source.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeChatServer } from '../../../support/fake-chat-server.ts';

const OPENCODE = findAiProgram('opencode');

function idOf({ attributes }: { readonly attributes: JsonObject }): string {
  const { id } = attributes;
  if (typeof id !== 'string') throw new Error('a session without an id');
  return id;
}

describe.skipIf(OPENCODE === null)('the OpenCode source with the real program', { timeout: 180_000 }, () => {
  async function setUp(): Promise<ConversationRig> {
    const server = await startFakeChatServer();
    const env = { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' };
    const rig = new ConversationRig({ program: OPENCODE ?? '', source: createOpencodeSource(), server, env });
    const folder = join(rig.host.homeDir, '.config', 'opencode');
    mkdirSync(folder, { recursive: true });
    const provider = {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${server.url}/v1`, apiKey: 'not-a-key' },
      models: { 'fake-model': { name: 'Fake' } },
    };
    writeFileSync(
      join(folder, 'opencode.json'),
      JSON.stringify({
        provider: { fake: provider },
        model: 'fake/fake-model',
        small_model: 'fake/fake-model',
        share: 'disabled',
      }),
    );
    return rig;
  }

  it('captures a session with a tool; one that was deleted is imported again, and OpenCode goes on with it', async () => {
    await using rig = await setUp();
    await rig.run(['run', 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await rig.captureOne();
    expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, model: 'fake-model', provider: 'fake' });
    const { messages, unreadableLines } = await rig.read(item);
    expect(unreadableLines).toBe(0);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'bash', result: expect.stringContaining('from-the-tool') as string, isError: false },
    ]);

    const id = idOf(item);
    const run = (...args: string[]) =>
      execFileSync(OPENCODE ?? '', args, { cwd: rig.cwd, env: { ...rig.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    run('session', 'delete', id);
    expect(await rig.captureAll()).toEqual([]);
    expect(await rig.restore(item)).toEqual(['done']);
    run('import', join(rig.host.homeDir, '.local', 'share', 'opencode', 'cairn', `${id}.json`));
    const imported = await rig.captureOne();
    expect(imported.attributes['id']).toBe(id);
    expect((await rig.read(imported)).messages.map(({ text }) => text)).toEqual(messages.map(({ text }) => text));

    await rig.run(['run', '-s', id, 'which word was it?']);
    expect(rig.server.requests.at(-1)).toContain('cormorant');
    expect((await rig.read(await rig.captureOne())).messages.length).toBeGreaterThan(messages.length);
  });

  it('knows a running one by its arguments, and after kill -9 during a tool that it stands in mid-turn', async () => {
    await using rig = await setUp();
    await rig.run(['run', 'hello']);
    const id = idOf(await rig.captureOne());
    rig.start(['run', '-s', id, rig.endlessPrompt]);
    await rig.untilToolRuns();
    const running = await rig.captureOne();
    expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true });
    expect(await rig.plan(running)).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('running') as string },
    ]);
    rig.killAll(running);
    expect((await rig.captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
  });
});
