import { describe, expect, it } from 'vitest';

import { checkArguments } from '../../../src/core/api/local/bridge-arguments.ts';

const ID = '0123456789abcdef';
const ATTRIBUTES = { name: 'one', description: '', tags: ['x'], priority: 'normal', pinned: false };

describe('checkArguments()', () => {
  it('gives what an operation takes as it came', () => {
    const values = [ID, ATTRIBUTES, 1];

    expect(checkArguments('createCheckpoint', values)).toBe(values);
    expect(checkArguments('editCheckpoint', [ID, { name: 'two' }, 1])).toEqual([ID, { name: 'two' }, 1]);
    expect(checkArguments('fingerprints', [[new Uint8Array([1])]])).toHaveLength(1);
  });

  it.each([
    ['an id that is none', 'createCheckpoint', ['x', ATTRIBUTES, 1], '0'],
    ['attributes that lack one', 'createCheckpoint', [ID, { name: 'one', tags: [] }, 1], '1.description'],
    ['a name that is none', 'editCheckpoint', [ID, { name: {} }, 1], '1.name'],
    ['too few values', 'readStream', [ID], ''],
    ['a setting that is a list', 'writeSetting', ['x', []], '1'],
    ['a message without a role', 'saveSession', [{ id: ID, nowMs: 1, messages: [{ id: 'm' }] }], '0.messages.0.role'],
    ['limits that are no numbers', 'prune', [{ allHours: '1' }, 1, { isDryRun: true }], '0.allHours'],
    ['values where there are none', 'listSessions', [1], ''],
  ] as const)('refuses %s', (_, operation, values, where) => {
    const place = where === '' ? '' : ` (${where})`;
    expect(() => checkArguments(operation, values)).toThrow(`The operation does not take this${place}.`);
  });
});
