import { describe, expect, it } from 'vitest';

import { findTrouble } from '../../../src/main/notices/trouble-teller.ts';
import { describeState, trayLook } from '../../../src/main/tray/describe-state.ts';
import { statusSchema, type Status } from '../../../src/shared/contract/schemas.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const FACTS = { nowMs: NOW_MS, formatTime: (timeMs: number) => new Date(timeMs).toISOString().slice(11, 16) };

function aStatus(capture: Partial<Status['capture']>, vault: Status['vault'] = 'unlocked'): Status {
  return statusSchema.parse({
    version: '1.2.3',
    vault,
    capture: {
      state: 'waiting',
      intervalSeconds: 30,
      lastAt: new Date(NOW_MS - 95_000).toISOString(),
      isLate: false,
      ...capture,
    },
    sources: [{ id: 'tmux', title: 'tmux', isEnabled: true }],
    shell: 'desktop',
    theme: 'system',
    notices: [],
  });
}

describe('what the tray says and shows', () => {
  it.each([
    ['a capture in time', aStatus({}), 'captured 1 min ago', 'normal', null],
    [
      'three intervals without one',
      aStatus({ isLate: true }),
      'no capture for 1 min',
      'paused',
      'No capture for 1 min.',
    ],
    [
      'a capture that hangs',
      aStatus({ isLate: true, state: 'capturing' }),
      'no capture for 1 min',
      'paused',
      'No capture for 1 min.',
    ],
    [
      'a pause over three intervals',
      aStatus({ isLate: true, state: 'paused' }),
      'paused until resumed',
      'paused',
      null,
    ],
    [
      'one capture that failed',
      aStatus({ state: 'failing' }),
      'the capture failed, last one 1 min ago',
      'paused',
      null,
    ],
  ] as const)('%s', (_, status, words, look, trouble) => {
    expect(describeState(status, FACTS)).toBe(words);
    expect(trayLook(status)).toBe(look);
    expect(findTrouble(status, FACTS)?.text ?? null).toBe(trouble);
  });
});
