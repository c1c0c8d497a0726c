// The desktop shell on a fake of Electron, over a real session with a real vault.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startDesktopShell, type DesktopShell } from '../../src/main/desktop-shell.ts';
import { createShellSession } from '../../src/main/shell-session.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import { setConfigValueSync } from '../../src/core/config/config.ts';
import { makeFakeElectron, type FakeElectron, type FakeMenuItem, type FakePort } from '../support/fake-electron.ts';
import { makeFakeKeychain, type FakeKeychain } from '../support/fake-keychain.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { makeTestSession, type TestSession } from '../support/test-session.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';

const SECRET = { type: 'password', text: TEST_PASSWORD } as const;

let folder: TemporaryFolder;
let clock: ManualClock;
let test: TestSession;
let fake: FakeElectron;
let shell: DesktopShell;
let served: unknown[];
let keychain: FakeKeychain;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  clock = new ManualClock();
  test = makeTestSession({ clock, shell: 'desktop' });
  fake = makeFakeElectron();
  served = [];
  keychain = makeFakeKeychain();
  mkdirSync(join(folder.path, 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(folder.path, 'renderer', 'index.html'), '<!doctype html>');
  writeFileSync(join(folder.path, 'renderer', 'assets', 'a.js'), '');
  test.tmux.answer(async () => ({ items: [test.tmux.item('a')] }));
  await test.session.createVault(TEST_PASSWORD);
  await test.session.capture({ kind: 'manual' });
});
afterEach(async () => {
  await test[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function start(
  options: { readonly isHidden?: boolean; readonly path?: string; readonly platform?: NodeJS.Platform } = {},
): void {
  shell = startDesktopShell({
    electron: fake.api,
    session: createShellSession(test.session),
    clock,
    platform: options.platform ?? 'linux',
    arguments: { isHidden: options.isHidden ?? false, path: options.path ?? null },
    paths: {
      renderer: join(folder.path, 'renderer'),
      preload: '/app/preload.cjs',
      icon: '/app/icon.png',
      trayImages: '/app/tray',
      windowState: join(test.home, 'window.json'),
      autostart: join(folder.path, 'autostart', 'cairn.desktop'),
    },
    command: ['/opt/Cairn/cairn'],
    servePort: (port) => served.push(port),
    keychain,
    createUpdates: null,
    close: async () => undefined,
  });
}

function configure(key: string, value: string): void {
  setConfigValueSync(test.app.configPlace, key, value);
  test.session.noteSettingsChanged();
}

function find(label: string | RegExp, items: readonly FakeMenuItem[] = fake.tray.menu): FakeMenuItem {
  const all = items.flatMap((item) => [item, ...(item.submenu ?? [])]);
  const found = all.find((item) => (typeof label === 'string' ? item.label === label : label.test(item.label ?? '')));
  if (found === undefined) throw new Error(`no menu entry ${String(label)}`);
  return found;
}

async function waitUntil(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400 && !(await holds()); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await holds()).toBe(true);
}

async function checkpoints(): Promise<readonly string[]> {
  return (await test.session.unlocked().app.vault.listCheckpoints()).map(({ name }) => name);
}

describe("Electron's security checklist", () => {
  it('makes a window without Node, isolated, sandboxed, with nothing that loosens it', () => {
    start();
    const { webPreferences } = fake.windows[0]!.options as { webPreferences: Record<string, unknown> };
    expect(webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      devTools: false,
      spellcheck: false,
    });
    expect(webPreferences).not.toHaveProperty('enableBlinkFeatures');
    expect(webPreferences).not.toHaveProperty('enableRemoteModule');
    expect(fake.partitions).toEqual([{ name: webPreferences['partition'], options: { cache: false } }]);
    expect(String(webPreferences['partition'])).not.toMatch(/^persist:/);
    expect(fake.windows[0]!.loaded).toEqual(['app://cairn/']);
  });

  it('refuses navigation, redirects, windows and embedded pages of every contents', () => {
    start();
    const { webContents } = fake.windows[0]!;
    fake.app.emit('web-contents-created', {}, webContents);
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
      let isPrevented = false;
      webContents.emit(event, { preventDefault: () => (isPrevented = true), url: 'https://evil.example' });
      expect(isPrevented, event).toBe(true);
    }
    expect(webContents.windowOpenHandler?.({ url: 'https://evil.example' })).toEqual({ action: 'deny' });
  });

  it('refuses every permission, device and request that leaves the app', () => {
    start();
    const handler = (name: string) => fake.session.handlers.get(name) as (...values: unknown[]) => unknown;
    const allowed: unknown[] = [];
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fullscreen'])
      handler('permission-request')(null, permission, (answer: unknown) => allowed.push(answer));
    expect(allowed).toEqual(Array.from({ length: 6 }, () => false));
    expect(handler('permission-check')(null, 'media')).toBe(false);
    expect(handler('device')({})).toBe(false);
    expect(fake.session.isSpellChecking).toBe(false);
    const ask = (url: string): unknown => {
      let answer: unknown = null;
      handler('request')({ url }, (given: unknown) => (answer = given));
      return answer;
    };
    expect(ask('app://cairn/assets/a.js')).toEqual({ cancel: false });
    for (const url of [
      'https://evil.example/',
      'file:///etc/passwd',
      'app://other/',
      'http://127.0.0.1/',
      'ws://x/',
      'data:text/html,x',
    ])
      expect(ask(url), url).toEqual({ cancel: true });
  });

  it('lets the page hand over what it made itself, and downloads nothing else', () => {
    start();
    const isRefused = (url: string): boolean => {
      let isPrevented = false;
      fake.session.emit('will-download', { preventDefault: () => (isPrevented = true) }, { getURL: () => url });
      return isPrevented;
    };
    expect(isRefused('blob:app://cairn/0b5c')).toBe(false);
    for (const url of ['https://evil.example/x', 'blob:https://evil.example/1', 'app://cairn/index.html', 'data:,x'])
      expect(isRefused(url), url).toBe(true);
  });

  it('serves the built files at app://cairn with a strict policy, and no other file', async () => {
    start();
    const serve = fake.session.handlers.get('protocol app') as unknown as (request: Request) => Promise<Response>;
    const get = (url: string) => serve(new Request(url));
    const page = await get('app://cairn/snapshot/0123456789abcdef');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
    expect(await (await get('app://cairn/item/tmux%3Amain%2F..%3A1.0')).text()).toBe('<!doctype html>');
    expect((await get('app://cairn/assets/a.js')).headers.get('content-type')).toMatch(/javascript/);
    writeFileSync(join(folder.path, 'secret.txt'), 'no');
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/.env',
      '/assets/%00a.js',
      '/c:/x.js',
      '/assets\\a.js',
      '/none.js',
    ])
      expect((await get(`app://cairn${path}`)).status, path).not.toBe(200);
    expect((await get('app://other/assets/a.js')).status).toBe(404);
    expect((await serve(new Request('app://cairn/', { method: 'POST' }))).status).toBe(404);
  });
});

