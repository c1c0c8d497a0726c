import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startScriptedChatServer, type ScriptedChatServer } from '../../support/scripted-chat-server.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

let core: FakeCore;
let server: ScriptedChatServer;

beforeEach(async () => {
  core = new FakeCore();
  server = await startScriptedChatServer({ type: 'answer', pieces: ['Good \u001b[31mday.'] });
});
afterEach(() => server[Symbol.asyncDispose]());

const chat = (...more: string[]) => ['chat', '--base-url', server.url, '--model', 'm-1', ...more];

async function messages(): Promise<readonly string[]> {
  core.vault.isClosed = false;
  const [session] = await core.vault.listSessions();
  if (session === undefined) return [];
  return (await core.vault.readMessages(session.id, { limit: 100 })).messages.map(
    ({ role, text }) => `${role}: ${text}`,
  );
}

describe('cairn chat', () => {
  it('asks a terminal again and again, and ends with it', async () => {
    const result = await runCairn(chat(), {
      core,
      env: { CAIRN_PASSWORD: TEST_PASSWORD },
      answers: ['Hello', ' ', 'Again'],
    });

    expect(result.exitCode).toBe(0);
    expect(result.stderr).toMatch(/Session [0-9a-f]{16}, m-1\. Ctrl-D ends it\./);
    expect(result.stdout).toBe('Good day.\nGood day.\n');
    expect((await messages()).map((line) => line.slice(0, 12))).toEqual([
      'user: Hello',
      'assistant: G',
      'user: Again',
      'assistant: G',
    ]);
  });

  it('goes on after a turn that failed', async () => {
    server.script = [
      { type: 'refuse', status: 503, body: '' },
      { type: 'answer', pieces: ['Now.'] },
    ];

    const result = await runCairn(chat(), { core, env: { CAIRN_PASSWORD: TEST_PASSWORD }, answers: ['One', 'Two'] });

    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('refused the question (503)');
    expect(await messages()).toEqual(['user: One', 'user: Two', 'assistant: Now.']);
  });

  it('reads the key from a file, and asks at once where told to', async () => {
    using folder = makeTemporaryFolder();
    const file = join(folder.path, 'key');
    writeFileSync(file, 'sk-from-a-file\n');

    const result = await runCairn(chat('--key-file', file, '--no-stream', '--json', 'Hello'), { core });

    expect(result.json()).toMatchObject({ session: { tool: 'chat' }, message: { role: 'assistant' } });
    expect(server.requests[0]?.headers['authorization']).toBe('Bearer sk-from-a-file');
    expect(server.requests[0]?.body.stream).toBe(false);
  });

  it.each([
    ['nothing to say, and nobody to ask', []],
    ['an empty message', [' ']],
    ['a key file that is none', ['--key-file', '/nowhere', 'x']],
    ['a session that is none', ['--session', 'nothing', 'x']],
  ])('refuses %s before anything is asked', async (_, more) => {
    const result = await runCairn(chat(...more), { core });

    expect([2, 4]).toContain(result.exitCode);
    expect(server.requests).toEqual([]);
    expect(await messages()).toEqual([]);
  });
});
