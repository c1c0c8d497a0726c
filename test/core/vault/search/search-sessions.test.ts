import { describe, expect, it } from 'vitest';

import type { Vault } from '../../../../src/core/vault/vault.ts';
import { parseSessionId } from '../../../../src/shared/model/ids.ts';
import { openTestVault, TEST_NOW_MS } from '../../../support/test-vault.ts';

const BUDGET = { limit: 10, budgetMs: 10_000 };
const OLD = parseSessionId('00000000000000a1');
const NEW = parseSessionId('00000000000000b2');

async function say(vault: Vault, id: typeof OLD, minute: number, texts: readonly string[]): Promise<void> {
  const atMs = TEST_NOW_MS + minute * 60_000;
  await vault.saveSession({
    id,
    nowMs: atMs,
    create: { createdAtMs: atMs },
    messages: texts.map((text, at) => ({
      id: `${minute}-${at}`,
      role: at % 2 === 0 ? 'user' : 'assistant',
      atMs: atMs + at,
      model: null,
      text,
      isPartial: false,
    })),
  });
}

describe('searchSessions()', () => {
  it('finds words in messages, newest session first, as a search in captured text does', async () => {
    await using test = await openTestVault();
    await say(test.vault, OLD, 0, ['Fix the Straße\nplease, getUserName fails', 'done']);
    await say(test.vault, NEW, 5, ['another matter', 'the user said please']);

    const { matches, isComplete } = await test.vault.searchSessions({ text: 'please', ...BUDGET });

    expect(isComplete).toBe(true);
    expect(matches.map(({ id, position, role, line }) => [id, position, role, line])).toEqual([
      [NEW, 1, 'assistant', 'the user said please'],
      [OLD, 0, 'user', 'please, getUserName fails'],
    ]);
    const [, hit] = matches;
    expect(hit?.line.slice(hit.from, hit.to)).toBe('please');
    expect((await test.vault.searchSessions({ text: 'name fails', ...BUDGET })).matches).toHaveLength(1);
    expect((await test.vault.searchSessions({ text: '"please, get"', ...BUDGET })).matches).toHaveLength(1);
    expect((await test.vault.searchSessions({ text: 'nothing of it', ...BUDGET })).matches).toEqual([]);
  });

  it('finds what was added since it last looked, and no longer what was deleted', async () => {
    await using test = await openTestVault();
    await say(test.vault, OLD, 0, ['first words']);
    const count = async (text: string) => (await test.vault.searchSessions({ text, ...BUDGET })).matches.length;
    expect(await count('first')).toBe(1);
    await say(test.vault, OLD, 1, ['second words']);
    expect(await count('second')).toBe(1);
    expect(await count('first')).toBe(1);
    await test.vault.removeSessions([{ id: OLD, mark: null }]);
    expect(await count('first')).toBe(0);
  });

  it('keeps to a stretch of time, a number of hits and a budget, and says that there may be more', async () => {
    await using test = await openTestVault();
    await say(
      test.vault,
      OLD,
      0,
      Array.from({ length: 500 }, (_, at) => `word ${at}`),
    );
    await say(test.vault, NEW, 60, ['word late']);
    const sinceMs = TEST_NOW_MS + 59 * 60_000;
    expect((await test.vault.searchSessions({ text: 'word', ...BUDGET, sinceMs })).matches.map(({ id }) => id)).toEqual(
      [NEW],
    );
    const cut = await test.vault.searchSessions({ text: 'word', ...BUDGET, limit: 3 });
    expect([cut.matches.length, cut.isComplete]).toEqual([3, false]);
    const all = await test.vault.searchSessions({ text: 'word', ...BUDGET, limit: 1_000 });
    expect([all.matches.length, all.isComplete]).toEqual([501, true]);
    expect(await test.vault.searchSessions({ text: 'word', ...BUDGET, limit: 0 })).toEqual({
      matches: [],
      isComplete: false,
    });
  });
});