describe('the port', () => {
  it('goes to the own page at each load, and the one before is closed', () => {
    start();
    const { webContents } = fake.windows[0]!;
    webContents.emit('did-finish-load');
    expect(webContents.posted).toHaveLength(1);
    expect(webContents.posted[0]!.channel).toBe('cairn-port');
    const [first] = webContents.posted[0]!.ports as [FakePort];
    webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false });
    expect(first.other!.isClosed).toBe(true);
    webContents.emit('did-finish-load');
    expect(served).toHaveLength(2);
  });

  it.each([
    ['another page', { url: 'https://evil.example/', origin: 'https://evil.example' }],
    ['a page that only looks like ours', { url: 'app://cairn/', origin: 'null' }],
    ['another host', { url: 'app://cairn.evil/', origin: 'app://cairn.evil' }],
  ])('does not go to %s', (_, frame) => {
    start();
    const { webContents } = fake.windows[0]!;
    webContents.mainFrame = { ...frame, parent: null };
    webContents.emit('did-finish-load');
    expect(webContents.posted).toEqual([]);
    expect(served).toEqual([]);
  });
});

describe('the window', () => {
  it('does not open where the app was started hidden, and opens where a link asks', () => {
    start({ isHidden: true });
    expect(fake.windows).toHaveLength(0);
    shell.show('/snapshot/0123456789abcdef');
    expect(fake.windows[0]!.loaded).toEqual(['app://cairn/snapshot/0123456789abcdef']);
  });

  it('tells an open page where to go, instead of loading it anew', () => {
    start();
    const [window] = fake.windows;
    window!.webContents.emit('did-finish-load');
    shell.show('/checkpoints');
    expect(window!.loaded).toHaveLength(1);
    expect(test.events).toContainEqual({ type: 'navigate', path: '/checkpoints' });
  });

  it('keeps its place in a private file, and comes back to it where a screen still shows it', () => {
    start();
    const path = join(test.home, 'window.json');
    fake.windows[0]!.emit('close');
    fake.windows[0]!.emit('closed');
    expect(statSync(path).mode & 0o077).toBe(0);
    shell.show();
    expect(fake.windows[1]!.options).toMatchObject({ x: 10, y: 20, width: 900, height: 700 });
    fake.windows[1]!.emit('closed');
    fake.displays = [{ workArea: { x: 5_000, y: 0, width: 800, height: 600 } }];
    shell.show();
    expect(fake.windows[2]!.options).not.toHaveProperty('x');
    writeFileSync(path, '{"x":"evil"}');
    fake.windows[2]!.emit('closed');
    shell.show();
    expect(fake.windows[3]!.options).toMatchObject({ width: 1_200, height: 800 });
  });

  it('says so where the page ended by itself, and captures go on', () => {
    start();
    fake.windows[0]!.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(fake.windows[0]!.isDestroyed).toBe(true);
    expect(fake.notices.at(-1)!.options.body).toMatch(/Captures go on/);
  });
});

