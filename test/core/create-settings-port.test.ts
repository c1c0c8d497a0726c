// What devices share of an app's settings, with real files and a real vault.

import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createApp, type App, type OpenApp } from '../../src/core/app.ts';
import { createSettingsPort } from '../../src/core/create-settings-port.ts';
import { readExclusionRules, writeExclusionRules } from '../../src/core/config/exclusion-settings.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aTerminal } from '../support/captures.ts';
import { fakeHost, FakeSource } from '../support/fake-source.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';

const DAY_MS = 86_400_000;
const vaults = {
  open: (options: Parameters<typeof openVault>[0]) => openVault({ ...options, argon2: ARGON2_FLOOR }),
  create: (options: Parameters<typeof createVault>[0]) => createVault({ ...options, argon2: ARGON2_FLOOR }),
};

describe('createSettingsPort()', () => {
  let folder: TemporaryFolder;
  let clock: ManualClock;
  let app: App;
  let open: OpenApp;
  let changes: number;

  const port = () =>
    createSettingsPort(app, open, () => {
      changes += 1;
    });

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    clock = new ManualClock();
    changes = 0;
    const host = fakeHost({ uid: process.getuid?.() ?? 0, platform: process.platform });
    const sources = [new FakeSource('tmux')];
    app = createApp({ home: join(folder.path, 'data'), host, clock, sources, vaults });
    ({ app: open } = await app.create(TEST_PASSWORD));
  });

  afterEach(async () => {
    await open.close();
    folder[Symbol.dispose]();
  });

  it('gives what was set, and nothing that is as it comes', async () => {
    expect(await port().read('retention')).toEqual({});
    expect(await port().read('exclusions')).toEqual({});

    await port().apply('retention', { dailyDays: 60, inactiveDays: null, unheardOf: 3 }, { mayDelete: false });
    expect(await port().read('retention')).toEqual({ dailyDays: 60 });
    expect(app.readConfig().retention).toMatchObject({ dailyDays: 60, inactiveDays: 7 });
    await port().apply('retention', { dailyDays: null }, { mayDelete: false });
    expect(await port().read('retention')).toEqual({});
    expect(changes).toBe(2);
  });

  it('adds and takes away single rules, and leaves out what this device does not know', async () => {
    const context = { environment: app.exclusionEnvironment, sourceIds: app.configPlace.sourceIds };
    await writeExclusionRules(open.vault, { kind: 'paths', rules: ['~/mine'] }, context);
    const mine = await port().read('exclusions');

    await port().apply(
      'exclusions',
      { 'paths/1': '~/theirs', 'paths/2': 'relative', 'sources/3': 'netscape', 'unheard/4': 'of' },
      { mayDelete: false },
    );
    expect(await readExclusionRules(open.vault)).toMatchObject({ paths: ['~/mine', '~/theirs'], sources: [] });
    const gone = Object.fromEntries(Object.keys(mine ?? {}).map((field) => [field, null]));
    await port().apply('exclusions', gone, { mayDelete: false });

    expect(await readExclusionRules(open.vault)).toMatchObject({ paths: ['~/theirs'] });
  });

  it('[S8] asks before shorter times would delete much here', async () => {
    const nowMs = clock.nowMs();
    for (let day = 1; day <= 25; day += 1)
      await open.vault.save(aCapture([aTerminal(`t${day}`)], { takenAtMs: nowMs - day * DAY_MS }));
    const shorter = { dailyDays: 8, hourlyDays: 1 };

    await expect(port().apply('retention', shorter, { mayDelete: false })).rejects.toMatchObject({ code: 'SYNC_ASKS' });
    expect(await port().read('retention')).toEqual({});
    await port().apply('retention', shorter, { mayDelete: true });

    expect(await port().read('retention')).toEqual(shorter);
    expect(await open.vault.listSnapshots({ limit: 100 })).toHaveLength(25);
  });
});
