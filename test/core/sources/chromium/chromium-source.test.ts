import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CHROMIUM_BROWSERS } from '../../../../src/core/sources/chromium/chromium-browsers.ts';
import { createChromiumSource } from '../../../../src/core/sources/chromium/chromium-source.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeTestHost } from '../../../support/test-host.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/browser/${name}`, import.meta.url));

let folder: TemporaryFolder;
let host: Host;

beforeEach(() => {
  folder = makeTemporaryFolder();
  host = makeTestHost(folder.path);
});

afterEach(() => {
  folder[Symbol.dispose]();
});

/** A profile with a session file of this kind. */
function addProfile(session: string, sessions: 'Sessions' | 'Sessions_Encrypted'): string {
  const dir = join(host.homeDir, '.config/chromium/Default');
  mkdirSync(join(dir, sessions), { recursive: true });
  mkdirSync(join(dir, 'Preferences'));
  cpSync(fixture(session), join(dir, sessions, 'Session_13440000000000000'));
  return dir;
}

describe('createChromiumSource()', () => {
  const source = createChromiumSource(CHROMIUM_BROWSERS[0]!);

  it.each(['Sessions', 'Sessions_Encrypted'] as const)(
    'recognises sealed session files in %s, says what helps, and lets go of nothing',
    async (sessions) => {
      const dir = addProfile('chromium-156-Sessions_Encrypted-v5.snss', sessions);
      const { items, problems, closed } = await source.capture(makeCaptureContext(host));

      expect(items).toEqual([]);
      expect(closed).toEqual([]);
      expect(problems).toMatchObject([{ reason: 'unreadable', group: dir }]);
      expect(problems[0]?.message).toContain('`cairn browser install chromium`');
      expect((await source.detect(host)).isPresent).toBe(true);
    },
  );

  it('calls the colours of groups as the extension does', async () => {
    addProfile('chromium-156-Session_2windows_group_pin.snss', 'Sessions');
    const { items } = await source.capture(makeCaptureContext(host));
    const groups = items.flatMap(({ attributes }) => (attributes['group'] === undefined ? [] : [attributes['group']]));

    expect(groups).not.toEqual([]);
    for (const group of groups)
      expect(group).toEqual({
        name: expect.any(String),
        colour: expect.stringMatching(/^(grey|blue|red|yellow|green|pink|purple|cyan|orange)$/),
        index: 0,
        isCollapsed: false,
      });
  });
});
