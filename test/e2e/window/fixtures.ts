// What the specs stand on: the serve shell as a process over a real vault in a scratch home, and a page of it in real Chromium.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { _electron, chromium, expect, test as base, type Browser, type Page } from '@playwright/test';
import axe from 'axe-core';

import { compileCache } from '../../support/compile-cache.ts';
import { findProgram } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { isForPictures, startDemoWorkspace, type DemoWorkspace } from './demo-workspace.ts';

export const PASSWORD = 'correct horse battery staple';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CLI = join(ROOT, 'out/main/cli.js');
const PICTURES = join(ROOT, 'docs/pictures');
/** All rules on all of the page; of what keeps them, nothing is told. Runs in the page. */
const VIOLATIONS = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)";

/** A data folder as `cairn init` leaves it, with no source on: to be copied, not to be used. */
export interface EmptyVault {
  readonly folder: string;
  readonly recoveryKey: string;
}

/** One installation: a workspace, a data folder, and the shell that shows it. */
export interface Installation {
  readonly workspace: DemoWorkspace;
  readonly dataFolder: string;
  readonly emptyVault: EmptyVault;
  /** Runs `cairn` over the same data folder, with the password, and gives what it prints. */
  readonly cairn: (...args: readonly string[]) => string;
  /** The same at another time, by `faketime`. */
  readonly cairnAt: (timeMs: number, ...args: readonly string[]) => string;
  /** The same without a password. */
  readonly cairnWithout: (...args: readonly string[]) => string;
  /** Starts the shell and opens its window. */
  readonly open: () => Promise<Page>;
  /** Ends the shell as `kill -9` does, or by a signal that it hears. */
  readonly end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
  /** The shell's process. */
  readonly pid: () => number;
}

export interface WorkerFixtures {
  /** Which shell the specs run on; the configuration's projects say it. */
  readonly shell: 'serve' | 'desktop';
  readonly browserOfUser: Browser;
  readonly emptyVault: EmptyVault;
}

interface Fixtures {
  /** Skips what cannot run here, by name. */
  readonly needs: void;
  /** A fresh installation with a workspace that runs and nothing captured. */
  readonly installation: Installation;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  shell: ['serve', { scope: 'worker', option: true }],
  needs: [
    async ({ shell }, use, testInfo) => {
      const missing = (['tmux', 'git', 'chromium'] as const).filter((name) => findProgram(name) === null);
      testInfo.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
      testInfo.skip(shell === 'desktop' && findElectron() === null, "Electron's binary is not here");
      await use();
    },
    { auto: true },
  ],
  browserOfUser: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names from the pattern
    async ({}, use) => {
      const executablePath = findProgram('chromium');
      if (executablePath === null) throw new Error('Chromium is needed');
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
  emptyVault: [
    // oxlint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      using home = makeTemporaryFolder();
      const folder = join(home.path, 'cairn');
      const { PATH } = process.env;
      const made = execFileSync(process.execPath, [CLI, 'init', '--sources', 'none', '--json'], {
        env: { PATH, HOME: home.path, ...compileCache(), CAIRN_HOME: folder, CAIRN_PASSWORD: PASSWORD },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { recoveryKey } = JSON.parse(made) as { recoveryKey: string };
      await use({ folder, recoveryKey });
    },
    { scope: 'worker' },
  ],
  installation: async ({ shell, browserOfUser, emptyVault }, use) => {
    using folder = isForPictures ? makePlainFolder() : makeTemporaryFolder();
    const workspace = startDemoWorkspace(folder.path);
    const dataFolder = join(folder.path, 'cairn');
    const env = { ...workspace.env, ...compileCache(), CAIRN_HOME: dataFolder };
    let running: { readonly pid: number; readonly ended: Promise<unknown> } | null = null;
    const run = (args: readonly string[], password: string, before: readonly string[] = []): string =>
      execFileSync(
        before[0] ?? process.execPath,
        [...before.slice(1), ...(before.length === 0 ? [] : [process.execPath]), CLI, ...args],
        {
          env: { ...env, CAIRN_PASSWORD: password },
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
    const openServe = async (): Promise<Page> => {
      const child = spawn(process.execPath, [CLI, 'serve', '--no-open'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      running = { pid: child.pid ?? 0, ended: new Promise((resolve) => child.once('exit', resolve)) };
      return openWindow(browserOfUser, await readAddress(child));
    };
    const openDesktop = async (): Promise<Page> => {
      const app = await _electron.launch({ args: ['--no-sandbox', ROOT], env: { ...env, ...displayOf(process.env) } });
      running = { pid: app.process().pid ?? 0, ended: app.waitForEvent('close') };
      return app.firstWindow();
    };
    const installation: Installation = {
      workspace,
      dataFolder,
      emptyVault,
      cairn: (...args) => run(args, PASSWORD),
      cairnAt: (timeMs, ...args) => run(args, PASSWORD, ['faketime', '-f', `@${localTime(timeMs)}`]),
      cairnWithout: (...args) => run(args, ''),
      open: shell === 'serve' ? openServe : openDesktop,
      pid: () => running?.pid ?? 0,
      end: async (signal) => {
        const ending = running;
        running = null;
        if (ending === null) return;
        process.kill(ending.pid, signal);
        await ending.ended;
      },
    };
    try {
      await use(installation);
    } finally {
      await installation.end('SIGTERM');
      workspace.stop();
      // A window that stays would look for its shell for as long as the browser lives.
      for (const context of browserOfUser.contexts()) await context.close();
    }
  },
});

export { expect };

/** As faketime takes it. */
function localTime(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** A page of the window; whatever it logs as an error fails the test. */
export async function openWindow(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.goto(address);
  return page;
}

export async function unlock(page: Page): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
}

/** Goes to an address without a load of the page, as the window itself does. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
}

/** No violation that axe knows of, in this theme and in the other one. */
export async function expectAccessible(page: Page): Promise<void> {
  // What lies in a frame would not be looked at.
  expect(page.frames()).toHaveLength(1);
  // A megabyte that is compiled once for a page, and not for each look; and no second page to put results together in.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    // Colours on their way from one theme to the other have no contrast of their own.
    await page.evaluate(
      'Promise.all(document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished.catch(() => null)))',
    );
    const violations = await page.evaluate<axe.Result[]>(VIOLATIONS);
    expect(violations.map(({ id, nodes }) => `${theme} ${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Keeps a picture for docs/ where CAIRN_PICTURES asks for it: pictures differ from machine to machine by a pixel. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!isForPictures) return;
  mkdirSync(PICTURES, { recursive: true });
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await page.screenshot({ path: join(PICTURES, `${name}-${theme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** A home with the name that pictures should show. @throws Error where it is somebody's */
function makePlainFolder(): Pick<TemporaryFolder, 'path'> & Disposable {
  const path = '/home/dev';
  mkdirSync(path, { mode: 0o700 });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Where a desktop app shows itself: not part of a workspace, and needed by Electron. */
function displayOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'XAUTHORITY'];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** The Electron binary, where it is there: the same specs then run on the desktop shell. */
function findElectron(): string | null {
  const folder = join(ROOT, 'node_modules/electron');
  const name = join(folder, 'path.txt');
  if (!existsSync(name)) return null;
  const path = join(folder, 'dist', readFileSync(name, 'utf8').trim());
  return existsSync(path) ? path : null;
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const found = /http:\/\/127\.0\.0\.1:\d+\/#code=\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => reject(new Error(`cairn serve ended: ${text}`)));
  });
}
