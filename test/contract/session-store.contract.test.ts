// The session store on the real vault and on the fake: what the operations promise, wherever a session lies.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createClaudeCodeSource } from '../../src/core/sources/claude-code/claude-source.ts';
import { SessionStore } from '../../src/core/sessions/session-store.ts';
import { sessionIdOf } from '../../src/core/sessions/session.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import type { JsonObject } from '../../src/shared/model/json.ts';
import { aCapture, aConversation } from '../support/captures.ts';
import { FakeVault } from '../support/fake-vault.ts';
import { openTestVault, TEST_NOW_MS } from '../support/test-vault.ts';

const DAY_MS = 86_400_000;
const ID = 'e1bb760b-2d03-4257-bf61-684ceeecadef';
const TRANSCRIPT = [
  { type: 'user', uuid: 'u1', parentUuid: null, message: { role: 'user', content: 'Please look at this repository' } },
  {
    type: 'assistant',
    uuid: 'a1',
    parentUuid: 'u1',
    message: { id: 'm', role: 'assistant', content: [{ type: 'text', text: 'I looked.' }] },
  },
]
  .map((line) =>
    JSON.stringify({ sessionId: ID, timestamp: new Date(TEST_NOW_MS).toISOString(), cwd: '/home/dev/api', ...line }),
  )
  .join('\n');

async function openReal(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const test = await openTestVault();
  return { vault: test.vault, close: async () => test[Symbol.asyncDispose]() };
}

async function openFake(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const vault = new FakeVault();
  return { vault, close: () => vault.close() };
}

function captured(attributes: JsonObject = {}) {
  return aConversation(ID, `${TRANSCRIPT}\n`, {
    title: 'Look at the repository',
    attributes: {
      id: ID,
      provider: 'anthropic',
      model: 'claude-x',
      cwd: '/home/dev/api',
      messageCount: 2,
      firstMessage: 'Please look at this repository',
      createdAtMs: TEST_NOW_MS - 5_000,
      updatedAtMs: TEST_NOW_MS,
      isLive: false,
      ...attributes,
    },
  });
}

