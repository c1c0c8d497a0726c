// Once through the window by keyboard only: nothing here clicks, fills or sets the focus.

import { expect, PASSWORD, test } from './fixtures.ts';
import { expectFocus, tabTo } from './hands.ts';
import { makeVault, withVault } from './seed.ts';

test('from the unlock to the lock without a mouse', async ({ installation }) => {
  test.slow();
  const { tmux } = installation.workspace;
  await makeVault(installation, ['tmux', 'claude-code']);
  await withVault(installation, async ({ capture, checkpoint }) => {
    await checkpoint('All is there');
    tmux('kill-window', '-t', 'api:server');
    await capture();
  });
  const page = await installation.open();
  const { keyboard } = page;
  const content = page.locator('#main');
  const button = (name: string | RegExp) => page.getByRole('button', { name });

  // Unlock: the field has the focus; what it shows and hides is a stop of its own.
  await expectFocus(page, page.getByLabel('Password', { exact: true }));
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');

  // Timeline: the keys go to the content; the list is one stop.
  const list = page.getByRole('listbox', { name: 'Changes, newest first' });
  await expect(list).toBeVisible();
  await expect(content).toBeFocused();
  await tabTo(page, list);
  const chosen = list.getByRole('option', { selected: true });
  await expect(chosen).not.toContainText('All is there');
  await keyboard.press('End');
  await expect(chosen).toContainText('All is there');

  // A menu and a dialog: Esc closes, and the focus is back where it was.
  await tabTo(page, button('Pause…'), 'Shift+Tab');
  await keyboard.press('Enter');
  await expectFocus(page, page.getByRole('menuitem', { name: 'For 15 minutes' }));
  await keyboard.press('ArrowDown');
  await expectFocus(page, page.getByRole('menuitem', { name: 'For an hour' }));
  await keyboard.press('Escape');
  await expectFocus(page, button('Pause…'));
  await tabTo(page, button(/Forget last/));
  await keyboard.press('Space');
  await expectFocus(page, button('Keep them'));
  await keyboard.press('Shift+Tab');
  await expectFocus(page, button('Forget them'));
  await keyboard.press('Escape');
  await expectFocus(page, button(/Forget last/));

  // The restore point, and one thing of it.
  await tabTo(page, list);
  await expect(chosen).toContainText('All is there');
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/\/snapshot\/[0-9a-f]{16}$/);
  const tree = page.getByRole('tree', { name: 'Items' });
  await tabTo(page, tree);
  for (let rows = 0; rows < 12; rows += 1) {
    if ((await tree.getByRole('treeitem', { selected: true, name: /api:1\.0/ }).count()) > 0) break;
    await keyboard.press('ArrowDown');
  }
  await expect(page.getByRole('region', { name: 'Preview of the terminal' })).toContainText('listening on 8080');

  // Restore only this: the plan, then the report, each with the focus on the news.
  await tabTo(page, page.getByRole('link', { name: 'Restore only this' }));
  await keyboard.press('Enter');
  await expect(content).toBeFocused();
  await tabTo(page, button('Show the plan'));
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'The plan for 1 item' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Plan and report' })).toBeFocused();
  await tabTo(page, button('Restore 1 item'));
  await keyboard.press('Enter');
  await expect(page.getByText(/Restored: 1 done/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('region', { name: 'Plan and report' })).toBeFocused();
  expect(tmux('list-windows', '-t', 'api', '-F', '#{window_name}')).toContain('server');

  // A checkpoint: Esc leaves it, Enter keeps it; both give the focus back.
  await tabTo(page, button('Restore something else'));
  for (const [name, key] of [
    ['', 'Escape'],
    ['By hand alone', 'Enter'],
  ] as const) {
    await keyboard.press('c');
    await expectFocus(page, page.getByRole('dialog').getByLabel('Name'));
    await keyboard.type(name);
    await keyboard.press(key);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expectFocus(page, button('Restore something else'));
  }
  await expect(page.getByText('“By hand alone” is kept.')).toBeVisible();

  // Search: the field, then its hits by arrows, then the line itself.
  await keyboard.press('/');
  await expectFocus(page, page.getByRole('searchbox'));
  await keyboard.type('listening on');
  const hits = page.getByRole('list', { name: 'Hits' }).getByRole('link', { name: /listening on 8080/ });
  await expect(hits.first()).toBeVisible();
  await keyboard.press('ArrowDown');
  await expectFocus(page, hits.first());
  await keyboard.press('ArrowUp');
  await expectFocus(page, page.getByRole('searchbox'));
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/\/snapshot\/[0-9a-f]{16}\?item=tmux/);
  await expect(content).toBeFocused();

  // Settings by the palette, which gives the focus back where it is left.
  await tabTo(page, tree);
  await keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Commands' }).getByRole('combobox')).toBeFocused();
  await keyboard.press('Escape');
  await expectFocus(page, tree);
  await keyboard.press('Control+k');
  await keyboard.type('settings');
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await expect(content).toBeFocused();
  await tabTo(page, page.getByRole('link', { name: 'Appearance' }));
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('radio', { name: /As the system/ }));
  await keyboard.press('ArrowUp');
  await expectFocus(page, page.getByRole('radio', { name: /^Dark/ }));
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');

  // Lock: the field again.
  await tabTo(page, button('Lock'), 'Shift+Tab');
  await keyboard.press('Enter');
  await expectFocus(page, page.getByLabel('Password', { exact: true }));
});
