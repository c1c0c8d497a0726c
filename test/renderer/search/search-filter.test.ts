import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { searchAddress } from '../../../src/renderer/components/addresses.ts';
import { aliveWords } from '../../../src/renderer/features/search/hit-line.ts';
import { readFilter, toQuery } from '../../../src/renderer/features/search/search-filter.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);

describe('readFilter()', () => {
  it('gives back what an address says', () => {
    const filter = { kind: 'terminal', source: 'tmux', project: 'my & other', within: '7d' };
    expect(readFilter(new URL(searchAddress('x', filter), 'http://a').searchParams)).toEqual(filter);
  });

  it('takes any address', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (kind, within) => {
        const filter = readFilter(new URLSearchParams({ kind, within }));
        expect(['', '1d', '7d', '30d']).toContain(filter.within);
        expect(['', 'terminal', 'tab', 'conversation', 'document', 'repository']).toContain(filter.kind);
      }),
    );
  });
});

describe('toQuery()', () => {
  it('asks for what is narrowed to, and for nothing else', () => {
    expect(toQuery({ kind: '', source: '', project: '', within: '' }, NOW_MS)).toEqual({});
    expect(toQuery({ kind: 'tab', source: 'firefox', project: 'api', within: '1d' }, NOW_MS)).toEqual({
      kinds: ['tab'],
      sources: ['firefox'],
      projects: ['api'],
      since: '2026-11-19T12:00:00.000Z',
    });
  });
});

describe('aliveWords()', () => {
  it('tells from when to when, and nothing of a moment', () => {
    const firstSeen = '2026-11-20T09:12:00.000Z';
    expect(aliveWords({ firstSeen, lastSeen: '2026-11-20T11:00:00.000Z' }, NOW_MS)).toMatch(
      /^, there from Today \d\d:12 to Today \d\d:00$/,
    );
    expect(aliveWords({ firstSeen, lastSeen: firstSeen }, NOW_MS)).toBe('');
  });
});
