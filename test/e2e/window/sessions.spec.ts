// Sessions in the window: captured ones and imported ones in one list, found, renamed, pinned, resumed, exported and deleted.

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isForPictures } from './demo-workspace.ts';
import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { makeVault, seed } from './seed.ts';

const AGENTS = fileURLToPath(new URL('../../fixtures/agent-sessions/v2', import.meta.url));
const SLUG = '2026-02-19_connect-flow_enr0i6';

test('sessions are one list, by keyboard, without violations', async ({ installation }) => {
  test.slow();
  await seed(installation);
  const { repository } = installation.workspace;
  cpSync(AGENTS, repository, { recursive: true });
  const page = await installation.open();
  await unlock(page);

  await page.getByRole('link', { name: 'Sessions' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Sessions' })).toBeVisible();
  // The head, and three conversations; pictures have two more.
  await expect(page.getByRole('row')).toHaveCount(isForPictures ? 6 : 4);
  await page.getByRole('button', { name: 'Import agents/sessions' }).press('Enter');
  await expect(page.getByText('1 session taken in, 1 as they were.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Connect flow' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Connect flow' })).toContainText('build, 3 of 5 checkpoints');
  await expectAccessible(page);
  await picture(page, 'sessions');

  await page.getByLabel('Find').fill('migration schema');
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByLabel('Find').fill('nothing of that name');
  await expect(page.getByText('Nothing matches.')).toBeVisible();
  await page.getByLabel('Find').fill('');
  await page.getByLabel('Tool').selectOption('agents/sessions');
  await expect(page.getByRole('row')).toHaveCount(3);
});

test('a title that is changed is written into the file, and a session opens with its messages', async ({
  installation,
}) => {
  await seed(installation);
  const { repository } = installation.workspace;
  cpSync(AGENTS, repository, { recursive: true });
  installation.cairn('sessions', 'import', repository);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/sessions', page.url()).href);

  await page.getByRole('button', { name: 'Rename Connect flow' }).press('Enter');
  await page.getByLabel('Name', { exact: true }).fill('Connect everything');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Connect everything' })).toBeVisible();
  const file = join(repository, 'agents', 'sessions', SLUG, 'state.json');
  expect(readFileSync(file, 'utf8')).toContain('"topic": "Connect everything"');

  await page.getByRole('button', { name: 'Status of Connect everything' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Paused' }).press('Enter');
  await expect(page.getByRole('row').filter({ hasText: 'Connect everything' })).toContainText('paused');
  expect(readFileSync(file, 'utf8')).toContain('"status": "paused"');
  await page.getByRole('button', { name: 'Pin Connect everything' }).press('Enter');
  await expect(page.getByRole('row').filter({ hasText: 'Connect everything' })).toContainText('pinned');

  await page.getByRole('link', { name: 'Plan the migration' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /Plan the migration/ })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Messages' })).toBeVisible();
  await expect(page.getByRole('listitem').last()).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'session');
});

test('a session is exported, goes on in a terminal, and is deleted once that is confirmed', async ({
  installation,
}) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/sessions', page.url()).href);

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Export Plan the migration/ }).click();
  await page.getByRole('menuitem', { name: 'As Markdown' }).click();
  expect((await download).suggestedFilename()).toMatch(/^plan-the-migration-.*\.md$/);

  await page.getByRole('button', { name: /^Resume Plan the migration/ }).click();
  await expect(page.getByText(/It goes on in tmux session "cairn"/)).toBeVisible();
  expect(installation.workspace.tmux('list-windows', '-t', '=cairn', '-F', '#{window_name}')).toMatch(/^claude-code /);

  await page.getByRole('button', { name: /^Delete Plan the migration/ }).click();
  await expect(page.getByRole('dialog')).toContainText('stays in the snapshots');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: /^Delete Plan the migration/ }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('link', { name: /^Plan the migration/ })).toHaveCount(0);
  expect(installation.cairnWithout('sessions', 'list', '--json')).not.toContain('Plan the migration');
});

test('without sessions it says where they come from', async ({ installation }) => {
  await makeVault(installation, []);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/sessions', page.url()).href);

  await expect(page.getByText('No sessions yet')).toBeVisible();
  await expectAccessible(page);
});
