// The commands of a shell as a table: typed into a real bash with the hook, hostile ones too.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { HOSTILE } from './demo-workspace.ts';
import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';

const HOOK = fileURLToPath(new URL('../../../resources/shell-integration/cairn.bash', import.meta.url));

test("a shell's commands are a table of text", async ({ installation }) => {
  const { tmux, home, repository } = installation.workspace;
  await seed(installation);
  installation.cairn('config', 'set', 'sources.shell-history', 'on');
  writeFileSync(join(home, 'hooked'), `PS1='> '\n. '${HOOK}'\n`);
  tmux('new-session', '-d', '-s', 'hooked', '-c', repository, `exec bash --noprofile --rcfile ${home}/hooked`);
  const lines = [
    `: ${HOSTILE.bidi} '${HOSTILE.html}'`,
    'git log --oneline | head -3',
    'sh -c "exit 3"',
    'sleep 1.2',
    'cd src',
  ];
  for (const line of lines) {
    tmux('send-keys', '-t', '=hooked:', '-l', line);
    tmux('send-keys', '-t', '=hooked:', 'Enter');
  }
  const page = await installation.open();
  await expect
    .poll(() => {
      installation.cairn('capture');
      return installation.cairn('search', 'cd src', '--json');
    })
    .toContain('shell-history');
  await page.addInitScript('window.hacked = 0');
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('Enter');

  await page.getByRole('treeitem', { name: /bash history, api/ }).click();
  const table = page.getByRole('region', { name: /^Preview of the/ }).getByRole('table');
  await expect(table.getByRole('row')).toHaveCount(7);
  await expect(table.getByRole('rowheader')).toHaveText(repository);
  await expect(table.getByRole('row').nth(2)).toContainText('cd src');
  await expect(table.getByRole('row').nth(3)).toContainText(/sleep 1\.2[1-9]\.\d s/);
  await expect(table.getByRole('row').nth(4).getByRole('cell').last()).toHaveText('3');
  await expect(table.getByRole('row').nth(6)).toContainText('‹U+202E›');
  await expect(table.getByRole('row').nth(6)).toContainText('<script>');
  await expect(page.getByRole('link', { name: 'All its versions' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Restore only this' })).toHaveCount(0);
  expect(await page.evaluate('window.hacked')).not.toBe(1);
  await expectAccessible(page);
  await picture(page, 'snapshot-commands');
});
