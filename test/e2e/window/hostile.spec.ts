// Captured text is hostile: titles, terminal lines, file names and messages that carry HTML, scripts, control sequences and tricks with
// the reading direction are shown as text, and run nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { HOSTILE } from './demo-workspace.ts';
import { expect, go, test, unlock } from './fixtures.ts';
import { HOSTILE_PAST, MARKUP, NASTY_KEYS } from './past-hostile.ts';
import { makePast } from './past.ts';
import { seed } from './seed.ts';

test('hostile text shows as text and runs nothing', async ({ installation }) => {
  const { workspace } = installation;
  writeFileSync(join(workspace.repository, '<img src=x onerror=window.hacked=1>.ts'), `// ${HOSTILE.html}\n`);
  workspace.addConversation(HOSTILE.html, 3);
  await seed(installation);
  installation.cairn('checkpoint', HOSTILE.html, '--description', HOSTILE.bidi, '--tag', '<b>tag</b>');
  const page = await installation.open();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript('window.hacked = 0');
  await unlock(page);
  const isClean = async (): Promise<void> => {
    expect(await page.evaluate('window.hacked')).not.toBe(1);
    expect(await page.locator('img[onerror], #root script, #root iframe, #root a[href^="http"]').count()).toBe(0);
    expect(await page.title()).toBe('Cairn');
  };
  await expect(page.getByRole('listbox')).toContainText('<img src=x onerror="window.hacked=1">');
  await isClean();

  await page.getByRole('link', { name: 'Checkpoints', exact: true }).click();
  await expect(page.getByRole('table')).toContainText('<b>tag</b>');
  await isClean();

  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await expect(page.getByRole('table')).toContainText('<img src=x onerror="window.hacked=1">');
  await isClean();

  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await page.getByRole('searchbox').fill('onerror');
  await expect(page.locator('mark').first()).toBeVisible();
  await isClean();

  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  await page.getByRole('listbox', { name: 'Changes, newest first' }).press('Enter');
  await expect(page).toHaveURL(/\/snapshot\//);
  for (const name of [/script/, /api:1\.1/, /^api \(/]) {
    await page.getByRole('treeitem', { name }).first().click();
    await expect(page.getByRole('region', { name: /^Preview of the/ })).toBeVisible();
    await isClean();
  }
  const own = new URL(page.url()).origin;
  expect(requests.filter((url) => !url.startsWith(own) && !url.startsWith('data:'))).toEqual([]);
});

/** What a page must not hold, as phrases: empty where all is well. Runs in the page. */
const TROUBLE = `(() => {
  const found = [];
  if (window.hacked !== undefined) found.push('something ran');
  found.push(...window.violations);
  if (document.title !== 'Cairn') found.push('title: ' + document.title);
  const own = (address) => { const { protocol, host } = new URL(address, location.href); return protocol === location.protocol && host === location.host; };
  for (const link of document.querySelectorAll('[href], [src], [action]'))
    if (!own(link.getAttribute('href') ?? link.getAttribute('src') ?? link.getAttribute('action'))) found.push('address: ' + link.outerHTML.slice(0, 200));
  for (const element of document.querySelectorAll('#root script, iframe, object, embed, base, svg foreignObject')) found.push('element: ' + element.outerHTML.slice(0, 200));
  // What turns the reading direction around or is not seen, in texts and in what is read out.
  const hidden = /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
  for (const element of document.body.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push('handler: ' + element.outerHTML.slice(0, 200));
      if (name !== 'value' && hidden.test(value)) found.push('hidden in ' + name + ' of ' + element.tagName + '.' + element.className + ': ' + JSON.stringify(value.slice(0, 160)));
    }
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE && hidden.test(node.data)) found.push('hidden in text of ' + element.tagName + '.' + element.className + ' in ' + element.parentElement.className + ': ' + JSON.stringify(node.data.slice(0, 160)));
  }
  // Code and pictures of terminals scroll sideways; nothing else does.
  for (const element of [document.scrollingElement, ...document.querySelectorAll('#root *, [role=dialog], [role=dialog] *')]) {
    const style = getComputedStyle(element);
    const isScroller = element === document.scrollingElement || style.overflowX === 'auto' || style.overflowX === 'scroll';
    if (isScroller && element.closest('pre, .xterm, .code, [class*=code]') === null && element.scrollWidth > element.clientWidth + 1)
      found.push('too wide: ' + element.tagName + '.' + element.className + ' ' + element.scrollWidth + ' > ' + element.clientWidth);
  }
  return [...new Set(found)];
})()`;

/** Opens what is folded, and what is folded in that. */
const UNFOLD = `(async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    for (const fold of document.querySelectorAll('#main details')) fold.open = true;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }
})()`;

test('whatever captured text holds, every screen shows it inertly and in its place', async ({ installation }) => {
  test.slow();
  const [plain = '', nasty = '', other = ''] = await makePast(installation, HOSTILE_PAST);
  const page = await installation.open();
  const told: string[] = [];
  page.on('request', (request) => told.push(request.url()));
  page.on('dialog', (dialog) => {
    told.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', () => told.push('popup'));
  await page.addInitScript(
    "window.violations = []; addEventListener('securitypolicyviolation', (event) => window.violations.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI));",
  );
  await page.reload();
  await unlock(page);
  const content = page.locator('#main');
  const seen: string[] = [];
  for (const [path, words] of [
    ['/', MARKUP.slice(0, 60)],
    ['/?by=item', MARKUP.slice(0, 60)],
    ['/search?q=onerror', MARKUP.slice(10, 30)],
    ['/checkpoints', MARKUP.slice(0, 60)],
    ['/diagnostics', 'How things stand'],
    ...NASTY_KEYS.map((key) => [`/snapshot/${nasty}?item=${encodeURIComponent(key)}`, 'What is known of it'] as const),
    [`/item/${encodeURIComponent(NASTY_KEYS[0] ?? '')}`, 'All versions of'],
    [`/compare/${plain}/${nasty}`, 'Added'],
    [`/compare/${nasty}/${other}`, 'Changed'],
    [`/restore/${nasty}`, 'Show the plan'],
  ] as const) {
    await go(page, path);
    await expect(content, path).toContainText(words);
    await expect(content.getByText('…', { exact: false }).and(content.getByRole('status'))).toHaveCount(0);
    if (path.startsWith('/snapshot/')) await expect(content.locator('[data-preview]')).toBeVisible();
    await page.evaluate(UNFOLD);
    seen.push(...(await page.evaluate<string[]>(TROUBLE)).map((trouble) => `${path}: ${trouble}`));
  }
  await page.getByRole('button', { name: 'Show the plan' }).press('Enter');
  await expect(page.getByRole('heading', { name: /plan for|Nothing to do/ })).toBeVisible({ timeout: 20_000 });
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toContainText('<img');
  seen.push(...(await page.evaluate<string[]>(TROUBLE)).map((trouble) => `plan and palette: ${trouble}`));
  expect(seen).toEqual([]);
  const own = new URL(page.url()).origin;
  expect(told.filter((each) => !each.startsWith(own) && !each.startsWith('app:'))).toEqual([]);
});
