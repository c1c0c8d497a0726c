import { randomBytes } from 'node:crypto';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { InboxWriter } from '../../../src/core/vault/upkeep/inbox.ts';
import { vaultFiles } from '../../../src/core/vault/vault-files.ts';
import { aCapture, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../../support/test-vault.ts';

describe('InboxWriter', () => {
  it('[V5] captures without any secret; the next unlock takes the captures in, in order and with their times', async () => {
    await using test = await openTestVault();
    await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'before the lock' })] })]));
    await test.vault.close();
    const inbox = InboxWriter.open(vaultFiles(test.path), randomBytes);
    for (const at of [1, 2, 3]) {
      inbox.deposit(
        aCapture([aTerminal('a', { streams: [aStream({ text: `locked ${at}` })] })], { takenAtMs: TEST_NOW_MS + at }),
      );
    }
    inbox.close();

    await test.reopen();

    expect(test.vault.notices).toMatchObject([{ code: 'inbox-drained', message: /3 captures/ }]);
    const listed = await test.vault.listSnapshots({ limit: 10 });
    expect(listed.map((summary) => summary.takenAtMs - TEST_NOW_MS)).toEqual([3, 2, 1, 0]);
    expect(text(await test.vault.readStream(listed[0]!.id, key('tmux:a'), 'scrollback'))).toBe('locked 3');
    await test.reopen();
    expect(test.vault.notices).toEqual([]);
  });

  it('[V5] leaves a deposit that does not authenticate where it is, and says so', async () => {
    await using test = await openTestVault();
    await test.vault.close();
    const inbox = InboxWriter.open(vaultFiles(test.path), randomBytes);
    inbox.deposit(aCapture([aTerminal('good')]));
    inbox.close();
    const db = new BetterSqlite3(test.path);
    db.prepare('INSERT INTO inbox (deposit, bytes) VALUES (9, ?)').run(randomBytes(500));
    db.close();

    await test.reopen();

    expect(test.vault.notices.map((notice) => notice.message).join(' ')).toMatch(
      /1 captures .* taken .* 1 captures .* do not authenticate/,
    );
    expect((await test.vault.listSnapshots({ limit: 10 })).length).toBe(1);
    expect((await test.vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS })).inboxCount).toBe(1);
  });

  it('[V5] seals nothing to the key of another vault, of which a header was mixed in', async () => {
    await using test = await openTestVault();
    await test.vault.close();
    await using other = await openTestVault();
    // More changes than in the vault itself: a higher counter is not what counts.
    await other.vault.setKeychainSecret(randomBytes(32), TEST_NOW_MS);
    await other.vault.close();
    const mixIn = (tables: readonly string[]): void => {
      const db = new BetterSqlite3(test.path);
      db.prepare('ATTACH ? AS other').run(other.path);
      for (const table of tables)
        db.exec(`UPDATE main.${table} SET bytes = (SELECT bytes FROM other.${table} WHERE slot = 0)`);
      db.close();
    };

    mixIn(['header_a']);
    const inbox = InboxWriter.open(vaultFiles(test.path), randomBytes);
    inbox.deposit(aCapture([aTerminal('good')]));
    inbox.close();
    await test.reopen();
    expect(test.vault.notices.map(({ code }) => code).toSorted()).toEqual(['header-mended', 'inbox-drained']);
    await test.vault.close();

    mixIn(['header_a', 'header_b', 'header_c']);
    expect(() => InboxWriter.open(vaultFiles(test.path), randomBytes)).toThrow(/another vault than the key file/);
  });
});