describe('a secret in the window', () => {
  it('is kept out of pictures of the screen', () => {
    start();
    shell.protect(true);
    expect(fake.windows[0]!.isProtected).toBe(true);
    shell.protect(false);
    expect(fake.windows[0]!.isProtected).toBe(false);
  });
});

describe('the choice of another vault', () => {
  it('is a dialog for a file or for a folder, with or without a window, and may choose nothing', async () => {
    start();
    fake.chosenFiles.push('/old/vault.db', '/old');
    expect([await shell.chooseVault('file'), await shell.chooseVault('folder')]).toEqual(['/old/vault.db', '/old']);
    fake.windows[0]!.emit('closed');
    expect(await shell.chooseVault('file')).toBeNull();
    expect(fake.fileDialogs.map(({ properties }) => properties[0])).toEqual(['openFile', 'openDirectory', 'openFile']);
  });
});

describe('the tray', () => {
  it('says the state in words, and follows it', async () => {
    start();
    expect(fake.tray.tip).toMatch(/^Cairn: captured \d+ s ago$/);
    find('For 15 minutes').click?.();
    await waitUntil(() => fake.tray.tip.startsWith('Cairn: paused until'));
    expect(fake.tray.picture).toBe('/app/tray/paused.png');
    find('Resume').click?.();
    await waitUntil(() => fake.tray.tip.startsWith('Cairn: captured'));
    find('Lock').click?.();
    await waitUntil(() => fake.tray.tip === 'Cairn: locked, still recording write-only');
    expect(fake.tray.picture).toBe('/app/tray/locked.png');
    expect(find('Checkpoint now').enabled).toBe(false);
  });

  it('makes a checkpoint in one click without a window, with a notice that takes it back', async () => {
    start({ isHidden: true });
    find('Checkpoint now').click?.();
    await waitUntil(async () => (await checkpoints()).length === 1);
    expect(fake.windows).toHaveLength(0);
    await waitUntil(() => fake.notices.length === 1);
    const [notice] = fake.notices;
    expect(notice!.options.title).toBe('Checkpoint made');
    notice!.events.emit('click');
    await waitUntil(async () => (await checkpoints()).length === 0);
  });

  it('forgets the last minutes only after a question', async () => {
    start({ isHidden: true });
    const count = async () => (await test.session.unlocked().app.vault.listSnapshots({ limit: 50 })).length;
    fake.answers.push(1);
    find(/Forget/).click?.();
    await waitUntil(() => fake.dialogs.length === 1);
    expect(await count()).toBeGreaterThan(0);
    fake.answers.push(0);
    find(/Forget/).click?.();
    await waitUntil(async () => (await count()) === 0);
  });

  it('leads to the restore of the newest point, and opens the window', () => {
    start({ isHidden: true });
    find('Restore latest...').click?.();
    expect(fake.windows[0]!.loaded.at(-1)).toBe('app://cairn/restore/latest');
    fake.windows[0]!.emit('closed');
    find('Open Cairn').click?.();
    expect(fake.windows[1]!.loaded).toEqual(['app://cairn/']);
  });

  it.each([
    ['For 1 hour', 'Cairn: paused until'],
    ['Until resumed', 'Cairn: paused until resumed'],
  ])('pauses %s', async (label, tip) => {
    start({ isHidden: true });
    find(label).click?.();
    await waitUntil(() => fake.tray.tip.startsWith(tip));
  });

  it('tells a failure of what was clicked at once, without any captured word', async () => {
    start({ isHidden: true });
    const checkpoint = find('Checkpoint now');
    await test.session.lock();
    checkpoint.click?.();
    await waitUntil(() => fake.notices.some(({ options }) => options.body.includes('The vault is locked.')));
  });

  it('quits from it', async () => {
    start({ isHidden: true });
    find('Quit').click?.();
    await waitUntil(() => fake.app.quits === 1);
  });

  it('has everything in the application menu too, since not every desktop shows a tray', () => {
    start();
    const [own] = fake.applicationMenu;
    expect(own?.submenu?.map(({ label }) => label)).toEqual(fake.tray.menu.map(({ label }) => label));
    expect(fake.applicationMenu.length).toBeGreaterThan(2);
  });
});

