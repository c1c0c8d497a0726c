// A file that was open in a real Neovim, with unsaved text: shown as text with colours, and brought back as a copy beside it.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findProgram } from '../../support/programs.ts';
import { HOSTILE } from './demo-workspace.ts';
import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { makeVault, withVault } from './seed.ts';

test('an open file shows its unsaved text, and comes back as a copy', async ({ installation }) => {
  test.slow();
  test.skip(findProgram('nvim') === null, 'not installed: nvim');
  const { tmux, repository } = installation.workspace;
  const folder = join(repository, 'src');
  const unsaved = ['', '// unsaved', `const x = '${HOSTILE.html}'; // ${HOSTILE.bidi}`];
  writeFileSync(join(folder, 'more.txt'), `${unsaved.join('\n')}\n`);
  await makeVault(installation, ['tmux', 'neovim']);
  tmux('new-session', '-d', '-s', 'edit', '-c', repository, 'nvim -u NONE -i NONE -n src/login.ts +4');
  await expect
    .poll(async () => {
      tmux('send-keys', '-t', '=edit:', 'Escape', ':if !&modified | $read src/more.txt | 4 | endif', 'Enter');
      await withVault(installation, ({ capture }) => capture());
      return installation.cairn('show', 'latest', '--json');
    })
    .toContain('"unsaved": "whole"');
  await withVault(installation, ({ checkpoint }) => checkpoint('unsaved'));
  const page = await installation.open();
  await page.addInitScript('window.hacked = 0');
  await unlock(page);
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('Enter');

  await page.getByRole('treeitem', { name: /login\.ts unsaved/ }).click();
  const preview = page.getByRole('region', { name: /^Preview of the/ });
  await expect(preview).toContainText('Unsaved text.');
  await expect(preview).toContainText('Neovim');
  await expect(preview).toContainText('line 4');
  await expect(preview.getByRole('group', { name: /^Text of/ })).toContainText('<script>window.hacked=1</script>');
  await expect(preview).toContainText('‹U+202E›');
  expect(await page.evaluate('window.hacked')).not.toBe(1);
  await expectAccessible(page);
  await picture(page, 'snapshot-document');

  const before = readFileSync(join(folder, 'login.ts'), 'utf8');
  tmux('kill-session', '-t', '=edit');
  installation.cairn('restore', 'unsaved', '--only', 'document', '--yes');
  const copy = readdirSync(folder).find((name) => /^login\.cairn-recovered-[\d-]+\.ts$/.test(name)) ?? '';
  expect(readFileSync(join(folder, copy), 'utf8')).toContain('// unsaved');
  expect(readFileSync(join(folder, 'login.ts'), 'utf8')).toBe(before);
  installation.cairn('restore', '--undo');
  expect(existsSync(join(folder, copy))).toBe(false);
});
