// A restore that takes long, in the window: how far it is, from any screen; ended early, what was done and what was not.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findProgram } from '../../support/programs.ts';
import { expect, expectAccessible, test, unlock } from './fixtures.ts';
import { makeVault, withVault } from './seed.ts';

const WINDOWS = ['one', 'two', 'three', 'four'] as const;

test('progress is seen from everywhere, and cancel says what was done and what was not', async ({ installation }) => {
  test.slow();
  const { tmux, home } = installation.workspace;
  for (const name of WINDOWS) tmux('new-window', '-t', 'api', '-n', name, 'bash');
  await makeVault(installation, ['tmux']);
  const snapshotId = await withVault(installation, ({ capture }) => capture());
  for (const name of WINDOWS) tmux('kill-window', '-t', `api:${name}`);
  const page = await installation.open();
  await unlock(page);
  await page.goto(new URL(`/restore/${snapshotId}`, page.url()).href);

  // The plan says of each thing that is left out, why.
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const plan = page.getByRole('region', { name: 'Plan and report' });
  await expect(plan.getByRole('heading', { name: `The plan for ${WINDOWS.length} items` })).toBeVisible();
  const skipped = plan.getByRole('region', { name: 'skipped' });
  await expect(skipped.getByRole('listitem')).not.toHaveCount(0);
  for (const step of await skipped.getByRole('listitem').all()) await expect(step.locator('p')).toHaveText(/\w+ \w+/);

  // A tmux that makes one window, and waits with the next.
  const hold = join(home, 'hold');
  writeFileSync(hold, '');
  const wait = `mkdir "${home}/made" 2>/dev/null || while [ -e "${hold}" ]; do sleep 0.05; done`;
  mkdirSync(join(home, 'bin'));
  writeFileSync(
    join(home, 'bin', 'tmux'),
    `#!/bin/sh\ncase " $* " in *" new-window "*) ${wait};; esac\nexec ${findProgram('tmux') ?? ''} "$@"\n`,
    { mode: 0o755 },
  );
  await plan.getByRole('button', { name: `Restore ${WINDOWS.length} items` }).click();
  const bar = plan.getByRole('progressbar');
  await expect(bar).toBeVisible();
  const names = () => tmux('list-windows', '-t', 'api', '-F', '#{window_name}').split('\n');
  await expect.poll(names).toContain(WINDOWS[0]);
  await expectAccessible(page);

  // Elsewhere it is told too, and leads back.
  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  const told = page.getByRole('status').filter({ hasText: 'Restoring: 0 of 4 steps' });
  await expect(told).toBeVisible();
  await told.getByRole('link').click();
  await expect(bar).toBeVisible();

  await plan.getByRole('button', { name: 'Cancel' }).click();
  rmSync(hold);
  const verdict = plan.getByText(/^Stopped: 1 done, \d+ skipped, [12] failed\./);
  await expect(verdict).toBeVisible();
  await expect(told).toHaveCount(0);
  await expectAccessible(page);

  // It is so: what is said to be done is there, of the rest nothing came, also now that it could.
  const titles = (name: string) => plan.getByRole('region', { name }).getByRole('listitem').allInnerTexts();
  const made = (await titles('done')).join();
  const left = plan.getByRole('region', { name: 'skipped' }).getByText('The restore was cancelled before it.');
  const there = WINDOWS.filter((name) => names().includes(name));
  expect(there).toEqual([WINDOWS[0]]);
  // What waits is stopped; on a slow machine Cairn's own patience with tmux ends before that.
  const failures = await titles('failed');
  expect(failures.at(-1)).toContain('the work was cancelled');
  expect(await left.count()).toBe(WINDOWS.length - 1 - failures.length);
  expect(made).toContain('api:');
  await plan.getByRole('button', { name: 'Undo this restore' }).click();
  await expect(plan.getByText(/^Taken back/)).toBeVisible();
  expect(WINDOWS.filter((name) => names().includes(name))).toEqual([]);
});
