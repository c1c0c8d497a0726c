// What the vault promises about sessions, on the real one and on the fake.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseSessionId } from '../../src/shared/model/ids.ts';
import type { SessionMessage } from '../../src/shared/model/session.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { FakeVault } from '../support/fake-vault.ts';
import { openTestVault, TEST_NOW_MS } from '../support/test-vault.ts';

const ONE = parseSessionId('00000000000000a1');
const TWO = parseSessionId('00000000000000a2');
const nowMs = TEST_NOW_MS;

async function openReal(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const test = await openTestVault();
  return { vault: test.vault, close: async () => test[Symbol.asyncDispose]() };
}

async function openFake(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const vault = new FakeVault();
  return { vault, close: () => vault.close() };
}

function message(id: string, overrides: Partial<SessionMessage> = {}): SessionMessage {
  return { id, role: 'user', atMs: nowMs, model: null, text: `text of ${id}`, isPartial: false, ...overrides };
}

describe.each([
  { name: 'the real vault', open: openReal },
  { name: 'the fake vault', open: openFake },
])('VaultSessions: $name', ({ open }) => {
  let vault: Vault;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ vault, close } = await open());
  });
  afterEach(() => close());

  const make = (id = ONE) => vault.saveSession({ id, nowMs, create: { createdAtMs: nowMs }, facts: { name: 'one' } });
  const texts = async (id = ONE) =>
    (await vault.readMessages(id, { limit: 100 })).messages.map(
      ({ text, isPartial }) => `${text}${isPartial ? '…' : ''}`,
    );

  it('makes a session once, and changes what it is told to', async () => {
    expect(await make()).toMatchObject({
      isNew: true,
      session: { id: ONE, messageCount: 0, preview: '', pinned: false },
    });
    const changed = await vault.saveSession({
      id: ONE,
      nowMs,
      create: { createdAtMs: 5 },
      facts: { model: 'm' },
      pinned: true,
    });

    expect(changed).toMatchObject({ isNew: false, savedMessages: 0 });
    expect(await vault.listSessions()).toEqual([
      {
        id: ONE,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        messageCount: 0,
        preview: '',
        pinned: true,
        facts: { name: 'one', model: 'm' },
      },
    ]);
    await expect(vault.saveSession({ id: TWO, nowMs })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('touches forwards only', async () => {
    await make();
    await vault.saveSession({ id: ONE, nowMs, updatedAtMs: nowMs + 5_000 });
    const { session } = await vault.saveSession({ id: ONE, nowMs, updatedAtMs: nowMs - 5_000 });

    expect(session.updatedAtMs).toBe(nowMs + 5_000);
  });

  it('adds messages once each, and previews the first of the user', async () => {
    await make();
    const first = [message('a', { role: 'system' }), message('b', { text: '  How\n do I  👍 '.padEnd(90, 'x') })];
    expect(await vault.saveSession({ id: ONE, nowMs, messages: first })).toMatchObject({ savedMessages: 2 });
    const again = [...first, message('c', { role: 'assistant', atMs: nowMs + 9_000 })];
    const { savedMessages, session } = await vault.saveSession({ id: ONE, nowMs, messages: again });

    expect(savedMessages).toBe(1);
    expect(session).toMatchObject({ messageCount: 3, updatedAtMs: nowMs + 9_000 });
    expect(Array.from(session.preview)).toHaveLength(50);
    expect(session.preview).toMatch(/^How do I 👍 ?x+$/);
    expect((await vault.readMessages(ONE, { limit: 10 })).messages).toEqual(again);
  });

  it('gives windows of messages, the newest ones where none is named', async () => {
    await make();
    await vault.saveSession({ id: ONE, nowMs, messages: Array.from({ length: 9 }, (_, at) => message(`m${at}`)) });

    const newest = await vault.readMessages(ONE, { limit: 3 });
    const middle = await vault.readMessages(ONE, { firstIndex: 2, limit: 2 });
    const beyond = await vault.readMessages(ONE, { firstIndex: 50, limit: 2 });
    expect(newest).toMatchObject({
      firstIndex: 6,
      messageCount: 9,
      messages: [{ id: 'm6' }, { id: 'm7' }, { id: 'm8' }],
    });
    expect(middle).toMatchObject({ firstIndex: 2, messages: [{ id: 'm2' }, { id: 'm3' }] });
    expect(beyond).toMatchObject({ firstIndex: 9, messages: [] });
    await expect(vault.readMessages(TWO, { limit: 1 })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('keeps an answer in pieces until it is whole', async () => {
    await make();
    await vault.saveSession({ id: ONE, nowMs, messages: [message('q'), message('a', { text: '', isPartial: true })] });
    for (const text of ['Once ', 'upon '])
      await vault.saveSession({ id: ONE, nowMs, answer: { messageId: 'a', text } });
    expect(await texts()).toEqual(['text of q', 'Once upon …']);

    await vault.saveSession({ id: ONE, nowMs, messages: [message('a', { text: 'Once upon a time' })] });
    await vault.saveSession({ id: ONE, nowMs, messages: [message('a', { text: 'too late' }), message('z')] });
    expect(await texts()).toEqual(['text of q', 'Once upon a time', 'text of z']);
  });

  it('removes sessions with their messages, and keeps a mark where one is wanted', async () => {
    await make();
    await make(TWO);
    await vault.saveSession({ id: ONE, nowMs, messages: [message('q')] });

    const marks = [ONE, TWO, parseSessionId('00000000000000ff')].map((id) => ({
      id,
      mark: id === ONE ? { isDeleted: true } : null,
    }));
    expect(await vault.removeSessions(marks)).toBe(2);
    expect(await vault.listSessions()).toMatchObject([
      { id: ONE, messageCount: 0, preview: '', facts: { isDeleted: true } },
    ]);
    expect(await texts()).toEqual([]);
  });

  it('refuses what is too large, and saves nothing of it', async () => {
    await make();
    const huge = { id: ONE, nowMs, facts: { text: 'x'.repeat(70_000) } };

    if (vault instanceof FakeVault) return;
    await expect(vault.saveSession(huge)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(vault.saveSession({ id: ONE, nowMs, messages: [message('')] })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
    expect(await vault.listSessions()).toMatchObject([{ facts: { name: 'one' }, messageCount: 0 }]);
  });

  it('forgets what sessions gained since a moment', async () => {
    await make();
    await vault.saveSession({ id: ONE, nowMs, messages: [message('old')] });
    await vault.saveSession({ id: ONE, nowMs: nowMs + 60_000, messages: [message('new', { atMs: nowMs + 60_000 })] });
    await vault.saveSession({ id: TWO, nowMs: nowMs + 60_000, create: { createdAtMs: 1 }, messages: [message('x')] });

    await vault.forget(nowMs + 30_000, {});

    expect(await vault.listSessions()).toMatchObject([{ id: ONE, messageCount: 1, updatedAtMs: nowMs }]);
    await vault.saveSession({ id: ONE, nowMs: nowMs + 90_000, messages: [message('next')] });
    expect(await texts()).toEqual(['text of old', 'text of next']);
  });
});
