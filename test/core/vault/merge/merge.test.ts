import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { mergeVaults, type MergeVaultsOptions } from '../../../../src/core/vault/merge/merge-vaults.ts';
import type { MergeReport } from '../../../../src/core/vault/merge/merge-report.ts';
import { vaultFiles } from '../../../../src/core/vault/vault-files.ts';
import type { Vault } from '../../../../src/core/vault/vault.ts';
import type { CheckpointAttributes } from '../../../../src/shared/model/checkpoint.ts';
import type { SessionId, SnapshotId } from '../../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION } from '../../../../src/shared/model/retention.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const SECRET = { type: 'password', text: TEST_PASSWORD } as const;
const ATTRIBUTES: CheckpointAttributes = {
  name: 'Before',
  description: '',
  tags: ['a'],
  priority: 'normal',
  pinned: false,
};

const textOf = (name: string, at: number): string =>
  Array.from({ length: 60 }, (_, line) => `${name} ${at} line ${line} ${Math.sqrt(at * 60 + line)}\n`).join('');

async function save(vault: Vault, name: string, at: number): Promise<SnapshotId> {
  const items = [
    aTerminal('a', { streams: [aStream({ kind: 'blob', text: textOf(name, at) })] }),
    aTerminal('same', { streams: [aStream({ kind: 'blob', text: 'always the same\n'.repeat(50) })] }),
  ];
  return (await vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * HOUR_MS }))).summary.id;
}

async function backUp(test: TestVault): Promise<string> {
  const folder = join(test.folder, 'backups');
  const { name } = await test.vault.backup({ folder, keep: 9, nowMs: TEST_NOW_MS + 500 * HOUR_MS });
  return join(folder, name);
}

/** Merges with the vault closed, and opens it again. */
async function merge(
  test: TestVault,
  other: string,
  options: Partial<MergeVaultsOptions> = {},
  signal = new AbortController().signal,
): Promise<MergeReport> {
  await test.vault.close();
  const files = vaultFiles(test.path);
  try {
    return await mergeVaults(
      files,
      SECRET,
      {
        ...{ sidecarPath: files.sidecar, random: randomBytes, argon2: ARGON2_FLOOR },
        ...{ other, otherSecret: null, strategy: 'latest', choices: {}, nowMs: TEST_NOW_MS, isDryRun: false },
        ...options,
      },
      { signal, onProgress: () => undefined },
    );
  } finally {
    await test.reopen();
  }
}

async function ids(vault: Vault): Promise<SnapshotId[]> {
  return (await vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id).toReversed();
}

const read = async (vault: Vault, id: SnapshotId): Promise<string> =>
  Buffer.from(await vault.readStream(id, key('tmux:a'), 'scrollback')).toString();

async function assertSound(test: TestVault): Promise<void> {
  expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
  const times = (await test.vault.listSnapshots({ limit: 1_000 })).map(({ takenAtMs }) => takenAtMs);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
}

