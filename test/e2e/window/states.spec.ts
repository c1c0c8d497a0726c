// Each screen without content, while it loads, and when that fails; and the window while its connection is lost.

import type { Locator } from '@playwright/test';

import { aConversation, aStream, aTerminal } from '../../support/captures.ts';
import { expect, expectAccessible, go, test, unlock } from './fixtures.ts';
import { makePast } from './past.ts';
import { PASSING_ERROR, takeWire } from './wire.ts';

const MINUTE_MS = 60_000;

test('a vault that holds nothing, and a snapshot of nothing, say so on every screen', async ({ installation }) => {
  await makePast(installation, []);
  const page = await installation.open();
  await unlock(page);
  const heading = (name: string) => page.getByRole('heading', { name });
  await expect(page.getByRole('listbox')).toBeVisible(); // with the capture at the start, which holds nothing
  await page.getByRole('button', { name: /^Forget last/ }).press('Enter');
  await page.getByRole('button', { name: 'Forget them' }).press('Enter');
  await expect(heading('Nothing here yet')).toBeVisible();
  await expectAccessible(page);
  for (const [path, words] of [
    ['/?by=item', 'Nothing is open'],
    ['/search', 'What are you looking for?'],
    ['/search?q=anything', 'Nothing found'],
    ['/sessions', 'No sessions yet'],
    ['/checkpoints', 'No checkpoints yet'],
    ['/statistics', 'Nothing was captured yet'],
    ['/where-was-i', 'Nothing was captured yet'],
    ['/item/tmux%3Anone', 'No version is kept'],
  ] as const) {
    await go(page, path);
    await expect(heading(words), path).toBeVisible();
  }
  for (const path of ['/snapshot/latest', '/compare/latest/now', '/restore/latest', '/sessions/none']) {
    await go(page, path);
    await expect(page.getByRole('alert'), path).toBeVisible();
  }

  installation.cairnWithout('capture');
  for (const [path, words] of [
    ['/snapshot/latest', 'Nothing was open'],
    ['/compare/latest/now', 'Nothing changed'],
    ['/restore/latest', 'There is nothing to restore'],
  ] as const) {
    await go(page, path);
    await expect(heading(words), path).toBeVisible();
  }
});

test('every screen tells that it loads, and an error with a way to try again', async ({ installation, shell }) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to hold');
  test.slow();
  const [id = ''] = await makePast(installation, [
    { agoMs: MINUTE_MS, items: [aTerminal('a', { streams: [aStream({ text: 'needle\n' })] }), aConversation('b', '')] },
  ]);
  const page = await installation.open();
  await unlock(page);
  const wire = await takeWire(page);
  await page.reload();
  await expect(page.getByRole('listbox')).toBeVisible();
  const content = page.locator('#main');
  for (const [path, procedure, ready] of [
    ['/?by=item', 'timeline/items', page.getByRole('heading', { name: 'Closed lately' })],
    ['/', 'timeline/page', page.getByRole('listbox').getByRole('option').first()],
    ['/where-was-i', 'timeline/whereWasI', page.getByRole('heading', { name: /^All that changed since/ })],
    ['/search?q=needle', 'search/query', page.getByRole('list', { name: 'Hits' })],
    ['/sessions', 'sessions/list', page.getByRole('heading', { name: 'No sessions yet' })],
    ['/checkpoints', 'checkpoints/list', page.getByRole('heading', { name: 'No checkpoints yet' })],
    ['/statistics', 'upkeep/statistics', page.getByText('The vault takes')],
    ['/diagnostics', 'upkeep/diagnostics', page.getByLabel('Support text')],
    ['/settings/capture', 'settings/list', page.getByLabel('Seconds between two captures')],
    ['/settings/keys', 'keys/list', page.getByText(/Argon2id/).first()],
    [`/snapshot/${id}`, 'snapshots/get', page.getByRole('tree')],
    [`/snapshot/${id}?item=claude-code:b`, 'snapshots/preview', page.getByText('There are no messages in it yet.')],
    ['/item/tmux%3Aa', 'timeline/item', page.getByRole('list', { name: 'Versions, newest first' })],
    [`/compare/${id}/now`, 'snapshots/diffWithNow', page.getByRole('region', { name: 'Removed' })],
    [`/restore/${id}`, 'snapshots/get', page.getByRole('button', { name: 'Show the plan' })],
  ] as const) {
    wire.hold(procedure);
    await go(page, path);
    await expect(content.getByText('…').first(), `${path} loads`).toBeVisible();
    await expect(ready, path).toHaveCount(0);
    await expect.poll(() => wire.count(procedure), path).toBeGreaterThan(0);
    wire.fail(procedure);
    const alert = content.getByRole('alert').filter({ hasText: PASSING_ERROR.message });
    await expect(alert, `${path} fails`).toContainText(PASSING_ERROR.hint);
    await alert.getByRole('button', { name: 'Try again' }).press('Enter');
    await expect(ready, `${path} once more`).toBeVisible();
    await expect(alert, path).toHaveCount(0);
  }
});

