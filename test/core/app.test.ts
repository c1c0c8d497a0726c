import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createApp, type App, type OpenApp } from '../../src/core/app.ts';
import { readLeftOut } from '../../src/core/capture/left-out.ts';
import { enableSourcesSync, setConfigValueSync } from '../../src/core/config/config.ts';
import { writeExclusionRules } from '../../src/core/config/exclusion-settings.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { fakeHost, FakeSource } from '../support/fake-source.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { SILENT } from '../support/silent-upkeep.ts';

const SECRET = { type: 'password', text: TEST_PASSWORD } as const;
const vaults = {
  open: (options: Parameters<typeof openVault>[0]) => openVault({ ...options, argon2: ARGON2_FLOOR }),
  create: (options: Parameters<typeof createVault>[0]) => createVault({ ...options, argon2: ARGON2_FLOOR }),
};

let folder: TemporaryFolder;
let clock: ManualClock;
let tmux: FakeSource;
let firefox: FakeSource;
let app: App;
let opened: OpenApp[];

beforeEach(() => {
  folder = makeTemporaryFolder();
  clock = new ManualClock();
  tmux = new FakeSource('tmux');
  firefox = new FakeSource('firefox', { kinds: ['tab'] });
  opened = [];
  const host = fakeHost({ uid: process.getuid?.() ?? 0, platform: process.platform });
  app = createApp({ home: join(folder.path, 'data'), host, clock, sources: [tmux, firefox], vaults });
});

afterEach(async () => {
  await Promise.all(opened.map((open) => open.close()));
  folder[Symbol.dispose]();
});

async function create(): Promise<OpenApp> {
  const { app: open } = await app.create(TEST_PASSWORD);
  opened.push(open);
  return open;
}

async function reopen(): Promise<OpenApp> {
  const open = await app.open(SECRET);
  opened.push(open);
  return open;
}

async function newestItems(open: OpenApp): Promise<string[]> {
  const id = await open.vault.resolveSnapshot('latest', clock.nowMs());
  const { itemList } = await open.vault.readSnapshot(id);
  return itemList.map(({ key, stale }) => (stale ? `${key} (stale)` : key));
}

