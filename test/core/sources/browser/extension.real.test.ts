// The extension in real browsers: what it sees, how exactly it brings things back after a kill, what it takes back, and what it never sees.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createBrowserSetup } from '../../../../src/core/browser-setup/browser-setup.ts';
import { CHROMIUM_BROWSERS } from '../../../../src/core/sources/chromium/chromium-browsers.ts';
import { createChromiumSource } from '../../../../src/core/sources/chromium/chromium-source.ts';
import { createFirefoxSource } from '../../../../src/core/sources/firefox/firefox-source.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem, SnapshotItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { describeWith, findProgram } from '../../../support/programs.ts';
import { makeCaptureContext, makeRestoreContext, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import {
  addToFirefox,
  BrowserWorkshop,
  CHROMIUM_EXTENSION_ARGS,
  evaluateInChromium,
  FIREFOX_EXTENSION_PREFS,
} from './browser-workshop.ts';

const WAIT_MS = 45_000;

let workshop: BrowserWorkshop;

beforeEach(async () => {
  workshop = await BrowserWorkshop.open();
});

afterEach(async () => {
  await workshop.close();
});

/** A machine where no helper program can be found, so that the session files are read. */
function withoutExtension(): Host {
  const { XDG_RUNTIME_DIR: _dir, ...env } = workshop.host.env;
  return { ...workshop.host, env };
}

async function capture(
  source: Source,
  options: { readonly host?: Host; readonly previous?: readonly CapturedItem[] } = {},
): Promise<readonly CapturedItem[]> {
  const previous = toSnapshotItems(options.previous ?? []).items;
  return (await source.capture(makeCaptureContext(options.host ?? workshop.host, { previous }))).items;
}

async function hasLive(id: string): Promise<boolean> {
  const status = await createBrowserSetup(workshop.host).status(AbortSignal.timeout(5_000));
  return status.some((browser) => browser.id === id && browser.profiles.some(({ extension }) => extension === 'live'));
}

interface Restored {
  readonly plan: readonly PlannedStep[];
  readonly results: readonly StepResult[];
}

async function restore(
  source: Source,
  items: readonly CapturedItem[],
  present: readonly CapturedItem[],
): Promise<Restored> {
  const context = makeRestoreContext(workshop.host, workshop.folder.path, items, {
    present: toSnapshotItems(present).items,
    signal: AbortSignal.timeout(90_000),
  });
  const plan = await source.planRestore(context.selected, context);
  const results: StepResult[] = [];
  for await (const result of source.applyRestore(plan, context)) results.push(result);
  return { plan, results };
}

async function undo(source: Source, results: readonly StepResult[]): Promise<readonly StepResult[]> {
  const undone: StepResult[] = [];
  for (const result of results.toReversed().filter((step) => step.undo !== undefined)) {
    undone.push(
      await source.undoRestore(result, {
        host: workshop.host,
        signal: AbortSignal.timeout(20_000),
        nowMs: Date.now(),
        readBefore: async () => new Uint8Array(),
      }),
    );
  }
  return undone;
}

/** Windows as lists of what each tab is, without what differs from run to run. */
function shapeOf(items: readonly CapturedItem[]): unknown[] {
  const windows = Map.groupBy(items, ({ attributes }) => (attributes['window'] as { index: number }).index);
  return [...windows]
    .toSorted(([a], [b]) => a - b)
    .map(([, tabs]) =>
      tabs
        .toSorted((a, b) => Number(a.attributes['index']) - Number(b.attributes['index']))
        .map(({ attributes }) => ({
          url: urlOf(attributes).replace(workshop.origin, ''),
          isPinned: attributes['isPinned'],
          isActive: attributes['isActive'],
          group: attributes['group'] ?? null,
        })),
    );
}

function urlOf(attributes: CapturedItem['attributes']): string {
  const { url } = attributes;
  return typeof url === 'string' ? url : '';
}

function pages(items: readonly CapturedItem[]): string[] {
  return items
    .map(({ attributes }) => urlOf(attributes))
    .filter((url) => url.startsWith(workshop.origin))
    .map((url) => url.slice(workshop.origin.length))
    .toSorted();
}

const DOCS = { name: 'Docs', colour: 'purple', index: 0, isCollapsed: true };
const API = { name: 'API: π', colour: 'cyan', index: 1, isCollapsed: false };

/** Two windows with pins, groups and an order, as if captured from this profile. */
function aWorkspace(template: CapturedItem): CapturedItem[] {
  const tab = (window: number, index: number, page: string, facts: object): CapturedItem => {
    const { history: _history, group: _group, ...attributes } = template.attributes;
    return {
      ...template,
      key: `${template.key}-${window}-${index}` as CapturedItem['key'], // as a snapshot would bring it
      attributes: {
        ...attributes,
        url: `${workshop.origin}/${page}`,
        window: { id: `w${window}`, index: window, geometry: { x: 60, y: 40, width: 900, height: 600 } },
        index,
        isActive: false,
        isPinned: false,
        ...facts,
      },
    };
  };
  return [
    tab(0, 0, 'pin-1', { isPinned: true }),
    tab(0, 1, 'pin-2', { isPinned: true }),
    tab(0, 2, 'docs-1', { group: DOCS }),
    tab(0, 3, 'docs-2', { group: DOCS }),
    tab(0, 4, 'api-1', { group: API, isActive: true }),
    tab(0, 5, 'plain-1', {}),
    tab(1, 0, 'second-1', {}),
    tab(1, 1, 'second-2', { isActive: true }),
  ];
}

/** What the extension must see, and the session file, which knows it from the browser itself. */
function expectedShape(): unknown[] {
  const tab = (url: string, facts: object = {}) => ({ url, isPinned: false, isActive: false, group: null, ...facts });
  return [
    [
      tab('/pin-1', { isPinned: true }),
      tab('/pin-2', { isPinned: true }),
      tab('/docs-1', { group: DOCS }),
      tab('/docs-2', { group: DOCS }),
      tab('/api-1', { group: API, isActive: true }),
      tab('/plain-1'),
    ],
    [tab('/second-1'), tab('/second-2', { isActive: true })],
  ];
}

/** Waits until it is so; fails with the difference. */
async function waitForShape(read: () => Promise<unknown[]>, wanted: unknown[]): Promise<void> {
  const isSo = async (): Promise<boolean> => JSON.stringify(await read()) === JSON.stringify(wanted);
  await waitFor('the windows', isSo, WAIT_MS).catch(() => undefined);
  expect(await read()).toEqual(wanted);
}

/** All of a folder's files with their content, and its folders. */
function contentOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? `${name}/` : `${name} ${readFileSync(path, 'base64')}`;
    });
}

