// From a plan to the tabs and back: the real helper program and the extension's own code on a browser in memory.

import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Restorer } from '../../../../resources/browser-extension/restore.js';
import { takeSnapshot, TabMarks } from '../../../../resources/browser-extension/snapshot.js';
import { toTabItems } from '../../../../src/core/sources/browser/browser-tab.ts';
import { FrameReader, parseFrame, toFrame } from '../../../../src/core/sources/browser/extension/frames.ts';
import { readHost } from '../../../../src/core/sources/browser/extension/host-client.ts';
import type { LiveProfile } from '../../../../src/core/sources/browser/extension/live-profiles.ts';
import { MAX_TO_BROWSER_BYTES, runNativeHost } from '../../../../src/core/sources/browser/extension/native-host.ts';
import { parseState } from '../../../../src/core/sources/browser/extension/parse-state.ts';
import { applyTabs, planTabs, undoTab, type TabOpener } from '../../../../src/core/sources/browser/restore-tabs.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { parseItemKey, parseSourceId } from '../../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { StepResult } from '../../../../src/shared/model/restore.ts';
import { FakeBrowser } from '../../../browser-extension/fake-browser.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeRestoreContext, makeTestHost, toSnapshotItems, waitFor } from '../../../support/test-host.ts';

const SOURCE = parseSourceId('firefox');
const DIR = '/home/dev/.mozilla/firefox/work';
const PROBE = '7f7f2d00-b686-44f1-bab3-13abbb5a392a';
const INSTANCE = 'c487300b-c810-4a2a-be86-72d1b79f5853';

let folder: TemporaryFolder;
let host: Host;
let browser: FakeBrowser;
let extension: Extension;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  host = makeTestHost(folder.path);
  browser = new FakeBrowser({ isFirefox: true });
  extension = new Extension(browser, join(folder.path, 'host.sock'));
  await extension.ready();
});

afterEach(async () => {
  await extension.close();
  folder[Symbol.dispose]();
});

/** The extension beside its helper program. */
class Extension {
  readonly socketPath: string;
  instance = INSTANCE;
  /** Commands that it took. */
  asked = 0;
  /** How it answers; a test lets it be silent. */
  isSilent = false;
  readonly #input = new PassThrough();
  readonly #ended: Promise<void>;
  readonly #restorer: Restorer;
  readonly #marks: TabMarks;
  readonly #browser: FakeBrowser;

  constructor(browser: FakeBrowser, socketPath: string) {
    this.socketPath = socketPath;
    this.#browser = browser;
    this.#restorer = new Restorer(browser.api);
    this.#marks = new TabMarks(browser.api);
    const output = new PassThrough();
    const reader = new FrameReader(MAX_TO_BROWSER_BYTES);
    output.on('data', (piece: Buffer) => {
      const reading = reader.push(piece);
      if (reading.result === 'frames') for (const frame of reading.frames) void this.#obey(parseFrame(frame) ?? {});
    });
    const about = { pid: process.pid, browserPid: 1, caller: '' };
    this.#ended = runNativeHost({ input: this.#input, output, socketPath, ...about });
  }

