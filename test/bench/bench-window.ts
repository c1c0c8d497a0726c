// The window in real Chromium on the serve shell: how soon it shows, how smoothly it scrolls through a million snapshots, how soon a large
// snapshot opens. Times are taken in the page where they can be, else from here. CAIRN_BENCH_SNAPSHOTS sets another number.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { chromium, type Locator, type Page } from '@playwright/test';

import { parseItemKey, parseSourceId } from '../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../src/shared/model/item.ts';
import { createVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { findProgram } from '../support/programs.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { atMost, percentile, type Figure } from './measure.ts';
import { fillVault } from './million-vault.ts';

const SNAPSHOTS = Number(process.env['CAIRN_BENCH_SNAPSHOTS'] ?? 1_000_000);
const PASSWORD = 'correct horse battery staple';
const START_MS = Date.now() - SNAPSHOTS * 30_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'out/main/cli.js');
const RENDERER = join(ROOT, 'out/renderer');
const RUNS = 5;
const TERMINAL_LINES = 20_000;
const MESSAGES = 5_000;
const CONVERSATION = 'A long conversation';
/** A message whose text is there: the waiting ones have no head. */
const MESSAGE = '#preview .conversation-message__head';
const FIRST_MESSAGE = '#preview [aria-posinset="1"] .conversation-message__head';
const WATCHED = [
  'input[type=password]',
  '[data-snapshot]',
  '.prompt',
  '#preview .xterm-rows > div > span',
  MESSAGE,
  FIRST_MESSAGE,
] as const;

const figures: Figure[] = [{ name: 'start bundle, gzip', value: startBundleKb(), unit: 'kB', ...atMost(400) }];
await using folder = makeTemporaryFolder();
const executablePath = findProgram('chromium');
if (executablePath === null) throw new Error('Chromium is needed');
const children = new Set<ChildProcess>();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  await measureMillion();
  await measureLarge();
  await measurePrompt();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await browser.close();
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function measureMillion(): Promise<void> {
  const home = await makeHome('million', [aTerminal('a')]);
  await fillVault(join(home, 'vault.db'), { password: PASSWORD, snapshots: SNAPSHOTS, startMs: START_MS });
  const starts: number[] = [];
  const paints: number[] = [];
  const longest: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    // The browser is there already, and so is its tab.
    const page = await newPage();
    const startMs = nowMs();
    const shell = await serve(home, '');
    const unlockedAt = watchUnlock(page);
    await page.goto(shell.address);
    starts.push((await seenAt(page, 'input[type=password]')) - startMs);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    const paintedAt = await seenAt(page, '[data-snapshot]');
    paints.push(paintedAt - (await unlockedAt));
    if (run === 0) longest.push(await scroll(page, page.getByRole('listbox')));
    await page.context().close();
    await shell.end();
  }
  figures.push({
    name: 'serve, cold start to the unlock screen',
    value: percentile(starts, 0.5),
    unit: 'ms',
    ...atMost(1_000),
  });
  figures.push({
    name: `${SNAPSHOTS} snapshots: first paint after the unlock`,
    value: percentile(paints, 0.5),
    unit: 'ms',
    ...atMost(300),
  });
  figures.push({ name: 'longest task while scrolling', value: Math.max(...longest), unit: 'ms', ...atMost(50) });
}

/** The longest task of the page's thread while its list is scrolled far; tasks under 50 ms are not told by the browser and count as 0. */
async function scroll(page: Page, list: Locator): Promise<number> {
  // As texts: what runs in the page is typed for it, and this file is not.
  await page.evaluate(
    "window.tasks = []; new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })",
  );
  await list.hover();
  for (let step = 0; step < 120; step += 1) {
    await page.mouse.wheel(0, 600);
    await page.waitForTimeout(25);
  }
  return page.evaluate<number>('Math.max(0, ...window.tasks)');
}

