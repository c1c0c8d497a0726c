import { describe, expect, it } from 'vitest';

import { renderBundle } from '../../../src/cli/doctor/bundle.ts';
import { runChecks } from '../../../src/cli/doctor/checks.ts';
import type { Surroundings } from '../../../src/cli/doctor/look-around.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const FILE = { sizeBytes: 1_000_000, mode: 0o600, modifiedAtMs: TEST_NOW_MS };

function surroundings(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    nowMs: TEST_NOW_MS,
    version: '1.2.3',
    node: '24.21.0',
    platform: 'linux x64',
    sqlite: { version: '3.53.0', isNewEnough: true },
    folder: { ...FILE, name: 'data folder', mode: 0o700 },
    files: ['vault.db', 'vault.db.keys'].map((name) => ({ ...FILE, name })),
    otherFiles: 0,
    format: { found: 4, known: 4 },
    keyFileBoxes: 40,
    freeBytes: 10 ** 10,
    holders: { writes: null, hasOpen: null },
    backups: { count: 3, newestAtMs: TEST_NOW_MS - HOUR_MS },
    causes: [],
    settings: { error: null, intervalMs: 30_000, enabled: ['tmux'] },
    sources: [{ id: 'tmux', isPresent: true }],
    ...changes,
  };
}

describe('runChecks()', () => {
  it('finds nothing where all is well', () => {
    expect(runChecks(surroundings()).filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  it.each([
    ['an old Node', { node: '20.19.0' }, 'node', 'problem'],
    ['an old SQLite', { sqlite: { version: '3.40.0', isNewEnough: false } }, 'sqlite', 'problem'],
    ['a folder that others read', { folder: { ...FILE, name: 'data folder', mode: 0o755 } }, 'folder', 'warning'],
    ['no vault', { files: [], folder: null }, 'vault', 'warning'],
    ['a destroyed first page', { format: { found: null, known: 4 } }, 'vault', 'problem'],
    ['a newer format', { format: { found: 9, known: 4 } }, 'vault', 'problem'],
    ['no key file', { keyFileBoxes: null }, 'key file', 'warning'],
    ['a log that grows', { files: [{ ...FILE, name: 'vault.db-wal', sizeBytes: 10 ** 9 }] }, 'log', 'warning'],
    [
      'a full disk',
      { causes: [{ code: 'disk-full', sentence: 'The disk is full: free some.' }] },
      'disk-full',
      'problem',
    ],
    [
      'a sync folder',
      { causes: [{ code: 'sync-folder', sentence: 'Dropbox copies it: move it.' }] },
      'sync-folder',
      'warning',
    ],
    ['no backup', { backups: { count: 0, newestAtMs: null } }, 'backups', 'warning'],
    ['old backups', { backups: { count: 1, newestAtMs: TEST_NOW_MS - 200 * HOUR_MS } }, 'backups', 'warning'],
    ['a clock that is behind', { nowMs: TEST_NOW_MS - 100 * HOUR_MS }, 'clock', 'problem'],
    [
      'settings that cannot be read',
      { settings: { error: 'no', intervalMs: 0, enabled: ['tmux'] } },
      'settings',
      'problem',
    ],
    ['no source', { settings: { error: null, intervalMs: 30_000, enabled: [] } }, 'sources', 'warning'],
  ] satisfies readonly (readonly [string, Partial<Surroundings>, string, string])[])(
    'names %s, and what to do',
    (_what, changes, name, state) => {
      const check = runChecks(surroundings(changes)).find((one) => one.name === name);

      expect(check).toMatchObject({ state, next: expect.stringMatching(/\S/) });
    },
  );
});

describe('renderBundle()', () => {
  it('is a text of versions, checks, sizes and modes', () => {
    const facts = surroundings();

    expect(renderBundle(facts, runChecks(facts))).toMatch(
      /cairn {5}1\.2\.3[^]*ok +node[^]*vault\.db +1000000 bytes {2}600/,
    );
  });
});
