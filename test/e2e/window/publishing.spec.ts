// Publishing and teams as the window shows them, with a server whose answers a test writes: what would leave is shown before anything
// does, and only what was shown is published.

import { isForPictures } from './demo-workspace.ts';
import { expect, expectAccessible, go, picture, test, unlock } from './fixtures.ts';
import { makeVault, seed } from './seed.ts';
import { takeWire } from './wire.ts';

/** Pictures show what a person sees; the attempts are looked at in every other run. */
const HOSTILE = isForPictures ? '' : '<img src=x onerror="window.hacked=1">\u202e';
const NOW = Date.now();
const ago = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString();
const TEAM = {
  id: '0123456789abcdef',
  name: `Backend ${HOSTILE}`,
  role: 'owner',
  createdAt: '2026-03-01T09:00:00.000Z',
};
const PUBLISHED = {
  id: 'UHVibGlzaGVkOjE',
  sessionId: '00000000-0000-4000-8000-000000000001',
  summary: `Fix the login ${HOSTILE}`,
  project: '/home/dev/api',
  author: { id: 'a', name: 'Robin' },
  mine: true,
  team: { id: TEAM.id, name: TEAM.name },
  messageCount: 8,
  redactions: 2,
  version: 1,
  createdAt: ago(30),
  updatedAt: ago(26),
  expiresAt: null,
};
const FINDINGS = [
  {
    rule: 'github-token',
    number: 1,
    masked: 'ghp_… (40 characters)',
    count: 2,
    places: ['message 3', 'message 5'],
    contexts: ['curl -H "Authorization: Bearer [REDACTED:github-token:1]" https://api.example.org'],
  },
  {
    rule: 'password-in-url',
    number: 1,
    masked: '… (12 characters)',
    count: 1,
    places: ['message 4'],
    contexts: [`DATABASE_URL=postgres://api:[REDACTED:password-in-url:1]@db.example.org ${HOSTILE}`],
  },
];

test('a session is published after its secrets were shown; published ones are read, gone on with and withdrawn', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to answer on');
  test.slow();
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await go(page, '/published');
  // Nobody is signed in: that is said, with the way there.
  await expect(page.getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/settings/sync');
  await expectAccessible(page);

  const wire = await takeWire(page);
  wire.answer('teams/list', { teams: [TEAM] });
  wire.answer('publishing/list', { sessions: [PUBLISHED, { ...PUBLISHED, id: 'b', mine: false, summary: 'Theirs' }] });
  wire.answer('publishing/read', {
    ...PUBLISHED,
    mine: false,
    messages: [
      { id: '1', role: 'user', content: `Why does it fail? ${HOSTILE}`, at: '2026-03-02T09:00:00.000Z', model: null },
      { id: '2', role: 'assistant', content: 'The token is expired.', at: 'no time', model: 'a model' },
    ],
  });
  wire.answer('publishing/withdraw', PUBLISHED);
  wire.answer('publishing/preview', {
    session: { id: 'x', name: 'Fix the login', project: 'api' },
    to: { team: { id: TEAM.id, name: TEAM.name } },
    messageCount: 8,
    sizeBytes: 12_345,
    findings: FINDINGS,
    secrets: 2,
    places: 3,
    digest: 'what-was-shown',
    published: null,
  });
  wire.answer('publishing/publish', { session: PUBLISHED, secrets: 2, secretsFoundByServer: 1 });
  await page.reload();

  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Sessions' }).press('Enter');
  await page
    .getByRole('button', { name: /^Publish/ })
    .first()
    .press('Enter');
  const sheet = page.getByRole('dialog', { name: /^Publish “/ });
  await expect(sheet).toContainText('2 secrets were found in 3 places, and are taken out before anything leaves.');
  await expect(sheet.getByRole('group', { name: 'Secrets that are taken out' })).toContainText(
    '[REDACTED:github-token:1]',
  );
  await expect(sheet).toContainText(isForPictures ? 'db.example.org' : '<img src=x');
  expect(wire.inputs('publishing/publish')).toEqual([]);
  await expectAccessible(page);
  await picture(page, 'publish');
  await sheet.getByLabel('How long').selectOption('never');
  await sheet.getByRole('button', { name: 'Publish', exact: true }).press('Enter');
  await expect(page.getByText('Published. 2 secrets taken out here, and the server 1 more.')).toBeVisible();
  expect(wire.inputs('publishing/publish')).toMatchObject([{ to: TEAM.id, expiresAt: null, digest: 'what-was-shown' }]);

  await page.getByRole('link', { name: 'Published' }).press('Enter');
  const table = page.getByRole('table', { name: 'Published sessions' });
  await expect(table.getByRole('row')).toHaveCount(3);
  await expectAccessible(page);
  await picture(page, 'published');
  await table.getByRole('button', { name: /^Withdraw/ }).press('Enter');
  const withdraw = page.getByRole('dialog', { name: /^Withdraw/ });
  await page.keyboard.press('Escape');
  await expect(withdraw).toBeHidden();
  expect(wire.inputs('publishing/withdraw')).toEqual([]);
  await table.getByRole('button', { name: /^Withdraw/ }).press('Enter');
  await withdraw.getByRole('button', { name: 'Withdraw' }).press('Enter');
  await expect(page.getByText('Withdrawn: nobody can read it any more.')).toBeVisible();

  await table.getByRole('link', { name: 'Theirs' }).press('Enter');
  await expect(page.getByRole('group', { name: 'Messages' })).toContainText('The token is expired.');
  await expect(page.getByRole('button', { name: 'Continue here' })).toBeVisible();
  await expectAccessible(page);
  expect(await page.evaluate('window.hacked')).toBeUndefined();
});

test('teams: members, an invitation that is seen once, and projects', async ({ installation, shell }) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to answer on');
  await makeVault(installation, ['tmux']);
  const page = await installation.open();
  await unlock(page);
  const wire = await takeWire(page);
  wire.answer('teams/list', { teams: [TEAM] });
  wire.answer('teams/members', {
    members: [
      { id: 'a', name: 'Robin', role: 'owner', joinedAt: ago(900), me: true },
      { id: 'b', name: `Kim ${HOSTILE}`, role: 'member', joinedAt: ago(300), me: false },
    ],
  });
  wire.answer('teams/projects', { projects: [{ projectPath: '/home/dev/api', team: TEAM.id }] });
  wire.answer('teams/invite', { code: 'cairn-invite-4fj2-9xk1', expiresAt: ago(-168) });
  wire.answer('teams/removeMember', { ok: true });
  await page.reload();
  await page.getByRole('link', { name: 'Settings' }).press('Enter');
  await page.getByRole('link', { name: 'Teams' }).press('Enter');
  const members = page.getByRole('table', { name: /^Members of/ });
  await expect(members.getByRole('row')).toHaveCount(3);
  await page.getByRole('button', { name: 'Invite somebody' }).press('Enter');
  await expect(page.getByText('cairn-invite-4fj2-9xk1')).toBeVisible();
  await expectAccessible(page);
  await picture(page, 'settings-teams');
  await members.getByRole('button', { name: /^Take out Kim/ }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Take out' }).press('Enter');
  await expect(dialog).toBeHidden();
  expect(wire.inputs('teams/removeMember')).toEqual([{ team: TEAM.id, member: 'b' }]);
});
