// Finds Firefox profiles and the session file of each that counts: a running Firefox writes `recovery.jsonlz4`, a clean quit
// `sessionstore.jsonlz4`. Between two writes there is a moment without the first.

import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { readProcess } from '../host/proc.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { Host } from '../source.ts';

const MAX_INI_BYTES = 1024 * 1024;

export interface FirefoxProfile {
  readonly dir: string;
  readonly name: string;
  readonly isRunning: boolean;
  /** The process that has the profile open; null where none has. */
  readonly browserPid: number | null;
}

/** All profiles of all places where Firefox may keep them. */
export function findFirefoxProfiles(host: Host): FirefoxProfile[] {
  const roots = [
    join(host.env['XDG_CONFIG_HOME'] || join(host.homeDir, '.config'), 'mozilla/firefox'),
    join(host.homeDir, '.mozilla/firefox'),
    join(host.homeDir, 'snap/firefox/common/.mozilla/firefox'),
    join(host.homeDir, '.var/app/org.mozilla.firefox/.mozilla/firefox'),
    join(host.homeDir, 'Library/Application Support/Firefox'),
  ];
  const profiles = new Map<string, FirefoxProfile>();
  for (const root of roots) {
    for (const { path, name } of parseProfilesIni(readText(join(root, 'profiles.ini')), root)) {
      if (!isFolder(path)) continue;
      const browserPid = findBrowser(host, path);
      profiles.set(path, { dir: path, name, isRunning: browserPid !== null, browserPid });
    }
  }
  return [...profiles.values()];
}

/** Parses `profiles.ini`: the `[Profile…]` sections. Total. */
export function parseProfilesIni(text: string, root: string): { readonly path: string; readonly name: string }[] {
  const profiles: { path: string; name: string }[] = [];
  for (const section of text.split(/^\[/m)) {
    if (!/^Profile\d+\]/.test(section)) continue;
    const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(section)?.[1]?.trim();
    const path = value('Path');
    if (path === undefined || path === '') continue;
    profiles.push({
      path: value('IsRelative') === '0' ? resolve(path) : resolve(root, path),
      name: value('Name') ?? basename(path),
    });
  }
  return profiles;
}

/** The session files of a profile, the one that counts first. */
export function sessionFiles(profile: FirefoxProfile): string[] {
  const running = ['recovery.jsonlz4', 'recovery.baklz4'].map((name) =>
    join(profile.dir, 'sessionstore-backups', name),
  );
  const clean = join(profile.dir, 'sessionstore.jsonlz4');
  if (profile.isRunning) return running;
  const isCleanNewer = mtimeOf(clean) >= Math.max(...running.map(mtimeOf));
  return isCleanNewer ? [clean, ...running] : [...running, clean];
}

/** Firefox holds `lock`, a link to `address:+pid`, while it runs; after a kill it stays, so the process is looked at. */
function findBrowser(host: Host, dir: string): number | null {
  try {
    const pid = Number(/\+(\d+)$/.exec(readlinkSync(join(dir, 'lock')))?.[1]);
    const process = Number.isInteger(pid) ? readProcess(host.procDir, pid) : null;
    return process !== null && !process.isZombie && /firefox|gecko/i.test(process.name) ? process.pid : null;
  } catch {
    return null; // no lock: it does not run
  }
}

function mtimeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  } catch {
    return 0; // not ours to look at: reading it says so
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function readText(path: string): string {
  try {
    return readRegularFile(path, MAX_INI_BYTES).toString('utf8');
  } catch {
    return ''; // no Firefox here
  }
}
