// Captured text is hostile: titles, terminal lines, file names and messages that carry HTML, scripts, control sequences and tricks with
// the reading direction are shown as text, and run nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { HOSTILE } from './demo-workspace.ts';
import { expect, seed, test, unlock } from './fixtures.ts';

test('hostile text shows as text and runs nothing', async ({ installation }) => {
  const { workspace } = installation;
  writeFileSync(join(workspace.repository, '<img src=x onerror=window.hacked=1>.ts'), `// ${HOSTILE.html}\n`);
  workspace.addConversation(HOSTILE.html, 3);
  seed(installation);
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
