// electron-updater behind the port of updater.ts.

import type { AppUpdater } from 'electron-updater';

import type { Updates } from './updater.ts';

/** Sent where the library would send a number made for this installation: the same for everybody. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export type ForeignUpdater = Pick<
  AppUpdater,
  | 'allowDowngrade'
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'allowPrerelease'
  | 'channel'
  | 'checkForUpdates'
  | 'logger'
  | 'quitAndInstall'
  | 'requestHeaders'
> & {
  on(event: 'update-available' | 'update-downloaded', listener: (info: { readonly version: string }) => void): unknown;
  on(event: 'download-progress', listener: (progress: { readonly percent: number }) => void): unknown;
  on(event: 'update-not-available' | 'error', listener: () => void): unknown;
};

export function createElectronUpdates(updater: ForeignUpdater): Updates {
  updater.logger = null;
  updater.autoDownload = true;
  // Decided when the app quits; the library asks for it once a file is there.
  updater.autoInstallOnAppQuit = true;
  updater.requestHeaders = { 'x-user-staging-id': NOBODY };
  return {
    setChannel: (channel) => {
      updater.channel = channel === 'beta' ? 'beta' : 'latest';
      updater.allowPrerelease = channel === 'beta';
      // Setting a channel allows older versions: holes come back with them, and they refuse a vault that a newer one has opened.
      updater.allowDowngrade = false;
    },
    on: (listener) => {
      updater.on('update-available', ({ version }) => listener({ type: 'available', version }));
      updater.on('update-not-available', () => listener({ type: 'none' }));
      updater.on('download-progress', ({ percent }) => listener({ type: 'progress', percent }));
      updater.on('update-downloaded', ({ version }) => listener({ type: 'downloaded', version }));
      updater.on('error', () => listener({ type: 'failed' }));
    },
    check: async () => {
      const result = await updater.checkForUpdates();
      // What goes wrong with the file is told as an error event too.
      result?.downloadPromise?.catch(() => undefined);
    },
    setInstallsOnQuit: (installsOnQuit) => {
      updater.autoInstallOnAppQuit = installsOnQuit;
    },
    install: () => updater.quitAndInstall(),
  };
}
