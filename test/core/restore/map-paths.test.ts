import { describe, expect, it } from 'vitest';

import { mapPaths } from '../../../src/core/restore/map-paths.ts';
import { aStoredItem } from '../../support/previews.ts';

const mappings = [
  { from: '/home/old', to: '/home/new' },
  { from: '/home/old/api', to: '/work/api/' },
];

describe('mapPaths()', () => {
  it('changes what says where something lies, by the longest mapping, and nothing else', () => {
    const item = aStoredItem({
      title: '/home/old/api',
      attributes: {
        cwd: '/home/old/api/src',
        path: '/home/old/notes.md',
        argv: ['vim', '/home/old/api/a.ts'],
        windows: [{ cwd: '/home/old', name: '/home/old' }],
        nested: { folder: '/home/older' },
        id: null,
      },
    });
    const [mapped] = mapPaths([item], mappings);
    expect(mapped).toEqual({
      ...item,
      attributes: {
        cwd: '/work/api/src',
        path: '/home/new/notes.md',
        argv: ['vim', '/home/old/api/a.ts'],
        windows: [{ cwd: '/home/new', name: '/home/old' }],
        nested: { folder: '/home/older' },
        id: null,
      },
    });
  });

  it('gives the very items back where nothing fits', () => {
    const items = [aStoredItem({ attributes: { cwd: '/srv', deep: [{ a: 1 }] } })];
    expect(mapPaths(items, mappings)[0]).toBe(items[0]);
    expect(mapPaths(items, [])).toBe(items);
  });
});
