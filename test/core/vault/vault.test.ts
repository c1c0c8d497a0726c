import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { SnapshotId } from '../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { openVault } from '../../../src/core/vault/vault-client.ts';
import { aCapture, aConversation, aStream, aTerminal, CLAUDE, key, text, TMUX } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('save()', () => {
  it('[V11] keeps every snapshot readable across keyframes', async () => {
    await using test = await openTestVault();
    const ids = [];
    for (let at = 0; at < 100; at += 1) {
      const items = Array.from({ length: 5 }, (_, pane) =>
        aTerminal(`p${pane}`, {
          title: pane === at % 5 ? `changed ${at}` : 'same',
          streams: [aStream({ text: `${pane}:${at % 7}\n` })],
        }),
      );
      ids.push(
        (await test.vault.save(aCapture(items.slice(0, 1 + (at % 5)), { takenAtMs: TEST_NOW_MS + at }))).summary.id,
      );
    }
    await test.reopen();

    for (const [at, id] of ids.entries()) {
      const snapshot = await test.vault.readSnapshot(id);
      expect(snapshot.itemList.map((item) => item.title)).toEqual(
        Array.from({ length: 1 + (at % 5) }, (_, pane) => (pane === at % 5 ? `changed ${at}` : 'same')),
      );
      expect(text(await test.vault.readStream(id, key('tmux:p0'), 'scrollback'))).toBe(`0:${at % 7}\n`);
    }
  });

  it('counts what changed since the snapshot before', async () => {
    await using test = await openTestVault();
    const save = async (...titles: string[]) =>
      (await test.vault.save(aCapture(titles.map((title) => aTerminal(title))))).summary;

    expect(await save('a', 'b')).toMatchObject({ items: 2, changed: 2 });
    expect(await save('a', 'b')).toMatchObject({ items: 2, changed: 0 });
    expect(await save('a', 'c')).toMatchObject({ items: 2, changed: 2 });
  });

  it('carries items forward as stale, with the time they were last read', async () => {
    await using test = await openTestVault();
    const first = TEST_NOW_MS;
    await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'kept' })] })], { takenAtMs: first }));
    const gap = { source: TMUX, reason: 'vanished' as const, message: 'the tmux server is gone', sinceMs: first + 1 };
    await test.vault.save(aCapture([], { takenAtMs: first + 1, carried: [key('tmux:a')], gaps: [gap] }));
    const last = await test.vault.save(aCapture([], { takenAtMs: first + 2, carried: [key('tmux:a')], gaps: [gap] }));

    const snapshot = await test.vault.readSnapshot(last.summary.id);
    expect(snapshot).toMatchObject({ gaps: 1, gapList: [gap] });
    expect(snapshot.itemList[0]).toMatchObject({ stale: true, goodAtMs: first });
    expect(text(await test.vault.readStream(last.summary.id, key('tmux:a'), 'scrollback'))).toBe('kept');
  });

  it('leaves out the largest scrollback first when a snapshot would be too large, and says so', async () => {
    await using test = await openTestVault({ maxSnapshotBytes: 200_000 });
    const noise = (size: number) =>
      aStream({ content: { type: 'whole', bytes: crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))) } });
    const result = await test.vault.save(
      aCapture([
        aTerminal('large', { streams: [aStream({ content: { type: 'whole', bytes: randomBytes(190_000) } })] }),
        aTerminal('small', { streams: [noise(20_000)] }),
        aConversation('talk', 'a conversation'.repeat(10)),
      ]),
    );

    expect(result.leftOut).toMatchObject([{ key: 'tmux:large', reason: 'too-large' }]);
    const snapshot = await test.vault.readSnapshot(result.summary.id);
    expect(snapshot.gapList[0]?.message).toMatch(/"large" was left out/);
    expect(snapshot.itemList.map((item) => [item.title, item.streams.length])).toEqual([
      ['large', 0],
      ['small', 1],
      ['talk', 1],
    ]);
    expect(result.storedBytes).toBeLessThan(60_000);
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).ok).toBe(true);
  });

  it('[V15] lets two processes save in turn without losing a snapshot', async () => {
    await using test = await openTestVault();
    await using other = await openVault({
      path: test.path,
      secret: { type: 'password', text: TEST_PASSWORD },
      nowMs: TEST_NOW_MS,
      argon2: ARGON2_FLOOR,
    });
    const saves = Array.from({ length: 30 }, (_, at) =>
      (at % 2 === 0 ? test.vault : other).save(aCapture([aTerminal(`t${at}`)], { takenAtMs: TEST_NOW_MS + at })),
    );
    const ids = new Set((await Promise.all(saves)).map((result) => result.summary.id));

    expect(ids.size).toBe(30);
    for (const vault of [test.vault, other]) {
      expect(new Set((await vault.listSnapshots({ limit: 100 })).map((summary) => summary.id))).toEqual(ids);
    }
    expect((await other.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });
});

