// How tabs are opened in Firefox: through the extension where the profile has it, else by starting the program with addresses.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { connectExtension } from '../browser/extension/connection.ts';
import { readLiveProfiles, type LiveProfile } from '../browser/extension/live-profiles.ts';
import { FIREFOX_EXTENSION_ID } from '../browser/extension/names.ts';
import type { OpenWindow, TabOpener } from '../browser/restore-tabs.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host } from '../source.ts';
import { findFirefoxProfiles, type FirefoxProfile } from './firefox-profiles.ts';

const PROGRAMS = ['firefox', 'firefox-esr'] as const;
const START_MS = 3_000;
const POLL_MS = 50;

export interface FirefoxSourceOptions {
  /** Arguments that a test needs to run a browser where there is no screen. */
  readonly extraArgs?: readonly string[];
}

/** How a Firefox of this machine opens tabs. */
export function createFirefoxOpener(host: Host, options: FirefoxSourceOptions): TabOpener {
  const unavailable = whyUnavailable(host, options);
  return {
    unavailable,
    openWindow: windowOpener(options),
    findExtension: async (profileDir) => {
      if ((await findLiveFirefox(profileDir, host, AbortSignal.timeout(START_MS))) !== null) return 'live';
      const profile = findFirefoxProfiles(host).find(({ dir }) => dir === profileDir);
      return unavailable === null && profile?.isRunning === false && hasFirefoxExtension(profileDir)
        ? 'startable'
        : null;
    },
    connect: (profileDir, context) =>
      connectExtension(profileDir, context, {
        find: findLiveFirefox,
        start: () => startFirefox(context.host, [...(options.extraArgs ?? []), '--profile', profileDir]),
      }),
  };
}

/** Each profile has a process of its own. */
export function tellFirefoxProfile(_state: unknown, profiles: readonly FirefoxProfile[]): FirefoxProfile | null {
  return profiles[0] ?? null;
}

/** The extension of a profile, where it answers now. */
export async function findLiveFirefox(
  profileDir: string,
  host: Host,
  signal: AbortSignal,
): Promise<LiveProfile | null> {
  const profiles = findFirefoxProfiles(host).filter(({ dir }) => dir === profileDir);
  return (await readLiveProfiles(host, profiles, tellFirefoxProfile, signal)).live[0] ?? null;
}

function whyUnavailable(host: Host, options: FirefoxSourceOptions): string | null {
  if (findProgram(host) === null) return 'Firefox is not installed here.';
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']) || host.platform !== 'linux';
  return hasScreen || options.extraArgs?.includes('--headless') === true ? null : 'There is no screen to open it on.';
}

/** Where an extension lies that stays; one that was loaded for a single run of Firefox is not there. */
export function hasFirefoxExtension(profileDir: string): boolean {
  return existsSync(join(profileDir, 'extensions', `${FIREFOX_EXTENSION_ID}.xpi`));
}

function windowOpener(options: FirefoxSourceOptions): OpenWindow {
  return async ({ profileDir, urls }, { host }) => {
    const [first, ...others] = urls;
    if (first === undefined) return;
    const base = [...(options.extraArgs ?? []), '--profile', profileDir];
    const isRunning = (): boolean =>
      findFirefoxProfiles(host).some((profile) => profile.dir === profileDir && profile.isRunning);
    if (!isRunning()) {
      // A profile that is not open yet is started with all addresses at once: they become the tabs of its first window.
      await startFirefox(host, [...base, ...urls]);
      for (let waited = 0; waited < START_MS && !isRunning(); waited += POLL_MS) await delay(POLL_MS);
      return;
    }
    // One call: the tabs land in the window that it opens.
    await startFirefox(host, [...base, '--new-window', first, ...others.flatMap((url) => ['--new-tab', url])]);
  };
}

async function startFirefox(host: Host, args: readonly string[]): Promise<void> {
  const program = findProgram(host);
  if (program === null) throw new Error('Firefox is not installed here');
  await startDetached(program, args, host.env);
}

function findProgram(host: Host): string | null {
  return findOnPath(PROGRAMS, host.env['PATH'] ?? '');
}
