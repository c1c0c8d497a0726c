import { describe, expect, it } from 'vitest';

import {
  commandsText,
  findCommand,
  groupByFolder,
  tellDuration,
  tellExit,
} from '../../../src/renderer/features/snapshot/command-words.ts';

describe('tellDuration()', () => {
  it.each([
    [0, '0.0 s'],
    [340, '0.3 s'],
    [12_400, '12 s'],
    [125_000, '2 min 5 s'],
    [3_840_000, '1 h 4 min'],
  ])('tells %i ms as %s', (ms, words) => {
    expect(tellDuration(ms)).toBe(words);
  });
});

describe('tellExit()', () => {
  it('says what a signal did', () => {
    expect([0, 1, 130, 137].map(tellExit)).toEqual(['0', '1', '130, interrupted', '137, killed']);
  });
});

describe('findCommand()', () => {
  it('finds the newest one, whatever its case', () => {
    const commands = [{ command: 'make Test' }, { command: 'make test' }, { command: 'ls' }];

    expect(findCommand(commands, 'TEST')).toBe(1);
    expect(findCommand(commands, 'none')).toBe(-1);
  });
});

describe('groupByFolder()', () => {
  it('puts together what was typed in one folder, the newest first', () => {
    const commands = [
      { command: '1', cwd: '/a' },
      { command: '2', cwd: '/b' },
      { command: '3', cwd: '/b' },
      { command: '4', cwd: '/a' },
    ];

    const groups = groupByFolder(commands, 1).map(({ cwd, rows }) => [cwd, ...rows.map(({ at }) => at)]);
    expect(groups).toEqual([
      ['/a', 3],
      ['/b', 2, 1],
    ]);
  });
});

describe('commandsText()', () => {
  it('gives a line each, with its time where there is one', () => {
    expect(commandsText([{ command: 'a', at: '2026-11-27T08:00:00.000Z' }, { command: 'b' }])).toBe(
      '2026-11-27T08:00:00.000Z  a\nb',
    );
  });
});