describe('resolveSnapshot()', () => {
  it('finds by id, prefix, latest, time, age and checkpoint name', async () => {
    await using test = await openTestVault();
    const ids = [];
    for (let at = 0; at < 5; at += 1)
      ids.push(
        (await test.vault.save(aCapture([aTerminal(`t${at}`)], { takenAtMs: TEST_NOW_MS + at * HOUR_MS }))).summary.id,
      );
    const nowMs = TEST_NOW_MS + 4 * HOUR_MS;
    await test.vault.createCheckpoint(
      ids[1] ?? ids[0]!,
      { name: 'before lunch', description: '', tags: [], priority: 'high', pinned: false },
      nowMs,
    );
    const resolve = (reference: string) => test.vault.resolveSnapshot(reference, nowMs);

    expect(await resolve('latest')).toBe(ids[4]);
    expect(await resolve(ids[2]!)).toBe(ids[2]);
    expect(await resolve(ids[2]!.slice(0, 7))).toBe(ids[2]);
    expect(await resolve('2h')).toBe(ids[2]);
    expect(await resolve('90m')).toBe(ids[2]);
    expect(await resolve(new Date(TEST_NOW_MS + HOUR_MS).toISOString())).toBe(ids[1]);
    expect(await resolve('before lunch')).toBe(ids[1]);
    await expect(resolve('9d')).rejects.toThrow(/no snapshot that old/);
    await expect(resolve('ffff')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    await expect(resolve('../etc')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });
});

describe('checkpoints', () => {
  it('are made with a capture or of any past snapshot, edited, listed and deleted', async () => {
    await using test = await openTestVault();
    const attributes = {
      name: 'release',
      description: 'before the release',
      tags: ['api'],
      priority: 'high' as const,
      pinned: true,
    };
    const first = await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'old' })] })]));
    const second = await test.vault.save(aCapture([aTerminal('b')], { kind: 'checkpoint', checkpoint: attributes }));
    const past = await test.vault.createCheckpoint(first.summary.id, { ...attributes, name: 'past' }, TEST_NOW_MS);

    expect(second.summary.checkpoint).toMatchObject(attributes);
    expect(
      (await test.vault.editCheckpoint(past.id, { name: 'renamed', tags: ['x', 'y'] }, TEST_NOW_MS + 1)).name,
    ).toBe('renamed');
    await test.reopen();
    const listed = await test.vault.listSnapshots({ limit: 10, checkpointsOnly: true });
    expect(listed.map((summary) => summary.checkpoint?.name)).toEqual(['release', 'renamed']);
    expect((await test.vault.listCheckpoints()).length).toBe(2);
    await expect(test.vault.editCheckpoint(past.id, { name: '' }, TEST_NOW_MS)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });

    expect(
      await test.vault.deleteCheckpoints((await test.vault.listCheckpoints()).map((checkpoint) => checkpoint.id)),
    ).toBe(2);
    expect(await test.vault.listCheckpoints()).toEqual([]);
    await expect(test.vault.deleteCheckpoints([past.id])).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect((await test.vault.listSnapshots({ limit: 10 })).length).toBe(2);
  });
});

describe('exportStream()', () => {
  it('writes a stream of many parts into a new private file, and never over one that is there', async () => {
    await using test = await openTestVault();
    let content = '';
    let id: SnapshotId | null = null;
    for (let at = 0; at < 12; at += 1) {
      content += `${at} ${'x'.repeat(3000 * at)}\n`;
      const streams = [aStream({ name: 'transcript', kind: 'append', text: content })];
      id = (await test.vault.save(aCapture([aConversation('c', '', { streams })]))).summary.id;
    }
    if (id === null) throw new Error('nothing was saved');
    const path = join(test.folder, 'exported');
    await test.vault.exportStream(id, key('claude-code:c'), 'transcript', path);

    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = test.vault.exportStream(id, key('claude-code:c'), 'transcript', path);
    await expect(again).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const nowhere = test.vault.exportStream(id, key('claude-code:c'), 'transcript', join(path, 'below'));
    await expect(nowhere).rejects.toMatchObject({ code: 'EXEC_FAILED' });
    const unknown = test.vault.exportStream(id, key('claude-code:c'), 'other', join(test.folder, 'other'));
    await expect(unknown).rejects.toMatchObject({ code: 'ITEM_NOT_FOUND' });
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(readdirSync(test.folder)).not.toContain('other');
  });
});