describe('mergeVaults() with a backup of the same vault', () => {
  it('brings back what was thinned out since, in its place of the timeline, and nothing the second time', async () => {
    await using test = await openTestVault();
    const old: SnapshotId[] = [];
    for (let at = 0; at < 40; at += 1) old.push(await save(test.vault, 'old', at));
    const backup = await backUp(test);
    for (let at = 400; at < 405; at += 1) await save(test.vault, 'new', at);
    await test.vault.prune(
      { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 1, dailyDays: 2 },
      TEST_NOW_MS + 405 * HOUR_MS,
      { isDryRun: false },
    );
    const kept = await ids(test.vault);
    expect(kept.length).toBeLessThan(20);

    const looked = await merge(test, backup, { isDryRun: true });
    expect(looked).toMatchObject({ isSameVault: true, isNothingNew: false, keptAs: null, unreadable: 0 });
    expect(await ids(test.vault)).toEqual(kept);
    const report = await merge(test, backup);

    expect(report.snapshots).toBe(looked.snapshots);
    const merged = await ids(test.vault);
    expect(merged).toHaveLength(kept.length + report.snapshots);
    expect(merged.at(-1)).toBe(kept.at(-1));
    expect(new Set(merged)).toEqual(new Set([...old, ...kept]));
    for (const [at, id] of old.entries()) expect(await read(test.vault, id)).toBe(textOf('old', at));
    await assertSound(test);
    expect(existsSync(join(test.folder, report.keptAs ?? ''))).toBe(true);
    expect(await merge(test, backup)).toMatchObject({ isNothingNew: true, snapshots: 0, inBoth: 40, keptAs: null });
    const found = await test.vault.search({ text: 'old 17 line', limit: 5, budgetMs: 5_000 });
    expect(found.matches.length).toBeGreaterThan(0);
    await save(test.vault, 'later', 500);
    await assertSound(test);
  });

  it.each([
    ['latest', { name: 'Before', description: 'later and longer', tags: ['b'], priority: 'normal', pinned: false }],
    [
      'most-complete',
      { name: 'Before the move', description: 'later and longer', tags: ['b', 'a'], priority: 'high', pinned: true },
    ],
    ['manual', { name: 'Before', description: '', tags: ['b'], priority: 'normal', pinned: false }],
  ] as const)('joins what both say of a checkpoint by %s, and lists every conflict', async (strategy, expected) => {
    await using test = await openTestVault();
    const id = await save(test.vault, 'old', 0);
    const { id: checkpoint } = await test.vault.createCheckpoint(id, ATTRIBUTES, TEST_NOW_MS);
    await test.vault.editCheckpoint(
      checkpoint,
      { name: 'Before the move', priority: 'high', pinned: true },
      TEST_NOW_MS + HOUR_MS,
    );
    const backup = await backUp(test);
    await test.vault.editCheckpoint(
      checkpoint,
      { name: 'Before', description: 'later and longer', priority: 'normal', pinned: false, tags: ['b'] },
      TEST_NOW_MS + 2 * HOUR_MS,
    );
    await save(test.vault, 'new', 1);
    const choices = { [`checkpoint.${checkpoint}.description`]: 'theirs' } as const;

    const report = await merge(test, backup, { strategy, choices });

    const [after] = await test.vault.listCheckpoints();
    expect(after).toMatchObject(expected);
    expect(report.conflicts.map(({ field }) => field)).toEqual(['name', 'description', 'tags', 'priority', 'pinned']);
    expect(report.conflicts[0]).toMatchObject({ ours: 'Before', theirs: 'Before the move' });
    const again = await merge(test, backup, { strategy, choices });
    expect(again.checkpointsChanged).toBe(0);
  });

  it('brings checkpoints and sessions back that are missing here, and what was deleted on purpose stays so', async () => {
    await using test = await openTestVault();
    const id = await save(test.vault, 'old', 0);
    const lost = await test.vault.createCheckpoint(id, ATTRIBUTES, TEST_NOW_MS);
    const session = (name: string) => Buffer.from(name.padEnd(8, '.')).toString('hex') as SessionId;
    const say = (name: string, message: string, updatedAtMs: number) =>
      test.vault.saveSession({
        id: session(name),
        nowMs: TEST_NOW_MS,
        updatedAtMs,
        create: { createdAtMs: TEST_NOW_MS },
        facts: { name, tool: 'chat' },
        messages: [{ id: message, role: 'user', text: message, atMs: TEST_NOW_MS, model: null, isPartial: false }],
      });
    await say('gone', 'one', TEST_NOW_MS);
    await say('marked', 'two', TEST_NOW_MS);
    await say('both', 'three', TEST_NOW_MS);
    const backup = await backUp(test);
    await test.vault.deleteCheckpoints([lost.id]);
    await test.vault.removeSessions([
      { id: session('gone'), mark: null },
      { id: session('marked'), mark: { name: 'marked', deletedAtMs: TEST_NOW_MS } },
      { id: session('both'), mark: null },
    ]);
    await say('both', 'four', TEST_NOW_MS + 1);
    await save(test.vault, 'new', 1);

    const report = await merge(test, backup);

    expect(report).toMatchObject({
      ...{ checkpointsAdded: 1, sessionsAdded: 1, sessionsChanged: 1, sessionsDeletedHere: 1, snapshots: 0 },
    });
    expect(await test.vault.listCheckpoints()).toMatchObject([{ id: lost.id, snapshotId: id }]);
    const texts = async (name: string) =>
      (await test.vault.readMessages(session(name), { limit: 9 })).messages.map(({ text }) => text);
    expect([await texts('gone'), await texts('both')]).toEqual([['one'], ['four', 'three']]);
    await assertSound(test);
  });

  it('does not bring back what was redacted since the backup was made', async () => {
    await using test = await openTestVault();
    const secret = 'hunter2hunter2hunter2';
    const put = async (at: number, more: string) =>
      test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ text: `${textOf('x', 0)}${secret}\n${more}` })] })], {
          takenAtMs: TEST_NOW_MS + at * HOUR_MS,
        }),
      );
    const first = await put(0, '');
    await put(1, 'more\n');
    const backup = await backUp(test);
    const { texts } = await test.vault.listTexts(null, 10_000_000);
    const spots = texts.flatMap(({ anchor, bytes }) => {
      const start = Buffer.from(bytes).indexOf(secret);
      return start < 0 ? [] : [{ anchor, start, end: start + secret.length, bytes: Buffer.from(secret) }];
    });
    await test.vault.redact(spots, {});
    await put(2, 'again\n');
    await test.vault.prune(
      { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 1 },
      TEST_NOW_MS + 90 * HOUR_MS,
      { isDryRun: false },
    );
    expect(await ids(test.vault)).not.toContain(first.summary.id);

    const report = await merge(test, backup);

    expect(report.snapshots).toBeGreaterThan(0);
    expect(await read(test.vault, first.summary.id)).not.toContain(secret);
    await assertSound(test);
  });

  it('leaves out what is damaged in the backup, and says so in the snapshot', async () => {
    await using test = await openTestVault();
    const old = [await save(test.vault, 'old', 0), await save(test.vault, 'old', 1)];
    const backup = await backUp(test);
    const db = new BetterSqlite3(backup);
    const row = db.prepare('SELECT record_id AS id, box FROM chunks ORDER BY record_id LIMIT 1').get() as {
      id: number;
      box: Buffer;
    };
    row.box[60] = (row.box[60] ?? 0) ^ 0xff;
    db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?').run(row.box, row.id);
    db.close();
    await save(test.vault, 'new', 400);
    await test.vault.prune(
      { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 1 },
      TEST_NOW_MS + 400 * HOUR_MS,
      { isDryRun: false },
    );

    const report = await merge(test, backup);

    expect(report).toMatchObject({ snapshots: 2, itemsLeftOut: 1 });
    const { itemList, gapList } = await test.vault.readSnapshot(old[0] as SnapshotId);
    expect(itemList).toHaveLength(1);
    expect(gapList).toMatchObject([{ reason: 'unreadable', message: /left out when this snapshot was merged in/ }]);
    await assertSound(test);
  });

  it('brings what came after the newest one here where the other one is this vault as it went on', async () => {
    await using test = await openTestVault();
    const old = [await save(test.vault, 'old', 0), await save(test.vault, 'old', 1)];
    await test.vault.close();
    const [database, sidecar] = [readFileSync(test.path), readFileSync(`${test.path}.keys`)];
    await test.reopen();
    const later: SnapshotId[] = [];
    for (let at = 5; at < 9; at += 1) later.push(await save(test.vault, 'later', at));
    await test.vault.createCheckpoint(later[3] as SnapshotId, ATTRIBUTES, TEST_NOW_MS);
    await test.vault.close();
    const other = join(test.folder, 'as-it-went-on.db');
    copyFileSync(test.path, other);
    // Somebody went back to a backup.
    writeFileSync(test.path, database);
    writeFileSync(`${test.path}.keys`, sidecar);
    await test.reopen();
    expect(await ids(test.vault)).toEqual(old);

    const report = await merge(test, other);

    expect(report).toMatchObject({ isSameVault: true, snapshots: 4, inBoth: 2, newerLeftOut: 0, checkpointsAdded: 1 });
    expect(await ids(test.vault)).toEqual([...old, ...later]);
    for (const [at, id] of later.entries()) expect(await read(test.vault, id)).toBe(textOf('later', at + 5));
    await assertSound(test);
    // No number of that state stands for another snapshot here.
    const numbers = (path: string): number[] => {
      const db = new BetterSqlite3(path, { readonly: true });
      try {
        return db.prepare('SELECT sequence FROM snapshots ORDER BY sequence').pluck().all() as number[];
      } finally {
        db.close();
      }
    };
    const before = numbers(other);
    expect(numbers(test.path).slice(0, 2)).toEqual(before.slice(0, 2));
    expect(Math.min(...numbers(test.path).slice(2))).toBeGreaterThan(Math.max(...before));
    await save(test.vault, 'after', 20);
    await assertSound(test);
    expect(await merge(test, other)).toMatchObject({ isNothingNew: true, inBoth: 6 });
  });

  it('leaves out what is newer than the newest one here where both went on apart, until the next capture', async () => {
    await using test = await openTestVault();
    const common = await save(test.vault, 'common', 0);
    await test.vault.close();
    const [database, sidecar] = [readFileSync(test.path), readFileSync(`${test.path}.keys`)];
    await test.reopen();
    const theirs = [await save(test.vault, 'theirs', 2), await save(test.vault, 'theirs', 6)];
    await test.vault.createCheckpoint(theirs[1] as SnapshotId, ATTRIBUTES, TEST_NOW_MS);
    await test.vault.close();
    const other = join(test.folder, 'elsewhere.db');
    copyFileSync(test.path, other);
    writeFileSync(test.path, database);
    writeFileSync(`${test.path}.keys`, sidecar);
    await test.reopen();
    const ours = [await save(test.vault, 'ours', 4)];

    expect(await merge(test, other)).toMatchObject({ snapshots: 1, newerLeftOut: 1, checkpointsAdded: 0 });
    expect(await ids(test.vault)).toEqual([common, theirs[0], ...ours]);
    await assertSound(test);
    expect(await merge(test, other)).toMatchObject({ isNothingNew: true, newerLeftOut: 1, inBoth: 2 });
    ours.push(await save(test.vault, 'ours', 8));
    expect(await merge(test, other)).toMatchObject({ snapshots: 1, newerLeftOut: 0, checkpointsAdded: 1 });
    expect(await ids(test.vault)).toEqual([common, theirs[0], ours[0], theirs[1], ours[1]]);
    expect(await read(test.vault, theirs[1] as SnapshotId)).toBe(textOf('theirs', 6));
    expect(await read(test.vault, ours[0] as SnapshotId)).toBe(textOf('ours', 4));
    await assertSound(test);
  });

  it('changes nothing where it is cancelled, or where the vault is open', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'old', 0);
    await save(test.vault, 'old', 5);
    const backup = await backUp(test);
    await test.vault.forget(TEST_NOW_MS + HOUR_MS, {});
    const before = await ids(test.vault);
    await save(test.vault, 'new', 9);
    const end = new AbortController();
    end.abort();
    await expect(merge(test, backup, {}, end.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    const files = vaultFiles(test.path);
    const options = { sidecarPath: files.sidecar, random: randomBytes, argon2: ARGON2_FLOOR, other: backup };
    await expect(
      mergeVaults(
        files,
        SECRET,
        { ...options, otherSecret: null, strategy: 'latest', choices: {}, nowMs: TEST_NOW_MS, isDryRun: false },
        { signal: new AbortController().signal, onProgress: () => undefined },
      ),
    ).rejects.toMatchObject({ code: 'VAULT_BUSY' });

    expect((await ids(test.vault)).slice(0, before.length)).toEqual(before);
    expect(readdirSync(test.folder).filter((name) => /\.new-|before-merge/.test(name))).toEqual([]);
  });

  it('says of the other one that it is not there, no vault, of a newer format, or damaged', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'new', 0);
    const garbage = join(test.folder, 'garbage');
    writeFileSync(garbage, 'what is this?'.repeat(1_000));
    const newer = await backUp(test);
    const damaged = `${newer}.damaged`;
    copyFileSync(newer, damaged);
    const torn = new BetterSqlite3(damaged);
    torn.exec('UPDATE head_a SET box = zeroblob(64); UPDATE head_b SET box = zeroblob(64)');
    torn.close();
    const db = new BetterSqlite3(newer);
    db.pragma('user_version = 99');
    db.close();
    for (const [path, code] of [
      [join(test.folder, 'nothing'), 'VAULT_MISSING'],
      [garbage, 'VAULT_NOT_A_VAULT'],
      [newer, 'VAULT_NEWER_FORMAT'],
      [damaged, 'VAULT_DAMAGED'],
    ] as const)
      await expect(merge(test, path)).rejects.toMatchObject({ code, message: expect.stringContaining('other') });
  });

  it('leaves the backup as it was', async () => {
    await using test = await openTestVault();
    await save(test.vault, 'old', 0);
    const backup = await backUp(test);
    copyFileSync(backup, `${backup}.copy`);
    await test.vault.forget(0, {});
    await save(test.vault, 'new', 9);

    expect(await merge(test, backup)).toMatchObject({ snapshots: 1 });

    expect(readFileSync(backup).equals(readFileSync(`${backup}.copy`))).toBe(true);
    expect(readdirSync(join(test.folder, 'backups'))).toHaveLength(2);
  });
});

