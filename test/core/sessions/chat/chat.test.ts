// Chats against a server on 127.0.0.1 that speaks both languages: what is stored, when, and what is said where.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../../../src/core/clock.ts';
import { openChat } from '../../../../src/core/sessions/chat/chat-session.ts';
import { takeTurn } from '../../../../src/core/sessions/chat/chat-turn.ts';
import { createEndpoint } from '../../../../src/core/sessions/chat/endpoint.ts';
import { CHAT_PROTOCOLS, CHAT_PROVIDERS, type ChatProvider } from '../../../../src/core/sessions/chat/protocols.ts';
import { readEvents } from '../../../../src/core/sessions/chat/read-events.ts';
import { SessionStore } from '../../../../src/core/sessions/session-store.ts';
import { startScriptedChatServer, type ScriptedChatServer } from '../../../support/scripted-chat-server.ts';
import { FakeVault } from '../../../support/fake-vault.ts';

const KEY = 'sk-test-0123456789';

let vault: FakeVault;
let store: SessionStore;
let server: ScriptedChatServer;

beforeEach(async () => {
  vault = new FakeVault();
  store = new SessionStore({ vault, sources: [], nowMs: () => Date.now() });
  server = await startScriptedChatServer({ type: 'answer', pieces: ['Good ', 'day', '.'] });
});
afterEach(() => server[Symbol.asyncDispose]());

interface Said {
  readonly text: string;
  readonly id: string;
}

async function chat(
  provider: ChatProvider,
  text: string,
  more: { session?: string; isStreamed?: boolean; signal?: AbortSignal; onText?: (text: string) => void } = {},
): Promise<Said> {
  const {
    session: reference,
    isStreamed = true,
    signal = new AbortController().signal,
    onText = () => undefined,
  } = more;
  const open = await openChat(
    store,
    {
      provider,
      baseUrl: server.url,
      model: 'm-1',
      key: KEY,
      ...(reference === undefined ? { systemPrompt: 'Be kind.' } : { session: reference }),
    },
    {},
  );
  const { id, systemPrompt } = open.session;
  const turn = { sessionId: id, model: open.model, systemPrompt, text, isStreamed, signal, onText };
  return { id, ...(await takeTurn({ store, clock: systemClock, endpoint: open.endpoint }, turn)) };
}

/** What is stored of the newest session, and which of it is broken off. */
async function stored(): Promise<readonly string[]> {
  const [session] = await store.list();
  if (session === undefined) return [];
  const { messages, partial } = await store.messages(session.id, { limit: 100 });
  return messages.map(({ id, role, text }) => `${role}: ${text}${partial.has(id) ? ' [broken off]' : ''}`);
}

describe.each(CHAT_PROVIDERS)('a chat with %s', (provider) => {
  it.each([true, false])('stores the question and the answer (streamed: %s)', async (isStreamed) => {
    const pieces: string[] = [];
    const { text } = await chat(provider, 'Hello', { isStreamed, onText: (piece) => pieces.push(piece) });

    expect(text).toBe('Good day.');
    expect(pieces.join('')).toBe('Good day.');
    expect(await stored()).toEqual(['user: Hello', 'assistant: Good day.']);
    expect((await store.list())[0]).toMatchObject({
      name: 'Hello',
      provider,
      model: 'm-1',
      systemPrompt: 'Be kind.',
      preview: 'Hello',
    });
    const [request] = server.requests;
    expect(request?.body).toMatchObject({ model: 'm-1', stream: isStreamed });
    expect(JSON.stringify(request?.body)).toContain('Be kind.');
    expect(provider === 'openai' ? request?.headers['authorization'] : request?.headers['x-api-key']).toContain(KEY);
  });

  it('goes on with its history, model and server', async () => {
    const { id } = await chat(provider, 'One');
    const again = await openChat(store, { session: id.slice(0, 8) }, { [CHAT_PROTOCOLS[provider].keyVariable]: KEY });
    expect(again).toMatchObject({ model: 'm-1', endpoint: { provider, baseUrl: server.url, key: KEY } });

    await chat(provider, 'Two', { session: id });

    const talk = server.requests.at(-1)?.body.messages.filter(({ role }) => role !== 'system');
    expect(talk?.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: One',
      'assistant: Good day.',
      'user: Two',
    ]);
    expect(await store.list()).toHaveLength(1);
  });

  it('keeps the question, and what came, where the server breaks off', async () => {
    server.script = [{ type: 'break', pieces: ['Half ', 'an'] }];

    await expect(chat(provider, 'Hello')).rejects.toMatchObject({ code: 'CHAT_FAILED' });

    expect(await stored()).toEqual(['user: Hello', 'assistant: Half an [broken off]']);
  });

  it('keeps the question where the server refuses, and never says more of its answer than a word', async () => {
    server.script = [
      {
        type: 'refuse',
        status: 401,
        body: JSON.stringify({ error: { code: 'invalid_api_key', message: `Bad key ${KEY}` } }),
      },
    ];

    const failure: unknown = await chat(provider, 'Hello').catch((error: unknown) => error);

    expect(failure).toMatchObject({
      code: 'CHAT_FAILED',
      message: 'The server does not accept the key (401). It says: invalid_api_key.',
    });
    expect(JSON.stringify(failure)).not.toContain(KEY);
    expect(await stored()).toEqual(['user: Hello']);
  });

  it('keeps what came before an error in the stream', async () => {
    server.script = [{ type: 'error-event', pieces: ['Some'], error: { type: 'overloaded_error', message: 'x' } }];

    await expect(chat(provider, 'Hello')).rejects.toMatchObject({
      message: expect.stringContaining('overloaded_error') as string,
    });

    expect(await stored()).toEqual(['user: Hello', 'assistant: Some [broken off]']);
  });

  it('keeps what came when it is cancelled', async () => {
    server.script = [{ type: 'hang', pieces: ['So ', 'far'] }];
    const stop = new AbortController();

    const talking = chat(provider, 'Hello', {
      signal: stop.signal,
      onText: (text) => text.endsWith('far') && stop.abort(),
    });

    await expect(talking).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await stored()).toEqual(['user: Hello', 'assistant: So far [broken off]']);
  });

  it('stores the question before it asks, and what came before it is shown', async () => {
    server.script = [{ type: 'hang', pieces: ['A', 'B'] }];
    const stop = new AbortController();
    const seen: Promise<readonly string[]>[] = [];
    let shown = '';
    const talking = chat(provider, 'Hello', {
      signal: stop.signal,
      onText: (text) => {
        shown += text;
        seen.push(stored());
      },
    }).catch(() => undefined);
    await expect.poll(() => server.requests.length).toBe(1);
    expect((await stored())[0]).toBe('user: Hello');

    await expect.poll(() => shown).toBe('AB');
    expect((await Promise.all(seen)).at(-1)).toEqual(['user: Hello', 'assistant: AB [broken off]']);
    stop.abort();
    await talking;
  });

  it('follows nobody to another address', async () => {
    await using other = await startScriptedChatServer();
    server.script = [{ type: 'redirect', to: `${other.url}/v1/messages` }];

    await expect(chat(provider, 'Hello')).rejects.toMatchObject({ code: 'CHAT_FAILED' });

    expect(other.requests).toEqual([]);
  });

  it.each([
    ['text/plain', 'hello'],
    ['application/json', '{"choices":[],"content":7}'],
    ['application/json', 'null'],
    ['text/event-stream', 'data: {\n\ndata: null\n\ndata: []\n\n'],
  ])('says that an answer of %s is none: %s', async (contentType, text) => {
    server.script = [{ type: 'raw', contentType, text }];

    await expect(chat(provider, 'Hello')).rejects.toMatchObject({ code: 'CHAT_FAILED' });

    expect(await stored()).toEqual(['user: Hello']);
  });
});

