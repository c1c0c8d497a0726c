// A point in detail, compared, searched for and brought back.

import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';

test('a snapshot shows what everything looked like', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('Enter');
  const tree = page.getByRole('tree', { name: 'Items' });
  await expect(tree).toBeVisible();
  const preview = page.getByRole('region', { name: /^Preview of the/ });

  await tree.getByRole('treeitem', { name: /api:0\.0/ }).click();
  await expect(preview).toContainText('login: case 6');
  await expectAccessible(page);
  await picture(page, 'snapshot-terminal');
  await tree.getByRole('treeitem', { name: /Fix the login/ }).click();
  await expect(preview).toContainText('Message 11');
  await expect(preview).toContainText('claude-fable-5');
  await expectAccessible(page);
  await picture(page, 'snapshot-conversation');
  await tree.getByRole('treeitem', { name: /^api \(/ }).click();
  await expect(preview).toContainText('src/redirects.test.ts');
  await expectAccessible(page);
  await picture(page, 'snapshot-repository');
  await tree.getByRole('treeitem', { name: /Page b/ }).click();
  await expect(preview).toContainText('http://127.0.0.1');

  await page.keyboard.press('ArrowDown');
  await expect(page).toHaveURL(/item=/);
  await page.getByRole('link', { name: 'All its versions' }).press('Enter');
  await expect(page.getByRole('heading', { name: /All versions of/ })).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'item-history');
});

test('two points compared, and one with now', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('End');
  await page.keyboard.press('d');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('Plan the migration').first()).toBeVisible();
  await expectAccessible(page);
  await page.goto(new URL('/compare/Before%20the%20migration/latest', page.url()).href);
  await expect(page.getByText('api: new commit').first()).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'compare');
});

test('a search leads to the line, whatever the case', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('link', { name: 'Search', exact: true }).press('Enter');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.keyboard.type('STAYS ON THIS SITE');
  const hits = page.getByRole('list', { name: 'Hits' });
  await expect(hits).toContainText('redirects: stays on this site');
  await expectAccessible(page);
  await picture(page, 'search');
  await hits
    .getByRole('link', { name: /redirects: stays/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/snapshot\/[0-9a-f]{16}\?item=tmux/);
  await page.goBack();
  // Words in any order, by their beginnings; then only of one source, and one kind that it does not have.
  await page.getByRole('searchbox').fill('site redirec');
  await expect(hits).toContainText('redirects: stays on this site');
  await page.getByLabel('Source').selectOption('tmux');
  await expect(page).toHaveURL(/source=tmux/);
  await expect(hits).toContainText('redirects: stays on this site');
  await page.getByLabel('Time').selectOption('1d');
  await expect(hits).toContainText('redirects: stays on this site');
  await page.getByLabel('In', { exact: true }).selectOption('tab');
  await expect(page.getByRole('heading', { name: /Nothing/ })).toBeVisible();
  await page.getByLabel('In', { exact: true }).selectOption('');
  await expect(hits).toBeVisible();
  await page.getByRole('searchbox').fill('nothing has this text');
  await expect(page.getByRole('heading', { name: /Nothing/ })).toBeVisible();
});

test('a killed window comes back: choice, plan, restore, report, undo', async ({ installation }) => {
  await seed(installation);
  const { tmux } = installation.workspace;
  const page = await installation.open();
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  const [newest] = (JSON.parse(installation.cairnWithout('list', '--json')) as { snapshots: { id: string }[] })
    .snapshots;
  tmux('kill-window', '-t', 'api:server');
  await page.goto(new URL(`/restore/${newest?.id ?? ''}`, page.url()).href);
  const tree = page.getByRole('tree');
  await expect(tree.getByRole('treeitem', { name: /api:1\.0/ })).toHaveAttribute('aria-checked', 'true');
  await expect(tree.getByRole('treeitem', { name: /Fix the login/ })).toHaveAttribute('aria-checked', 'false');
  await page.getByRole('button', { name: 'None' }).press('Enter');
  await tree.getByRole('treeitem', { name: /api:1\.0/ }).click();
  await tree.getByRole('treeitem', { name: /api:1\.1/ }).click();
  await page.getByRole('button', { name: 'Show the plan' }).press('Enter');
  await expect(page.getByText('planned').first()).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'restore-plan');
  await page.getByRole('button', { name: /^Restore / }).press('Enter');
  await expect(page.getByText(/2 done/)).toBeVisible({ timeout: 20_000 });
  expect(tmux('list-windows', '-t', 'api', '-F', '#{window_name}')).toContain('server');
  await expectAccessible(page);
  await picture(page, 'restore-report');
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect(page.getByText(/[Tt]aken back/).first()).toBeVisible({ timeout: 20_000 });
  expect(tmux('list-windows', '-t', 'api', '-F', '#{window_name}')).not.toContain('server');
});

test('after a crash it asks, for what is missing only, and not now is not never', async ({ installation }) => {
  await seed(installation);
  const first = await installation.open();
  await unlock(first);
  await expect(first.getByRole('listbox')).toBeVisible();
  await expect(first.getByRole('region', { name: 'Restore what was lost?' })).toHaveCount(0);
  await installation.end('SIGKILL');
  installation.workspace.tmux('kill-window', '-t', 'api:server');

  const page = await installation.open();
  await unlock(page);
  const prompt = page.getByRole('region', { name: 'Restore what was lost?' });
  await expect(prompt).toContainText('did not end well');
  await expect(prompt).toContainText('2 terminals');
  await expectAccessible(page);
  await picture(page, 'restore-prompt');
  await prompt.getByRole('button', { name: 'Restore selected…' }).press('Enter');
  await expect(page.getByRole('treeitem', { name: /api:1\.0/ })).toHaveAttribute('aria-checked', 'true');
  await expect(page.getByRole('treeitem', { name: /api:0\.0/ })).toHaveAttribute('aria-checked', 'false');
  await page.reload();
  await page.goto(new URL('/', page.url()).href);
  await prompt.getByRole('button', { name: 'Not now' }).press('Enter');
  await expect(prompt).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('listbox')).toBeVisible();
  await expect(prompt).toHaveCount(0);
});
