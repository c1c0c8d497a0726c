// Against the real Codex, which is no dependency: `$CAIRN_TEST_CODEX` or PATH has it, or these tests are skipped. The model is a
// local server.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createCodexSource } from '../../../../src/core/sources/codex/codex-source.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeOpenAiServer } from '../../../support/fake-openai-server.ts';
import { findProgram } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';

const CODEX = findAiProgram('codex');
const EXEC = ['exec', '--skip-git-repo-check'];
const START_TIMEOUT_MS = 40_000;

describe.skipIf(CODEX === null)('the Codex source with the real program', { timeout: 4 * START_TIMEOUT_MS }, () => {
  async function setUp(): Promise<ConversationRig> {
    const server = await startFakeOpenAiServer();
    const env = { FAKE_KEY: 'not-a-key' };
    const rig = new ConversationRig({ program: CODEX ?? '', source: createCodexSource(), server, env });
    mkdirSync(join(rig.host.homeDir, '.codex'));
    writeFileSync(
      join(rig.host.homeDir, '.codex/config.toml'),
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
[projects."${rig.cwd}"]
trust_level = "trusted"
[tui]
screen_reader_detection_done = true
`,
    );
    return rig;
  }

  /** Windows leave a process behind that goes on without them. */
  function endBackgroundProcess(rig: ConversationRig): void {
    const daemon = join(rig.host.homeDir, '.codex/app-server-daemon');
    for (const name of existsSync(daemon) ? readdirSync(daemon) : []) {
      const pid = name.endsWith('.pid') ? Number(/\d+/.exec(readFileSync(join(daemon, name), 'utf8'))?.[0] ?? 0) : 0;
      if (pid > 1 && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    }
  }

  it('captures a conversation with a tool, brings a deleted one back, and Codex goes on with it', async () => {
    await using rig = await setUp();
    await rig.run([...EXEC, 'remember the word cormorant [TOOL:echo from-the-tool]']);
    const item = await rig.captureOne();
    expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, provider: 'openai', messageCount: 3 });
    const { messages, unreadableLines } = await rig.read(item);
    expect(unreadableLines).toBe(0);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { result: expect.stringContaining('from-the-tool'), isError: false },
    ]);
    const rollout = rig.pathOf(item, '.codex');
    const original = readFileSync(rollout);

    rmSync(rollout);
    expect(await rig.restore(item)).toEqual(['done']);
    expect(readFileSync(rollout).equals(original)).toBe(true);

    const command = rig.resumeCommand(item);
    const [resume = '', id = ''] = command?.argv.slice(1) ?? [];
    await rig.run([...EXEC, resume, id, 'which word was it?'], command?.cwd);

    expect(rig.server.requests.at(-1)).toContain('cormorant');
    expect(statSync(rollout).size).toBeGreaterThan(original.length);
    expect((await rig.captureAll()).map(({ attributes }) => [attributes['id'], attributes['messageCount']])).toEqual([
      [item.attributes['id'], 5],
    ]);
  });

  it('follows a conversation that is archived, and brings a deleted one back to where Codex finds it', async () => {
    await using rig = await setUp();
    await rig.run([...EXEC, 'remember the word cormorant']);
    const before = await rig.captureOne();
    const id = String(before.key).slice('codex:'.length);
    await rig.run(['archive', id]);
    const archived = await rig.captureOne();

    rmSync(rig.pathOf(archived, '.codex'));
    expect(await rig.restore(archived)).toEqual(['done']);
    await rig.run(['unarchive', id]);
    const back = await rig.captureOne();

    expect(archived.attributes).toMatchObject({
      isArchived: true,
      file: expect.stringMatching(/^archived_sessions\//),
    });
    expect(back).toMatchObject({ key: before.key, attributes: { file: before.attributes['file'], messageCount: 2 } });
  });

  it('knows a running one by its process, and after kill -9 during a tool that it stands in mid-turn', async () => {
    await using rig = await setUp();
    rig.start([...EXEC, rig.endlessPrompt]);
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

  it.skipIf(findProgram('tmux') === null)(
    'tells the panes of two windows apart, and none once they have closed',
    async () => {
      await using rig = await setUp();
      try {
        const windows = [];
        for (const name of ['one', 'two']) {
          const window = rig.openWindow(name, []);
          windows.push(window);
          await window.untilShown('Ask Codex');
          await window.say(`this is window ${name}`);
          await window.untilShown('• Answer');
        }
        await waitFor('both', async () => (await rig.captureAll()).length === 2);

        const open = (await rig.captureAll()).map(({ attributes }) => [attributes['firstMessage'], attributes['tty']]);
        windows[0]?.close();
        const isOneClosed = async () =>
          (await rig.captureAll()).some(({ attributes }) => attributes['isLive'] === false);
        await waitFor('one to be closed', isOneClosed, 2 * START_TIMEOUT_MS);
        const left = (await rig.captureAll()).map(({ attributes }) => [
          attributes['firstMessage'],
          attributes['isLive'],
        ]);

        expect(open).toEqual([
          ['this is window two', windows[1]?.tty],
          ['this is window one', windows[0]?.tty],
        ]);
        expect(left).toEqual([
          ['this is window two', true],
          ['this is window one', false],
        ]);
      } finally {
        endBackgroundProcess(rig);
      }
    },
  );
});