describe('openChat()', () => {
  it('leaves sessions of other tools alone', async () => {
    const { session } = await store.create({ tool: 'claude-code', externalId: 'x', name: 'theirs' });

    const going = openChat(store, { session: session.id, model: 'm', baseUrl: server.url }, {});

    await expect(going).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('makes nothing where model, key or address are missing', async () => {
    await expect(openChat(store, { baseUrl: server.url }, {})).rejects.toMatchObject({
      message: 'No model was named.',
    });
    await expect(openChat(store, { model: 'm' }, {})).rejects.toMatchObject({ message: 'There is no key for openai.' });

    expect(await vault.listSessions()).toEqual([]);
  });

  it('takes the provider whose key is there, and the model of the environment', async () => {
    const open = await openChat(store, {}, { ANTHROPIC_API_KEY: KEY, CAIRN_CHAT_MODEL: 'claude' });

    expect(open).toMatchObject({
      model: 'claude',
      endpoint: { provider: 'anthropic', baseUrl: 'https://api.anthropic.com' },
    });
    expect(JSON.stringify(await vault.listSessions())).not.toContain(KEY);
  });
});

describe('createEndpoint()', () => {
  it.each(['http://example.com/v1', 'http://192.168.1.2:8080'])('sends no key in the clear: %s', (address) => {
    expect(() => createEndpoint('openai', address, KEY)).toThrow('not encrypted');
    expect(createEndpoint('openai', address, null).key).toBeNull();
  });

  it.each(['https://example.com/v1/', 'http://127.0.0.1:11434/v1', 'http://localhost:1', 'http://[::1]:1/v1'])(
    'takes %s',
    (address) => {
      expect(createEndpoint('openai', address, KEY).baseUrl).toBe(address.replace(/\/$/, ''));
    },
  );

  it.each(['', 'example.com', 'file:///etc/passwd', 'https://user:secret@example.com', 'https://example.com/?key=x'])(
    'refuses %j as an address',
    (address) => {
      expect(() => createEndpoint('openai', address, null)).toThrow('no address of a model server');
    },
  );

  it('refuses a key that would break the line', () => {
    expect(() => createEndpoint('openai', undefined, 'one\ntwo')).toThrow('no single line');
  });
});

describe('readEvents()', () => {
  async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (const size of sizes) {
      yield bytes.subarray(at, at + size);
      at += size;
    }
    yield bytes.subarray(at);
  }
  async function gather(events: AsyncIterable<string>): Promise<string[]> {
    const all: string[] = [];
    for await (const event of events) all.push(event);
    return all;
  }
  const read = async (text: string, sizes: readonly number[]): Promise<string[]> =>
    gather(readEvents(cut(new TextEncoder().encode(text), sizes)));

  it('gives the same events, however the bytes are cut', async () => {
    const events = fc.array(
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ' ')),
      { maxLength: 8 },
    );
    const end = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(
        events,
        end,
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }),
        async (all, line, sizes) => {
          const text = all.map((data) => `event: x${line}data: ${data}${line}${line}`).join('');

          expect(await read(text, sizes)).toEqual(all);
        },
      ),
    );
  });

  it('takes any bytes, and so do the languages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(20)), async (bytes, sizes) => {
        for (const data of await gather(readEvents(cut(bytes, sizes))))
          for (const { readEvent, readWhole } of Object.values(CHAT_PROTOCOLS)) {
            readEvent(data);
            readWhole(data);
          }
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const { readEvent, readWhole } of Object.values(CHAT_PROTOCOLS)) {
          readEvent(text);
          readWhole(text);
        }
      }),
    );
  });
});
