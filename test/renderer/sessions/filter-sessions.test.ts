import { describe, expect, it } from 'vitest';

import { ANY, choicesOf, filterSessions, NO_FILTER } from '../../../src/renderer/features/sessions/filter-sessions.ts';
import { deletionWords, marksOf, progressOf } from '../../../src/renderer/features/sessions/session-words.ts';
import { sessionSchema, type SessionView } from '../../../src/shared/contract/sessions.ts';

function aSession(overrides: Partial<SessionView> = {}): SessionView {
  return sessionSchema.parse({
    id: '0123456789abcdef',
    name: 'Fix the login',
    provider: null,
    model: null,
    project: 'api',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    messageCount: 2,
    preview: 'Why does it loop?',
    tool: 'codex',
    externalId: 'abc-1',
    folder: '/home/dev/api',
    status: null,
    pinned: false,
    live: false,
    originGone: false,
    captured: false,
    details: {},
    ...overrides,
  });
}

describe('filterSessions()', () => {
  const all = [
    aSession(),
    aSession({ name: 'Plan', tool: 'agents', project: 'web', preview: '' }),
    aSession({ project: null }),
  ];

  it.each([
    [NO_FILTER, 3],
    [{ ...NO_FILTER, text: '  LOGIN loop ' }, 2],
    [{ ...NO_FILTER, text: 'abc-1 plan' }, 1],
    [{ ...NO_FILTER, tool: 'codex' }, 2],
    [{ ...NO_FILTER, project: 'web' }, 1],
    [{ text: 'plan', tool: 'codex', project: ANY }, 0],
  ])('finds %j', (filter, count) => {
    expect(filterSessions(all, filter)).toHaveLength(count);
  });

  it('offers what there is, once and in order', () => {
    expect(choicesOf(all)).toEqual({ tools: ['agents', 'codex'], projects: ['api', 'web'] });
  });
});

describe('the words of a session', () => {
  it('mark what is special', () => {
    expect(marksOf(aSession())).toEqual([]);
    expect(marksOf(aSession({ live: true, pinned: true, originGone: true, status: 'paused' }))).toEqual([
      'open now',
      'pinned',
      'only copy',
      'paused',
    ]);
  });

  it('tell how far it is, where it says so', () => {
    expect(progressOf(aSession({ details: { phase: 'build', progress: { done: 3, total: 5 } } }))).toBe(
      'build, 3 of 5 checkpoints',
    );
    expect(progressOf(aSession({ details: { phase: 7, progress: [1] } }))).toBeNull();
    expect(progressOf(aSession())).toBeNull();
  });

  it('say what deleting means', () => {
    expect(deletionWords(aSession({ captured: true }))).toContain('stays in the snapshots');
    expect(deletionWords(aSession({ tool: 'agents' }))).toContain('folder stays');
    expect(deletionWords(aSession({ tool: 'agents', originGone: true }))).toContain('only copy');
    expect(deletionWords(aSession())).toContain('gone for good');
  });
});
