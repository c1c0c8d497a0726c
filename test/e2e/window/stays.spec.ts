// What comes back after a reload, how the timeline is gone through by time, and a window at 200 %.

import { aConversation, aStream, aTerminal } from '../../support/captures.ts';
import { expect, go, test, unlock } from './fixtures.ts';
import { makePast } from './past.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Two steps and off to the settings, faster than any hand. Runs in the page. */
const LEAVE_AT_ONCE = `(async () => {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
  const list = document.querySelector('[role=listbox]');
  for (const key of ['ArrowDown', 'ArrowRight']) {
    list.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await wait();
  }
  document.querySelector('a[href="/settings"]').click();
})()`;

test('filter, theme and the place in the timeline survive a reload; hours are gone through by Shift and arrows', async ({
  installation,
}) => {
  test.slow();
  // A change each quarter of an hour for two days: more than one page of rows.
  const past = Array.from({ length: 192 }, (_, at) => ({
    agoMs: 48 * HOUR_MS - at * 15 * MINUTE_MS + MINUTE_MS,
    items: [aTerminal(`step-${at}`)],
  }));
  await makePast(installation, past);
  const page = await installation.open();
  await unlock(page);
  const list = page.getByRole('listbox', { name: 'Changes, newest first' });
  const chosen = list.getByRole('option', { selected: true });
  const press = (key: string) => page.keyboard.press(key);
  const opened = (step: number) => `terminal “step-${step}” opened`;
  await expect(list).toContainText('“step-191” closed');

  // The newest row is the start's own capture; from the one before it on, an hour is four rows.
  await press('ArrowDown');
  await expect(chosen).toContainText(opened(191));
  for (const [key, step] of [
    ['Shift+ArrowLeft', 187],
    ['Shift+ArrowDown', 183],
    ['Shift+ArrowRight', 187],
    ['ArrowLeft', 186],
    ['Shift+ArrowUp', 190],
    ['Shift+ArrowLeft', 186],
  ] as const) {
    await press(key);
    await expect(chosen, key).toContainText(opened(step));
  }

  // Looked at, and come back to.
  await press('Enter');
  await expect(page).toHaveURL(/\/snapshot\//);
  await page.goBack();
  await expect(chosen).toContainText(opened(186));

  // Far back: past what is read at first.
  await page.getByLabel('Go to').fill('30h');
  await press('Enter');
  await expect(page.getByText(/^Shown from .* backwards/)).toBeVisible();
  await expect(chosen).toContainText(opened(72));
  await press('Tab');
  await press('ArrowDown');
  await expect(chosen).toContainText(opened(71));
  await page.getByLabel('Kind').selectOption('terminal');
  // Left before the place was noted, which happens only now and then.
  await expect(chosen).toContainText(opened(71));
  await page.evaluate(LEAVE_AT_ONCE);
  await page.getByRole('link', { name: 'Appearance' }).click();
  await page.getByRole('radio', { name: /^Dark/ }).check();
  await page.goBack();
  await page.goBack();
  await expect(chosen).toContainText(opened(71));
  await page.goto(new URL('/', page.url()).href);
  await expect(chosen).toContainText(opened(71));
  await expect(page.getByLabel('Kind')).toHaveValue('terminal');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const box = await chosen.boundingBox();
  const frame = await list.boundingBox();
  expect(box !== null && frame !== null && box.y >= frame.y && box.y + box.height <= frame.y + frame.height).toBe(true);

  await page.getByRole('button', { name: 'Back to now' }).click();
  await expect(chosen).toContainText('“step-191” closed');
});

/** What cannot be reached or lies under something else, and whether the page is wider than the window. Runs in the page. */
const OVERLAPS = `(async () => {
  const found = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth + 1) found.push('wider than the window: ' + root.scrollWidth);
  for (const control of document.querySelectorAll('a[href], button, input, select, textarea, summary, [role=tree], [role=listbox], [role=group][tabindex]')) {
    if (control.closest('.visually-hidden, .skip-link, [aria-hidden=true], .toasts, .xterm') !== null) continue;
    if (!control.checkVisibility()) continue;
    control.scrollIntoView({ block: 'center', inline: 'center' });
    const { left, top, right, bottom, width, height } = control.getBoundingClientRect();
    const name = control.tagName + ' ' + (control.getAttribute('aria-label') ?? control.textContent ?? '').trim().slice(0, 60);
    if (width < 8 || height < 8) found.push('too small: ' + name + ' ' + width + ' x ' + height);
    if (left < -1 || right > innerWidth + 1) found.push('cut off: ' + name);
    const x = Math.min(innerWidth - 1, Math.max(0, (left + right) / 2));
    const y = Math.min(innerHeight - 1, Math.max(0, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2));
    const there = document.elementFromPoint(x, y);
    const isMine = there !== null && (control.contains(there) || there.contains(control) && there.closest('label, li, tr, td, p, span, div') !== null && !there.matches('a, button, input, select'));
    if (!isMine) found.push('covered: ' + name + ' by ' + (there === null ? 'nothing' : there.outerHTML.slice(0, 80)));
  }
  return [...new Set(found)];
})()`;

test('at 200 % everything can be reached and nothing lies over another', async ({ installation }) => {
  test.slow();
  const messages = Array.from({ length: 200 }, (_, at) => {
    const role = at % 2 === 0 ? 'user' : 'assistant';
    return `${JSON.stringify({ uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`, parentUuid: null, sessionId: 'b', type: role, message: { role, content: `Message ${at}` } })}\n`;
  });
  const items = [
    aTerminal('a', { streams: [aStream({ text: 'seq\n'.repeat(300) })] }),
    aConversation('b', messages.join('')),
  ];
  const [first = '', id = ''] = await makePast(installation, [
    { agoMs: 2 * HOUR_MS, items: [aTerminal('another')] },
    {
      agoMs: HOUR_MS,
      items,
      checkpoint: { name: 'Before the migration', description: '', tags: ['release'], priority: 'high', pinned: true },
    },
  ]);
  const page = await installation.open();
  await page.setViewportSize({ width: 640, height: 400 });
  expect(await page.evaluate<string[]>(OVERLAPS), 'unlock').toEqual([]);
  await unlock(page);
  await expect(page.getByRole('listbox')).toContainText('Before the migration');
  const content = page.locator('#main');
  const seen: string[] = [];
  for (const [path, words] of [
    ['/', 'Before the migration'],
    ['/?by=item', 'Closed lately'],
    ['/search?q=seq', 'Hits'],
    ['/sessions', 'Sessions'],
    ['/checkpoints', 'Before the migration'],
    ['/statistics', 'The vault takes'],
    ['/diagnostics', 'Verify deeply'],
    ['/settings/retention', 'Retention'],
    ['/settings/keys', 'Argon2id'],
    [`/snapshot/${id}`, 'seq'],
    [`/snapshot/${id}?item=claude-code:b`, 'Message 199'],
    ['/item/tmux%3Aa', 'All versions of'],
    [`/compare/${first}/${id}`, 'Added'],
    [`/restore/${id}`, 'Show the plan'],
  ] as const) {
    await go(page, path);
    if (words === 'Hits') await expect(page.getByRole('list', { name: 'Hits' })).toBeVisible();
    else await expect(content, path).toContainText(words);
    seen.push(...(await page.evaluate<string[]>(OVERLAPS)).map((trouble) => `${path}: ${trouble}`));
    // Of many messages only those in sight are in the page, here too.
    expect(await page.locator('.conversation__row').count()).toBeLessThan(40);
  }
  expect(seen).toEqual([]);
});
