// A vault whose bytes are really damaged: it is read where it can be, told of in full, repaired, or replaced by a backup.

import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from '@playwright/test';
import BetterSqlite3 from 'better-sqlite3';

import { expect, expectAccessible, PASSWORD, picture, test, unlock, type Installation } from './fixtures.ts';
import { seed } from './seed.ts';
import { takeWire } from './wire.ts';

/** Flips a bit in the first snapshot and in some chunks, as a failing disk might. */
function flipBits({ dataFolder }: Installation): void {
  const db = new BetterSqlite3(join(dataFolder, 'vault.db'));
  for (const [table, key, where] of [
    ['snapshots', 'sequence', 'sequence = 1'],
    ['chunks', 'record_id', 'record_id IN (SELECT record_id FROM chunks ORDER BY length(box) DESC LIMIT 2)'],
  ] as const) {
    const rows = db.prepare(`SELECT ${key} AS id, box FROM ${table} WHERE ${where}`).all() as {
      id: number;
      box: Buffer;
    }[];
    for (const { id, box } of rows) {
      box[60] = (box[60] ?? 0) ^ 1;
      db.prepare(`UPDATE ${table} SET box = ? WHERE ${key} = ?`).run(box, id);
    }
  }
  db.close();
}

/** Overwrites all but the beginning of the vault and of its key file. */
function destroy({ dataFolder }: Installation): void {
  for (const name of ['vault.db', 'vault.db.keys']) {
    const path = join(dataFolder, name);
    const file = openSync(path, 'r+');
    const noise = Buffer.alloc(Math.max(0, statSync(path).size - 100), 0x5a);
    writeSync(file, noise, 0, noise.length, 100);
    closeSync(file);
  }
}

function kept({ dataFolder }: Installation): string[] {
  return readdirSync(dataFolder).filter((name) => /^vault\.db\.damaged-\w+$/.test(name));
}

function keptBefore({ dataFolder }: Installation): string[] {
  return readdirSync(dataFolder).filter((name) => /^vault\.db\.before-merge-\w+$/.test(name));
}