describe('prune()', () => {
  it('[V12] keeps every snapshot that stays in the list, in a vault that has no index block yet', async () => {
    await using test = await openTestVault();
    const pin = { name: 'pin', description: '', tags: [], priority: 'normal', pinned: true } as const;
    for (let at = 0; at < 8; at += 1)
      await test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ text: `content ${at}` })] })], {
          takenAtMs: TEST_NOW_MS + at * 20 * 60_000,
          ...(at === 0 ? { checkpoint: pin } : {}),
        }),
      );
    const nowMs = TEST_NOW_MS + 3 * HOUR_MS;
    const { removedSnapshots } = await test.vault.prune({ ...DEFAULT_RETENTION, allHours: 1 }, nowMs, {
      isDryRun: false,
    });
    expect(removedSnapshots).toBeGreaterThan(0);
    const left = await test.vault.listSnapshots({ limit: 20 });
    await test.reopen();

    expect(test.vault.notices).toEqual([]);
    expect(await test.vault.listSnapshots({ limit: 20 })).toEqual(left);
    expect(left.at(-1)?.checkpoint?.name).toBe('pin');
    await test.vault.prune({ ...DEFAULT_RETENTION, allHours: 1 }, nowMs, { isDryRun: false });
    expect(text(await test.vault.readStream(left.at(-1)!.id, key('tmux:a'), 'scrollback'))).toBe('content 0');
    expect(await test.vault.verify({ isDeep: true, nowMs })).toMatchObject({ ok: true, damaged: [] });
  });

  it('[V17] removes what retention says, keeps the rest readable, and gives the space back', async () => {
    await using test = await openTestVault();
    const kept: { id: string; content: string }[] = [];
    for (let at = 0; at < 60; at += 1) {
      const content = randomBytes(20_000);
      const result = await test.vault.save(
        aCapture(
          [
            aTerminal('a', { streams: [aStream({ content: { type: 'whole', bytes: content.slice() } })] }),
            aConversation('c', 'kept for ever'),
          ],
          { takenAtMs: TEST_NOW_MS + at * HOUR_MS },
        ),
      );
      if (at === 5)
        await test.vault.createCheckpoint(
          result.summary.id,
          { name: 'pin', description: '', tags: [], priority: 'low', pinned: true },
          TEST_NOW_MS,
        );
      if (at === 5 || at === 59) kept.push({ id: result.summary.id, content: Buffer.from(content).toString('hex') });
    }
    await test.vault.upkeep(1000);
    const before = statSync(test.path).size;
    const nowMs = TEST_NOW_MS + 45 * DAY_MS;

    const dry = await test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: true });
    const done = await test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false });

    expect(done.plan).toEqual(dry.plan);
    expect(done.plan.keep).toMatchObject({ pinned: 1, latest: 1 });
    expect(done.removedSnapshots).toBe(58);
    expect(done.freedBytes).toBeGreaterThan(58 * 20_000 * 0.9);
    expect(Math.abs(done.freedBytes - dry.freedBytes) / done.freedBytes).toBeLessThan(0.3);
    expect(statSync(test.path).size).toBeLessThan(before / 4);
    await test.reopen();
    for (const { id, content } of kept) {
      expect(Buffer.from(await test.vault.readStream(id as never, key('tmux:a'), 'scrollback')).toString('hex')).toBe(
        content,
      );
    }
    expect((await test.vault.verify({ isDeep: true, nowMs })).damaged).toEqual([]);
    expect((await test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false })).removedSnapshots).toBe(0);
  });

  it('[V17] goes on saving while it sweeps', async () => {
    await using test = await openTestVault();
    for (let at = 0; at < 80; at += 1) {
      await test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ content: { type: 'whole', bytes: randomBytes(5000) } })] })], {
          takenAtMs: TEST_NOW_MS + at,
        }),
      );
    }
    const nowMs = TEST_NOW_MS + 60 * DAY_MS;
    const [report, ...saved] = await Promise.all([
      test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false }),
      ...Array.from({ length: 20 }, (_, at) =>
        test.vault.save(
          aCapture([aTerminal('a', { streams: [aStream({ text: `during ${at}` })] })], { takenAtMs: nowMs + at }),
        ),
      ),
    ]);

    expect(report.removedSnapshots).toBeGreaterThan(70);
    for (const [at, result] of saved.entries()) {
      expect(text(await test.vault.readStream(result.summary.id, key('tmux:a'), 'scrollback'))).toBe(`during ${at}`);
    }
    expect((await test.vault.verify({ isDeep: true, nowMs })).damaged).toEqual([]);
  });

  it('can be cancelled', async () => {
    await using test = await openTestVault();
    await test.vault.save(aCapture([aTerminal('a')]));
    const controller = new AbortController();
    controller.abort();

    await expect(
      test.vault.prune(DEFAULT_RETENTION, TEST_NOW_MS, { isDryRun: false, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('keys', () => {
  it('[V4] changes the password without touching the data, and the old one no longer opens', async () => {
    await using test = await openTestVault();
    await test.vault.save(aCapture([aTerminal('a')]));
    await test.vault.changePassword('something else entirely', TEST_NOW_MS);
    await test.vault.close();

    await expect(
      openVault({ path: test.path, secret: { type: 'password', text: TEST_PASSWORD }, nowMs: TEST_NOW_MS }),
    ).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await test.reopen({ type: 'password', text: 'something else entirely' });
    expect((await test.vault.listSnapshots({ limit: 1 })).length).toBe(1);
  });

  it('[V3] rotates to a new epoch, everything stays readable, and advises it after 90 days', async () => {
    await using test = await openTestVault();
    const saved = await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'before' })] })]));
    await test.vault.upkeep(10);
    expect((await test.vault.keys(TEST_NOW_MS + 91 * DAY_MS)).isRotationAdvised).toBe(true);

    const progress: number[] = [];
    await test.vault.rotate({ nowMs: TEST_NOW_MS + 91 * DAY_MS, onProgress: ({ done }) => progress.push(done) });

    expect(progress.length).toBeGreaterThan(0);
    expect(await test.vault.keys(TEST_NOW_MS + 91 * DAY_MS)).toMatchObject({
      epoch: 2,
      rotation: null,
      isRotationAdvised: false,
    });
    await test.reopen();
    expect(text(await test.vault.readStream(saved.summary.id, key('tmux:a'), 'scrollback'))).toBe('before');
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('replaces the recovery key: the new one opens, the old one does not', async () => {
    await using test = await openTestVault();
    const fresh = await test.vault.replaceRecoveryKey(TEST_NOW_MS);
    await test.vault.close();

    await expect(
      openVault({ path: test.path, secret: { type: 'recovery', text: test.recoveryKey }, nowMs: TEST_NOW_MS }),
    ).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await test.reopen({ type: 'recovery', text: fresh });
  });
});