async function measureLarge(): Promise<void> {
  const home = await makeHome('large', [largeTerminal(), largeConversation()]);
  const shell = await serve(home, PASSWORD);
  const page = await newPage();
  await page.goto(shell.address);
  await rowsOf(page).first().waitFor();
  await page.waitForTimeout(1_500);
  const opens: number[] = [];
  const conversations: number[] = [];
  const beginnings: number[] = [];
  let longestMs = 0;
  for (let run = 0; run < RUNS; run += 1) {
    // The first capture: with no source on, the later ones hold nothing.
    await rowsOf(page).last().click();
    await forget(page, '#preview .xterm-rows > div > span');
    const startMs = nowMs();
    await page.keyboard.press('Enter');
    opens.push((await seenAt(page, '#preview .xterm-rows > div > span')) - startMs);
    await page.locator('#preview').getByText('compiled').first().waitFor();
    conversations.push(await timeOf(page, MESSAGE, page.getByRole('treeitem', { name: CONVERSATION })));
    await page
      .locator('#preview')
      .getByText(`Message ${MESSAGES - 1}:`)
      .waitFor();
    beginnings.push(await timeOf(page, FIRST_MESSAGE, page.getByRole('button', { name: 'To the beginning' })));
    await page.locator('#preview').getByText('Message 0:').waitFor();
    if (run === 0) longestMs = await scroll(page, page.getByRole('group', { name: 'Messages' }));
    await page.goBack();
    await rowsOf(page).first().waitFor();
  }
  figures.push({
    name: `a snapshot with ${TERMINAL_LINES} lines and ${MESSAGES} messages opens`,
    value: percentile(opens, 0.5),
    unit: 'ms',
    ...atMost(200),
  });
  figures.push({
    name: `a conversation of ${MESSAGES} messages opens at its end`,
    value: percentile(conversations, 0.5),
    unit: 'ms',
    ...atMost(200),
  });
  figures.push({
    name: 'from its end to its beginning',
    value: percentile(beginnings, 0.5),
    unit: 'ms',
    ...atMost(200),
  });
  figures.push({ name: 'longest task while scrolling it', value: longestMs, unit: 'ms', ...atMost(50) });
  await page.context().close();
  await shell.end();
}

/** Each time anew: what a run captures would be the past of the next. */
async function measurePrompt(): Promise<void> {
  const prompts: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const home = await makeHome(`prompt-${run}`, [largeTerminal(), aTerminal('lost')]);
    const marker = { pid: 4_194_305, startedAtMs: Date.now() - 60_000, bootedAtMs: Date.now() - uptime() * 1_000 };
    writeFileSync(join(home, 'running.json'), JSON.stringify(marker), { mode: 0o600 });
    const page = await newPage();
    const startMs = nowMs();
    const shell = await serve(home, PASSWORD);
    await page.goto(shell.address);
    prompts.push((await seenAt(page, '.prompt')) - startMs);
    await page.context().close();
    await shell.end();
  }
  figures.push({
    name: 'launch to the restore prompt, unlocked',
    value: percentile(prompts, 0.5),
    unit: 'ms',
    ...atMost(1_500),
  });
}

async function makeHome(name: string, items: readonly CapturedItem[]): Promise<string> {
  const home = join(folder.path, name);
  mkdirSync(home, { mode: 0o700 });
  const path = join(home, 'vault.db');
  const { vault } = await createVault({ path, password: PASSWORD, nowMs: START_MS });
  await vault.save(aCapture(items, { takenAtMs: name === 'million' ? START_MS : Date.now() - 60_000 }));
  await vault.close();
  return home;
}

function largeTerminal(): CapturedItem {
  const text = Array.from(
    { length: TERMINAL_LINES },
    (_, at) => `\u001b[32m✓\u001b[0m ${at} compiled \u001b[1msrc/part-${at % 97}.ts\u001b[0m in ${at % 13} ms\n`,
  ).join('');
  return aTerminal('large', { streams: [aStream({ text })] });
}

