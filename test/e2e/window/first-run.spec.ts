// From nothing to protected, by keyboard alone; then locked, unlocked, and back where it was.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import { expect, expectAccessible, PASSWORD, picture, test, unlock } from './fixtures.ts';
import { makeVault, withVault } from './seed.ts';

/** Goes with the Tab key to a control, as a person without a mouse does, and presses it. */
async function pressByTab(page: Page, name: string | RegExp, key = 'Enter'): Promise<void> {
  const wanted = page.getByRole('button', { name }).or(page.getByRole('switch', { name })).first();
  await expect(wanted).toBeVisible();
  for (let tabs = 0; tabs < 60; tabs += 1) {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) {
      await page.keyboard.press(key);
      return;
    }
    await page.keyboard.press('Tab');
  }
  const reached = await page.evaluate('document.activeElement.outerHTML.slice(0, 200)');
  throw new Error(`no Tab leads to ${String(name)}; the last stop was ${String(reached)}`);
}

test('first run: password, recovery key, sources, a proof, by keyboard alone', async ({ installation }) => {
  test.slow();
  const page = await installation.open();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('Nothing leaves this machine')).toBeVisible();
  await expectAccessible(page);

  await page.getByLabel('Password', { exact: true }).fill('password123');
  await expect(page.getByText(/guess|weak|common|needed/i).first()).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('The same again').fill(PASSWORD);
  await picture(page, 'first-run-password');
  await expect(page.getByRole('button', { name: 'Make the vault' })).not.toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');

  const groups = page.getByRole('list', { name: 'Recovery key, group by group' }).getByRole('listitem');
  await expect(groups).toHaveCount(9);
  const key = await groups.allInnerTexts();
  await expectAccessible(page);
  await pressByTab(page, 'I have kept it');
  const asked = page.getByLabel(/^Group \d$/);
  await expect(asked).toHaveCount(2);
  await asked.first().fill('AAAA');
  await pressByTab(page, 'Go on');
  await expect(page.getByText(/This is not group/).first()).toBeVisible();
  for (const field of await asked.all()) {
    const label = await page.locator(`label[for="${(await field.getAttribute('id')) ?? ''}"]`).innerText();
    const place = Number(label.replaceAll(/\D/g, ''));
    await field.fill((key[place - 1] ?? '').replace(/[^0-9A-Z]/g, '').slice(-4));
  }
  await pressByTab(page, 'Go on');

  await expect(page.getByRole('heading', { name: 'Choose what to keep' })).toBeVisible();
  const sources = page.getByRole('list', { name: 'Sources found here' });
  await expect(sources).toContainText('Fix the login redirect');
  await expect(sources).toContainText('2 conversations found');
  for (const toggle of await sources.getByRole('switch').all()) await expect(toggle).not.toBeChecked();
  await expectAccessible(page);
  await picture(page, 'first-run-sources');
  for (const name of ['tmux', 'Claude Code', 'git', 'Firefox']) await pressByTab(page, name, 'Space');
  await pressByTab(page, 'Begin to capture');
  await expect(page.getByText(/conversations/).first()).toBeVisible();

  await pressByTab(page, /Go on|Show me|See a restore/);
  const log = page.getByRole('log');
  if (!(await log.isVisible())) await pressByTab(page, 'Show me');
  await expect(log).toContainText('this line was captured by Cairn', { timeout: 20_000 });
  await expectAccessible(page);
  await picture(page, 'first-run-proof');
  await pressByTab(page, 'Open Cairn');
  await expect(page.getByRole('listbox', { name: 'Changes, newest first' })).toContainText('conversations begun');

  const files = ['vault.db', 'vault.db-wal', 'vault.db.keys', 'config.json', 'running.json'];
  for (const name of files) {
    const bytes = readIfThere(join(installation.dataFolder, name));
    expect(bytes.includes('login redirect'), name).toBe(false);
    expect(bytes.includes(key[0] ?? ''), name).toBe(false);
  }
});

test('unlock: wrong password, recovery key, and the place where it was', async ({ installation }) => {
  await makeVault(installation, ['tmux', 'claude-code']);
  await withVault(installation, ({ capture }) => capture());
  const page = await installation.open();
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
  await expect(page.getByText('Not recording')).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'unlock');
  await page.keyboard.type('not the password');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Wrong password/)).toBeVisible();
  await page.getByRole('button', { name: 'Use the recovery key' }).press('Enter');
  await page.keyboard.type(installation.emptyVault.recoveryKey);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
  await page.getByRole('link', { name: 'Statistics' }).press('Enter');
  await expect(page.getByRole('heading', { name: 'Statistics', level: 1 })).toBeVisible();
  await page.waitForTimeout(1_000); // where it was is noted a moment later

  await page.getByRole('button', { name: 'Lock' }).press('Enter');
  await expect(page.getByText('Still recording, write-only')).toBeVisible();
  await expectAccessible(page);
  await page.goto(new URL('/', page.url()).href);
  await unlock(page);
  await expect(page.getByRole('heading', { name: 'Statistics', level: 1 })).toBeVisible();
});

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
