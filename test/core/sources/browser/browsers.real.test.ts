// Real browsers on a virtual screen, on pages of our own: what is captured, what never is, and what comes back.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { CHROMIUM_BROWSERS } from '../../../../src/core/sources/chromium/chromium-browsers.ts';
import { createChromiumSource } from '../../../../src/core/sources/chromium/chromium-source.ts';
import { createFirefoxSource } from '../../../../src/core/sources/firefox/firefox-source.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith, findProgram } from '../../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--password-store=basic',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

let folder: TemporaryFolder;
let host: Host;
let server: Server;
let origin: string;
const asked = new Set<string>();
const children: ChildProcess[] = [];

beforeEach(async () => {
  asked.clear();
  folder = makeTemporaryFolder();
  host = makeTestHost(folder.path, {
    DISPLAY: await startScreen(),
    XDG_RUNTIME_DIR: folder.path,
    DBUS_SESSION_BUS_ADDRESS: await startBus(),
  });
  server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    asked.add(name);
    response.setHeader('content-type', 'text/html');
    response.setHeader('set-cookie', `session=canary-cookie-${name}`);
    response.end(
      `<title>Page ${name}</title><form><input name=q autofocus value=""></form><script>document.querySelector('input').value='canary-typed'</script>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const child of children.splice(0)) killTree(child.pid ?? 0);
  killLeftovers();
  await new Promise((resolve) => server.close(resolve));
  await new Promise((resolve) => setTimeout(resolve, 200));
  folder[Symbol.dispose]();
});

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { env: { ...host.env }, stdio: 'ignore', detached: true });
  children.push(child);
  return child;
}

/** A virtual screen of the test's own; gives its name. */
function startScreen(): Promise<string> {
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(screen);
  return new Promise((resolve, reject) => {
    screen.once('error', reject);
    screen.stdout.once('data', (bytes: Buffer) => resolve(`:${bytes.toString().trim()}`));
  });
}

/** A session bus of the test's own: a running Firefox is reached over it. */
function startBus(): Promise<string> {
  const address = `unix:path=${join(folder.path, 'bus')}`;
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1', `--address=${address}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(bus);
  return new Promise((resolve, reject) => {
    bus.once('error', reject);
    bus.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
  });
}

function killTree(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** Whatever still names the test's folder: a browser that a restore started. */
function killLeftovers(): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder.path)) process.kill(Number(name), 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

async function capture(source: Source): Promise<readonly CapturedItem[]> {
  return (await source.capture(makeCaptureContext(host))).items;
}

function urls(items: readonly CapturedItem[]): string[] {
  return items
    .map((item) => JSON.stringify(item.attributes['url']).slice(1, -1))
    .filter((url) => url.startsWith(origin))
    .map((url) => url.slice(origin.length))
    .toSorted();
}

async function restore(source: Source, items: readonly CapturedItem[], present: readonly CapturedItem[]) {
  const context = makeRestoreContext(host, folder.path, items, { present: toSnapshotItems(present).items });
  const plan = await source.planRestore(context.selected, context);
  const results = [];
  for await (const result of source.applyRestore(plan, context)) results.push(result);
  return { plan, results };
}

describeWith(['firefox', 'xvfb', 'dbus'], 'the Firefox source on a real Firefox', () => {
  const firefox = findProgram('firefox') ?? '';

  function makeProfile(name: string): string {
    const root = join(host.homeDir, '.mozilla/firefox');
    const dir = join(root, name);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(root, 'profiles.ini'), `[Profile0]\nName=${name}\nIsRelative=1\nPath=${name}\nDefault=1\n`);
    const prefs = {
      'browser.sessionstore.interval': 500,
      'browser.shell.checkDefaultBrowser': false,
      'datareporting.policy.dataSubmissionEnabled': false,
      'app.update.enabled': false,
      'browser.aboutwelcome.enabled': false,
      'toolkit.telemetry.enabled': false,
      'network.captive-portal-service.enabled': false,
      'browser.startup.homepage_override.mstone': 'ignore',
    };
    writeFileSync(
      join(dir, 'user.js'),
      Object.entries(prefs)
        .map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`)
        .join(''),
    );
    return dir;
  }

  it(
    'captures open tabs, never cookies, typed text or private windows; brings them back after kill -9',
    { timeout: 200_000 },
    async () => {
      const source = createFirefoxSource();
      const dir = makeProfile('work');
      const browser = start(firefox, ['--profile', dir, `${origin}/one`, `${origin}/two`]);
      await waitFor('the first tabs', async () => urls(await capture(source)).length === 2, 40_000);
      expect((await source.detect(host)).isPresent).toBe(true);
      start(firefox, ['--profile', dir, '--new-tab', `${origin}/three`]);
      await waitFor('the page to be asked for', () => asked.has('three'), 20_000);
      start(firefox, ['--profile', dir, '--private-window', `${origin}/canary-private`]);
      await waitFor('the private page to be asked for', () => asked.has('canary-private'), 20_000);
      await waitFor('the third tab', async () => urls(await capture(source)).includes('/three'), 45_000);

      const items = await capture(source);
      expect(urls(items)).toEqual(['/one', '/three', '/two']);
      expect(items.every((item) => item.kind === 'tab' && item.attributes['isRunning'] === true)).toBe(true);
      expect(JSON.stringify(items)).not.toMatch(/canary/);
      expect((await restore(source, items, items)).plan.filter((step) => step.status === 'planned')).toEqual([]);

      killTree(browser.pid ?? 0);
      killLeftovers();
      await waitFor(
        'the browser to be gone',
        async () => (await capture(source)).every((item) => item.attributes['isRunning'] === false),
        10_000,
      );
      expect(urls(await capture(source))).toEqual(['/one', '/three', '/two']);
      const fresh = makeProfile('fresh');
      const moved = items.map((item) => ({
        ...item,
        group: fresh,
        attributes: { ...item.attributes, profileDir: fresh, profile: 'fresh' },
      }));
      const { results } = await restore(source, moved, []);
      expect(results.filter((result) => result.status === 'done').length).toBe(3);
      await waitFor('the tabs to be back', async () => urls(await capture(source)).length === 3, 40_000);
    },
  );
});

describeWith(['chromium', 'xvfb', 'dbus'], 'the Chromium source on a real Chromium', () => {
  const chromium = findProgram('chromium') ?? '';
  const [browserFacts] = CHROMIUM_BROWSERS;

  it('captures open tabs, never cookies, typed text or incognito windows; brings them back after kill -9', async () => {
    if (browserFacts === undefined) throw new Error('no Chromium is known');
    const source = createChromiumSource(browserFacts, { extraArgs: CHROMIUM_ARGS });
    const dataDir = join(host.homeDir, '.config/chromium');
    const args = [...CHROMIUM_ARGS, `--user-data-dir=${dataDir}`];
    const browser = start(chromium, [...args, `${origin}/one`, `${origin}/two`]);
    await waitFor('the first tabs', async () => urls(await capture(source)).length === 2, 40_000);
    start(chromium, [...args, '--incognito', `${origin}/canary-incognito`]);
    start(chromium, [...args, '--new-window', `${origin}/three`]);
    await waitFor('the third tab', async () => urls(await capture(source)).includes('/three'), 20_000);

    const items = await capture(source);
    expect(urls(items)).toEqual(['/one', '/three', '/two']);
    expect(new Set(items.map((item) => JSON.stringify(item.attributes['window']))).size).toBe(2);
    expect(JSON.stringify(items)).not.toMatch(/canary/);
    expect((await restore(source, items, items)).plan.filter((step) => step.status === 'planned')).toEqual([]);

    killTree(browser.pid ?? 0);
    killLeftovers();
    await waitFor(
      'the browser to be gone',
      async () => (await capture(source)).every((item) => item.attributes['isRunning'] === false),
      10_000,
    );
    expect(urls(await capture(source))).toEqual(['/one', '/three', '/two']);
    const moved = items.map((item) => ({
      ...item,
      attributes: { ...item.attributes, profileDir: `${host.homeDir}/.config/other/Default` },
    }));
    const { results } = await restore(source, moved, []);
    expect(results.filter((result) => result.status === 'done').length).toBe(3);
    const other = createChromiumSource({ ...browserFacts, dataDirs: ['.config/other'] }, { extraArgs: CHROMIUM_ARGS });
    await waitFor('the tabs to be back', async () => urls(await capture(other)).length === 3, 40_000);
  });
});
