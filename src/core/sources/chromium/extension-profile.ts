// Which profile of a Chromium browser an extension speaks from: all profiles share one process, and the extension cannot know its profile's folder.
// So it writes a new random probe into its storage at each connection, and the profile whose storage holds it is the one.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { readLiveProfiles, type LiveProfile, type TellProfile } from '../browser/extension/live-profiles.ts';
import { CHROMIUM_EXTENSION_ID } from '../browser/extension/names.ts';
import type { Host } from '../source.ts';
import type { ChromiumBrowser } from './chromium-browsers.ts';
import { findChromiumProfiles, listFolder, type ChromiumProfile } from './chromium-profiles.ts';

/** The newest entries stand at the end of the log; it is begun anew long before it is as large. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Where Chromium keeps the extension's storage. */
export function extensionStorage({ dir }: Pick<ChromiumProfile, 'dir'>): string {
  return join(dir, 'Local Extension Settings', CHROMIUM_EXTENSION_ID);
}

/** Tells profiles by the probe, and remembers it: a probe never moves to another profile. */
export function createTellProfile(): TellProfile<ChromiumProfile> {
  const known = new Map<string, string>();
  return ({ probe }, profiles) => {
    const dir =
      known.get(probe) ?? profiles.find((profile) => holdsProbe(extensionStorage(profile), probe))?.dir ?? null;
    if (dir !== null) known.set(probe, dir);
    // Where there is one profile only, it is that one.
    return profiles.find((profile) => profile.dir === dir) ?? (profiles.length === 1 ? (profiles[0] ?? null) : null);
  };
}

/** The extension of a profile, where it answers now. */
export async function findLiveChromium(
  browser: ChromiumBrowser,
  tellProfile: TellProfile<ChromiumProfile>,
  place: { readonly profileDir: string; readonly host: Host; readonly signal: AbortSignal },
): Promise<LiveProfile | null> {
  const profiles = findChromiumProfiles(place.host, browser);
  const { live } = await readLiveProfiles(place.host, profiles, tellProfile, place.signal);
  return live.find(({ dir }) => dir === place.profileDir) ?? null;
}

/** What was written lately stands in the storage's log as it is. */
export function holdsProbe(folder: string, probe: string): boolean {
  return listFolder(folder)
    .filter((name) => /^\d+\.log$/.test(name))
    .some((name) => readTail(join(folder, name)).includes(probe));
}

function readTail(path: string): Buffer {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return Buffer.alloc(0);
      const length = Math.min(stats.size, MAX_LOG_BYTES);
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, stats.size - length));
    } finally {
      closeSync(file);
    }
  } catch {
    return Buffer.alloc(0); // begun anew in between
  }
}