describe('backup()', () => {
  it('[V18] keeps verified copies that open on their own, and lets the oldest go', async () => {
    await using test = await openTestVault();
    const folder = join(test.folder, 'backups');
    const names = [];
    for (let at = 0; at < 5; at += 1) {
      await test.vault.save(aCapture([aTerminal(`t${at}`)]));
      names.push((await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS + at })).name);
    }

    expect(readdirSync(folder).toSorted()).toEqual(names.slice(2));
    await using copy = await openVault({
      path: join(folder, names[4]!),
      secret: { type: 'password', text: TEST_PASSWORD },
      nowMs: TEST_NOW_MS,
      argon2: ARGON2_FLOOR,
    });
    expect((await copy.listSnapshots({ limit: 10 })).length).toBe(5);
    expect((await copy.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });
});

describe('nothing readable at rest', () => {
  it('[V8] leaves no captured word in any file of the folder', async () => {
    await using test = await openTestVault();
    const canary = 'canary-7f3a9';
    await test.vault.writeSetting(`exclusions`, { urls: [`${canary}-setting`] });
    for (let at = 0; at < 40; at += 1) {
      await test.vault.save(
        aCapture(
          [
            aTerminal(`${canary}-key`, {
              title: `${canary}-title`,
              group: `${canary}-group`,
              attributes: { cwd: `/${canary}-path`, n: at },
              streams: [aStream({ name: `${canary}-stream`, text: `${canary}-content ${at}` })],
            }),
            aConversation('c', `${canary}-message`, { source: CLAUDE }),
          ],
          {
            gaps: [{ source: TMUX, reason: 'failed', message: `${canary}-gap`, sinceMs: 0 }],
            checkpoint: {
              name: `${canary}-name`,
              description: `${canary}-text`,
              tags: [`${canary}-tag`],
              priority: 'low',
              pinned: false,
            },
          },
        ),
      );
    }
    await test.vault.backup({ folder: join(test.folder, 'backups'), keep: 1, nowMs: TEST_NOW_MS });
    await test.vault.upkeep(50);

    const look = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .filter((entry) => {
          const bytes = readFileSync(join(entry.parentPath, entry.name));
          return bytes.includes('canary') || bytes.includes(Buffer.from('canary', 'utf16le'));
        })
        .map((entry) => entry.name);
    expect(readdirSync(test.folder).length).toBeGreaterThan(4);
    expect(look(test.folder)).toEqual([]);
    await test.vault.close();
    expect(look(test.folder)).toEqual([]);
    await test.reopen();
  });
});

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  return bytes;
}
