// Against the real Cline CLI, which is no dependency: `$CAIRN_TEST_CLINE` or PATH has it, or these tests are skipped. The model is a
// local server.

import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createClineSource } from '../../../../src/core/sources/cline/cline-source.ts';
import { readArguments, readProcesses } from '../../../../src/core/sources/host/proc.ts';
import { findAiProgram } from '../../../support/ai-program.ts';
import { ConversationRig } from '../../../support/conversation-rig.ts';
import { startFakeChatServer } from '../../../support/fake-chat-server.ts';
import { findProgram } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';

const CLINE = findAiProgram('cline');
const MODEL = ['-P', 'openai-compatible', '-m', 'fake-model'];

describe.skipIf(CLINE === null || findProgram('tmux') === null)(
  'the Cline source with the real program',
  { timeout: 120_000 },
  () => {
    async function setUp(): Promise<ConversationRig> {
      const server = await startFakeChatServer();
      const rig = new ConversationRig({ program: CLINE ?? '', source: createClineSource(), server, env: {} });
      const account = ['-p', 'openai-compatible', '-k', 'not-a-key', '-m', 'fake-model', '-b', `${server.url}/v1`];
      await rig.run(['auth', ...account]);
      return rig;
    }

    /** Every command leaves a background process behind. */
    function endHub(rig: ConversationRig): void {
      for (const { pid } of readProcesses({ procDir: '/proc' })) {
        const words = readArguments({ procDir: '/proc' }, pid);
        if (words.includes('--cline-hub-daemon') && words.includes(rig.cwd)) process.kill(pid, 'SIGKILL');
      }
    }

    it('captures a session with a tool, brings a deleted one back, and a window goes on with it', async () => {
      await using rig = await setUp();
      try {
        await rig.run([...MODEL, 'remember the word cormorant [TOOL:echo from-the-tool]']);
        const item = await rig.captureOne();
        expect(item.attributes).toMatchObject({ cwd: rig.cwd, isLive: false, model: 'fake-model', messageCount: 3 });
        const { messages, unreadableLines } = await rig.read(item);
        expect(unreadableLines).toBe(0);
        expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
          { name: 'run_commands', result: expect.stringContaining('from-the-tool'), isError: false },
        ]);
        const file = rig.pathOf(item, '.cline/data');
        const original = readFileSync(file);

        rmSync(dirname(file), { recursive: true });
        expect(await rig.restore(item)).toEqual(['done']);
        expect(readFileSync(file).equals(original)).toBe(true);

        const [, ...words] = rig.resumeCommand(item)?.argv ?? [];
        const window = rig.openWindow('one', words);
        await window.untilShown('The tool ran.');
        await window.untilShown('cormorant');
        expect((await rig.captureOne()).attributes).toMatchObject({ isLive: true, tty: window.tty });
        expect(await rig.plan(item)).toMatchObject([{ detail: expect.stringContaining('running already') }]);
      } finally {
        endHub(rig);
      }
    });

    it('knows one that it works on, and after kill -9 of all of Cline during a tool that it stands in mid-turn', async () => {
      await using rig = await setUp();
      try {
        rig.start([...MODEL, rig.endlessPrompt]);
        await rig.untilToolRuns();
        await waitFor('the call', async () => (await rig.captureAll())[0]?.attributes['messageCount'] === 2);
        const running = await rig.captureOne();

        rig.killAll(running);
        endHub(rig);
        await waitFor('the end of it', async () => (await rig.captureOne()).attributes['isLive'] === false);

        expect(running.attributes).toMatchObject({ isLive: true, isMidTurn: true, status: 'running' });
        expect((await rig.captureOne()).attributes).toMatchObject({ isLive: false, isMidTurn: true });
      } finally {
        endHub(rig);
      }
    });
  },
);