describe.each([
  { name: 'the real vault', open: openReal },
  { name: 'the fake vault', open: openFake },
])('SessionStore on $name', ({ open }) => {
  let vault: Vault;
  let close: () => Promise<void>;
  let store: SessionStore;
  let nowMs: number;
  let changes: number;

  beforeEach(async () => {
    ({ vault, close } = await open());
    nowMs = TEST_NOW_MS;
    changes = 0;
    store = new SessionStore({ vault, sources: [createClaudeCodeSource()], nowMs: () => nowMs });
    store.onChanged(() => (changes += 1));
  });
  afterEach(() => close());

  const names = async () => (await store.list()).map(({ name }) => name);
  const make = async (name: string, more: Parameters<SessionStore['create']>[0] = {}) => {
    nowMs += 1_000;
    return (await store.create({ name, ...more })).session.id;
  };

  it('makes, gets and lists, newest first', async () => {
    const id = await make('first', { model: 'gpt', provider: 'openai', systemPrompt: 'Be brief.' });
    await make('second');

    expect(await names()).toEqual(['second', 'first']);
    expect(await store.get(id)).toMatchObject({
      id,
      name: 'first',
      provider: 'openai',
      model: 'gpt',
      systemPrompt: 'Be brief.',
      tool: 'chat',
      messageCount: 0,
      preview: '',
      createdAtMs: TEST_NOW_MS + 1_000,
    });
    expect(await store.get(id.slice(0, 6))).toMatchObject({ name: 'first' });
    expect(await store.get('second')).toMatchObject({ name: 'second' });
    await expect(store.get('third')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect(changes).toBe(2);
  });

  it('says when a name means several', async () => {
    await make('same');
    await make('same');

    await expect(store.get('same')).rejects.toMatchObject({ code: 'SESSION_AMBIGUOUS' });
  });

  it('moves a touched session, and one that gains a message, to the top', async () => {
    const first = await make('first');
    const second = await make('second');
    await make('third');
    nowMs += 60_000;
    await store.touch(first);
    nowMs += 60_000;
    await store.addMessages(second, [{ role: 'user', text: 'Hello there' }]);

    expect(await names()).toEqual(['second', 'first', 'third']);
    expect(await store.get(second)).toMatchObject({ messageCount: 1, preview: 'Hello there' });
  });

  it('keeps messages with role, content and time, in order', async () => {
    const id = await make('talk');
    await store.addMessages(id, [
      { id: 'a', role: 'system', text: 'rules', atMs: 1_000 },
      { id: 'b', role: 'user', text: 'question', atMs: 2_000 },
    ]);
    await store.addMessages(id, [
      { id: 'b', role: 'user', text: 'question', atMs: 2_000 },
      { id: 'c', role: 'assistant', text: 'answer', atMs: 3_000, model: 'gpt' },
    ]);

    const { messages, messageCount } = await store.messages(id, { limit: 2 });
    expect(messageCount).toBe(3);
    expect(messages.map(({ role, text, timeMs, model, isMeta }) => [role, text, timeMs, model, isMeta])).toEqual([
      ['user', 'question', 2_000, null, false],
      ['assistant', 'answer', 3_000, 'gpt', false],
    ]);
    expect((await store.allMessages(id))[0]).toMatchObject({ isMeta: true, text: 'rules' });
    expect((await store.get(id)).preview).toBe('question');
  });

  it('deletes with all messages, for good', async () => {
    const id = await make('gone');
    await store.addMessages(id, [{ role: 'user', text: 'x' }]);

    expect(await store.delete([id])).toBe(1);
    expect(await names()).toEqual([]);
    expect(await vault.listSessions()).toEqual([]);
    await expect(store.delete([id])).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await expect(store.messages(id, { limit: 1 })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('renames and pins', async () => {
    const id = await make('old');
    await store.edit(id, { name: 'new', pinned: true });
    await store.create({ tool: 'chat', externalId: (await store.get(id)).externalId, name: 'what a push calls it' });

    expect(await store.get(id)).toMatchObject({ name: 'new', pinned: true });
  });

  it('filters by project, folder, provider, tool and words', async () => {
    await make('one', { project: 'api', folder: '/home/dev/api', provider: 'openai' });
    await make('two', { project: 'web', folder: '/home/dev/web', tool: 'codex' });
    const list = async (query: Parameters<SessionStore['list']>[0]) =>
      (await store.list(query)).map(({ name }) => name);

    expect(await list({ project: 'api' })).toEqual(['one']);
    expect(await list({ project: '/home/dev' })).toEqual(['two', 'one']);
    expect(await list({ project: '/home/dev/we' })).toEqual([]);
    expect(await list({ provider: 'codex' })).toEqual(['two']);
    expect(await list({ provider: 'openai' })).toEqual(['one']);
    expect(await list({ text: 'WEB two' })).toEqual(['two']);
    expect(await list({ limit: 1 })).toEqual(['two']);
  });

  describe('with a captured conversation', () => {
    const id = sessionIdOf('claude-code', ID);

    it('lists it with the facts of its transcript, and reads its messages from there', async () => {
      await vault.save(aCapture([captured()]));

      expect(await store.list()).toMatchObject([
        {
          id,
          name: 'Look at the repository',
          provider: 'anthropic',
          tool: 'claude-code',
          externalId: ID,
          model: 'claude-x',
          project: 'api',
          folder: '/home/dev/api',
          messageCount: 2,
          preview: 'Please look at this repository',
          isOriginGone: false,
          isStored: false,
        },
      ]);
      expect((await store.allMessages(id)).map(({ text }) => text)).toEqual([
        'Please look at this repository',
        'I looked.',
      ]);
    });

    it('is one with what a hook pushes: the name of the user stays, and no message stands twice', async () => {
      await vault.save(aCapture([captured()]));
      const push = { tool: 'claude-code', externalId: ID, name: 'pushed name', project: 'api' };
      expect((await store.create(push)).session.id).toBe(id);
      await store.addMessages(id, [
        { id: 'p1', role: 'assistant', text: 'I looked.', atMs: TEST_NOW_MS + 10 },
        { id: 'p2', role: 'user', text: 'And now?', atMs: TEST_NOW_MS + 60_000 },
      ]);

      expect(await store.list()).toHaveLength(1);
      expect(await store.get(id)).toMatchObject({ name: 'Look at the repository', isStored: true });
      expect((await store.allMessages(id)).map(({ text }) => text)).toEqual([
        'Please look at this repository',
        'I looked.',
        'And now?',
      ]);
      await store.edit(id, { name: 'mine' });
      expect(await store.get(id)).toMatchObject({ name: 'mine', messageCount: 2 });
    });

    it('stays out of the list once deleted, until it goes on', async () => {
      await vault.save(aCapture([captured()]));
      await store.delete([id]);
      expect(await names()).toEqual([]);

      nowMs += 60_000;
      await vault.save(aCapture([captured()], { takenAtMs: nowMs }));
      expect(await names()).toEqual([]);

      await vault.save(aCapture([captured({ updatedAtMs: nowMs })], { takenAtMs: nowMs + 1 }));
      expect(await names()).toEqual(['Look at the repository']);
      expect(await store.edit(id, { pinned: true })).toMatchObject({ pinned: true });
    });

    it('is never cleaned up, nor does it count', async () => {
      await vault.save(aCapture([captured({ isOriginGone: true, updatedAtMs: 1 })]));
      await store.edit(id, { pinned: false });

      const limits = { maxSessions: 1, retentionDays: 1, includesGone: true };
      expect(await store.cleanup(limits, { isDryRun: false })).toMatchObject({ deleted: 0 });
      expect(await names()).toEqual(['Look at the repository']);
    });
  });

  describe('cleanup()', () => {
    const limits = { maxSessions: 3, retentionDays: 90, includesGone: false };

    it('lets go what is too old, then what is too much; pinned ones and only copies stay', async () => {
      const old = TEST_NOW_MS - 91 * DAY_MS;
      for (let at = 0; at < 5; at += 1) await make(`new ${at}`);
      await make('old', { createdAtMs: old });
      const pinned = await make('old and pinned', { createdAtMs: old });
      await store.edit(pinned, { pinned: true });
      await make('old, only copy', { createdAtMs: old, isOriginGone: true });

      const dry = await store.cleanup(limits, { isDryRun: true });
      expect(dry).toMatchObject({ deleted: 3, deletedByAge: 1, deletedByLimit: 2 });
      expect(await names()).toHaveLength(8);

      const { sessions, ...counts } = await store.cleanup(limits, { isDryRun: false });
      expect(counts).toEqual({ deleted: 3, deletedByAge: 1, deletedByLimit: 2 });
      expect(sessions.map(({ name }) => name).toSorted()).toEqual(['new 0', 'new 1', 'old']);
      expect((await names()).toSorted()).toEqual(['new 2', 'new 3', 'new 4', 'old and pinned', 'old, only copy']);
      expect(await store.cleanup(limits, { isDryRun: false })).toMatchObject({ deleted: 0 });
      const all = await store.cleanup({ ...limits, includesGone: true }, { isDryRun: false });
      expect(all.sessions.map(({ name }) => name)).toEqual(['old, only copy']);
    });

    it('lets go nothing where there are no limits', async () => {
      await make('old', { createdAtMs: 1 });

      const none = { maxSessions: 0, retentionDays: 0, includesGone: true };
      expect(await store.cleanup(none, { isDryRun: false })).toMatchObject({ deleted: 0 });
    });
  });
});