function largeConversation(): CapturedItem {
  const sessionId = '00000000-0000-4000-8000-000000000001';
  const lines = Array.from({ length: MESSAGES }, (_, at) => {
    const role = at % 2 === 0 ? 'user' : 'assistant';
    const text = `Message ${at}: the reason is in \`src/part-${at % 97}.ts\`.\n\n\`\`\`ts\nreturn ${at};\n\`\`\``;
    return `${JSON.stringify({
      uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      parentUuid: at === 0 ? null : `00000000-0000-4000-8000-${String(at - 1).padStart(12, '0')}`,
      sessionId,
      type: role,
      timestamp: new Date(START_MS + at * 1_000).toISOString(),
      message: { role, content: [{ type: 'text', text }] },
    })}\n`;
  });
  return {
    key: parseItemKey(`claude-code:${sessionId}`),
    kind: 'conversation',
    source: parseSourceId('claude-code'),
    group: '/home/dev/.claude',
    title: CONVERSATION,
    attributes: { id: sessionId, messageCount: MESSAGES },
    streams: [aStream({ name: 'transcript', kind: 'append', text: lines.join('') })],
  };
}

function rowsOf(page: Page): Locator {
  return page.getByRole('listbox', { name: 'Changes, newest first' }).getByRole('option');
}

async function newPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  // When each of these was first in the page and painted, by the page's own clock: whoever asks from here asks too seldom.
  await page.addInitScript(`
    window.seen = {};
    const look = () => {
      for (const selector of ${JSON.stringify(WATCHED)})
        if (window.seen[selector] === undefined && document.querySelector(selector) !== null) {
          window.seen[selector] = null;
          requestAnimationFrame(() => setTimeout(() => { window.seen[selector] ??= performance.timeOrigin + performance.now(); }));
        }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  `);
  return page;
}

/** When the selector was first seen, in ms since the epoch. */
async function seenAt(page: Page, selector: (typeof WATCHED)[number]): Promise<number> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const at = await page.evaluate<unknown>(`window.seen?.[${JSON.stringify(selector)}]`);
    if (typeof at === 'number') return at;
    await page.waitForTimeout(20);
  }
  throw new Error(`${selector} was never seen`);
}

/** From a click to the first sight of what it leads to. */
async function timeOf(page: Page, selector: (typeof WATCHED)[number], control: Locator): Promise<number> {
  await control.waitFor();
  await forget(page, selector);
  // In the page: what it takes to find the control from here is not part of it.
  const startMs = await control.evaluate((element) => {
    const now = performance.timeOrigin + performance.now();
    element.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    return now;
  });
  return (await seenAt(page, selector)) - startMs;
}

async function forget(page: Page, selector: (typeof WATCHED)[number]): Promise<void> {
  await page.evaluate(`delete window.seen[${JSON.stringify(selector)}]`);
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** When the core said that the vault is open, as seen from here. */
function watchUnlock(page: Page): Promise<number> {
  return new Promise((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"vault":"unlocked"')) resolve(nowMs());
      });
    });
  });
}

interface Shell {
  readonly address: string;
  end(signal?: NodeJS.Signals): Promise<void>;
}

async function serve(home: string, password: string): Promise<Shell> {
  const child = spawn(process.execPath, [CLI, 'serve', '--no-open'], {
    env: { ...process.env, HOME: folder.path, CAIRN_HOME: home, CAIRN_PASSWORD: password, TMUX_TMPDIR: folder.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return {
    address: await readAddress(child),
    end: async (signal = 'SIGTERM') => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await ended;
    },
  };
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const found = /http:\/\/127\.0\.0\.1:\d+\/#code=\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
    child.once('exit', () => reject(new Error(`cairn serve ended: ${text}`)));
  });
}

/** What the page loads before it shows anything: its document, the scripts and styles that it names, and what those need at once. */
function startBundleKb(): number {
  const html = readFileSync(join(RENDERER, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  const assets = readdirSync(join(RENDERER, 'assets'));
  const wanted = new Set(named);
  for (const path of wanted) {
    if (!path.endsWith('.js')) continue;
    const source = readFileSync(join(RENDERER, path), 'utf8');
    // Static imports of chunks; dynamic ones are loaded later.
    for (const [, chunk] of source.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
      if (chunk !== undefined && assets.includes(chunk)) wanted.add(`assets/${chunk}`);
  }
  const bytes = [...wanted].map((path) => gzipSync(readFileSync(join(RENDERER, path))).length);
  return bytes.reduce((sum, size) => sum + size, gzipSync(html).length) / 1_000;
}
