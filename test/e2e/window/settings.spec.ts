// Settings, statistics and diagnostics: every section seen, and what matters changed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, expectAccessible, PASSWORD, picture, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';

const SECTIONS = [
  'Sources',
  'Capture',
  'Exclusions',
  'Retention',
  'Lock',
  'Keys',
  'Start and updates',
  'Sync',
  'Appearance',
  'Data',
  'About',
];

test('every section of the settings is there, by keyboard, without violations', async ({ installation }) => {
  test.slow();
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('link', { name: 'Settings' }).press('Enter');
  for (const name of SECTIONS) {
    await page.getByRole('navigation', { name: 'Sections of the settings' }).getByRole('link', { name }).press('Enter');
    await expect(page.getByRole('heading', { level: 2, name })).toBeVisible();
    await expectAccessible(page);
    await picture(page, `settings-${name.toLowerCase().replaceAll(' ', '-')}`);
  }
});

test('a setting is stored at once, a senseless one refused at its field', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/settings/capture', page.url()).href);
  const seconds = page.getByLabel('Seconds between two captures');
  await seconds.fill('60');
  await seconds.press('Enter');
  await expect.poll(() => readFileSync(join(installation.dataFolder, 'config.json'), 'utf8')).toContain('60');
  await seconds.fill('2');
  await seconds.press('Enter');
  await expect(page.getByRole('alert').first()).toContainText(/5/);
  expect(readFileSync(join(installation.dataFolder, 'config.json'), 'utf8')).not.toMatch(/: 2\b/);
});

test('an exclusion shows what it would hide before it counts', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/settings/exclusions', page.url()).href);
  await page.getByLabel('Web addresses').fill('127.0.0.1');
  await expect(page.getByText(/Page [abc]/).first()).toBeVisible();
  await expect(page.getByText('The newest capture left nothing out.')).toBeVisible();
  await page.getByRole('button', { name: 'Save the rules' }).press('Enter');
  await expect.poll(() => installation.cairnWithout('config', 'get', 'exclude.urls')).toContain('127.0.0.1');
  installation.cairnWithout('capture');
  await expect(page.getByText(/Firefox: \d+ items?, by these rules/)).toBeVisible();
  expect(installation.cairnWithout('show', 'latest')).not.toContain('Page b');
});

test('the password is changed by who knows it, and the data keys are rotated', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/settings/keys', page.url()).href);
  await expect(page.getByText(/Argon2id/).first()).toBeVisible();
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Change the password' }) });
  const next = 'four other words entirely';
  await form.getByLabel('Current password', { exact: true }).fill('not the password');
  await form.getByLabel('New password', { exact: true }).fill(next);
  await form.getByLabel('The same again').fill(next);
  const change = form.getByRole('button', { name: 'Change the password' });
  await expect(change).not.toHaveAttribute('aria-disabled', 'true');
  await change.press('Enter');
  await expect(form.getByText('Wrong password.')).toBeVisible();
  await form.getByLabel('Current password', { exact: true }).fill(PASSWORD);
  await change.press('Enter');
  await expect(form.getByText('The password was changed.')).toBeVisible();

  await page.getByLabel('Your password, to rotate', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Rotate the data keys' }).press('Enter');
  await expect(page.getByText(/the password is wrong|wrong password/i).first()).toBeVisible();
  await page.getByLabel('Your password, to rotate', { exact: true }).fill(next);
  await page.getByRole('button', { name: 'Rotate the data keys' }).press('Enter');
  await expect(page.getByText(/records are sealed with new keys/)).toBeVisible();
  await expect(page.getByText(/Epoch 2/)).toBeVisible();

  await page.getByRole('button', { name: 'Lock' }).press('Enter');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Wrong password/)).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill(next);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
});

test('statistics and diagnostics tell how things stand', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('link', { name: 'Statistics' }).press('Enter');
  await expect(page.getByRole('table')).toContainText('Claude Code');
  await expectAccessible(page);
  await picture(page, 'statistics');
  await page.getByRole('link', { name: 'Diagnostics' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Diagnostics' })).toBeVisible();
  await page
    .getByRole('button', { name: /[Vv]erify/ })
    .first()
    .press('Enter');
  await expect(page.getByText(/whole|intact|no damage/i).first()).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'diagnostics');
});