interface Browser {
  readonly source: Source;
  readonly id: string;
  /** It opens tabs that ask for nothing before they are looked at. */
  readonly isLazy: boolean;
  /** How many tabs it opens again by itself after a kill: Firefox does so with pinned ones. */
  readonly bringsBack: number;
  start(...pages: string[]): ReturnType<BrowserWorkshop['start']>;
  openPrivate(page: string): void;
  openTab(page: string): void;
}

/** The whole story, the same for both families. */
async function tellStory(browser: Browser): Promise<void> {
  const { source } = browser;
  const before = contentOf(workshop.host.homeDir);
  const setup = createBrowserSetup(workshop.host);
  expect(setup.install([browser.id], { isDryRun: true })).toMatchObject([{ outcome: 'written' }]);
  expect(contentOf(workshop.host.homeDir)).toEqual(before);
  expect(setup.install([browser.id], { isDryRun: false })).toMatchObject([{ outcome: 'written' }]);
  expect(setup.install([browser.id], { isDryRun: false })).toMatchObject([{ outcome: 'unchanged' }]);

  const running = browser.start('one', 'two');
  await waitFor('the extension to answer', () => hasLive(browser.id), WAIT_MS);
  await waitFor('the first tabs', async () => pages(await capture(source)).length === 2, WAIT_MS);

  // The switch between session files and extension keeps every tab's key, whichever came first.
  const first = await capture(source);
  await waitFor(
    'the session file to know the same tabs',
    async () => {
      const files = await capture(source, { host: withoutExtension(), previous: first });
      return JSON.stringify(files.map(({ key }) => key)) === JSON.stringify(first.map(({ key }) => key));
    },
    WAIT_MS,
  );

  // Changes are signalled; private windows never come.
  let changes = 0;
  const watching = new AbortController();
  await source.watch?.({ host: workshop.host, signal: watching.signal, onChange: () => (changes += 1) });
  await waitFor('the watch to find the extension', () => changes > 0);
  browser.openPrivate('canary-private');
  await waitFor('the private page to be asked for', () => workshop.asked.has('canary-private'), WAIT_MS);
  const seen = changes;
  browser.openTab('three');
  await waitFor('a change to be signalled', () => changes > seen, WAIT_MS);
  await waitFor('the third tab', async () => pages(await capture(source)).includes('/three'), WAIT_MS);
  watching.abort();
  expect(JSON.stringify(await capture(source))).not.toMatch(/canary/);

  // What is restored is in the browser's own session file as it was captured: groups, pins, order.
  const present = await capture(source);
  const workspace = aWorkspace(present[0]!);
  const { plan, results } = await restore(source, workspace, present);
  expect(plan.map(({ status }) => status)).toEqual(workspace.map(() => 'planned'));
  expect(plan[2]?.detail).toContain('in group "Docs"');
  expect(results.filter(({ status }) => status !== 'done')).toEqual([]);
  // Who looks once a restore has ended sees what it opened.
  expect(shapeOf(await capture(source))).toHaveLength(shapeOf(present).length + 2);
  const wanted = expectedShape();
  await waitFor(
    'the session file to hold the windows exactly',
    async () => {
      const shape = shapeOf(await capture(source, { host: withoutExtension(), previous: present }));
      return wanted.every((window) => shape.some((other) => JSON.stringify(other) === JSON.stringify(window)));
    },
    WAIT_MS,
  );
  await waitForShape(async () => shapeOf(await capture(source)), [...shapeOf(present), ...wanted]);
  const full = await capture(source);
  expect(await restore(source, full, full)).toMatchObject({ results: [] });

  // A kill, and everything again, in a browser that the restore starts itself.
  workshop.kill(running);
  await waitFor(
    'the browser to be gone',
    async () =>
      (await capture(source, { previous: full })).every(({ attributes }) => attributes['isRunning'] === false),
    WAIT_MS,
  );
  workshop.asked.clear();
  const again = await restore(source, full.filter(isWorkspace), []);
  const own = again.results.filter(({ detail }) => detail === 'The browser has brought it back by itself.');
  expect(again.results.filter((result) => result.status !== 'done' && !own.includes(result))).toEqual([]);
  expect(own.length).toBe(browser.bringsBack);
  // A window that the browser brought back by itself stands wherever it put it.
  const inOrder = (windows: unknown[]): unknown[] =>
    browser.bringsBack === 0 ? windows : windows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  await waitForShape(async () => inOrder(shapeOf(await capture(source))), inOrder(wanted));

  if (browser.isLazy)
    expect(['docs-1', 'docs-2', 'plain-1', 'second-1'].filter((page) => workshop.asked.has(page))).toEqual([]);

  // Undo closes what was opened and nobody used.
  const undone = await undo(source, again.results);
  expect(undone.filter(({ status }) => status !== 'done')).toEqual([]);
  await waitFor(
    'the tabs to be closed',
    async () => (await capture(source)).filter(isWorkspace).length === browser.bringsBack,
    WAIT_MS,
  );
}

