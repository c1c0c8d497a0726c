import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ExtensionState } from '../../../../src/core/sources/browser/extension/parse-state.ts';
import type { ChromiumProfile } from '../../../../src/core/sources/chromium/chromium-profiles.ts';
import { createTellProfile, extensionStorage } from '../../../../src/core/sources/chromium/extension-profile.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

const PROBE = '7f7f2d00-b686-44f1-bab3-13abbb5a392a';
const OTHER = '11111111-b686-44f1-bab3-13abbb5a392a';

let folder: TemporaryFolder;

beforeEach(() => {
  folder = makeTemporaryFolder();
});

afterEach(() => {
  folder[Symbol.dispose]();
});

function aProfile(name: string, log: string | null): ChromiumProfile {
  const dir = join(folder.path, name);
  const profile = { dataDir: folder.path, name, dir, isRunning: true, browserPid: 1 };
  mkdirSync(extensionStorage(profile), { recursive: true });
  if (log !== null) writeFileSync(join(extensionStorage(profile), '000003.log'), log);
  return profile;
}

function aState(probe: string): ExtensionState {
  return { probe, instance: OTHER, windows: [] };
}

describe('createTellProfile()', () => {
  it('tells the profile whose storage holds the probe', () => {
    const profiles = [aProfile('Default', `..probe"${OTHER}"`), aProfile('Profile 1', `\0\0probe"${PROBE}"\0`)];

    expect(createTellProfile()(aState(PROBE), profiles)?.name).toBe('Profile 1');
    expect(createTellProfile()(aState(OTHER), profiles)?.name).toBe('Default');
  });

  it('remembers it when the storage has been written anew', () => {
    const tell = createTellProfile();
    const profiles = [aProfile('Default', null), aProfile('Profile 1', PROBE)];
    tell(aState(PROBE), profiles);
    writeFileSync(join(extensionStorage(profiles[1]!), '000003.log'), '');

    expect(tell(aState(PROBE), profiles)?.name).toBe('Profile 1');
  });

  it('does not guess between several profiles, and needs no guess with one', () => {
    const profiles = [aProfile('Default', ''), aProfile('Profile 1', null)];

    expect(createTellProfile()(aState(PROBE), profiles)).toBeNull();
    expect(createTellProfile()(aState(PROBE), profiles.slice(0, 1))?.name).toBe('Default');
  });

  it('follows no link out of the storage', () => {
    const profiles = [aProfile('Default', null), aProfile('Profile 1', null)];
    writeFileSync(join(folder.path, 'elsewhere'), PROBE);
    symlinkSync(join(folder.path, 'elsewhere'), join(extensionStorage(profiles[0]!), '000009.log'));

    expect(createTellProfile()(aState(PROBE), profiles)).toBeNull();
  });
});
