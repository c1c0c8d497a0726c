// Sync as the window shows it, each state with a server whose answers a test writes. That devices really meet is another test's matter.

import type { SyncStatus } from '../../../src/shared/contract/sync.ts';
import { isForPictures } from './demo-workspace.ts';
import { expect, expectAccessible, picture, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';
import { takeWire } from './wire.ts';

/** Pictures show what a person sees; the attempts are looked at in every other run. */
const HOSTILE = isForPictures ? '' : '<img src=x onerror="window.hacked=1">\u202e';
const THIS = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const OFF: SyncStatus = {
  isOn: false,
  state: 'off',
  account: null,
  device: null,
  waiting: { snapshots: 0, entries: 0 },
  progress: null,
  lastSyncAt: null,
  retryAt: null,
  error: null,
  troubles: [],
  pendingJoins: 0,
  conflicts: 0,
};
const LEVEL: SyncStatus = {
  ...OFF,
  isOn: true,
  state: 'connected',
  account: { server: 'https://cairn.example.org', email: 'robin@example.org' },
  device: { id: THIS, name: 'Workstation' },
  lastSyncAt: ago(1),
};
const DEVICES = [
  {
    id: THIS,
    name: 'Workstation',
    platform: 'linux',
    isThis: true,
    state: 'active',
    lastSeenAt: ago(0),
    snapshots: 214,
    newestAt: ago(1),
    skipped: 0,
  },
  {
    id: OTHER,
    name: `Laptop ${HOSTILE}`,
    platform: 'darwin',
    isThis: false,
    state: 'active',
    lastSeenAt: ago(190),
    snapshots: 87,
    newestAt: ago(190),
    skipped: 2,
  },
  {
    id: 'c'.repeat(64),
    name: 'Workstation',
    platform: 'linux',
    isThis: false,
    wasThis: true,
    state: 'revoked',
    lastSeenAt: ago(9_000),
    snapshots: 140,
    newestAt: ago(9_000),
    skipped: 0,
  },
];
const JOIN = {
  id: 'c'.repeat(64),
  name: 'Studio',
  platform: 'linux',
  words: 'copper lantern orbit velvet',
  requestedAt: ago(1),
  expiresAt: ago(-9),
};
const CONFLICT = {
  entity: 'checkpoint:1',
  title: 'Before the migration',
  field: 'description',
  current: { value: 'All tests pass but one.', deviceId: THIS, deviceName: 'Workstation', at: ago(60) },
  others: [{ value: `All tests pass. ${HOSTILE}`, deviceId: OTHER, deviceName: 'Laptop', at: ago(62) }],
};
const SELECTION = {
  withoutSources: [],
  withoutProjects: [],
  onlyProjects: [],
  sharesSettings: true,
  strategy: 'latest',
  maxKilobytesPerSecond: 0,
};

test('sync: signing in, every state in words, devices, joining, conflicts, and the question before deletions', async ({
  installation,
  shell,
}) => {
  test.skip(shell === 'desktop', 'the desktop app has no wire to answer on');
  test.slow();
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  const wire = await takeWire(page);
  wire.answer('sync/status', OFF);
  wire.answer('sync/login', LEVEL);
  wire.answer('sync/devices', { devices: DEVICES });
  wire.answer('sync/joins', { joins: [JOIN] });
  wire.answer('sync/answerJoin', { joins: [] });
  wire.answer('sync/conflicts', { conflicts: [CONFLICT] });
  wire.answer('sync/resolve', { conflicts: [] });
  wire.answer('sync/revoke', { devices: DEVICES });
  wire.answer('sync/rename', LEVEL);
  wire.answer('sync/selection', SELECTION);
  wire.answer('sync/setSelection', SELECTION);
  wire.answer('sync/now', LEVEL);
  wire.answer('sync/setOn', LEVEL);
  await page.reload();

  // Off: nothing of it in the frame, and the two secrets are told apart.
  await page.getByRole('link', { name: 'Settings' }).press('Enter');
  await page.getByRole('link', { name: 'Sync', exact: true }).press('Enter');
  const content = page.locator('#main');
  const frame = page.getByRole('complementary', { name: 'Cairn' });
  await expect(content).toContainText('Two different secrets:');
  await expect(frame).not.toContainText('Sync');
  await expectAccessible(page);
  await picture(page, 'settings-sync-sign-in');
  await page.getByLabel('Address of the server').fill('cairn.example.org');
  await page.getByLabel('E-mail').fill('robin@example.org');
  await page.getByLabel('Password of the account', { exact: true }).fill('another secret');
  await page.keyboard.press('Enter');
  await expect(frame).toContainText('Synced');
  expect(wire.inputs('sync/login')).toMatchObject([{ server: 'https://cairn.example.org', signUp: false }]);

  // Level: devices, renamed and revoked.
  await expect(content.getByRole('table', { name: 'Devices that share this vault' }).getByRole('row')).toHaveCount(4);
  await expect(content).toContainText('was this device');
  await expect(content).toContainText('2 snapshots wait for something that is not here yet');
  await page.getByLabel('Name of this device').fill('Desk');
  await page.keyboard.press('Enter');
  await expect.poll(() => wire.inputs('sync/rename')).toEqual([{ name: 'Desk' }]);
  await page.getByRole('button', { name: /^Revoke/ }).press('Enter');
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  expect(wire.inputs('sync/revoke')).toEqual([]);
  await picture(page, 'settings-sync');
  await page.getByRole('button', { name: 'Save what leaves' }).press('Enter');
  await expect.poll(() => wire.inputs('sync/setSelection')).toEqual([SELECTION]);

  // The other states, each in the frame and in the settings.
  const shows = async (status: SyncStatus, inFrame: string | RegExp): Promise<void> => {
    wire.answer('sync/status', status);
    await page.reload();
    await expect(frame, status.state).toContainText(inFrame);
  };
  const error = {
    code: 'SYNC_OFFLINE',
    message: 'The server cannot be reached.',
    hint: 'Look at your network.',
    retryable: true,
  } as const;
  await shows({ ...LEVEL, state: 'disconnected', error }, 'Sync: disconnected');
  await expect(content.getByRole('alert')).toContainText('Look at your network.');
  await shows({ ...LEVEL, state: 'reconnecting', retryAt: ago(-2), error }, /reconnecting, next try in/);
  const progress = {
    direction: 'receiving',
    done: 3,
    total: 12,
    bytes: 4_200_000,
    deviceName: `Laptop ${HOSTILE}`,
  } as const;
  await shows({ ...LEVEL, state: 'syncing', progress, waiting: { snapshots: 2, entries: 5 } }, 'Syncing: 3 of 12');
  await expect(content.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '25');
  await expect(content).toContainText('2 snapshots and 5 other changes wait to be sent.');

  // A device asks to join; edits made apart.
  await shows({ ...LEVEL, pendingJoins: 1, conflicts: 1 }, '1 device asks to join');
  await expect(content).toContainText('copper lantern orbit velvet');
  await expect(content.getByRole('group', { name: 'Before the migration: description' })).toContainText(
    isForPictures ? 'All tests pass.' : '<img src=x',
  );
  await expectAccessible(page);
  await picture(page, 'settings-sync-join');
  // Words that change under the eyes of who compares them let nobody in.
  const letIn = page.getByRole('button', { name: 'The words are the same: let it in' });
  wire.answer('sync/joins', { joins: [{ ...JOIN, words: 'other words by now' }] });
  await page.getByRole('button', { name: 'Refuse' }).press('Enter');
  await expect(content.getByRole('alert')).toContainText('The words have changed');
  await expect(letIn).toBeDisabled();
  await expect(content).toContainText(JOIN.words);
  await picture(page, 'settings-sync-join-changed');
  expect(wire.inputs('sync/answerJoin')).toEqual([{ id: JOIN.id, answer: 'refuse' }]);
  wire.answer('sync/joins', { joins: [JOIN] });
  await page.reload();
  await letIn.press('Enter');
  await expect
    .poll(() => wire.inputs('sync/answerJoin'))
    .toContainEqual({ id: JOIN.id, answer: 'approve', words: JOIN.words });
  await page.getByRole('radio', { name: /All tests pass\. / }).check();
  await page.getByRole('button', { name: /^Use this one everywhere/ }).press('Enter');
  await expect.poll(() => wire.inputs('sync/resolve')).toMatchObject([{ value: CONFLICT.others[0]?.value }]);

  // The brake: nothing is deleted before it was asked twice.
  const asks = {
    code: 'SYNC_ASKS',
    message: 'This sync would delete 61 checkpoints here.',
    hint: 'Look whether that is meant.',
    retryable: false,
  } as const;
  await shows({ ...LEVEL, error: asks }, 'Sync asks before it deletes');
  await page.getByRole('button', { name: 'Delete them here too…' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Delete all of this here too?' });
  await expectAccessible(page);
  await picture(page, 'settings-sync-deletions');
  expect(wire.inputs('sync/now')).toEqual([]);
  await dialog.getByRole('button', { name: 'Delete them here too' }).press('Enter');
  await expect.poll(() => wire.inputs('sync/now')).toEqual([{ acceptDeletions: true }]);
  expect(await page.evaluate('window.hacked')).toBeUndefined();
});