test('the strip over time tells its own error; a later page that failed is asked for again', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to hold');
  // More than the two pages that are read at once.
  const past = Array.from({ length: 150 }, (_, at) => ({
    agoMs: (151 - at) * MINUTE_MS,
    items: [aTerminal(`t${at}`)],
  }));
  await makePast(installation, past);
  const page = await installation.open();
  await unlock(page);
  const wire = await takeWire(page);
  await page.reload();
  const list = page.getByRole('listbox');
  await expect(list.getByRole('option').first()).toBeVisible();
  const again = (within: Locator) => within.getByRole('alert').getByRole('button', { name: 'Try again' });

  const strip = page.getByRole('region', { name: 'Captures over time' });
  await expect(strip.getByRole('img')).toBeVisible();
  wire.hold('timeline/density');
  await strip.getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(() => wire.count('timeline/density')).toBeGreaterThan(0);
  wire.fail('timeline/density');
  await expect(strip.getByRole('alert')).toContainText(PASSING_ERROR.message);
  // What was read before stands there meanwhile.
  await expect(strip.getByRole('img')).toBeVisible();
  await expectAccessible(page);
  await again(strip).press('Enter');
  await expect(strip.getByRole('alert')).toHaveCount(0);

  wire.hold('timeline/page');
  await list.press('End');
  await expect.poll(() => wire.count('timeline/page')).toBeGreaterThan(0);
  wire.fail('timeline/page');
  const content = page.locator('#main');
  await expect(content.getByRole('alert')).toContainText(PASSING_ERROR.message);
  await expect(list).toContainText('“t30” opened');
  await again(content).press('Enter');
  await expect(content.getByRole('alert')).toHaveCount(0);
  await list.press('End');
  await expect(list).toContainText('“t0” opened');
});

test('a lost connection is told, comes back by itself, and nothing of meanwhile is missed', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to cut');
  await makePast(installation, [{ agoMs: MINUTE_MS, items: [aTerminal('a')] }]);
  const page = await installation.open();
  await unlock(page);
  const wire = await takeWire(page);
  await page.reload();
  const list = page.getByRole('listbox');
  await expect(list).toBeVisible();
  const notice = page.getByText('The connection to Cairn was lost. It is tried again by itself.');
  await wire.cut();
  await expect(notice).toBeVisible();
  await expect(list).toContainText('terminal “a” opened');
  installation.cairnWithout('checkpoint', 'made meanwhile');
  await expect(list).not.toContainText('made meanwhile');
  wire.mend();
  await expect(list).toContainText('made meanwhile');
  await expect(notice).toHaveCount(0);

  // What was asked for while it was away comes once it is back.
  await wire.cut();
  await expect(notice).toBeVisible();
  await page.getByRole('link', { name: 'Checkpoints' }).press('Enter');
  await expect(page.locator('#main').getByText('Loading…')).toBeVisible();
  wire.mend();
  await expect(page.getByRole('row', { name: /made meanwhile/ })).toBeVisible();
});