function isWorkspace({ attributes }: Pick<SnapshotItem, 'attributes'>): boolean {
  return /\/(pin|docs|api|plain|second)-\d$/.test(urlOf(attributes));
}

describeWith(['chromium', 'xvfb', 'dbus'], 'the extension in a real Chromium', () => {
  it('sees, restores and takes back exactly, and never what is private', { timeout: 300_000 }, async () => {
    const chromium = findProgram('chromium') ?? '';
    const args = [...CHROMIUM_EXTENSION_ARGS, `--user-data-dir=${join(workshop.host.homeDir, '.config/chromium')}`];
    await tellStory({
      id: 'chromium',
      isLazy: false,
      bringsBack: 0,
      source: createChromiumSource(CHROMIUM_BROWSERS[0]!, { extraArgs: CHROMIUM_EXTENSION_ARGS }),
      start: (...names) => workshop.start(chromium, [...args, ...names.map((name) => `${workshop.origin}/${name}`)]),
      openPrivate: (name) => workshop.start(chromium, [...args, '--incognito', `${workshop.origin}/${name}`]),
      openTab: (name) => workshop.start(chromium, [...args, `${workshop.origin}/${name}`]),
    });
  });
});

describeWith(['chromium', 'xvfb', 'dbus'], 'the extension in a Chromium that is looked into', () => {
  const chromium = findProgram('chromium') ?? '';
  const source = createChromiumSource(CHROMIUM_BROWSERS[0]!, { extraArgs: CHROMIUM_EXTENSION_ARGS });
  const dataDir = (): string => join(workshop.host.homeDir, '.config/chromium');

  async function startWith(profile: string, ...names: string[]): Promise<void> {
    workshop.start(chromium, [
      ...CHROMIUM_EXTENSION_ARGS,
      `--user-data-dir=${dataDir()}`,
      `--profile-directory=${profile}`,
      '--remote-debugging-port=0',
      ...names.map((name) => `${workshop.origin}/${name}`),
    ]);
    await waitFor('the tabs', async () => names.every((name) => workshop.asked.has(name)), WAIT_MS);
  }

  it('tells the profiles of one browser process apart', { timeout: 120_000 }, async () => {
    createBrowserSetup(workshop.host).install(['chromium'], { isDryRun: false });
    await startWith('Default', 'one');
    await waitFor('the first extension to answer', () => hasLive('chromium'), WAIT_MS);
    await startWith('Profile 7', 'seven');
    const live = async (): Promise<readonly string[]> => {
      const [status] = await createBrowserSetup(workshop.host).status(AbortSignal.timeout(5_000));
      return status!.profiles.filter(({ extension }) => extension === 'live').map(({ name }) => name);
    };
    await waitFor('both to answer', async () => (await live()).length === 2, WAIT_MS);

    expect((await live()).toSorted()).toEqual(['Default', 'Profile 7']);
    await waitFor('both pages', async () => pages(await capture(source)).length === 2, WAIT_MS);
    const items = (await capture(source)).filter(({ attributes }) => urlOf(attributes).startsWith(workshop.origin));
    expect(
      items.map(({ attributes }) => [attributes['profile'], urlOf(attributes).slice(workshop.origin.length)]),
    ).toEqual([
      ['Default', '/one'],
      ['Profile 7', '/seven'],
    ]);
  });

  it(
    'puts tabs back into their window unloaded, and leaves alone what is used by now',
    { timeout: 120_000 },
    async () => {
      createBrowserSetup(workshop.host).install(['chromium'], { isDryRun: false });
      await startWith('Default', 'one', 'two', 'moved', 'four');
      await waitFor('the extension to answer', () => hasLive('chromium'), WAIT_MS);
      await waitFor('the tabs', async () => pages(await capture(source)).includes('/arrived'), WAIT_MS);
      const before = await capture(source);
      const close = (names: string): Promise<unknown> =>
        evaluateInChromium(
          dataDir(),
          `chrome.tabs.query({}).then((tabs) => chrome.tabs.remove(tabs.filter(({ url }) => /\\/(${names})$/.test(url)).map(({ id }) => id)))`,
        );
      await close('two|arrived|four');
      await waitFor('them to be closed', async () => pages(await capture(source)).length === 1, WAIT_MS);

      const moved = before.map((item) =>
        urlOf(item.attributes).endsWith('/arrived')
          ? { ...item, attributes: { ...item.attributes, url: `${workshop.origin}/moved` } }
          : item,
      );
      const { results } = await restore(source, moved, await capture(source));
      expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
      await waitForShape(async () => shapeOf(await capture(source)), shapeOf(before));
      await waitFor(
        'the tabs to be unloaded',
        async () =>
          (await evaluateInChromium(
            dataDir(),
            'chrome.tabs.query({ discarded: true }).then((tabs) => tabs.length)',
          )) === 3,
        WAIT_MS,
      );

      // One is used before the undo; another has been led on by its server, which is no use.
      await evaluateInChromium(
        dataDir(),
        `chrome.tabs.query({}).then((tabs) => chrome.tabs.update(tabs.find(({ url }) => url.endsWith('/four')).id, { url: '${workshop.origin}/used' }))`,
      );
      await waitFor('the page', () => workshop.asked.has('used'), WAIT_MS);
      const undone = await undo(source, results);
      expect(undone.map(({ status }) => status)).toEqual(['skipped', 'done', 'done']);
      await waitFor('the rest', async () => pages(await capture(source)).join() === '/one,/used', WAIT_MS);
    },
  );
});

