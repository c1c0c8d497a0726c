import { EventEmitter } from 'node:events';

import { describe, expect, it } from 'vitest';

import { createElectronUpdates, type ForeignUpdater } from '../../src/main/electron-updates.ts';
import type { ReportedUpdate } from '../../src/main/updater.ts';

class FakeUpdater extends EventEmitter {
  allowDowngrade = true;
  allowPrerelease = false;
  autoDownload = false;
  autoInstallOnAppQuit = false;
  channel: string | null = null;
  logger: unknown = console;
  requestHeaders: Record<string, string> | null = null;
  checks = 0;
  installs = 0;

  async checkForUpdates(): Promise<{ downloadPromise: Promise<never> }> {
    this.checks += 1;
    return { downloadPromise: Promise.reject(new Error('the network went away')) };
  }
  quitAndInstall(): void {
    this.installs += 1;
  }
}

function make() {
  const foreign = new FakeUpdater();
  const updates = createElectronUpdates(foreign as unknown as ForeignUpdater); // what is used of it
  const told: ReportedUpdate[] = [];
  updates.on((event) => told.push(event));
  return { foreign, updates, told };
}

describe('createElectronUpdates()', () => {
  it('follows its channel, never goes back to an older version, and names nobody', () => {
    const { foreign, updates } = make();
    updates.setChannel('beta');
    expect(foreign).toMatchObject({ channel: 'beta', allowPrerelease: true, allowDowngrade: false, logger: null });
    updates.setChannel('stable');
    expect(foreign).toMatchObject({ channel: 'latest', allowPrerelease: false, allowDowngrade: false });
    expect(foreign.requestHeaders).toEqual({ 'x-user-staging-id': '00000000-0000-0000-0000-000000000000' });
  });

  it('tells each state of the library in our words', () => {
    const { foreign, told } = make();
    foreign.emit('update-available', { version: '2.0.0' });
    foreign.emit('download-progress', { percent: 41.5 });
    foreign.emit('update-downloaded', { version: '2.0.0' });
    foreign.emit('update-not-available');
    foreign.emit('error', new Error('https://user:secret@host'));
    expect(told).toEqual([
      { type: 'available', version: '2.0.0' },
      { type: 'progress', percent: 41.5 },
      { type: 'downloaded', version: '2.0.0' },
      { type: 'none' },
      { type: 'failed' },
    ]);
  });

  it('looks once when asked, survives a download that fails, and installs when told', async () => {
    const { foreign, updates } = make();
    await updates.check();
    await new Promise((resolve) => setImmediate(resolve)); // an unheard rejection would fail the run
    updates.setInstallsOnQuit(false);
    expect(foreign.autoInstallOnAppQuit).toBe(false);
    updates.install();
    expect([foreign.checks, foreign.installs]).toEqual([1, 1]);
  });
});
