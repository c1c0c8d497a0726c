import { describe, expect, it } from 'vitest';

import { describeAge, formatClock, parseTime } from '../../../src/cli/format/times.ts';

const NOW = new Date(2026, 10, 20, 14, 2, 30).getTime();
const MINUTE = 60_000;
const DAY = 86_400_000;

describe('describeAge()', () => {
  it.each([
    [0, 'just now'],
    [4_999, 'just now'],
    [12_000, '12 seconds ago'],
    [MINUTE, '1 minute ago'],
    [59 * MINUTE, '59 minutes ago'],
    [60 * MINUTE, '1 hour ago'],
    [47 * 60 * MINUTE, '47 hours ago'],
    [2 * DAY, '2 days ago'],
    [20 * DAY, '2 weeks ago'],
    [70 * DAY, '2 months ago'],
    [800 * DAY, '2 years ago'],
    [-30_000, 'just now'],
    [-5 * MINUTE, 'in 5 minutes'],
  ])('%d ms is %s', (ageMs, words) => {
    expect(describeAge(NOW - ageMs, NOW)).toBe(words);
  });
});

describe('formatClock()', () => {
  it('says as much of the date as is needed', () => {
    const times = [NOW, NOW - 2 * DAY, new Date(2025, 0, 5, 9, 7).getTime()];

    expect(times.map((time) => formatClock(time, NOW))).toEqual(['14:02', '18 Nov 14:02', '2025-01-05 09:07']);
  });
});

describe('parseTime()', () => {
  it.each([
    ['2h', NOW - 2 * 60 * MINUTE],
    ['3d', NOW - 3 * DAY],
    ['1w', NOW - 7 * DAY],
    ['now', NOW],
    ['today', new Date(2026, 10, 20).getTime()],
    ['yesterday', new Date(2026, 10, 19).getTime()],
    ['09:30', new Date(2026, 10, 20, 9, 30).getTime()],
    ['2026-11-18', new Date(2026, 10, 18).getTime()],
    ['2026-11-18T10:00:00Z', Date.UTC(2026, 10, 18, 10)],
    ['2026-11-18 10:00', new Date(2026, 10, 18, 10).getTime()],
  ])('reads %s', (text, time) => {
    expect(parseTime(text, NOW, '--since')).toBe(time);
  });

  it.each(['', 'soon', '25:00', '2h ago', '-2h', '20', '2026-13-99T99:99'])(
    'refuses "%s" by the option name',
    (text) => {
      expect(() => parseTime(text, NOW, '--since')).toThrow(
        expect.objectContaining({ code: 'USAGE_INVALID', message: '--since is not a time.' }),
      );
    },
  );
});