describe('mergeVaults() with a vault of its own', () => {
  it('seals everything anew under the keys of this one, with the password of that one', async () => {
    await using test = await openTestVault();
    await using other = await openTestVault();
    const theirs = [await save(other.vault, 'theirs', 1), await save(other.vault, 'theirs', 3)];
    await other.vault.createCheckpoint(theirs[1] as SnapshotId, { ...ATTRIBUTES, name: 'Theirs' }, TEST_NOW_MS);
    const password = 'another battery staple horse';
    await other.vault.changePassword(password, TEST_NOW_MS);
    await other.vault.close();
    const otherSecret = { type: 'password', text: password } as const;
    // Of another machine: until there is something of this one, nothing stands at the end of its history.
    expect(await merge(test, other.path, { otherSecret })).toMatchObject({
      ...{ isNothingNew: true, snapshots: 0, newerLeftOut: 2, checkpointsAdded: 0 },
    });
    const ours = [
      await save(test.vault, 'ours', 0),
      await save(test.vault, 'ours', 2),
      await save(test.vault, 'ours', 4),
    ];

    await expect(merge(test, other.path)).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
    await expect(merge(test, other.path, { otherSecret: SECRET })).rejects.toMatchObject({
      code: 'VAULT_WRONG_OTHER_PASSWORD',
    });
    const report = await merge(test, other.path, { otherSecret });

    expect(report).toMatchObject({ isSameVault: false, snapshots: 2, checkpointsAdded: 1 });
    const merged = await ids(test.vault);
    expect(merged).toEqual([ours[0], theirs[0], ours[1], theirs[1], ours[2]]);
    expect(await read(test.vault, theirs[0] as SnapshotId)).toBe(textOf('theirs', 1));
    expect(await read(test.vault, ours[1] as SnapshotId)).toBe(textOf('ours', 2));
    expect(await test.vault.listCheckpoints()).toMatchObject([{ name: 'Theirs', snapshotId: theirs[1] }]);
    await assertSound(test);
    // What both had is stored once.
    const db = new BetterSqlite3(test.path, { readonly: true });
    expect(db.prepare('SELECT count(*) FROM chunks').pluck().get()).toBe(6);
    db.close();
    await other.reopen(otherSecret);
  });
});