describe('trouble', () => {
  const told = (text: RegExp): number => fake.notices.filter(({ options }) => text.test(options.body)).length;

  it('is told once, and again after two hours, without any captured word', async () => {
    start({ isHidden: true });
    test.tmux.answer(async () => {
      throw new Error('hunter2 in a terminal');
    });
    test.firefox.answer(async () => {
      throw new Error('hunter2 in a tab');
    });
    await clock.advance(10 * 60_000);
    for (let minute = 0; minute < 10; minute += 1) await clock.advance(60_000);
    expect(JSON.stringify(fake.notices.map(({ options }) => options))).not.toContain('hunter2');
    test.session.emit({ type: 'notice', text: 'The backup failed: the disk is full' });
    test.session.emit({ type: 'notice', text: 'The backup failed: the disk is full' });
    expect(told(/backup failed/)).toBe(1);
    await clock.advance(2 * 3_600_000);
    test.session.emit({ type: 'notice', text: 'The backup failed: the disk is full' });
    expect(told(/backup failed/)).toBe(2);
  });

  it('is that nothing is captured after a start without a window, and is told once', async () => {
    await test.restart('clean');
    start({ isHidden: true });
    await clock.advance(60_000);
    expect(told(/is locked and captures nothing/)).toBe(1);
    await clock.advance(5 * 3_600_000);
    expect(told(/is locked and captures nothing/)).toBe(1);
  });
});

describe('a start at login', () => {
  it('opens the vault with the keychain where that was chosen, and tells what was lost', async () => {
    const secret = new Uint8Array(32).fill(9);
    await test.session.unlocked().app.vault.setKeychainSecret(secret, clock.nowMs());
    keychain.stored = secret;
    await test.restart('crash');
    test.tmux.answer(async () => ({ items: [] }));
    start({ isHidden: true });
    await waitUntil(() => test.session.status().vault === 'unlocked');
    await waitUntil(() => fake.notices.some(({ options }) => /1 thing was open before/.test(options.body)));
    expect(fake.windows).toHaveLength(0);
  });

  it('touches no keychain that was not chosen', async () => {
    await test.restart('clean');
    start({ isHidden: true });
    await clock.advance(60_000);
    expect(keychain.reads).toBe(0);
    expect(test.session.status().vault).toBe('locked');
  });

  it('is known on macOS without an argument', () => {
    fake.app.loginItem = { openAtLogin: true, wasOpenedAtLogin: true };
    start({ platform: 'darwin' });
    expect(fake.windows).toHaveLength(0);
  });

  it.each(['darwin', 'win32'] as const)('is registered with the system on %s', (platform) => {
    start({ isHidden: true, platform });
    configure('app.startAtLogin', 'on');
    expect(fake.app.loginItem).toMatchObject({ openAtLogin: true, path: '/opt/Cairn/cairn', args: ['--hidden'] });
    configure('app.startAtLogin', 'off');
    expect(fake.app.loginItem).toMatchObject({ openAtLogin: false });
  });
});

