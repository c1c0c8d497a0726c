// Back after an absence: a line above the timeline, a screen with what waits and what changed, and both gone when they were seen.

import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { aConversation, aTerminal, key } from '../../support/captures.ts';
import { isForPictures } from './demo-workspace.ts';
import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { MARKUP } from './past-hostile.ts';
import { makePast } from './past.ts';

const HOUR_MS = 3_600_000;

function aRepository(name: string, attributes: CapturedItem['attributes']): CapturedItem {
  return {
    ...aTerminal(name),
    key: key(`git:/home/dev/${name}`),
    kind: 'repository',
    source: parseSourceId('git'),
    title: `${name} (main)`,
    streams: [],
    attributes: { path: `/home/dev/${name}`, remotes: {}, branch: 'main', ...attributes },
  };
}

test('where was I: told after an absence, by keyboard, and once', async ({ installation }) => {
  const server = aTerminal('server', { attributes: { cwd: '/home/dev/api', argv: ['npm', 'run', 'dev'] } });
  const notes = aTerminal('notes', { attributes: { cwd: '/home/dev/notes' } });
  const talk = aConversation('talk', '', {
    title: 'Fix the login on mobile',
    attributes: {
      cwd: '/home/dev/api',
      lastMessage: `Shall I change the cookie, too?${isForPictures ? '' : ` ${MARKUP}`}`,
      isLive: true,
      isMidTurn: true,
    },
  });
  const before = [aRepository('api', {}), aRepository('notes', {}), server, notes];
  const left = [
    aRepository('api', { unstaged: 2, untracked: 1, unpushed: 3, operation: 'rebase' }),
    aRepository('notes', {}),
    server,
    notes,
    talk,
  ];
  await makePast(installation, [
    { agoMs: 5 * HOUR_MS, items: before },
    { agoMs: 4 * HOUR_MS, items: left },
  ]);
  const page = await installation.open();
  await unlock(page);
  const line = page.getByRole('region', { name: 'Where was I?' });
  await expect(line).toContainText(/You (?:left|were last here) .*4 hours/);
  await expect(line).toContainText('api: a rebase is in its middle');
  await expectAccessible(page);
  await picture(page, 'timeline-away');

  await line.getByRole('link', { name: 'Where was I?' }).press('Enter');
  const api = page.getByRole('region', { name: 'api', exact: true });
  await expect(api).toContainText('3 files not committed');
  await expect(api).toContainText('3 commits not pushed');
  await expect(api).toContainText(isForPictures ? 'Shall I change' : 'Shall I change the cookie, too? <img src=x');
  await expect(api).toContainText('npm run dev');
  await expect(page.getByRole('region', { name: /^All that changed since/ })).toBeVisible();
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  await expectAccessible(page);
  await picture(page, 'where-was-i');

  // Seen: it does not come again, also after a reload; the palette leads there.
  await page.getByRole('link', { name: 'Timeline' }).press('Enter');
  await expect(page.getByRole('listbox')).toBeVisible();
  await expect(line).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('listbox')).toBeVisible();
  await expect(page.getByLabel('Kind')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('where was');
  await expect(line).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Where was I?' })).toBeVisible();
  await page.getByRole('link', { name: 'Compare with now' }).press('Enter');
  await expect(page).toHaveURL(/\/compare\/[0-9a-f]{16}\/now$/);
});
