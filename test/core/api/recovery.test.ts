import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { call } from '@orpc/server';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer } from '../../../src/core/api/local/local-server.ts';
import { aStream } from '../../support/captures.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

const SECRET = { type: 'password', text: TEST_PASSWORD } as const;

let clock: ManualClock;
let test: TestSession;
/** Snapshots in the vault before it was damaged. */
let total: number;

beforeEach(async () => {
  clock = new ManualClock();
  test = makeTestSession({ clock });
  // Fresh bytes each time: a save takes them along.
  test.tmux.answer(async () => ({
    items: [test.tmux.item('a', { streams: [aStream({ kind: 'blob', text: 'kept '.repeat(500) })] })],
  }));
  await test.session.createVault(TEST_PASSWORD);
  for (let count = 0; count < 3; count += 1) await test.session.capture({ kind: 'manual' });
});
afterEach(() => test[Symbol.asyncDispose]());

async function damage(how: (path: string) => void): Promise<void> {
  await test.restart('clean');
  const db = new BetterSqlite3(test.app.folder.vault, { readonly: true });
  total = Number(db.prepare('SELECT count(*) FROM snapshots').pluck().get());
  db.close();
  how(test.app.folder.vault);
}

/** At a time of its own: the app makes backups by itself too. */
async function backUp() {
  const folder = test.app.folder.backups;
  const madeAtMs = clock.nowMs() + 1_000;
  const made = await test.session.unlocked().app.vault.backup({ folder, keep: 9, nowMs: madeAtMs });
  return { ...made, folder, madeAtMs };
}

function flip(table: string, where: string) {
  return (path: string): void => {
    const db = new BetterSqlite3(path);
    for (const { id, box } of db.prepare(`SELECT rowid AS id, box FROM ${table} WHERE ${where}`).all() as {
      id: number;
      box: Buffer;
    }[]) {
      box[60] = (box[60] ?? 0) ^ 1;
      db.prepare(`UPDATE ${table} SET box = ? WHERE rowid = ?`).run(box, id);
    }
    db.close();
  };
}

function destroy(path: string): void {
  for (const file of [path, `${path}.keys`]) {
    const opened = openSync(file, 'r+');
    writeSync(opened, Buffer.alloc(statSync(file).size, 0x5a), 0);
    closeSync(opened);
  }
}

const report = () => call(test.router.recovery.report, undefined);

async function repair(input: { password: string }, signal?: AbortSignal) {
  const events = [];
  for await (const event of await call(test.router.recovery.repair, input, signal === undefined ? {} : { signal }))
    events.push(event);
  return events;
}

describe('a session over a damaged vault', () => {
  it('opens it for reading: nothing is captured, locked or not, and it says so', async () => {
    await damage(flip('snapshots', 'sequence = 2'));
    const before = readFileSync(test.app.folder.vault);
    await test.session.unlock(SECRET);
    expect(test.session.status()).toMatchObject({
      vault: 'unlocked',
      readOnly: /damaged, so it is open for reading only/,
      capture: { state: 'off' },
    });
    await clock.advance(10 * 60_000);
    await expect(test.session.capture({ kind: 'manual' })).rejects.toMatchObject({ code: 'VAULT_READ_ONLY' });
    await test.session.lock();
    await clock.advance(10 * 60_000);
    expect(readFileSync(test.app.folder.vault).equals(before)).toBe(true);
    expect(test.session.status()).toMatchObject({ vault: 'locked', capture: { state: 'off' } });
  });
});

