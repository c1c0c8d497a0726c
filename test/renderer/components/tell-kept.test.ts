import { describe, expect, it } from 'vitest';

import { tellKept } from '../../../src/renderer/components/tell-kept.ts';
import { KEEP_REASONS } from '../../../src/shared/model/retention.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);

describe('tellKept()', () => {
  it('says why and until when, with the hour where it is soon', () => {
    const inHours = (hours: number): string => new Date(NOW_MS + hours * 3_600_000).toISOString();
    expect(tellKept({ reason: 'recent', until: inHours(3) }, NOW_MS)).toMatch(
      /^Kept: it is recent, until .*\d\d:\d\d\.$/,
    );
    expect(tellKept({ reason: 'daily', until: inHours(24 * 20) }, NOW_MS)).toMatch(
      /^Kept: the last one of its day, until [^:]*\.$/,
    );
    expect(tellKept({ reason: 'pinned' }, NOW_MS)).toBe('Kept for good: it is a pinned checkpoint.');
    expect(tellKept({ reason: null }, NOW_MS)).toBe('Goes with the next thinning.');
  });

  it('has one sentence for each reason', () => {
    for (const reason of KEEP_REASONS) expect(tellKept({ reason }, NOW_MS)).toMatch(/^Kept.*[^.]\.$/);
  });
});