/** Presses what a person without a mouse reaches with the Tab key. */
async function pressByTab(page: Page, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole('button', { name }).first();
  await expect(wanted).toBeVisible();
  for (let tabs = 0; tabs < 80; tabs += 1) {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) {
      await page.keyboard.press('Enter');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab leads to ${String(name)}`);
}

test('a damaged vault is read, told of and repaired, by keyboard alone', async ({ installation, shell }) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to hold');
  test.slow();
  await seed(installation);
  installation.cairn('backup');
  flipBits(installation);
  const page = await installation.open();
  const wire = await takeWire(page);
  await page.reload();
  await unlock(page);

  await expect(page.getByText('The vault is damaged and open for reading only.')).toBeVisible();
  await expect(page.getByText('nothing is captured')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Repair, or use a backup' }).press('Enter');

  await expect(page.getByRole('region', { name: 'At a glance' })).toContainText('Last proven backup');
  await expect(page.getByRole('heading', { name: 'What was found' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Snapshots that are damaged' })).toBeVisible();
  await page.getByText(/findings?, one by one/).press('Enter');
  await expect(page.getByText(/snapshot record 1 does not authenticate/).first()).toBeVisible();
  await expect(page.getByRole('table', { name: 'Backups, the newest first' }).getByRole('row')).toHaveCount(2);
  await expectAccessible(page);
  await picture(page, 'recovery');

  const password = page.getByLabel('Password of the vault', { exact: true });
  await password.fill('not this one');
  await pressByTab(page, 'Repair the vault');
  await expect(page.getByText('This does not open the vault. Nothing was changed.')).toBeVisible();
  expect(kept(installation)).toEqual([]);
  await picture(page, 'recovery-repair');

  // What it would win and lose is told before; that changes nothing.
  await password.fill(PASSWORD);
  await pressByTab(page, 'What would it win and lose?');
  const outlook = page.getByRole('region', { name: 'What a repair would do' });
  await expect(outlook).toContainText('would be there');
  await expect(outlook.getByRole('table').getByRole('row')).not.toHaveCount(1);
  expect(kept(installation)).toEqual([]);
  await expectAccessible(page);
  await outlook.scrollIntoViewIfNeeded();
  await picture(page, 'recovery-plan');

  // Held on its way, as a repair of a large vault would take: it can be ended, and the vault is as it was.
  await password.fill(PASSWORD);
  wire.hold('recovery/repair');
  await pressByTab(page, 'Repair the vault');
  await expect(page.getByRole('progressbar', { name: 'Repairing' })).toBeVisible();
  await pressByTab(page, 'Cancel');
  await expect(page.getByText('Cancelled. The vault is as it was.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Repair the vault' })).toBeFocused();
  expect(kept(installation)).toEqual([]);
  wire.let('recovery/repair');

  await password.fill(PASSWORD);
  await pressByTab(page, 'Repair the vault');
  await expect(page.getByText(/The vault was repaired: \d+ snapshots are there, none is lost/)).toBeVisible();
  await expect(page.getByText(/^All \d+ records and \d+ snapshots are whole/)).toBeVisible();
  await expect(page.getByText('The vault is damaged and open for reading only.')).toBeHidden();
  await expectAccessible(page);
  expect(kept(installation)).toHaveLength(1);
  await installation.end('SIGTERM');
  expect(installation.cairn('verify', '--deep')).toContain('The vault is whole');
});

test('a vault that nothing is left of is replaced by a backup, after it was confirmed', async ({ installation }) => {
  test.slow();
  await seed(installation);
  installation.cairn('backup');
  destroy(installation);
  const page = await installation.open();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { name: 'The vault could not be opened' })).toBeVisible();
  const backups = page.getByRole('table', { name: 'Backups, the newest first' });
  await expect(backups).toContainText(/ago|just now/);
  await expect(backups).toContainText(/[km]B/i);
  await expectAccessible(page);
  await picture(page, 'damaged');

  await pressByTab(page, /^Go back to .*\d/);
  const dialog = page.getByRole('dialog', { name: 'Go back to this backup?' });
  await expect(dialog).toContainText('kept beside it under another name');
  await expectAccessible(page);
  await picture(page, 'damaged-confirm');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  expect(kept(installation)).toEqual([]);

  await pressByTab(page, /^Go back to .*\d/);
  await dialog.getByLabel('Password of the vault', { exact: true }).fill('not this one');
  await dialog.getByRole('button', { name: 'Go back to the backup' }).press('Enter');
  await expect(dialog).toContainText('This does not open the backup');
  await dialog.getByLabel('Password of the vault', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Go back to the backup' }).press('Enter');
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
  await expect(page.getByText('Before the migration').first()).toBeVisible();
  expect(kept(installation)).toHaveLength(1);
});

test('what is left of a damaged vault is taken out as plain files', async ({ installation, shell }) => {
  test.skip(shell === 'desktop', 'the same window, and one vault more to make');
  await seed(installation);
  flipBits(installation);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/recovery', page.url()).href);

  const part = page.getByRole('region', { name: 'Take it out as plain files' });
  await part.getByRole('button', { name: 'Export…' }).click();
  await expect(part).toContainText('What is written is not encrypted.');
  const folder = part.getByLabel('Folder', { exact: true });
  await expect(folder).toHaveValue(/cairn-export-\d{4}-\d\d-\d\d$/);
  await expectAccessible(page);
  await part.scrollIntoViewIfNeeded();
  await picture(page, 'recovery-export');

  await folder.fill(join(installation.dataFolder, 'inside'));
  await part.getByRole('button', { name: 'Export now' }).click();
  await expect(part).toContainText("cannot lie in Cairn's own data folder");
  const place = join(installation.dataFolder, '..', 'taken-out');
  await folder.fill(place);
  await part.getByLabel('Which snapshots').selectOption({ label: 'All of them' });
  await part.getByRole('button', { name: 'Export now' }).click();

  const done = page.getByRole('region', { name: 'What was exported' });
  await expect(done).toContainText(/\d+ snapshots with \d+ items/);
  await expect(done).toContainText('could not be read');
  await expectAccessible(page);
  await done.scrollIntoViewIfNeeded();
  await picture(page, 'recovery-exported');
  expect(readFileSync(join(place, 'readme.md'), 'utf8')).toContain('Nothing here is encrypted');
});

test('damage that another process finds while the window is open is told there, and leads to what is touched', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the same window, and one vault more to make');
  test.slow();
  await seed(installation);
  // A backup would put it right before anybody could look.
  installation.cairn('config', 'set', 'backup.everyHours', '0');
  const page = await installation.open();
  await unlock(page);
  const glance = page.getByRole('region', { name: 'At a glance' });
  await page.goto(new URL('/recovery', page.url()).href);
  await expect(glance).toContainText(/Last verified .*, and whole\./);
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Timeline' }).click();
  const db = new BetterSqlite3(join(installation.dataFolder, 'vault.db'));
  // What is still open is captured again, which puts it right; the rest stays.
  for (const { id, box } of db.prepare('SELECT record_id AS id, box FROM chunks').all() as {
    id: number;
    box: Buffer;
  }[]) {
    box[60] = (box[60] ?? 0) ^ 0xff;
    db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?').run(box, id);
  }
  db.close();

  expect(() => installation.cairn('verify')).toThrow();

  const banner = page
    .getByRole('main')
    .getByText(/Damage was found in the vault: \d+ pieces? of content cannot be read/)
    .first();
  await expect(banner).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  await picture(page, 'damage-found');
  expect(installation.cairn('status')).toMatch(/\d+ records? of the vault (?:is|are) damaged/);
  await page.getByRole('link', { name: 'See what is touched' }).click();
  await expect(glance).toContainText('Damage was found');
  await expect(page.getByRole('heading', { name: 'What was found' })).toBeVisible();
});

test('another vault is brought in, after it was said what it would bring, by keyboard alone', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to hold');
  test.slow();
  // A vault of its own, older than everything here.
  const other = join(installation.dataFolder, '..', 'laptop');
  const onLaptop = ['--home', other, '--password-file', join(installation.dataFolder, '..', 'laptop-password')];
  writeFileSync(onLaptop[3] ?? '', 'another battery staple horse', { mode: 0o600 });
  installation.cairn('init', ...onLaptop, '--sources', 'tmux,git');
  installation.cairn('checkpoint', 'On the train', ...onLaptop);
  await seed(installation);
  installation.cairn('backup');
  const page = await installation.open();
  const wire = await takeWire(page);
  await page.reload();
  await unlock(page);
  await page.goto(new URL('/recovery', page.url()).href);

  const part = page.getByRole('region', { name: 'Bring in another vault' });
  await pressByTab(page, 'Merge…');
  await expectAccessible(page);
  const place = part.getByLabel('The other vault', { exact: true });
  const password = part.getByLabel('Password of this vault', { exact: true });
  const look = part.getByRole('button', { name: 'What would it bring?' });
  await place.fill(join(other, 'not-there'));
  await password.fill('not this one');
  await look.press('Enter');
  await expect(part).toContainText('This does not open this vault. Nothing was changed.');
  await password.fill(PASSWORD);
  await look.press('Enter');
  await expect(part).toContainText('There is no file where the other vault should be.');
  await place.fill(installation.workspace.repository);
  await look.press('Enter');
  await expect(part).toContainText('There is no file where the other vault should be.');
  await place.fill(join(installation.dataFolder, 'config.json'));
  await look.press('Enter');
  await expect(part).toContainText('The other file is no Cairn vault');

  // Only a look tells that it has a password of its own; then that is asked for, and the focus is there.
  await place.fill(other);
  await look.press('Enter');
  const otherPassword = part.getByLabel('Password of the other vault', { exact: true });
  await expect(otherPassword).toBeFocused();
  await expect(part).toContainText('a vault of its own, with a password of its own');
  await otherPassword.fill(PASSWORD);
  await look.press('Enter');
  await expect(part).toContainText('This does not open the other vault. Nothing was changed.');
  await otherPassword.fill('another battery staple horse');
  await look.press('Enter');
  const outlook = page.getByRole('region', { name: 'What a merge would do' });
  await expect(outlook).toContainText('1 snapshot would come in');
  await expect(outlook.getByRole('table', { name: 'What each side wins and loses' })).toContainText('1 checkpoint');
  expect(keptBefore(installation)).toEqual([]);
  await expectAccessible(page);
  await part.getByRole('button', { name: 'Merge now' }).scrollIntoViewIfNeeded();
  await picture(page, 'recovery-merge');

  // Held on its way, as a large one would take: it can be ended, and the vault is as it was.
  wire.hold('recovery/merge');
  await pressByTab(page, 'Merge now');
  await expect(page.getByRole('progressbar', { name: 'Merging, and checking every record' })).toBeVisible();
  await pressByTab(page, 'Cancel');
  await expect(part).toContainText('Cancelled. The vault is as it was.');
  expect(keptBefore(installation)).toEqual([]);
  wire.let('recovery/merge');

  await pressByTab(page, 'Merge now');
  const done = page.getByRole('region', { name: 'What the merge did' });
  await expect(done).toContainText('1 snapshot came in');
  const kept = keptBefore(installation);
  expect(kept).toHaveLength(1);
  await expect(done).toContainText(kept[0] ?? '');
  await expectAccessible(page);
  await done.scrollIntoViewIfNeeded();
  await picture(page, 'recovery-merged');
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Checkpoints' }).click();
  await expect(page.getByText('On the train').first()).toBeVisible();
  await page.goto(new URL('/recovery', page.url()).href);
  await pressByTab(page, 'Merge…');
  await place.fill(other);
  await password.fill(PASSWORD);
  await look.press('Enter');
  await otherPassword.fill('another battery staple horse');
  await look.press('Enter');
  await expect(outlook).toContainText('Nothing is missing here that the other one has.');
  await expect(part.getByRole('button', { name: 'Merge now' })).toBeHidden();
  await installation.end('SIGTERM');
  expect(installation.cairn('verify', '--deep')).toContain('The vault is whole');
});

test('where both vaults say different things, each difference is shown, and may be chosen by hand', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the same window, and one vault more to make');
  await seed(installation);
  installation.cairn('backup');
  const [backup = ''] = readdirSync(join(installation.dataFolder, 'backups')).filter((name) => name.endsWith('.db'));
  const { checkpoints } = JSON.parse(installation.cairn('checkpoints', 'list', '--json')) as {
    checkpoints: readonly { id: string }[];
  };
  installation.cairn(
    'checkpoints',
    'edit',
    checkpoints[0]?.id ?? '',
    '--name',
    'After the migration',
    '--tag',
    'later',
  );
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL('/recovery', page.url()).href);
  const part = page.getByRole('region', { name: 'Bring in another vault' });
  await part.getByRole('button', { name: 'Merge…' }).click();
  await part.getByLabel('The other vault', { exact: true }).fill(backup);
  await part.getByLabel('Password of this vault', { exact: true }).fill(PASSWORD);
  await part.getByRole('button', { name: 'What would it bring?' }).click();
  const decided = part.getByRole('table', { name: 'Fields that both say differently, and what counts' });
  await expect(decided.getByRole('row')).toHaveCount(3);
  await expect(decided).toContainText('After the migration');
  await expectAccessible(page);

  await part.getByLabel('I choose').check();
  await expect(part.getByRole('region', { name: 'What a merge would do' })).toBeHidden();
  await part.getByRole('button', { name: 'What would it bring?' }).click();
  const name = part.getByRole('group', { name: /^Checkpoint After the migration: name/ });
  await expect(name.getByLabel('Here After the migration')).toBeChecked();
  await expect(part.getByRole('button', { name: 'Merge now' })).toBeHidden();
  await name.getByLabel('There Before the migration').check();
  await expectAccessible(page);
  await name.scrollIntoViewIfNeeded();
  await picture(page, 'recovery-merge-choose');
  await part.getByRole('button', { name: 'Merge now' }).click();
  await expect(page.getByRole('region', { name: 'What the merge did' })).toContainText(
    'kept as vault.db.before-merge-',
  );
  expect(installation.cairn('checkpoints', 'list')).toContain('Before the migration');
});
