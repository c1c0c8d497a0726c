import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { openVault } from '../../../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

function backUp(test: TestVault, folder: string, at: number, keep = 1) {
  return test.vault.backup({ folder, keep, nowMs: TEST_NOW_MS + at });
}

async function fillWith(test: TestVault, panes: number): Promise<void> {
  const items = Array.from({ length: panes }, (_, pane) =>
    aTerminal(`p${pane}`, {
      streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes: Uint8Array.from(randomBytes(10_000)) } })],
    }),
  );
  await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS }));
}

describe('backups in a folder of the user', () => {
  it('[V18] of two vaults do not let each other go', async () => {
    await using one = await openTestVault();
    await using other = await openTestVault();
    using folder = makeTemporaryFolder();

    const first = await backUp(one, folder.path, 1);
    await backUp(other, folder.path, 2);
    const last = await backUp(other, folder.path, 3);

    expect(readdirSync(folder.path).toSorted()).toEqual([first.name, last.name].toSorted());
    expect(last.removed).toHaveLength(1);
  });

  it('[V18] of a clock that ran ahead go before the one that was just made', async () => {
    await using test = await openTestVault();
    using folder = makeTemporaryFolder();
    const years = 10 * 365 * 86_400_000;

    const wrong = [await backUp(test, folder.path, years, 2), await backUp(test, folder.path, years + 1, 2)];
    const right = await backUp(test, folder.path, 1, 2);
    const next = await backUp(test, folder.path, 2, 2);

    expect(right.removed).toEqual([wrong[0]?.name]);
    expect(next.removed).toEqual([wrong[1]?.name]);
    expect(readdirSync(folder.path).toSorted()).toEqual([right.name, next.name]);
  });

  it('[V18] let only what they made themselves go', async () => {
    await using test = await openTestVault();
    using folder = makeTemporaryFolder();
    const theirs = ['thesis.unfinished', 'vault-20200101T000000000Z.db', 'vault-of-mine.db', 'notes.db'];
    for (const name of theirs) writeFileSync(join(folder.path, name), 'mine');

    const first = await backUp(test, folder.path, 1);
    const running = `${first.name}.unfinished-${process.ppid}`;
    const left = `${first.name}.unfinished-${deadPid()}`;
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const name of [running, left]) {
      writeFileSync(join(folder.path, name), 'half');
      utimesSync(join(folder.path, name), longAgo, longAgo);
    }
    const second = await backUp(test, folder.path, 2);

    expect(readdirSync(folder.path).toSorted()).toEqual([...theirs, running, second.name].toSorted());
  });

  it('[V18] keep the older ones where the new one does not verify', async () => {
    await using test = await openTestVault();
    using folder = makeTemporaryFolder();
    await fillWith(test, 3);
    const good = await backUp(test, folder.path, 1);
    const db = new BetterSqlite3(test.path);
    db.exec(
      'UPDATE chunks SET box = zeroblob(length(box)) WHERE record_id = (SELECT min(record_id) FROM chunks)',
    ).close();

    await expect(backUp(test, folder.path, 2)).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });

    expect(readdirSync(folder.path)).toEqual([good.name]);
    expect((await test.vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS })).lastBackupAtMs).toBe(TEST_NOW_MS + 1);
  });

  it('[V18] end where the folder cannot be made, instead of looking for it without end', async () => {
    await using test = await openTestVault();

    for (const folder of ['/proc/cairn/backups', '/proc/self/fd/a/b'])
      await expect(backUp(test, folder, 1)).rejects.toThrow(/backup folder/i);
  });

  it('[V18] can be cancelled while the copy is checked, and let others work meanwhile', async () => {
    await using test = await openTestVault();
    using folder = makeTemporaryFolder();
    await fillWith(test, 4_000);
    const good = await backUp(test, folder.path, 1);
    const controller = new AbortController();
    const seen: { done: number; total: number }[] = [];
    const answered = Promise.withResolvers<number>();
    const running = test.vault.backup({
      folder: folder.path,
      keep: 1,
      nowMs: TEST_NOW_MS + 2,
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        // The copy counts pages, the check that follows counts records.
        if (controller.signal.aborted || progress.total === seen[0]?.total) return;
        void test.vault.listSnapshots({ limit: 1 }).then(({ length }) => answered.resolve(length));
        controller.abort();
      },
    });

    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await answered.promise).toBe(1);
    expect(seen.at(-1)?.done).toBeLessThan(4_000);
    expect(readdirSync(folder.path)).toEqual([good.name]);
  });

  it('[V18] stand in for a vault that is lost, without its key file', async () => {
    await using test = await openTestVault();
    await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'kept' })] })]));
    const backups = join(test.folder, 'backups');
    const { name } = await backUp(test, backups, 1);
    const home = join(test.folder, 'elsewhere');
    mkdirSync(home);
    copyFileSync(join(backups, name), join(home, 'vault.db'));

    const vault = await openVault({
      path: join(home, 'vault.db'),
      secret: { type: 'password', text: TEST_PASSWORD },
      nowMs: TEST_NOW_MS,
      argon2: ARGON2_FLOOR,
    });
    const id = await vault.resolveSnapshot('latest', TEST_NOW_MS + 10);
    expect(Buffer.from(await vault.readStream(id, key('tmux:a'), 'scrollback')).toString()).toBe('kept');
    await vault.close();
    expect(existsSync(join(home, 'vault.db.keys'))).toBe(true);
    unlinkSync(join(home, 'vault.db'));
  });
});
