import { chmodSync, existsSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MAX_ENDED_SHELLS } from '../../../../src/core/sources/shell-history/capture-shells.ts';
import { parseSourceId } from '../../../../src/shared/model/ids.ts';
import { key } from '../../../support/captures.ts';
import { aStoredItem } from '../../../support/previews.ts';
import { makeCaptureContext, makeRestoreContext, toSnapshotItems } from '../../../support/test-host.ts';
import { hasSharedMemory, headerBytes, HistoryWorkshop, noteBytes } from './spool-workshop.ts';

const ID = '1795206831000000-4242';
const KEY = `shell-history:${ID}`;

describe.skipIf(!hasSharedMemory)('commands that the hooks noted', () => {
  let shop: HistoryWorkshop;

  beforeEach(async () => {
    shop = await HistoryWorkshop.open();
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  it('become one item a shell, which stays when the shell is gone', async () => {
    shop.note(ID, [
      { number: 1, command: 'echo one' },
      { number: 2, command: 'make test', exitCode: 2, cwd: '/home/dev/web' },
    ]);

    await shop.capture();
    await shop.capture();
    await shop.capture();

    expect(await shop.commands(KEY)).toEqual([
      { command: 'echo one', cwd: '/home/dev/api', atMs: 1_795_206_831_001, durationMs: 12, exitCode: 0 },
      { command: 'make test', cwd: '/home/dev/web', atMs: 1_795_206_831_002, durationMs: 12, exitCode: 2 },
    ]);
    expect((await shop.items())[0]).toMatchObject({
      key: KEY,
      kind: 'terminal',
      title: 'bash history, web',
      stale: false,
      attributes: {
        isHistory: true,
        isLive: false,
        shell: 'bash',
        tty: '/dev/pts/7',
        pane: 'tmux:/tmp/t:%3',
        cwd: '/home/dev/web',
        commands: 2,
        failed: 1,
        lastLine: 'make test',
        lastExitCode: 2,
      },
    });
  });

  it('are removed from memory only once the vault has them', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);

    await shop.capture();
    expect(shop.files()).toEqual([`${ID}.log.taken`]);
    await shop.capture();

    expect(shop.files()).toEqual([]);
  });

  it('stay where they are as long as nothing can be saved, and are then kept once', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    shop.isBroken = true;
    await expect(shop.capture()).rejects.toThrow('no disk');
    await expect(shop.capture()).rejects.toThrow('no disk');
    shop.note(ID, [{ number: 2, command: 'echo two' }]);

    shop.isBroken = false;
    await shop.capture();
    await shop.capture();
    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo one', 'echo two']);
    expect(shop.files()).toEqual([]);
  });

  it('are neither lost nor doubled by a kill at any point between reading and removing', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    shop.isBroken = true;
    await shop.capture().catch(() => undefined);
    await shop.restart();
    shop.isBroken = false;
    await shop.capture();
    await shop.restart();
    shop.note(ID, [{ number: 2, command: 'echo two' }]);
    await shop.capture();
    await shop.restart();
    await shop.capture();
    shop.note(ID, [{ number: 3, command: 'echo three' }]);
    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo one', 'echo two', 'echo three']);
  });

  it('are neither lost nor doubled while the vault is locked', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    await shop.capture();
    const other = '1795206831000000-4343';
    await shop.whileLocked(async (capture) => {
      shop.note(ID, [{ number: 2, command: 'echo two' }]);
      shop.note(other, [{ number: 1, command: 'echo other' }]);
      await capture();
      shop.note(ID, [{ number: 3, command: 'echo three' }]);
      shop.note(other, [{ number: 2, command: 'echo more' }]);
      await capture();
      await capture();
      await capture();
    });
    shop.note(ID, [{ number: 4, command: 'echo four' }]);
    await shop.capture();
    await shop.capture();
    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo one', 'echo two', 'echo three', 'echo four']);
    expect(await shop.lines(`shell-history:${other}`)).toEqual(['echo other', 'echo more']);
    expect(shop.files()).toEqual([]);
  });

  it('that were only looked at come with the next capture', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    await shop.source.capture(makeCaptureContext(shop.host));

    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo one']);
  });

  it('go on in a second segment once the first one is full and safe', async () => {
    const long = 'x'.repeat(10_000);
    for (let number = 1; number <= 20; number += 1) {
      shop.note(ID, [{ number, command: `echo ${number} ${long}` }]);
      await shop.capture();
    }

    const [item] = await shop.items();
    expect(item?.streams.map(({ name }) => name).toSorted()).toEqual(['commands', 'commands.2', 'commands.3']);
    expect((await shop.lines(KEY)).map((line) => Number(line.split(' ')[1]))).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });

  it('with a leading blank are never kept, whatever wrote them', async () => {
    shop.note(ID, [
      { number: 1, command: ' secret one' },
      { number: 2, command: '\tsecret two' },
      { number: 3, command: 'echo three' },
    ]);

    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo three']);
    expect(JSON.stringify(await shop.items())).not.toContain('secret');
  });

  it('are hidden by rules for commands and folders, and lose well-known secrets', async () => {
    const token = `ghp_${'aB3d'.repeat(9)}`;
    shop.rules = { commands: ['pass'], paths: ['/home/dev/private'] };
    shop.note(ID, [
      { number: 1, command: 'pass show bank' },
      { number: 2, command: 'ls', cwd: '/home/dev/private/x' },
      { number: 3, command: `curl -H "Authorization: token ${token}" https://example.com` },
      { number: 4, command: 'echo ok | pass insert x' },
    ]);

    await shop.capture();
    await shop.capture();

    const lines = await shop.lines(KEY);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^curl -H "Authorization: .*REDACTED.*https:\/\/example\.com$/);
    expect(JSON.stringify(await shop.items())).not.toContain(token);
    expect(shop.files()).toEqual([]);
  });

  it('keep their secrets only where redaction is off', async () => {
    const token = `ghp_${'aB3d'.repeat(9)}`;
    shop.isRedactionOn = false;
    shop.note(ID, [{ number: 1, command: `echo ${token}` }]);

    await shop.capture();

    expect(await shop.lines(KEY)).toEqual([`echo ${token}`]);
  });

  it('that are all hidden make no item and are removed all the same', async () => {
    shop.rules = { commands: ['pass'] };
    shop.note(ID, [{ number: 1, command: 'pass show bank' }]);

    await shop.capture();
    await shop.capture();

    expect(await shop.items()).toEqual([]);
    expect(shop.files()).toEqual([]);
  });

  it('that were dropped because nobody took them in are counted', async () => {
    shop.note(ID, [
      { number: 1, command: 'echo one' },
      { number: 41, command: 'echo later' },
    ]);

    await shop.capture();

    expect((await shop.items())[0]?.attributes['missing']).toBe(39);
  });

  it('do not come back after they were forgotten', async () => {
    shop.note(ID, [{ number: 1, command: 'echo old' }]);
    await shop.capture();
    await shop.capture();
    const sinceMs = shop.clock.nowMs() + 1;
    shop.note(ID, [{ number: 2, command: 'echo forget me' }]);
    await shop.capture();
    await shop.capture();
    await shop.vault.forget(sinceMs, {});

    await shop.capture();
    shop.note(ID, [{ number: 3, command: 'echo new' }]);
    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo old', 'echo new']);
  });

  it('of a time that was forgotten do not come back, whether they were captured already or only noted', async () => {
    const nowMs = Date.now();
    shop.note(ID, [{ number: 1, command: 'echo old', atMs: nowMs - 900_000 }]);
    await shop.capture();
    await shop.capture();
    const capturedSinceMs = shop.clock.nowMs() + 1;
    shop.note(ID, [{ number: 2, command: 'echo captured', atMs: nowMs - 20_000 }]);
    await shop.capture();
    shop.note(ID, [{ number: 3, command: 'echo noted', atMs: nowMs - 10_000 }]);
    shop.source.forget?.({ sinceMs: nowMs - 600_000, untilMs: nowMs });
    await shop.vault.forget(capturedSinceMs, {});
    shop.note(ID, [{ number: 4, command: 'echo new', atMs: nowMs + 1 }]);
    await shop.capture();
    await shop.capture();
    await shop.capture();

    expect(await shop.lines(KEY)).toEqual(['echo old', 'echo new']);
    expect(JSON.stringify(await shop.items())).not.toMatch(/captured|noted/);
    expect(shop.files()).toEqual([]);
  });

  it('of a living shell are bound to its process; a pid that is another process by now is none', async () => {
    const other = '1795206831000000-4343';
    shop.note(ID, [{ number: 1, command: 'echo one' }], { pid: process.pid, startedAtMs: Date.now() });
    shop.note(other, [{ number: 1, command: 'echo one' }], { pid: process.pid });

    await shop.capture();

    const items = new Map((await shop.items()).map((item) => [String(item.key), item.attributes]));
    expect(items.get(KEY)).toMatchObject({ isLive: true, pid: process.pid });
    expect(items.get(`shell-history:${other}`)).toMatchObject({ isLive: false });
    expect(items.get(`shell-history:${other}`)).not.toHaveProperty('pid');
  });

  it('of the shells that ended last stay listed; older ones stay in the snapshots that have them', async () => {
    const ended = Array.from({ length: MAX_ENDED_SHELLS + 5 }, (_, at) =>
      aStoredItem({
        key: key(`shell-history:${1_795_206_831_000_000 + at}-1`),
        source: parseSourceId('shell-history'),
        attributes: { isHistory: true, isLive: false, shell: 'bash', lastAtMs: at },
        streams: [{ name: 'commands', kind: 'append', sizeBytes: 1, contentId: 'x' }],
      }),
    );

    const { items } = await shop.source.capture(makeCaptureContext(shop.host, { previous: ended }));

    const times = items.map(({ attributes }) => Number(attributes['lastAtMs']));
    expect(times).toHaveLength(MAX_ENDED_SHELLS);
    expect(Math.min(...times)).toBe(5);
    expect(items[0]?.streams).toMatchObject([{ name: 'commands', content: { type: 'unchanged' } }]);
  });

  it('of another home are left alone', async () => {
    mkdirSync(shop.spools, { recursive: true, mode: 0o700 });
    const path = join(shop.spools, `${ID}.log`);
    writeFileSync(path, headerBytes({ home: '/home/somebody' }) + noteBytes({ number: 1, command: 'echo theirs' }));

    await shop.capture();
    await shop.capture();

    expect(await shop.items()).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });

  it('are not read through links, nor from a folder that is none of ours', async () => {
    const elsewhere = join(shop.host.homeDir, 'elsewhere');
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    renameSync(shop.spools, elsewhere);
    symlinkSync(elsewhere, shop.spools);

    const { gaps } = await shop.capture();

    expect(await shop.items()).toEqual([]);
    expect(gaps).toMatchObject([{ reason: 'unreadable', message: expect.stringContaining('it is no folder') }]);
  });

  it('that are a link to a file of the user are not read', async () => {
    const secret = join(shop.host.homeDir, 'secret');
    writeFileSync(secret, headerBytes({ home: shop.host.homeDir }) + noteBytes({ number: 1, command: 'echo secret' }));
    mkdirSync(shop.spools, { recursive: true, mode: 0o700 });
    symlinkSync(secret, join(shop.spools, `${ID}.log`));

    await shop.capture();

    expect(await shop.items()).toEqual([]);
    expect(existsSync(secret)).toBe(true);
  });

  it('lie in a folder that is closed to others when it was not', async () => {
    shop.note(ID, [{ number: 1, command: 'echo one' }]);
    chmodSync(shop.spools, 0o755);
    chmodSync(dirname(shop.spools), 0o755);

    await shop.capture();

    expect([shop.spools, dirname(shop.spools)].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
    expect(await shop.lines(KEY)).toEqual(['echo one']);
  });

  it('are shown, not run: a restore has nothing to do for them', async () => {
    shop.note(ID, [{ number: 1, command: 'rm -rf build' }]);
    const { items } = await shop.source.capture(makeCaptureContext(shop.host));
    const context = makeRestoreContext(shop.host, shop.host.homeDir, items);

    const steps = await shop.source.planRestore(toSnapshotItems(items).items, context);

    expect(steps).toMatchObject([{ key: KEY, status: 'skipped', detail: expect.stringContaining('shown, not run') }]);
  });
});
