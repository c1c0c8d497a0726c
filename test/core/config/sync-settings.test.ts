import { beforeEach, describe, expect, it } from 'vitest';

import { findConfigKey } from '../../../src/core/config/find-config-key.ts';
import { listSyncSettings, syncFieldOf, writeSyncSetting } from '../../../src/core/config/sync-settings.ts';
import { readSelection } from '../../../src/core/sync/sync-records.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { FakeVault } from '../../support/fake-vault.ts';

const SOURCES = [parseSourceId('tmux'), parseSourceId('firefox')];

describe('sync settings', () => {
  let vault: FakeVault;

  beforeEach(() => {
    vault = new FakeVault();
  });

  it('are sealed in the vault, one by one', async () => {
    await writeSyncSetting(vault, 'withoutSources', 'firefox, tmux,firefox', SOURCES);
    await writeSyncSetting(vault, 'onlyProjects', '["work, at home", "cairn"]', SOURCES);
    await writeSyncSetting(vault, 'sharesSettings', 'off', SOURCES);
    await writeSyncSetting(vault, 'strategy', 'manual', SOURCES);
    await writeSyncSetting(vault, 'maxKilobytesPerSecond', '500', SOURCES);

    expect(await readSelection(vault)).toEqual({
      withoutSources: ['firefox', 'tmux'],
      withoutProjects: [],
      onlyProjects: ['work, at home', 'cairn'],
      sharesSettings: false,
      strategy: 'manual',
      maxKilobytesPerSecond: 500,
    });
    await writeSyncSetting(vault, 'onlyProjects', 'none', SOURCES);
    expect((await listSyncSettings(vault)).map(({ key, value }) => [key, value])).toEqual([
      ['sync.withoutSources', ['firefox', 'tmux']],
      ['sync.withoutProjects', []],
      ['sync.onlyProjects', []],
      ['sync.sharesSettings', false],
      ['sync.strategy', 'manual'],
      ['sync.maxKilobytesPerSecond', 500],
    ]);
  });

  it.each([
    { field: 'withoutSources', text: 'netscape' },
    { field: 'withoutProjects', text: '["a", 1]' },
    { field: 'onlyProjects', text: '[' },
    { field: 'strategy', text: 'oldest' },
    { field: 'sharesSettings', text: 'perhaps' },
    { field: 'maxKilobytesPerSecond', text: '-1' },
    { field: 'maxKilobytesPerSecond', text: 'fast' },
  ] as const)('refuses $text for $field, and stores nothing', async ({ field, text }) => {
    const before = await readSelection(vault);

    await expect(writeSyncSetting(vault, field, text, SOURCES)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });

    expect(await readSelection(vault)).toEqual(before);
  });

  it('are known by their keys only', () => {
    expect(syncFieldOf('sync.strategy')).toBe('strategy');
    expect(syncFieldOf('strategy')).toBeNull();
    expect(syncFieldOf('sync.nothing')).toBeNull();
    expect(() => findConfigKey(SOURCES, 'sync.onlyProject')).toThrow(
      expect.objectContaining({ hint: 'Did you mean sync.onlyProjects?' }),
    );
  });
});
