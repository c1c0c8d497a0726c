import { describe, expect, it } from 'vitest';

import { flattenAttributes } from '../../../src/renderer/components/items/flatten-attributes.ts';

describe('flattenAttributes()', () => {
  it('gives members a name with a dot, and plain lists one line', () => {
    expect(
      flattenAttributes({
        cwd: '/a',
        argv: ['vim', 'x'],
        window: { index: 1, gone: undefined },
        files: [{ path: 'y' }],
        none: null,
      }),
    ).toEqual([
      { name: 'cwd', value: '/a' },
      { name: 'argv', value: 'vim x' },
      { name: 'window.index', value: '1' },
      { name: 'files.1.path', value: 'y' },
      { name: 'none', value: 'null' },
    ]);
  });

  it('is bounded', () => {
    expect(flattenAttributes({ long: 'x'.repeat(10_000) })[0]?.value).toHaveLength(4_000);
    expect(flattenAttributes({ many: Array.from({ length: 900 }, (_, at) => ({ at })) })).toHaveLength(500);
  });
});
