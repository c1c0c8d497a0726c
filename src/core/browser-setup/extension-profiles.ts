// Which profiles of a browser have the extension, and whether it answers.

import { existsSync } from 'node:fs';

import { readLiveProfiles } from '../sources/browser/extension/live-profiles.ts';
import { findChromiumProfiles } from '../sources/chromium/chromium-profiles.ts';
import { createTellProfile, extensionStorage } from '../sources/chromium/extension-profile.ts';
import { hasFirefoxExtension, tellFirefoxProfile } from '../sources/firefox/firefox-opener.ts';
import { findFirefoxProfiles } from '../sources/firefox/firefox-profiles.ts';
import type { Host } from '../sources/source.ts';
import type { BrowserTarget } from './browser-targets.ts';

export interface ExtensionProfile {
  readonly name: string;
  /** `live`: it answers. `silent`: it is there, or was, and does not answer now. */
  readonly extension: 'live' | 'silent' | 'none';
  /** Tabs that a live extension sees. */
  readonly tabs: number;
}

export async function findExtensionProfiles(
  host: Host,
  { chromium }: BrowserTarget,
  signal: AbortSignal,
): Promise<readonly ExtensionProfile[]> {
  if (chromium === null) {
    const profiles = findFirefoxProfiles(host);
    const { live } = await readLiveProfiles(host, profiles, tellFirefoxProfile, signal);
    return profiles.map(({ name, dir }) => toProfile(name, liveTabs(live, dir), () => hasFirefoxExtension(dir)));
  }
  const profiles = findChromiumProfiles(host, chromium);
  const { live } = await readLiveProfiles(host, profiles, createTellProfile(), signal);
  return profiles.map((profile) =>
    toProfile(profile.name, liveTabs(live, profile.dir), () => existsSync(extensionStorage(profile))),
  );
}

/** Null where the extension does not answer. */
function liveTabs(
  live: readonly { readonly dir: string; readonly windows: readonly { readonly tabs: readonly unknown[] }[] }[],
  dir: string,
): number | null {
  const profile = live.find((other) => other.dir === dir);
  return profile === undefined ? null : profile.windows.reduce((sum, { tabs }) => sum + tabs.length, 0);
}

function toProfile(name: string, tabs: number | null, hasExtension: () => boolean): ExtensionProfile {
  if (tabs !== null) return { name, extension: 'live', tabs };
  return { name, extension: hasExtension() ? 'silent' : 'none', tabs: 0 };
}