describe('what follows the machine', () => {
  it('captures on sleep, on a locked screen and at the end, and locks where the settings say so', async () => {
    start({ isHidden: true });
    const kinds = async () =>
      (await test.session.unlocked().app.vault.listSnapshots({ limit: 50 })).map(({ kind }) => kind);
    const before = (await kinds()).length;
    fake.power.emit('suspend');
    await waitUntil(async () => (await kinds()).length === before + 1);
    fake.power.emit('lock-screen');
    await waitUntil(async () => (await kinds()).length === before + 2);
    // The day is not over because the screen went dark.
    expect(await kinds()).not.toContain('shutdown');
    expect(test.session.status().vault).toBe('unlocked');
    configure('lock.onSleep', 'on');
    fake.power.emit('suspend');
    await waitUntil(() => test.session.status().vault === 'locked');
  });

  it('locks with the screen where that is chosen, which is not the same as on sleep', async () => {
    start({ isHidden: true });
    configure('lock.onScreenLock', 'on');
    const count = async () => (await test.session.unlocked().app.vault.listSnapshots({ limit: 50 })).length;
    const before = await count();
    fake.power.emit('suspend');
    await waitUntil(async () => (await count()) === before + 1);
    expect(test.session.status().vault).toBe('unlocked');
    fake.power.emit('lock-screen');
    await waitUntil(() => test.session.status().vault === 'locked');
  });

  it('holds the end of the system for a last capture', async () => {
    start({ isHidden: true });
    const { vault } = test.app.folder;
    let isHeld = false;
    fake.power.emit('shutdown', { preventDefault: () => (isHeld = true) });
    expect(isHeld).toBe(true);
    await waitUntil(() => fake.app.quits === 1);
    const reopened = await openVault({ path: vault, secret: SECRET, nowMs: clock.nowMs() });
    const [newest] = await reopened.listSnapshots({ limit: 1 });
    await reopened.close();
    expect(newest?.kind).toBe('shutdown');
  });

  it('locks when nobody was there for so long, but never under a restore', async () => {
    start({ isHidden: true });
    configure('lock.afterIdleMinutes', '10');
    fake.power.idleSeconds = 599;
    await clock.advance(15_000);
    expect(test.session.status().vault).toBe('unlocked');
    fake.power.idleSeconds = 600;
    const release = Promise.withResolvers<void>();
    const restoring = test.session.whileRestoring(() => release.promise);
    await clock.advance(15_000);
    expect(test.session.status().vault).toBe('unlocked');
    release.resolve();
    await restoring;
    await clock.advance(15_000);
    await waitUntil(() => test.session.status().vault === 'locked');
  });

  it('captures a last time and closes before it quits, and asks while a restore runs', async () => {
    start({ isHidden: true });
    const release = Promise.withResolvers<void>();
    const restoring = test.session.whileRestoring(() => release.promise);
    fake.answers.push(1);
    fake.app.quit();
    await waitUntil(() => fake.dialogs.length === 1);
    expect(fake.app.quits).toBe(0);
    release.resolve();
    await restoring;
    fake.app.quit();
    await waitUntil(() => fake.app.quits === 1);
    expect(existsSync(test.app.folder.running)).toBe(false);
    const reopened = await openVault({ path: test.app.folder.vault, secret: SECRET, nowMs: clock.nowMs() });
    const [newest] = await reopened.listSnapshots({ limit: 1 });
    await reopened.close();
    expect(newest?.kind).toBe('shutdown');
  });
});

describe('what the settings turn on', () => {
  it('registers the shortcut, changes it, and says where another program holds it', async () => {
    start({ isHidden: true });
    expect([...fake.shortcuts.keys()]).toEqual(['CommandOrControl+Shift+K']);
    fake.shortcuts.get('CommandOrControl+Shift+K')?.();
    await waitUntil(async () => (await checkpoints()).length === 1);
    configure('app.checkpointShortcut', 'Alt+F9');
    expect([...fake.shortcuts.keys()]).toEqual(['Alt+F9']);
    fake.takenShortcuts.add('Alt+F8');
    configure('app.checkpointShortcut', 'Alt+F8');
    expect(fake.shortcuts.size).toBe(0);
    expect(test.events).toContainEqual({ type: 'notice', text: expect.stringContaining('Alt+F8') as unknown });
    expect(test.session.status().desktop?.shortcutProblem).toContain('Alt+F8');
    configure('app.checkpointShortcut', 'none');
    expect(fake.shortcuts.size).toBe(0);
    expect(test.session.status().desktop?.shortcutProblem).toBeUndefined();
  });

  it('starts at login, hidden, and leaves nothing behind when it is turned off', () => {
    start({ isHidden: true });
    const path = join(folder.path, 'autostart', 'cairn.desktop');
    expect(existsSync(path)).toBe(false);
    configure('app.startAtLogin', 'on');
    expect(readFileSync(path, 'utf8')).toContain('Exec="/opt/Cairn/cairn" "--hidden"');
    configure('app.startAtLogin', 'off');
    expect(existsSync(path)).toBe(false);
  });
});
