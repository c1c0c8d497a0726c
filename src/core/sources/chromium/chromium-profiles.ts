// Finds the profiles of a browser of the Chromium family, its session files, and whether it runs.

import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { readProcess } from '../host/proc.ts';
import type { Host } from '../source.ts';
import type { ChromiumBrowser } from './chromium-browsers.ts';

const SESSION_FILE = /^Session_\d+$/;

export interface ChromiumProfile {
  readonly dataDir: string;
  /** `Default`, `Profile 1` ... */
  readonly name: string;
  readonly dir: string;
  readonly isRunning: boolean;
  /** The process that has all profiles of this folder open; null where none has. */
  readonly browserPid: number | null;
}

/** All profiles of all places where this browser may keep them. */
export function findChromiumProfiles(host: Host, browser: ChromiumBrowser): ChromiumProfile[] {
  return browser.dataDirs.flatMap((relative) => {
    const dataDir = join(host.homeDir, relative);
    const browserPid = findBrowser(host, dataDir);
    const isRunning = browserPid !== null;
    // A new profile appears late in `Local State`; its `Preferences` is there from the start. Guests have none of their own.
    return listFolder(dataDir)
      .filter(
        (name) => !/^(Guest Profile|System Profile)$/.test(name) && existsSync(join(dataDir, name, 'Preferences')),
      )
      .map((name) => ({ dataDir, name, dir: join(dataDir, name), isRunning, browserPid }));
  });
}

/** The file with the highest number is the current session. */
export function newestSession(profile: ChromiumProfile, folder: 'Sessions' | 'Sessions_Encrypted'): string | null {
  const names = listFolder(join(profile.dir, folder)).filter((name) => SESSION_FILE.test(name));
  const newest = names.toSorted((a, b) => Number(BigInt(b.slice(8)) - BigInt(a.slice(8))))[0];
  return newest === undefined ? null : join(profile.dir, folder, newest);
}

/** `SingletonLock` is a link to `host-pid`; after a kill it stays, so the process is looked at. */
function findBrowser(host: Host, dataDir: string): number | null {
  try {
    const pid = Number(/-(\d+)$/.exec(readlinkSync(join(dataDir, 'SingletonLock')))?.[1]);
    const process = Number.isInteger(pid) ? readProcess(host.procDir, pid) : null;
    return process !== null && !process.isZombie ? process.pid : null;
  } catch {
    return null; // no lock: it does not run
  }
}

export function isSessionFile(name: string): boolean {
  return SESSION_FILE.test(name);
}

export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there
  }
}
