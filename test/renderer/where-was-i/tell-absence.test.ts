import { describe, expect, it } from 'vitest';

import {
  hasJustReturned,
  tellAbsence,
  tellInShort,
  tellWaiting,
} from '../../../src/renderer/features/where-was-i/tell-absence.ts';
import type { ProjectStateView, WhereWasIView } from '../../../src/shared/contract/where-was-i.ts';

const NOW_MS = Date.parse('2026-03-04T12:00:00.000Z');
const MINUTE_MS = 60_000;
const ago = (minutes: number): string => new Date(NOW_MS - minutes * MINUTE_MS).toISOString();

const aProject = (state: Partial<ProjectStateView> = {}): ProjectStateView => ({
  name: 'api',
  lastChangedAt: ago(200),
  lastDone: [],
  changedSince: [],
  branch: 'main',
  uncommitted: 0,
  unpushed: 0,
  operation: null,
  conversations: [],
  terminals: [],
  documents: [],
  tabs: [],
  ...state,
});
const anAbsence = (state: Partial<WhereWasIView> = {}): WhereWasIView => ({
  leftAt: ago(200),
  leftSnapshotId: null,
  backAt: null,
  workedSince: ago(300),
  wasAway: true,
  projects: [],
  changedSince: [],
  ...state,
});

describe('hasJustReturned()', () => {
  it.each([
    ['nothing was captured', anAbsence({ leftAt: null }), false],
    ['somebody was here all the time', anAbsence({ wasAway: false }), false],
    ['nothing was done since', anAbsence(), true],
    ['work began again a moment ago', anAbsence({ backAt: ago(5) }), true],
    ['work began again an hour ago', anAbsence({ backAt: ago(60) }), false],
  ] as const)('%s', (_case, view, expected) => {
    expect(hasJustReturned(view, NOW_MS)).toBe(expected);
  });
});

describe('tellAbsence()', () => {
  it('says since when, or from when until when', () => {
    expect(tellAbsence(anAbsence(), NOW_MS)).toMatch(/^You were last here .*, 3 hours ago\.$/);
    expect(tellAbsence(anAbsence({ backAt: ago(20) }), NOW_MS)).toMatch(
      /^You left .* and were away for 3 hours, until .*\.$/,
    );
    expect(tellAbsence(anAbsence({ wasAway: false }), NOW_MS)).toMatch(/^You are at it/);
    expect(tellAbsence(anAbsence({ leftAt: null }), NOW_MS)).toBe('Nothing was captured yet.');
  });
});

describe('tellWaiting()', () => {
  it('names what must not be forgotten', () => {
    const project = aProject({
      operation: 'rebase',
      uncommitted: 1,
      unpushed: 2,
      conversations: [
        { title: 'a', lastMessage: null, isMidTurn: true },
        { title: 'b', lastMessage: null, isMidTurn: false },
      ],
      documents: [{ path: '/a', isModified: true }],
    });
    expect(tellWaiting(project)).toEqual([
      'a rebase is in its middle',
      '1 turn not finished',
      '1 file not saved',
      '1 file not committed',
      '2 commits not pushed',
    ]);
    expect(tellWaiting(aProject())).toEqual([]);
  });
});

describe('tellInShort()', () => {
  it('tells what waits first, and what changed', () => {
    const projects = [1, 2, 3].map((uncommitted) => aProject({ name: `p${uncommitted}`, uncommitted }));
    expect(tellInShort(anAbsence({ projects, changedSince: ['3 tabs opened'] }))).toBe(
      'p1: 1 file not committed; p2: 2 files not committed; and 1 more project. Since then: 3 tabs opened.',
    );
    expect(tellInShort(anAbsence({ projects: [aProject()] }))).toBe('Nothing changed since.');
  });
});
