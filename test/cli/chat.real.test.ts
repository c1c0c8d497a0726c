// `cairn chat` as a process of its own, on a real vault: killed in the middle of an answer, ended by a signal, gone on with.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startScriptedChatServer, type ScriptedChatServer } from '../support/scripted-chat-server.ts';
import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

const KEY = 'sk-test-0123456789';

let cairn: SpawnedCairn;
let server: ScriptedChatServer;

beforeEach(async () => {
  cairn = openSpawnedCairn();
  server = await startScriptedChatServer({ type: 'answer', pieces: ['Good ', 'day.\nAnd more.'] });
  expect((await cairn.run(['init', '--sources', 'none'])).exitCode).toBe(0);
});
afterEach(async () => {
  cairn[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

interface ShowDocument {
  readonly id: string;
  readonly messages: readonly { readonly role: string; readonly content: string; readonly partial?: boolean }[];
}

const chat = (provider: string, ...more: string[]) => [
  'chat',
  ...['--provider', provider, '--base-url', server.url, '--model', 'm-1', '--name', 'the talk'],
  ...more,
];
const env = { OPENAI_API_KEY: KEY, ANTHROPIC_API_KEY: KEY };

async function show(): Promise<ShowDocument> {
  return JSON.parse((await cairn.run(['sessions', 'show', 'the talk', '--json'])).stdout) as ShowDocument; // as documented
}

describe.each(['openai', 'anthropic'])('cairn chat --provider %s', (provider) => {
  it('prints the answer, keeps it, and goes on', async () => {
    const first = await cairn.run([...chat(provider), 'Hello'], { env });
    expect(first).toMatchObject({ exitCode: 0, stdout: 'Good day.\nAnd more.\n', stderr: '' });

    expect(server.requests[0]?.body.stream).toBe(true);
    const second = await cairn.run(['chat', '--session', 'the talk', '--json', 'Again'], { env });

    expect(JSON.parse(second.stdout)).toMatchObject({
      session: { name: 'the talk', messageCount: 4, provider, model: 'm-1' },
      message: { role: 'assistant', content: 'Good day.\nAnd more.' },
    });
    expect(server.requests.at(-1)?.body.messages.filter(({ role }) => role !== 'system')).toHaveLength(3);
    expect((await show()).messages.map(({ content }) => content)).toEqual([
      'Hello',
      'Good day.\nAnd more.',
      'Again',
      'Good day.\nAnd more.',
    ]);
  });

  it('leaves what had come when it is killed in the middle, and says that it was broken off', async () => {
    server.script = [{ type: 'hang', pieces: ['Once upon\n', 'a ti'] }];

    await cairn.run([...chat(provider), 'Tell me'], {
      env,
      onStart: (child) => child.stdout.once('data', () => child.kill('SIGKILL')),
    });

    const { messages } = await show();
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(messages[0]?.content).toBe('Tell me');
    expect('Once upon\na ti').toContain(messages[1]?.content);
    expect(messages[1]?.partial).toBe(true);
    const verified = await cairn.run(['verify', '--deep', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });

    server.script = [{ type: 'answer', pieces: ['Well.'] }];
    expect((await cairn.run(['chat', '--session', 'the talk', 'Go on'], { env })).stdout).toBe('Well.\n');
    expect((await show()).messages.map(({ partial }) => partial === true)).toEqual([false, true, false, false]);
  });

  it('keeps all that had come when it is ended by a signal', async () => {
    server.script = [{ type: 'hang', pieces: ['Once upon\n', 'a ti'] }];

    const ended = await cairn.run([...chat(provider), 'Tell me'], {
      env,
      onStart: (child) => child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 100)),
    });

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('what came of the answer is kept');
    expect((await show()).messages[1]).toMatchObject({ content: 'Once upon\na ti', partial: true });
  });
});

it('says the key nowhere: not in errors, not in the files', async () => {
  server.script = [{ type: 'refuse', status: 500, body: KEY }];

  const failed = await cairn.run([...chat('openai'), 'Hello'], { env });

  expect(failed.exitCode).toBe(1);
  expect(failed.stdout + failed.stderr).not.toContain(KEY);
  expect((await cairn.run(['sessions', 'export', 'the talk', '--format', 'json'])).stdout).not.toContain(KEY);
});
