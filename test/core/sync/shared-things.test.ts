// What is said of things that several devices have (S7): names and pins of the same session, settings.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { sessionIdOf } from '../../../src/core/sessions/session.ts';
import {
  leaveSettings,
  takeSettings,
  type SettingsPort,
  type SettingValues,
} from '../../../src/core/sync/shared-settings.ts';
import type { Vault } from '../../../src/core/vault/vault.ts';
import type { SharedSettings } from '../../../src/shared/model/shared-settings.ts';
import { aCapture, aConversation } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice, type SyncDevice } from '../../support/sync-devices.ts';

describe('what several devices say of the same', () => {
  let state: FakeSyncState;
  let laptop: SyncDevice;
  let desktop: SyncDevice;

  const level = async (...devices: SyncDevice[]): Promise<void> => {
    for (const device of devices) {
      device.nowMs += 1_000;
      expect((await device.sync()).troubles).toEqual([]);
    }
  };

  beforeEach(async () => {
    state = new FakeSyncState();
    laptop = await createSyncDevice(state, 'laptop');
    await laptop.sync();
    desktop = await createSyncDevice(state, 'desktop', laptop);
  });

  afterEach(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
  });

  describe('a session', () => {
    const id = sessionIdOf('claude-code', 'c');
    const over = (device: SyncDevice): SessionStore =>
      new SessionStore({ vault: device.vault, sources: [], nowMs: () => device.nowMs });
    const saidOn = async (device: SyncDevice) => {
      const { name, pinned, status } = await over(device).get(id);
      return { name, pinned, status };
    };
    const capture = async (device: SyncDevice): Promise<void> => {
      await device.vault.save(aCapture([aConversation('c', 'a transcript\n')]));
    };

    it('[S7] has the same name and pin on all devices that have it, and loses them on all', async () => {
      await capture(laptop);
      await capture(desktop);
      await over(laptop).edit(id, { name: 'The plan', pinned: true });
      await level(laptop, desktop);
      expect(await saidOn(desktop)).toEqual({ name: 'The plan', pinned: true, status: null });

      await over(desktop).edit(id, { pinned: false, status: 'paused' });
      await level(desktop, laptop, desktop);

      for (const device of [laptop, desktop])
        expect(await saidOn(device)).toEqual({ name: 'The plan', pinned: false, status: 'paused' });
      expect((await laptop.sync()).sent).toBe(0);
    });

    it('[S7] takes what is known when it comes later, as by a restore', async () => {
      await capture(laptop);
      await over(laptop).edit(id, { name: 'The plan', pinned: true });
      await level(laptop, desktop);
      await capture(desktop);
      await over(desktop).edit(id, { status: 'active' });

      await level(desktop, laptop, desktop);

      for (const device of [laptop, desktop])
        expect(await saidOn(device)).toMatchObject({ name: 'The plan', pinned: true });
    });

    it('[S7] keeps a name that was given apart, to be chosen', async () => {
      await capture(laptop);
      await capture(desktop);
      await over(laptop).edit(id, { name: 'First' });
      await level(laptop, desktop);
      await over(laptop).edit(id, { name: 'By the laptop' });
      await over(desktop).edit(id, { name: 'By the desktop' });
      await level(laptop, desktop, laptop);

      const conflicts = await laptop.replica.conflicts('latest');
      expect(conflicts).toMatchObject([{ entity: `session:${id}`, field: 'name' }]);
      const [kept] = conflicts[0]?.others ?? [];
      expect(new Set([(await saidOn(laptop)).name, kept?.value])).toEqual(new Set(['By the desktop', 'By the laptop']));
      await laptop.replica.edit(
        `session:${id}`,
        { name: 'By the laptop' },
        { strategy: 'latest', nowMs: laptop.nowMs + 60_000 },
      );
      await level(laptop, desktop);

      for (const device of [laptop, desktop]) expect((await saidOn(device)).name).toBe('By the laptop');
      expect(await desktop.replica.conflicts('latest')).toEqual([]);
    });
  });

  describe('settings', () => {
    type All = { [Group in SharedSettings]: { [field: string]: SettingValues[string] } };

    /** A device's settings; it asks before it takes a shorter time. */
    function aPort(all: All): SettingsPort {
      return {
        read: async (group) => ({ ...all[group] }),
        apply: async (group, values, { mayDelete }) => {
          if (group === 'retention' && !mayDelete && Number(values['dailyDays'] ?? 30) < 10)
            throw new RangeError('asks');
          for (const [field, value] of Object.entries(values)) {
            if (value === null) Reflect.deleteProperty(all[group], field);
            else if (value !== 'unknown here') all[group][field] = value;
          }
        },
      };
    }
    const round = async (device: SyncDevice, all: All, mayDelete = false): Promise<void> => {
      const { vault }: { vault: Vault } = device;
      const port = aPort(all);
      await leaveSettings(vault, port);
      await level(device);
      await takeSettings(vault, port, { mayDelete });
    };
    let here: All;
    let there: All;

    beforeEach(async () => {
      here = { retention: { dailyDays: 60 }, exclusions: { 'paths/a': '~/private' } };
      there = { retention: {}, exclusions: { 'paths/b': '~/other' } };
      await round(laptop, here);
      await round(desktop, there);
      await round(laptop, here);
    });

    it('[S7] go to a device that joins, and rules of both are kept', () => {
      const both = { retention: { dailyDays: 60 }, exclusions: { 'paths/a': '~/private', 'paths/b': '~/other' } };

      expect(there).toEqual(both);
      expect(here).toEqual(both);
    });

    it('[S7] change and go on all devices, and cost nothing where nothing changes', async () => {
      delete here.exclusions['paths/b'];
      delete here.retention['dailyDays'];
      here.retention['allHours'] = 48;
      await round(laptop, here);
      await round(desktop, there);

      expect(there).toEqual({ retention: { allHours: 48 }, exclusions: { 'paths/a': '~/private' } });
      const before = state.bytes().length;
      await round(desktop, there);
      await round(laptop, here);
      expect(state.bytes()).toHaveLength(before);
      expect(state.bytes().includes('private')).toBe(false);
    });

    it('[S7] what makes no sense here stays with the others, and comes back to none', async () => {
      here.exclusions['paths/c'] = 'unknown here';
      await round(laptop, here);
      await round(desktop, there);
      there.exclusions['paths/d'] = '~/more';
      await round(desktop, there);
      await round(laptop, here);

      expect(there.exclusions).not.toHaveProperty('paths/c');
      expect(here.exclusions).toMatchObject({ 'paths/c': 'unknown here', 'paths/d': '~/more' });
    });

    it('[S8] are not taken over where they ask first, until somebody agrees', async () => {
      here.retention['dailyDays'] = 5;
      await round(laptop, here);

      await expect(round(desktop, there)).rejects.toThrow('asks');
      expect(there.retention).toEqual({ dailyDays: 60 });
      await expect(round(desktop, there)).rejects.toThrow('asks');
      await round(desktop, there, true);

      expect(there.retention).toEqual({ dailyDays: 5 });
    });
  });
});
