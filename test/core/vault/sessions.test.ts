// Sessions in the vault's file (V21): sealed, verified, rotated, backed up, and cheap to add to.

import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { openVault } from '../../../src/core/vault/vault-client.ts';
import { parseSessionId, type SessionId } from '../../../src/shared/model/ids.ts';
import type { SessionMessage } from '../../../src/shared/model/session.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../support/test-vault.ts';

const SECRET_WORD = 'xylophone-quartz';
const nowMs = TEST_NOW_MS;

let test: TestVault;

beforeEach(async () => {
  test = await openTestVault();
});
afterEach(() => test[Symbol.asyncDispose]());

function idOf(number: number): SessionId {
  return parseSessionId(number.toString(16).padStart(16, '0'));
}

function message(id: string, text = `${SECRET_WORD} ${id}`): SessionMessage {
  return { id, role: 'user', atMs: nowMs, model: null, text, isPartial: false };
}

async function fill(sessions: number, messages: number): Promise<void> {
  for (let at = 0; at < sessions; at += 1)
    await test.vault.saveSession({
      id: idOf(at),
      nowMs,
      create: { createdAtMs: nowMs },
      facts: { name: `${SECRET_WORD} ${at}` },
      messages: Array.from({ length: messages }, (_, index) => message(`m${index}`)),
    });
}

async function expectFilled(sessions: number, messages: number): Promise<void> {
  const listed = await test.vault.listSessions();
  expect(listed.map(({ messageCount }) => messageCount)).toEqual(Array.from({ length: sessions }, () => messages));
  for (const { id } of listed) {
    const window = await test.vault.readMessages(id, { limit: 1000 });
    expect(window.messages.map(({ text }) => text)).toEqual(
      Array.from({ length: messages }, (_, index) => `${SECRET_WORD} m${index}`),
    );
  }
}

/** Runs SQL on the closed file, as somebody would who has it. */
async function tamper(sql: string): Promise<void> {
  await test.vault.close();
  const db = new BetterSqlite3(test.path);
  db.exec(sql);
  db.close();
  await test.reopen();
}

describe('sessions in the vault', () => {
  it('[V21] are there after a new start, and nothing of them is readable in the files', async () => {
    await fill(3, 4);

    await test.reopen();

    await expectFilled(3, 4);
    await test.vault.close();
    for (const name of readdirSync(test.folder)) {
      const bytes = readFileSync(join(test.folder, name));
      expect(bytes.includes(SECRET_WORD), name).toBe(false);
    }
  });

  it('[V21] are sealed anew by a rotation, checked by a verification and copied by a backup', async () => {
    await fill(2, 3);

    await test.vault.rotate({ nowMs });
    const report = await test.vault.verify({ isDeep: true, nowMs });
    const folder = join(test.folder, 'copies');
    const { name } = await test.vault.backup({ folder, keep: 1, nowMs });

    expect(report).toMatchObject({ ok: true });
    expect((await test.vault.keys(nowMs)).epoch).toBe(2);
    await expectFilled(2, 3);
    const restored = join(test.folder, 'restored');
    mkdirSync(restored);
    cpSync(join(folder, name), join(restored, 'vault.db'));
    const secret = { type: 'password', text: TEST_PASSWORD } as const;
    await using copy = await openVault({ path: join(restored, 'vault.db'), secret, nowMs, argon2: ARGON2_FLOOR });
    expect((await copy.readMessages(idOf(1), { limit: 9 })).messages).toHaveLength(3);
  });

  it.each([
    ['a message that was taken out', 'DELETE FROM session_parts WHERE position = 1', 'session'],
    [
      'a session that was taken out',
      'DELETE FROM sessions WHERE record_id = (SELECT min(record_id) FROM sessions)',
      'log',
    ],
    ['a changed message', 'UPDATE session_parts SET box = zeroblob(length(box)) WHERE position = 1', 'message'],
    ['a changed session', 'UPDATE sessions SET box = zeroblob(length(box))', 'session'],
  ])('[V21] notices %s', async (_, sql, what) => {
    await fill(1, 3);

    await tamper(sql);

    const report = await test.vault.verify({ isDeep: false, nowMs });
    expect(report.ok).toBe(false);
    expect(report.damaged.map((found) => found.what)).toContain(what);
  });

  it('[V21] gives no message in the place of another, and the others all the same', async () => {
    await fill(2, 3);

    await tamper(
      `UPDATE session_parts SET position = 2 - position WHERE session = (SELECT min(session) FROM session_parts)`,
    );

    const first = await test.vault.readMessages(idOf(0), { limit: 9 });
    expect(first.damaged).toBe(2);
    expect(first.messages.map(({ id }) => id)).toEqual(['m1']);
    expect((await test.vault.readMessages(idOf(1), { limit: 9 })).damaged).toBe(0);
  });

  it('[V21] takes a message without writing the session anew, however long it is', async () => {
    const text = 'long '.repeat(400);
    const messages = Array.from({ length: 5_000 }, (_, at) => message(`m${at}`, `${at} ${text}${Math.sin(at)}`));
    await test.vault.saveSession({ id: idOf(1), nowMs, create: { createdAtMs: nowMs }, messages });
    await test.vault.upkeep(0);
    const { walBytes: before } = await test.vault.statistics({ inactiveDays: 7, nowMs });

    await test.vault.saveSession({ id: idOf(1), nowMs, messages: [message('one more')] });

    const { walBytes, fileBytes } = await test.vault.statistics({ inactiveDays: 7, nowMs });
    expect(fileBytes).toBeGreaterThan(1_000_000);
    expect(walBytes - before).toBeLessThan(200_000);
    const window = await test.vault.readMessages(idOf(1), { firstIndex: 4_999, limit: 9 });
    expect(window.messages.map(({ id }) => id)).toEqual(['m4999', 'one more']);
  });

  it('are seen by another process that has the vault open', async () => {
    await fill(1, 1);
    const secret = { type: 'password', text: TEST_PASSWORD } as const;
    await using second = await openVault({ path: test.path, secret, nowMs, argon2: ARGON2_FLOOR });
    expect(await second.listSessions()).toHaveLength(1);

    await test.vault.saveSession({ id: idOf(0), nowMs, messages: [message('later')] });
    await second.saveSession({ id: idOf(0), nowMs, messages: [message('later'), message('last')] });

    const { messages } = await test.vault.readMessages(idOf(0), { limit: 9 });
    expect(messages.map(({ id }) => id)).toEqual(['m0', 'later', 'last']);
  });

  it('are taken by a vault of the first format once it is brought up', async () => {
    using folder = makeTemporaryFolder();
    const fixture = join(import.meta.dirname, '../../fixtures/vaults/format-1');
    for (const name of ['vault.db', 'vault.db.keys']) cpSync(join(fixture, name), join(folder.path, name));
    const open = () =>
      openVault({
        path: join(folder.path, 'vault.db'),
        secret: { type: 'password', text: TEST_PASSWORD },
        nowMs,
        argon2: ARGON2_FLOOR,
      });
    {
      await using vault = await open();
      expect(await vault.listSessions()).toEqual([]);
      await vault.saveSession({ id: idOf(1), nowMs, create: { createdAtMs: nowMs }, messages: [message('a')] });
    }

    await using again = await open();
    expect(await again.listSessions()).toMatchObject([{ messageCount: 1 }]);
    expect(await again.verify({ isDeep: true, nowMs })).toMatchObject({ ok: true });
  });
});
