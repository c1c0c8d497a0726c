// How tabs are opened in Firefox: through the extension where the profile has it, else by starting the program with addresses.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { connectExtension } from '../browser/extension/connection.ts';
import { readLiveProfiles, type LiveProfile } from '../browser/extension/live-profiles.ts';
import { FIREFOX_EXTENSION_ID } from '../browser/extension/names.ts';
import type { OpenWindow, TabOpener } from '../browser/restore-tabs.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host } from '../source.ts';
import { bringBackTabs } from './bring-back.ts';
import { findFirefoxProfiles, type FirefoxProfile } from './firefox-profiles.ts';

const PROGRAMS = ['firefox', 'firefox-esr'] as const;
const START_MS = 3_000;
const POLL_MS = 50;
/** A start of the browser, on a machine that has much else to do after a reboot. */
const STARTED_WITHIN_MS = 60_000;
const LISTENS_AFTER_MS = 2_000;
const LISTENS_AFTER_STARTS = 0.5;
/** From the call to the new window on the screen; on a busy machine longer, as the call itself takes longer there. */
const WINDOW_AFTER_MS = 1_500;
const WINDOW_AFTER_CALLS = 3;
const CALLED_WITHIN_MS = 10_000;

export interface FirefoxSourceOptions {
  /** Arguments that a test needs to run a browser where there is no screen. */
  readonly extraArgs?: readonly string[];
}

/** How a Firefox of this machine opens tabs. */
export function createFirefoxOpener(host: Host, options: FirefoxSourceOptions): TabOpener {
  const unavailable = whyUnavailable(host, options);
  const isRunning = (profileDir: string): boolean =>
    findFirefoxProfiles(host).some((profile) => profile.dir === profileDir && profile.isRunning);
  return {
    unavailable,
    openWindow: windowOpener(options),
    bringBack: (profileDir, context) =>
      bringBackTabs(profileDir, {
        signal: context.signal,
        isRunning: () => isRunning(profileDir),
        start: () => startFirefox(context.host, [...(options.extraArgs ?? []), '--profile', profileDir]),
      }),
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
        isRunning: () => isRunning(profileDir),
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
      const startedAtMs = Date.now();
      const calledAtMs = performance.now();
      await startFirefox(host, [...base, ...urls]);
      const isReady = (): boolean => isRunning() && hasStartedUp(profileDir, startedAtMs);
      for (let waited = 0; waited < STARTED_WITHIN_MS && !isReady(); waited += POLL_MS) await delay(POLL_MS);
      // It listens to others a moment after it has written that it is up; a window asked for before would be lost.
      await delay(Math.max(LISTENS_AFTER_MS, LISTENS_AFTER_STARTS * (performance.now() - calledAtMs)));
      return;
    }
    const calledAtMs = performance.now();
    await startFirefox(host, [...base, '--new-window', first], CALLED_WITHIN_MS);
    if (others.length === 0) return;
    // Tabs go into the window that was used last: the new one is that only once it is there.
    await delay(WINDOW_AFTER_MS + WINDOW_AFTER_CALLS * (performance.now() - calledAtMs));
    await startFirefox(host, [...base, ...others.flatMap((url) => ['--new-tab', url])], CALLED_WITHIN_MS);
  };
}

/** True once Firefox has noted, in a file of its own, that it came as far as its first window since then. */
function hasStartedUp(profileDir: string, sinceMs: number): boolean {
  try {
    const path = join(profileDir, 'sessionCheckpoints.json');
    // The clock of the disk may lag behind by some milliseconds.
    return statSync(path).mtimeMs > sinceMs - 1_000 && readFileSync(path, 'utf8').includes('"final-ui-startup":true');
  } catch {
    return false; // not written yet
  }
}

async function startFirefox(host: Host, args: readonly string[], endsWithinMs?: number): Promise<void> {
  const program = findProgram(host);
  if (program === null) throw new Error('Firefox is not installed here');
  await startDetached(program, args, host.env, endsWithinMs);
}

function findProgram(host: Host): string | null {
  return findOnPath(PROGRAMS, host.env['PATH'] ?? '');
}
