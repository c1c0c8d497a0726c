// Home, checkpoints, palette: what is found there, by keyboard alone.

import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';

test('the timeline tells the changes, and every key does what it says', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  const list = page.getByRole('listbox', { name: 'Changes, newest first' });
  await expect(list.getByRole('option')).not.toHaveCount(0);
  await expect(list).toContainText('Before the migration');
  await expect(list).toContainText('conversation “Plan the migration');
  await expect(list).toContainText('api: new commit');
  await expect(page.getByRole('button', { name: /Checkpoint Before the migration/ })).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'timeline');

  const chosen = list.getByRole('option', { selected: true });
  const first = await chosen.getAttribute('data-snapshot');
  await page.keyboard.press('ArrowLeft');
  expect(await chosen.getAttribute('data-snapshot')).not.toBe(first);
  await page.keyboard.press('ArrowRight');
  expect(await chosen.getAttribute('data-snapshot')).toBe(first);
  await page.keyboard.press('End');
  await expect(chosen).toContainText('opened');

  await page.keyboard.press('d');
  await expect(page).toHaveURL(/\/compare\/[0-9a-f]{16}\/now$/);
  await page.goBack();
  await expect(list).toBeVisible();
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/\/search/);
  await page.goBack();
  await expect(list).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/snapshot\/[0-9a-f]{16}$/);
});

test('the timeline filters, jumps and shows by item', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  const list = page.getByRole('listbox', { name: 'Changes, newest first' });
  await page.getByLabel('Kind').selectOption('conversation');
  await expect(list).toContainText('Plan the migration');
  await expect(list).not.toContainText('api: new commit');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByLabel('Checkpoints').selectOption('#release');
  await expect(list.getByRole('option')).toHaveCount(1);
  await page.getByRole('button', { name: 'Show all' }).click();

  await page.getByLabel('Go to').fill('no such time');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Go to').fill('Before the migration');
  await page.keyboard.press('Enter');
  await expect(list.getByRole('option', { selected: true })).toContainText('Before the migration');

  await page.getByRole('button', { name: 'By item' }).click();
  await expect(page.getByRole('link', { name: /Fix the login redirect/ })).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'timeline-by-item');
});

test('a new capture appears by itself, and the same one again only counts', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  const list = page.getByRole('listbox', { name: 'Changes, newest first' });
  await expect(list).toContainText('api: new commit');
  installation.workspace.tmux('new-window', '-t', 'api', '-n', 'fresh', 'bash');
  installation.cairnWithout('capture');
  await expect(list).toContainText('terminal “api:3.0');
  const rows = await list.getByRole('option').count();
  installation.cairnWithout('capture');
  expect(await list.getByRole('option').count()).toBeLessThanOrEqual(rows + 1);
});

test('a checkpoint by keyboard alone: made, undone, made again, edited, pinned, deleted', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('c');
  await expect(page.getByRole('dialog', { name: /Checkpoint/ })).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'checkpoint');
  await page.keyboard.type('Tea break');
  await page.keyboard.press('Enter');
  await expect(page.getByText('“Tea break” is kept.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
  await page.keyboard.type('checkpoint now');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Checkpoint now' }).getByLabel('Name')).toBeFocused();
  await page.keyboard.type('Lunch');
  await page.keyboard.press('Enter');
  await expect(page.getByText('“Lunch” is kept.')).toBeVisible();

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'palette');
  await page.keyboard.type('checkpoints');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Checkpoints' })).toBeVisible();
  await expect(page.getByRole('row')).toHaveCount(3);
  await expect(page.getByText('Tea break', { exact: true })).toHaveCount(0);
  await expectAccessible(page);
  await picture(page, 'checkpoints');

  await page.getByRole('button', { name: 'Edit Lunch' }).press('Enter');
  await page.getByLabel('Tags').fill('food, noon');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await expect(page.getByRole('row', { name: /Lunch/ })).toContainText('food');
  await page.getByRole('button', { name: 'Pin Lunch' }).press('Enter');
  await expect(page.getByRole('row', { name: /Lunch/ })).toContainText('Pinned: stays until you delete it');
  await page.getByRole('checkbox', { name: 'Choose all' }).press('Space');
  await page.getByRole('button', { name: 'Delete…' }).press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(page.getByRole('heading', { name: 'No checkpoints yet' })).toBeVisible();
});

test('pause, resume, forget and lock from every screen', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('button', { name: 'Pause…' }).press('Enter');
  await page.getByRole('menuitem', { name: 'For an hour' }).press('Enter');
  await expect(page.getByText(/Paused until/)).toBeVisible();
  await page.getByRole('button', { name: 'Resume' }).press('Enter');
  await expect(page.getByText(/Captur/)).toBeVisible();
  await page.getByRole('button', { name: /Forget last/ }).press('Enter');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Forget them' }).press('Enter');
  await expect(page.getByText(/snapshots? forgotten/)).toBeVisible();
  await expect(page.getByRole('listbox')).toContainText('Before the migration');
  await page.getByRole('button', { name: 'Lock' }).press('Enter');
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
});

test('the command line uses the running app and asks for no password', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  expect(() => installation.cairnWithout('list')).toThrow(/locked/);
  await unlock(page);
  expect(installation.cairnWithout('list')).toContain('Before the migration');
  expect(installation.cairnWithout('search', 'migration')).toContain('Plan the migration');
  expect(JSON.parse(installation.cairnWithout('restore', 'latest', '--dry-run', '--json'))).toHaveProperty('steps');
  expect(installation.cairnWithout('checkpoint', 'from the shell')).toContain('from the shell');
  await expect(page.getByRole('listbox')).toContainText('from the shell');
  expect(installation.cairnWithout('verify')).toContain('whole');
  expect(() => installation.cairnWithout('keys', 'rotate')).toThrow(/password/);
});

test('a page that brings no code is told how to get in', async ({ installation, shell }) => {
  test.skip(shell === 'desktop', 'there is no code in the desktop app');
  await seed(installation);
  const page = await installation.open();
  // The code must have been spent: a log-in on its way would bring a cookie after the clearing.
  await expect(page.getByLabel('Password', { exact: true })).toBeVisible();
  await page.context().clearCookies();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'This browser is not logged in' })).toBeVisible();
  await expectAccessible(page);
});