describe('the recovery report', () => {
  it('of a whole vault says so, and lists the backups', async () => {
    const { name, sizeBytes, madeAtMs, folder } = await backUp();
    const told = await report();
    expect(told.backups.folder).toBe(folder);
    expect(told.backups.list).toContainEqual({ name, sizeBytes, madeAt: new Date(madeAtMs).toISOString() });
    expect(told).toMatchObject({
      state: 'open',
      isWhole: true,
      damaged: [],
      snapshots: { whole: 3, affected: 0, list: [] },
      repair: { isAdvised: false, steps: [] },
    });
  });

  it('names the snapshots and the items that a damaged chunk touches', async () => {
    await damage(flip('chunks', '1'));
    await test.session.unlock(SECRET);
    const told = await report();
    expect(told).toMatchObject({ state: 'open', isWhole: false, snapshots: { whole: 0, affected: total } });
    expect(told.damaged.some(({ what }) => what === 'chunk')).toBe(true);
    expect(told.snapshots.list[0]).toMatchObject({
      items: [{ key: test.tmux.key('a'), title: 'a' }],
      isReadable: true,
    });
    expect(told.repair.isAdvised).toBe(true);
  });

  it('counts snapshots that are gone, and those that are whole', async () => {
    await damage(flip('snapshots', 'sequence = 2'));
    await test.session.unlock(SECRET);
    expect(await report()).toMatchObject({
      state: 'read-only',
      isWhole: false,
      snapshots: { whole: total - 1, affected: 1, list: [{ id: null, isReadable: false }] },
    });
  });

  it('works while the vault is locked, missing, or beyond opening', async () => {
    await test.session.lock();
    expect(await report()).toMatchObject({ state: 'locked', isWhole: null });
    await damage(destroy);
    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_NOT_A_VAULT' });
    expect(await report()).toMatchObject({ state: 'unreadable', isWhole: false, repair: { isAdvised: true } });
  });
});

describe('a repair over the API', () => {
  it('tells how far it is, gives a vault that captures again, and keeps the old file', async () => {
    await damage(flip('snapshots', 'sequence = 2'));
    const before = readFileSync(test.app.folder.vault);
    await test.session.unlock(SECRET);
    const events = await repair({ password: TEST_PASSWORD });
    expect(events.some(({ type }) => type === 'progress')).toBe(true);
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'done', result: { snapshots: total, lostSnapshots: 0 } });
    const { keptAs } = last?.type === 'done' ? last.result : { keptAs: '' };
    expect(readFileSync(join(test.home, keptAs ?? '')).equals(before)).toBe(true);
    expect(test.session.status().readOnly).toBeUndefined();
    expect(await report()).toMatchObject({ state: 'open', isWhole: true });
    await test.session.capture({ kind: 'manual' });
  });

  it('with a wrong password, or cancelled, changes nothing and leaves the vault open', async () => {
    await damage(flip('snapshots', 'sequence = 2'));
    await test.session.unlock(SECRET);
    await expect(repair({ password: 'not this one' })).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await repair({ password: TEST_PASSWORD }, AbortSignal.abort()).catch(() => undefined);
    expect(readdirSync(test.home).filter((name) => name.includes('.damaged-'))).toEqual([]);
    expect(test.session.status()).toMatchObject({ vault: 'unlocked', readOnly: /damaged/ });
  });

  it('goes over REST as server-sent events', async () => {
    await damage(flip('snapshots', 'sequence = 2'));
    await test.session.unlock(SECRET);
    const { session, router } = test;
    const server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
    try {
      const address = `http://127.0.0.1:${server.port}/api`;
      const authorization = `Bearer ${readFileSync(test.app.folder.apiToken, 'utf8').trim()}`;
      const told = await fetch(`${address}/recovery/report`, { headers: { authorization } });
      expect(await told.json()).toMatchObject({ state: 'read-only', snapshots: { whole: total - 1, affected: 1 } });
      expect((await fetch(`${address}/recovery/report`)).status).toBe(403);
      const repaired = await fetch(`${address}/recovery/repair`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ password: TEST_PASSWORD }),
      });
      expect(repaired.headers.get('content-type')).toContain('text/event-stream');
      expect(await repaired.text()).toContain(`"type":"done","result":{"snapshots":${total},"lostSnapshots":0`);
      const described = (await (await fetch(`${address}/openapi.json`, { headers: { authorization } })).json()) as {
        paths: Record<string, unknown>;
      };
      expect(Object.keys(described.paths)).toEqual(
        expect.arrayContaining(['/recovery/report', '/recovery/repair', '/recovery/restore-backup']),
      );
    } finally {
      await server.close();
    }
  });
});