describeWith(['firefox', 'xvfb', 'dbus'], 'the extension in a real Firefox', () => {
  it('sees, restores and takes back exactly, and never what is private', { timeout: 300_000 }, async () => {
    const firefox = findProgram('firefox') ?? '';
    const prefs = { ...FIREFOX_EXTENSION_PREFS, 'browser.sessionstore.resume_from_crash': false };
    const dir = workshop.makeFirefoxProfile('work', prefs);
    addToFirefox(dir);
    await tellStory({
      id: 'firefox',
      isLazy: true,
      bringsBack: 2,
      source: createFirefoxSource(),
      start: (...names) =>
        workshop.start(firefox, ['--profile', dir, ...names.map((name) => `${workshop.origin}/${name}`)]),
      openPrivate: (name) =>
        workshop.start(firefox, ['--profile', dir, '--private-window', `${workshop.origin}/${name}`]),
      openTab: (name) => workshop.start(firefox, ['--profile', dir, '--new-tab', `${workshop.origin}/${name}`]),
    });
  });

  it(
    'opens nothing twice that Firefox brings back by itself, under the keys from before it came',
    { timeout: 200_000 },
    async () => {
      const source = createFirefoxSource();
      createBrowserSetup(workshop.host).install(['firefox'], { isDryRun: false });
      const dir = workshop.makeFirefoxProfile('work', FIREFOX_EXTENSION_PREFS);
      const running = workshop.start(findProgram('firefox') ?? '', [
        ...['--profile', dir],
        ...['one', 'two'].map((name) => `${workshop.origin}/${name}`),
      ]);
      await waitFor('the tabs', async () => pages(await capture(source)).length === 2, WAIT_MS);
      const items = await capture(source);

      workshop.kill(running);
      await waitFor('the end', async () =>
        (await capture(source)).every((item) => item.attributes['isRunning'] === false),
      );
      addToFirefox(dir);
      const { results } = await restore(source, items, []);

      expect(results.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
      expect(await hasLive('firefox')).toBe(true);
      const keysOf = async (host?: Host): Promise<string[]> =>
        (await capture(source, { previous: items, ...(host === undefined ? {} : { host }) }))
          .filter(({ attributes }) => urlOf(attributes).startsWith(workshop.origin))
          .map(({ key }) => key)
          .toSorted();
      const known = items.map(({ key }) => key).toSorted();
      expect(await keysOf()).toEqual(known);
      await waitForShape(() => keysOf(withoutExtension()), known);
      // Another run of Cairn knows them too, by the session file.
      const later = await createFirefoxSource().capture(
        makeCaptureContext(workshop.host, { previous: toSnapshotItems(items).items }),
      );
      expect(later.items.map(({ key }) => key)).toEqual(expect.arrayContaining(known));
    },
  );
});