  async ready(): Promise<void> {
    await waitFor('the helper program', async () => (await this.#read()) !== null);
  }

  /** What Cairn sees of it. */
  async profile(): Promise<LiveProfile> {
    this.#say({ type: 'hello', probe: PROBE, instance: this.instance });
    this.#say(await takeSnapshot(this.#browser.api, this.#marks));
    await waitFor('the state', async () => parseState(await this.#read())?.instance === this.instance);
    const state = parseState(await this.#read());
    if (state === null) throw new Error('there is no state');
    return { ...state, dir: DIR, socketPath: this.socketPath };
  }

  async close(): Promise<void> {
    this.#input.end();
    await this.#ended;
  }

  #read(): ReturnType<typeof readHost> {
    return readHost({ path: this.socketPath, pid: process.pid }, AbortSignal.timeout(5_000));
  }

  async #obey({ type, request, command }: Readonly<Record<string, unknown>>): Promise<void> {
    if (type !== 'command') return;
    this.asked += 1;
    if (this.isSilent) {
      await this.close();
      return;
    }
    const { name, window, tab } = command as {
      name: string;
      window: Parameters<Restorer['openWindow']>[0];
      tab: number;
    };
    const value = name === 'open-window' ? await this.#restorer.openWindow(window) : await this.#restorer.closeTab(tab);
    this.#say({ type: 'result', request, ok: true, value });
  }

  #say(message: object): void {
    this.#input.write(toFrame(JSON.stringify(message)));
  }
}

const PROFILE = { source: SOURCE, browser: 'Firefox', profile: 'work', profileDir: DIR, isRunning: true };

/** What is open now, as items. */
async function present(): Promise<CapturedItem[]> {
  return toTabItems(PROFILE, (await extension.profile()).windows);
}

function aTab(window: number, index: number, url: string, facts: object = {}): CapturedItem {
  return {
    key: parseItemKey(`firefox:work/${window}.${index}`),
    kind: 'tab',
    source: SOURCE,
    group: DIR,
    title: url,
    attributes: {
      url,
      profile: 'work',
      profileDir: DIR,
      isRunning: true,
      window: { id: `w${window}`, index: window },
      index,
      isActive: false,
      isPinned: false,
      ...facts,
    },
    streams: [],
  };
}

interface OpenerOptions {
  readonly found?: 'live' | 'startable' | null;
  readonly wasStarted?: boolean;
}

/** The addresses that were opened from outside are noted, window by window. */
function anOpener(options: OpenerOptions = {}): TabOpener & { readonly outside: string[][] } {
  const outside: string[][] = [];
  const { found = 'live', wasStarted = false } = options;
  return {
    outside,
    unavailable: null,
    openWindow: async ({ urls }) => {
      outside.push([...urls]);
    },
    findExtension: async () => found,
    connect: async () => {
      const profile = await extension.profile();
      const broughtBack = new Map<string, number[]>();
      for (const { browserId, tabs } of wasStarted ? profile.windows : [])
        for (const { history } of tabs) broughtBack.set(history[0]?.url ?? '', [browserId]);
      return { profile, wasStarted, broughtBack };
    },
  };
}

async function restore(items: readonly CapturedItem[], opener: TabOpener): Promise<readonly StepResult[]> {
  const context = makeRestoreContext(host, folder.path, items, {
    present: toSnapshotItems(await present()).items,
    options: { ...makeRestoreContext(host, folder.path, []).options, allowsFileUrls: true },
  });
  const plan = await planTabs(SOURCE, context.selected, context, opener);
  const results: StepResult[] = plan
    .filter(({ status }) => status === 'skipped')
    .map(({ key, action, detail }) => ({ key, action, status: 'skipped', detail }));
  for await (const result of applyTabs(plan, context, opener)) results.push(result);
  return results;
}

function undo(result: StepResult): Promise<StepResult> {
  const context = { host, signal: AbortSignal.timeout(5_000), nowMs: 0, readBefore: async () => new Uint8Array() };
  return undoTab(result, context, async () => extension.profile());
}

const urlsOf = (windowId: number): (string | undefined)[] => browser.tabsOf(windowId).map(({ url }) => url);

describe('a restore through the extension', () => {
  it('opens a window of any size in order, in commands that browsers take, its groups whole', async () => {
    const group = { name: 'Docs', colour: 'blue', index: 0, isCollapsed: false };
    const items = Array.from({ length: 250 }, (_, index) =>
      aTab(0, index, `https://example.org/${index}/${'x'.repeat(3_900)}`, index >= 90 && index < 210 ? { group } : {}),
    );
    const results = await restore(items.toReversed(), anOpener());

    expect(results.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(extension.asked).toBe(3);
    expect(browser.windows.length).toBe(1);
    expect(urlsOf(browser.windows[0]!.id)).toEqual(items.map(({ attributes }) => attributes['url']));
    expect(browser.groups.length).toBe(1);
    expect(browser.tabs.filter(({ groupId }) => groupId !== undefined).length).toBe(120);
  });

  it('puts a tab that was closed back into its window, and closes it again', async () => {
    const other = browser.addWindow(['https://other/']);
    const window = browser.addWindow(['https://a/', 'https://b/', 'https://c/']);
    const before = await present();
    browser.tabs = browser.tabs.filter(({ url }) => url !== 'https://b/');
    browser.tabsOf(window).forEach((tab, index) => (tab.index = index));
    const results = await restore(before, anOpener());

    expect(results.map(({ status }) => status).toSorted()).toEqual(['done', 'skipped', 'skipped', 'skipped']);
    expect(urlsOf(window)).toEqual(['https://a/', 'https://b/', 'https://c/']);
    const done = results.find(({ status }) => status === 'done');
    expect(done?.detail).toContain('in its window, which is open');
    expect(await undo(done!)).toMatchObject({ status: 'done', detail: 'Closed.' });
    expect([urlsOf(window), urlsOf(other)]).toEqual([['https://a/', 'https://c/'], ['https://other/']]);
  });

  it('closes nothing that shows another page, is gone, or was opened in another run of the browser', async () => {
    browser.addWindow(['https://mine/']);
    const results = await restore(
      [0, 1, 2].map((index) => aTab(0, index, `https://site-${index}/`)),
      anOpener(),
    );
    browser.tabs.find(({ url }) => url === 'https://site-0/')!.url = 'https://elsewhere/';
    browser.tabs = browser.tabs.filter(({ url }) => url !== 'https://site-1/');

    expect((await undo(results[0]!)).detail).toContain('shows another page');
    expect((await undo(results[1]!)).detail).toContain('closed already');
    extension.instance = PROBE;
    expect((await undo(results[2]!)).detail).toContain('started anew');
    expect(browser.tabs.map(({ url }) => url)).toEqual(['https://mine/', 'https://elsewhere/', 'https://site-2/']);
  });

  it('does not open again what a started browser has brought back, and joins it with the rest', async () => {
    const back = browser.addWindow(['https://pin/', 'about:home']);
    browser.tabsOf(back)[0]!.pinned = true;
    const items = [aTab(0, 0, 'https://pin/', { isPinned: true }), aTab(0, 1, 'https://a/', { isActive: true })];
    const opener = anOpener({ found: 'startable', wasStarted: true });
    // The browser did not run when the plan was made.
    const context = makeRestoreContext(host, folder.path, items);
    const plan = await planTabs(SOURCE, context.selected, context, opener);
    const results: StepResult[] = [];
    for await (const result of applyTabs(plan, context, opener)) results.push(result);

    expect(results.map(({ status }) => status)).toEqual(['skipped', 'done']);
    expect(urlsOf(back)).toEqual(['https://pin/', 'https://a/']);
    expect(browser.tabsOf(back)[1]?.active).toBe(true);
  });

  it('says where an address leads that looks like another', async () => {
    const items = [aTab(0, 0, 'https://\u0430pple.com/x'), aTab(0, 1, 'https://apple.com/x')];
    const context = makeRestoreContext(host, folder.path, items);
    const plan = await planTabs(SOURCE, context.selected, context, anOpener());

    expect(plan.map(({ detail }) => detail.split(' ')[0])).toEqual([
      'https://xn--pple-43d.com/x',
      'https://apple.com/x',
    ]);
  });

  it('opens files from outside, where it was asked for', async () => {
    const opener = anOpener();
    const results = await restore([aTab(0, 0, 'https://a/'), aTab(0, 1, 'file:///tmp/x.html')], opener);

    expect(results.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(opener.outside).toEqual([['file:///tmp/x.html']]);
    expect(browser.tabs.map(({ url }) => url)).toEqual(['https://a/']);
  });

  it('says so when the connection breaks off, and opens nothing else instead', async () => {
    extension.isSilent = true;
    const opener = anOpener();
    const results = await restore([aTab(0, 0, 'https://a/')], opener);

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('broke off') }]);
    expect(opener.outside).toEqual([]);
  });

  it('opens from outside where the extension does not come, and says what that loses', async () => {
    const opener = { ...anOpener(), connect: async () => 'gone' as const };
    const results = await restore([aTab(0, 0, 'https://a/', { isPinned: true })], opener);

    expect(results).toMatchObject([
      { status: 'done', detail: expect.stringContaining('as an ordinary tab'), undo: null },
    ]);
    expect(opener.outside).toEqual([['https://a/']]);
    expect((await undo(results[0]!)).detail).toContain('cannot be closed from outside');
  });

  it('opens from outside what a crashed browser has not brought back by itself, each as often as it was open', async () => {
    const bringBack = async (): Promise<string[]> => ['https://b/', 'https://a/', 'https://other/'];
    const opener = { ...anOpener({ found: null }), bringBack };
    const tabs = ['https://a/', 'https://a/', 'https://b/', 'https://c/'].map((url, index) => aTab(0, index, url));
    const results = await restore(tabs, opener);

    expect(results.map(({ key, status }) => `${status} ${key}`)).toEqual([
      'skipped firefox:work/0.0',
      'skipped firefox:work/0.2',
      'done firefox:work/0.1',
      'done firefox:work/0.3',
    ]);
    expect(opener.outside).toEqual([['https://a/', 'https://c/']]);
  });

  it('opens all from outside where the browser that would bring them back does not start', async () => {
    const bringBack = async (): Promise<never> => {
      throw new Error('it does not start');
    };
    const opener = { ...anOpener({ found: null }), bringBack };
    const results = await restore([aTab(0, 0, 'https://a/')], opener);

    expect(results.map(({ status }) => status)).toEqual(['done']);
    expect(opener.outside).toEqual([['https://a/']]);
  });

  it('opens nothing from outside in a browser that was started and may have brought it back', async () => {
    const opener = { ...anOpener({ found: 'startable' }), connect: async () => 'late' as const };
    const results = await restore([aTab(0, 0, 'https://a/')], opener);

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('Restore again') }]);
    expect(opener.outside).toEqual([]);
  });

  it('says why the browser could not be started', async () => {
    const connect = async (): Promise<never> => {
      throw new Error('Firefox is not installed here');
    };
    const results = await restore([aTab(0, 0, 'https://a/')], { ...anOpener({ found: 'startable' }), connect });

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('Firefox is not installed') }]);
  });

  it('plans pins, groups and containers as what becomes of them', async () => {
    const facts = { isPinned: true, group: { name: 'Docs' }, container: 3 };
    const context = makeRestoreContext(host, folder.path, [aTab(0, 0, 'https://a/', facts)]);
    const detailOf = async (found: 'live' | null) =>
      (await planTabs(SOURCE, context.selected, context, anOpener({ found })))[0]?.detail;

    expect(await detailOf('live')).toBe(
      'https://a/ in window 1, pinned, in group "Docs" (it was in a container, which cannot be set from outside).',
    );
    expect(await detailOf(null)).toBe(
      'https://a/ in window 1 (it was pinned and in group "Docs" and in a container, which cannot be set from outside).',
    );
  });
});
