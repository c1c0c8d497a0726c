// How tabs are opened in a browser of the Chromium family: through the extension where the profile has it, else by starting the program with
// addresses.

import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { connectExtension } from '../browser/extension/connection.ts';
import type { TellProfile } from '../browser/extension/live-profiles.ts';
import type { OpenWindow, TabOpener } from '../browser/restore-tabs.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host } from '../source.ts';
import type { ChromiumBrowser } from './chromium-browsers.ts';
import { findChromiumProfiles, type ChromiumProfile } from './chromium-profiles.ts';
import { extensionStorage, findLiveChromium } from './extension-profile.ts';

const FIND_MS = 3_000;

export interface ChromiumSourceOptions {
  /** Arguments that a test needs to run a browser as root or without a screen. */
  readonly extraArgs?: readonly string[];
}

/** How this browser of this machine opens tabs. */
export function createChromiumOpener(
  host: Host,
  browser: ChromiumBrowser,
  tellProfile: TellProfile<ChromiumProfile>,
  options: ChromiumSourceOptions,
): TabOpener {
  const unavailable = whyUnavailable(host, browser, options);
  const find = (profileDir: string, host: Host, signal: AbortSignal) =>
    findLiveChromium(browser, tellProfile, { profileDir, host, signal });
  const findProfile = (profileDir: string): ChromiumProfile | undefined =>
    findChromiumProfiles(host, browser).find(({ dir }) => dir === profileDir);
  return {
    unavailable,
    openWindow: windowOpener(browser, options),
    findExtension: async (profileDir) => {
      if ((await find(profileDir, host, AbortSignal.timeout(FIND_MS))) !== null) return 'live';
      const profile = findProfile(profileDir);
      const isThere = profile?.isRunning === false && existsSync(extensionStorage(profile));
      return unavailable === null && isThere ? 'startable' : null;
    },
    connect: (profileDir, context) =>
      connectExtension(profileDir, context, {
        find,
        isRunning: () => findProfile(profileDir)?.isRunning === true,
        start: () =>
          startChromium(context.host, browser, [
            ...(options.extraArgs ?? []),
            `--user-data-dir=${dirname(profileDir)}`,
            `--profile-directory=${basename(profileDir)}`,
          ]),
      }),
  };
}

function whyUnavailable(host: Host, browser: ChromiumBrowser, options: ChromiumSourceOptions): string | null {
  if (findProgram(host, browser) === null) return `${browser.title} is not installed here.`;
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']) || host.platform !== 'linux';
  return hasScreen || options.extraArgs?.some((argument) => argument.startsWith('--headless')) === true
    ? null
    : 'There is no screen to open it on.';
}

/** One call a window: a running instance of the profile takes it over. Never `--incognito`. */
function windowOpener(browser: ChromiumBrowser, options: ChromiumSourceOptions): OpenWindow {
  return async ({ profileDir, profile, urls }, context) => {
    const dataDir = profileDir.slice(0, profileDir.length - profile.length - 1);
    await startChromium(context.host, browser, [
      ...(options.extraArgs ?? []),
      `--user-data-dir=${dataDir}`,
      `--profile-directory=${profile}`,
      '--new-window',
      ...urls,
    ]);
  };
}

async function startChromium(host: Host, browser: ChromiumBrowser, args: readonly string[]): Promise<void> {
  const program = findProgram(host, browser);
  if (program === null) throw new Error(`${browser.title} is not installed here`);
  await startDetached(program, args, host.env);
}

function findProgram(host: Host, browser: ChromiumBrowser): string | null {
  return findOnPath(browser.programs, host.env['PATH'] ?? '');
}