describe('going back to a backup', () => {
  it('opens the backup in the place of a vault that nothing is left of, and keeps that file', async () => {
    const { name } = await backUp();
    await damage(destroy);
    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_NOT_A_VAULT' });
    const { keptAs, status } = await call(test.router.recovery.restoreBackup, {
      name,
      secret: { password: TEST_PASSWORD },
    });
    expect(status).toMatchObject({ vault: 'unlocked' });
    expect(existsSync(join(test.home, keptAs))).toBe(true);
    expect(await test.session.unlocked().app.vault.listSnapshots({ limit: 9 })).toHaveLength(3);
  });

  it('tells how far the check is, and cancelled changes nothing', async () => {
    const { name } = await backUp();
    const input = { name, secret: { password: TEST_PASSWORD } };
    const before = await test.session.unlocked().app.vault.listSnapshots({ limit: 9 });
    await expect(
      call(test.router.recovery.restoreBackup, input, { signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(Error);
    expect(readdirSync(test.home).filter((file) => /\.(?:damaged|new)-/.test(file))).toEqual([]);
    expect(await test.session.unlocked().app.vault.listSnapshots({ limit: 9 })).toEqual(before);

    await call(test.router.recovery.restoreBackup, input);
    const told = test.events.filter((event) => event.type === 'backup-restore.progress');
    expect(told.length).toBeGreaterThan(0);
    expect(told.at(-1)).toMatchObject({ done: told.at(-1)?.total });
  });
});

describe('recovery.export', () => {
  it('writes what is left of a damaged vault into a folder of the machine, and nowhere else', async () => {
    await damage(flip('chunks', '1'));
    await test.session.unlock(SECRET);
    const place = await call(test.router.recovery.exportPlace, undefined);
    const folder = join(test.app.folder.path, '..', 'taken-out');
    const run = async (into: string) => {
      const events = [];
      for await (const event of await call(test.router.recovery.export, { folder: into })) events.push(event);
      return events.at(-1);
    };

    expect(place.folder).toMatch(/cairn-export-\d{4}-\d\d-\d\d$/);
    expect(await run(folder)).toMatchObject({
      type: 'done',
      result: { folder, snapshots: 1, unreadableCount: 1, unreadable: [{ key: 'tmux:a' }] },
    });
    expect(readFileSync(join(folder, 'readme.md'), 'utf8')).toContain('could not be read');
    await expect(run(join(test.app.folder.path, 'inside'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(run('relative')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

describe('damage that is found while captures run', () => {
  it('is told by the status and once as a notice, whoever found it, and put right from a backup', async () => {
    await backUp();
    const { vault } = test.session.unlocked().app;
    const notices = () => test.events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
    // What is captured again heals by itself.
    const fresh = () => test.tmux.item('a', { streams: [aStream({ kind: 'blob', text: 'now another text' })] });
    test.tmux.answer(async () => ({ items: [fresh()] }));
    flip('chunks', '1')(test.app.folder.vault);
    await vault.verify({ isDeep: true, nowMs: clock.nowMs() });
    await test.session.refreshHealth();
    expect(test.session.status().health).toMatchObject({ damage: { records: 1, text: /1 piece of content cannot/ } });
    // What else is told meanwhile, such as of a size that could not be noted, is not of the damage.
    expect(notices().filter((text) => /1 piece of content cannot/.test(text))).toHaveLength(1);

    for (let ticks = 0; ticks < 40 && test.session.status().health?.damage !== undefined; ticks += 1) {
      await clock.advance(30_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    const { health } = test.session.status();
    expect(health?.damage).toBeUndefined();
    expect(health).toMatchObject({ provenBackupAt: /^2/, quickAt: /^2/ });
    expect(notices().some((text) => text.includes('put right from a whole copy'))).toBe(true);
  });
});

describe('a merge with another vault', () => {
  const ask = async (
    step: 'mergePlan' | 'merge',
    changes: { other: string; password?: string; otherSecret?: { password: string } },
  ) => {
    const { password = TEST_PASSWORD, ...rest } = changes;
    const events = [];
    for await (const event of await call(test.router.recovery[step], { ...rest, secret: { password } }))
      events.push(event);
    const last = events.at(-1);
    if (last?.type !== 'done') throw new Error('no result');
    return last.result;
  };

  it('says what a backup would bring, then brings it, while the app keeps the vault open before and after', async () => {
    const { name } = await backUp();
    const before = await test.session.unlocked().app.vault.listSnapshots({ limit: 50 });
    clock.jumpWall(60_000);
    await test.session.forget(60);
    await test.session.capture({ kind: 'manual' });
    const left = await test.session.unlocked().app.vault.listSnapshots({ limit: 50 });
    expect(left).toHaveLength(1);

    const looked = await ask('mergePlan', { other: name });
    expect(looked).toMatchObject({ isSameVault: true, snapshots: before.length, keptAs: null, isNothingNew: false });
    expect(looked.incoming?.to).toBe(new Date(before[0]?.takenAtMs ?? 0).toISOString());
    expect(await test.session.unlocked().app.vault.listSnapshots({ limit: 50 })).toEqual(left);
    const done = await ask('merge', { other: join(test.app.folder.backups, name) });

    expect(done.keptAs).toMatch(/^vault\.db\.before-merge-/);
    expect(readdirSync(test.home)).toContain(done.keptAs);
    const after = await test.session.unlocked().app.vault.listSnapshots({ limit: 50 });
    expect(after.map(({ id }) => id)).toEqual([...left, ...before].map(({ id }) => id));
    const told = test.events.map((event) => (event.type === 'notice' ? event.text : event.type));
    expect(told.find((text) => text.startsWith('The other vault is merged'))).toContain(done.keptAs);
    expect(told).toContain('snapshots.removed');
    expect(await ask('mergePlan', { other: name })).toMatchObject({ isNothingNew: true });
  });

  it('asks for the password of a vault of its own, and counts no slip of that against this one', async () => {
    await using other = makeTestSession({ clock });
    other.tmux.answer(async () => ({ items: [other.tmux.item('b')] }));
    await other.session.createVault('another battery staple horse');
    await other.session.capture({ kind: 'manual' });
    // Captures a last time.
    await other.session.close();
    clock.jumpWall(60_000);
    await test.session.capture({ kind: 'manual' });

    await expect(ask('mergePlan', { other: other.home })).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
    for (let slip = 0; slip < 5; slip += 1)
      await expect(
        ask('mergePlan', { other: other.home, otherSecret: { password: 'not this one' } }),
      ).rejects.toMatchObject({ code: 'VAULT_WRONG_OTHER_PASSWORD' });
    const otherSecret = { password: 'another battery staple horse' };
    expect(await ask('merge', { other: other.home, otherSecret })).toMatchObject({ isSameVault: false, snapshots: 2 });
  });

  it('changes nothing with a wrong password, and takes no path that depends on where the app was started', async () => {
    const { name } = await backUp();
    await expect(ask('merge', { other: name, password: 'not this one' })).rejects.toMatchObject({
      code: 'VAULT_WRONG_PASSWORD',
    });
    await expect(ask('mergePlan', { other: `./${name}` })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(ask('mergePlan', { other: '~/nothing/here' })).rejects.toMatchObject({ code: 'VAULT_MISSING' });
    expect(test.session.status()).toMatchObject({ vault: 'unlocked' });
  });
});
