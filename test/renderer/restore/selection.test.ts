import { describe, expect, it } from 'vitest';

import { countByKind, firstSelection, tickOf, toggle } from '../../../src/renderer/features/restore/selection.ts';
import {
  actionWords,
  countWords,
  groupSteps,
  leaveOut,
  mergeSteps,
} from '../../../src/renderer/features/restore/steps.ts';
import type { RestoreStepView } from '../../../src/shared/contract/schemas.ts';
import { parseItemKey } from '../../../src/shared/model/ids.ts';
import { anItem } from '../support.ts';

const ITEMS = [
  anItem('tmux:1'),
  anItem('tmux:2'),
  anItem('firefox:1', { kind: 'tab' }),
  anItem('claude-code:1', { kind: 'conversation' }),
  anItem('git:/a', { kind: 'repository' }),
];

const step = (key: string, status: RestoreStepView['status'], action = 'open-pane'): RestoreStepView => ({
  key: parseItemKey(key),
  action,
  status,
  detail: '',
});

describe('firstSelection()', () => {
  it('ticks what is safe', () => {
    expect([...firstSelection(ITEMS, [])]).toEqual(['tmux:1', 'tmux:2', 'firefox:1']);
  });

  it('ticks exactly what is named, by key, kind or source', () => {
    expect([...firstSelection(ITEMS, ['git:/a'])]).toEqual(['git:/a']);
    expect([...firstSelection(ITEMS, ['conversation', 'tmux'])]).toEqual(['tmux:1', 'tmux:2', 'claude-code:1']);
  });

  it('ticks what is safe where nothing is called so', () => {
    expect(firstSelection(ITEMS, ['git:/gone']).size).toBe(3);
  });
});

describe('tickOf() and toggle()', () => {
  it('go from some to all to none', () => {
    const some = new Set(['tmux:1']);
    const all = toggle(ITEMS, some);

    expect(tickOf(ITEMS, some)).toBe('indeterminate');
    expect(tickOf(ITEMS, all)).toBe(true);
    expect(tickOf(ITEMS, toggle(ITEMS, all))).toBe(false);
    expect(countByKind(ITEMS, all)).toEqual([
      ['terminal', 2],
      ['tab', 1],
      ['conversation', 1],
      ['repository', 1],
    ]);
  });

  it('leave other items alone', () => {
    expect([...toggle(ITEMS.slice(0, 1), new Set(['git:/a']))]).toEqual(['git:/a', 'tmux:1']);
  });
});

describe('steps', () => {
  it('are told in words', () => {
    expect(actionWords('resume-conversation')).toBe('Resume conversation');
    expect(countWords([step('tmux:1', 'done'), step('tmux:2', 'failed'), step('tmux:3', 'done')])).toBe(
      '2 done, 1 failed',
    );
    expect(countWords([])).toBe('nothing to do');
    expect(groupSteps([step('tmux:1', 'done'), step('tmux:2', 'failed')]).map(({ status }) => status)).toEqual([
      'failed',
      'done',
    ]);
  });

  it('are skipped where the restore ended before them', () => {
    expect(leaveOut([step('tmux:1', 'done'), step('tmux:2', 'planned')]).map(({ status }) => status)).toEqual([
      'done',
      'skipped',
    ]);
  });

  it('take the place of what was planned, by item and action', () => {
    const planned = [step('tmux:1', 'planned'), step('tmux:1', 'planned', 'run'), step('tmux:2', 'planned')];
    const told = [step('tmux:1', 'failed', 'run'), step('tmux:2', 'done', 'undo'), step('tmux:9', 'done')];

    expect(mergeSteps(planned, told)).toEqual([
      step('tmux:1', 'planned'),
      step('tmux:1', 'failed', 'run'),
      step('tmux:2', 'done', 'undo'),
      step('tmux:9', 'done'),
    ]);
  });
});
