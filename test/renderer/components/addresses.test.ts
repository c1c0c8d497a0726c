import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  compareAddress,
  itemAddress,
  keyOfItemAddress,
  readOnlyKeys,
  restoreAddress,
  searchAddress,
  snapshotAddress,
} from '../../../src/renderer/components/addresses.ts';

const KEYS = ['tmux:main:1.0', 'git:/a,b', 'git:/a%2Cb', 'git:/50%', 'firefox:x/ü+ &?#'];

describe('restoreAddress() and readOnlyKeys()', () => {
  it('give back the same keys, commas and percent signs included', () => {
    const address = new URL(restoreAddress('latest', KEYS), 'http://x');

    expect(readOnlyKeys(address.search, new Set(KEYS))).toEqual(KEYS);
  });

  it('also where the whole list was encoded at once', () => {
    const keys = ['git:/a,b', 'tmux:main:1.0', 'git:/a,b,c'];
    const search = `?only=${encodeURIComponent(keys.join(','))}`;

    expect(readOnlyKeys(search, new Set(keys))).toEqual(keys);
  });

  it('keep what is not known, for kinds and sources', () => {
    expect(readOnlyKeys('?x=1&only=tab,git', new Set(KEYS))).toEqual(['tab', 'git']);
  });

  it('are total', () => {
    fc.assert(fc.property(fc.string(), (search) => Array.isArray(readOnlyKeys(search, new Set(KEYS)))));
  });

  it('leave the keys out where there are none', () => {
    expect(restoreAddress('a b')).toBe('/restore/a%20b');
    expect(readOnlyKeys('', new Set())).toEqual([]);
  });
});

describe('itemAddress() and keyOfItemAddress()', () => {
  it('give back any key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (rest) => {
        const key = `git:${rest}`;
        expect(keyOfItemAddress(new URL(itemAddress(key), 'http://x').pathname)).toBe(key);
      }),
    );
  });
});

describe('other addresses', () => {
  it('name what they are about', () => {
    expect(snapshotAddress('ab', { item: 'tmux:1', text: 'a&b', line: 3 })).toBe(
      '/snapshot/ab?item=tmux%3A1&q=a%26b&line=3',
    );
    expect(compareAddress('ab', 'now')).toBe('/compare/ab/now');
    expect(searchAddress('', { kind: 'tab' })).toBe('/search?kind=tab');
  });
});