/** Turns the clock a little while the vault's thread works in real time. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error(`waited in vain for: ${what}`);
    await clock.advance(0);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a .cairnignore', () => {
  it('counts from the next capture on, is noted in the vault by number, and ends when it goes', async () => {
    const open = await create();
    setConfigValueSync(app.configPlace, 'sources.tmux', 'on');
    const cwd = join(folder.path, 'client/work');
    mkdirSync(cwd, { recursive: true });
    tmux.answer({ items: [tmux.item('a', { attributes: { cwd } }), tmux.item('b')] });
    await open.captureNow({ kind: 'manual' });
    expect(await newestItems(open)).toEqual(['tmux:a', 'tmux:b']);

    writeFileSync(join(folder.path, 'client/.cairnignore'), 'work\n');
    // Whoever hears of the capture and asks at once is told of it.
    const askedAtOnce = new Promise<Awaited<ReturnType<typeof open.leftOut>>>((resolve) => {
      open.scheduler.on('captured', () => resolve(open.leftOut()));
    });
    await open.captureNow({ kind: 'manual' });
    expect(await newestItems(open)).toEqual(['tmux:b']);
    expect((await askedAtOnce).map(({ leftOut }) => leftOut)).toEqual([
      [{ source: 'tmux', reason: 'cairnignore', items: 1 }],
    ]);
    rmSync(join(folder.path, 'client/.cairnignore'));
    await open.captureNow({ kind: 'manual' });
    expect(await newestItems(open)).toEqual(['tmux:a', 'tmux:b']);
    await open.close();

    const again = await reopen();
    expect((await readLeftOut(again.vault)).map(({ leftOut }) => leftOut)).toEqual([
      [{ source: 'tmux', reason: 'cairnignore', items: 1 }],
      [],
    ]);
  });
});

describe('createApp()', () => {
  it('touches nothing before the vault is made', async () => {
    expect([app.hasVault(), app.readConfig().enabledSources]).toEqual([false, []]);
    await expect(app.open(SECRET)).rejects.toMatchObject({ code: 'VAULT_MISSING' });
    expect(existsSync(app.folder.path)).toBe(false);
  });

  it('captures nothing before a source is turned on, and then that one', async () => {
    tmux.answer({ items: [tmux.item('a')] });
    firefox.answer({ items: [firefox.item('t')] });
    const open = await create();
    await open.captureNow({ kind: 'manual' });
    expect([await newestItems(open), tmux.contexts.length, firefox.contexts.length]).toEqual([[], 0, 0]);

    enableSourcesSync(app.configPlace, [tmux.id]);
    await open.captureNow({ kind: 'manual' });

    expect([await newestItems(open), firefox.contexts.length]).toEqual([['tmux:a'], 0]);
    expect(statSync(app.folder.path).mode & 0o777).toBe(0o700);
  });

  it('goes on after a restart where it was', async () => {
    enableSourcesSyncAfterPreparing();
    tmux.answer({ items: [tmux.item('a')] }, {});
    const first = await create();
    await first.captureNow({ kind: 'manual' });
    await first.close();
    const second = await reopen();

    const { gaps } = await second.captureNow({ kind: 'manual' });

    expect([await newestItems(second), gaps.map(({ reason }) => reason)]).toEqual([['tmux:a (stale)'], ['vanished']]);
  });

  it('takes rules and switches of another process at the next capture', async () => {
    enableSourcesSyncAfterPreparing();
    tmux.answer({ items: [tmux.item('a', { attributes: { cwd: '/home/dev/private' } }), tmux.item('b')] });
    const running = await create();
    await running.captureNow({ kind: 'manual' });
    const other = await reopen();
    await writeExclusionRules(
      other.vault,
      { kind: 'paths', rules: ['~/private'] },
      { environment: app.exclusionEnvironment, sourceIds: [tmux.id] },
    );

    await running.captureNow({ kind: 'manual' });

    expect(await newestItems(running)).toEqual(['tmux:b']);
  });

  it('does not open on a configuration that is wrong, and leaves a running one in force that is spoiled later', async () => {
    enableSourcesSyncAfterPreparing();
    tmux.answer({ items: [tmux.item('a')] });
    const running = await create();
    writeFileSync(app.folder.config, '{"sources": {"tmxu": true}}');

    await running.captureNow({ kind: 'manual' });
    expect([await newestItems(running), running.configError()?.code]).toEqual([['tmux:a'], 'CONFIG_UNKNOWN_KEY']);
    await expect(app.open(SECRET)).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN_KEY' });
    await running.close();
  });

  it('captures by itself once it is started, and a last time when it is closed', async () => {
    enableSourcesSyncAfterPreparing();
    setConfigValueSync(app.configPlace, 'captureIntervalSeconds', '10');
    tmux.answer({ items: [tmux.item('a')] });
    const open = await create();
    let captured = 0;
    open.scheduler.on('captured', () => {
      captured += 1;
    });
    const failures: string[] = [];
    open.start({ ...SILENT, onFailed: (work, error) => failures.push(`${work} ${error.code}`) });
    await until('the first capture', () => captured === 1);
    await until(
      'the first backup',
      () => existsSync(app.folder.backups) && readdirSync(app.folder.backups).some((name) => name.endsWith('.db')),
    );
    await clock.advance(10_000);
    await until('the second capture', () => captured === 2);

    const last = await open.close({ hasLastCapture: true });

    expect([last?.summary.kind, failures]).toEqual(['shutdown', []]);
    const again = await reopen();
    expect((await again.vault.listSnapshots({ limit: 9 })).map(({ kind }) => kind)).toEqual([
      'shutdown',
      'automatic',
      'automatic',
    ]);
    expect(await open.close()).toBe(last);
  });

  it('says of each source what is there, also where one fails or hangs', async () => {
    tmux.detect = () => Promise.reject(new AppError('SOURCE_UNREADABLE', 'No access to the sockets.'));
    firefox.detect = () => new Promise(() => {});

    const found = app.detectSources();
    await clock.advance(5_000);

    expect(await found).toEqual([
      { id: 'tmux', title: 'tmux', isPresent: false, summary: 'No access to the sockets.' },
      { id: 'firefox', title: 'firefox', isPresent: false, summary: 'did not answer' },
    ]);
  });
});

function enableSourcesSyncAfterPreparing(): void {
  app.prepareFolder();
  enableSourcesSync(app.configPlace, [tmux.id]);
}
