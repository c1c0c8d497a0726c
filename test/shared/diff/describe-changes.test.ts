import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeChange, describeChanges, type ToldItem } from '../../../src/shared/diff/describe-changes.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { ITEM_KINDS } from '../../../src/shared/model/item.ts';

function item(overrides: Partial<ToldItem> = {}): ToldItem {
  return {
    kind: 'tab',
    source: parseSourceId('firefox'),
    title: 'a',
    attributes: {},
    stale: false,
    streams: [],
    ...overrides,
  };
}

const nothing = { added: [], removed: [], changed: [] };

describe('describeChanges()', () => {
  it('tells one thing by name and several by number', () => {
    expect(describeChanges({ ...nothing, added: [item({ title: 'Docs' })] })).toEqual(['tab “Docs” opened']);
    expect(describeChanges({ ...nothing, added: [item(), item(), item()] })).toEqual(['3 tabs opened']);
    expect(describeChanges({ ...nothing, removed: [item({ kind: 'terminal', title: 'x' })] })).toEqual([
      'terminal “x” closed',
    ]);
    expect(describeChanges(nothing)).toEqual([]);
  });

  it('tells a conversation by its new messages and a repository by its lines', () => {
    const claude = (messageCount: number) =>
      item({
        kind: 'conversation',
        source: parseSourceId('claude-code'),
        title: 'fix login',
        attributes: { messageCount },
      });
    const api = (linesAdded: number, linesRemoved: number) =>
      item({ kind: 'repository', title: 'api (main)', attributes: { path: '/code/api', linesAdded, linesRemoved } });
    const changed = [
      { before: api(1, 0), after: api(120, 4) },
      { before: claude(3), after: claude(5) },
    ];
    expect(describeChanges({ ...nothing, changed })).toEqual(['Claude: fix login, 2 new messages', 'api: +120 -4']);
  });

  it('tells what a terminal does now', () => {
    const pane = (attributes: ToldItem['attributes'], sizeBytes = 0) =>
      item({ kind: 'terminal', title: 'p', attributes, streams: [{ name: 'scrollback', sizeBytes }] });
    expect(describeChange(pane({}), pane({ argv: ['npm', 'test'] }))).toBe('started “npm test”');
    expect(describeChange(pane({ argv: ['npm', 'test'] }), pane({}))).toBe('“npm test” ended');
    expect(describeChange(pane({ cwd: '/a' }), pane({ cwd: '/a/b' }))).toBe('went to “b”');
    expect(describeChange(pane({}, 1), pane({}, 2))).toBe('output in “p”');
    expect(describeChange(pane({}), pane({}))).toBe('');
  });

  it('tells the history of a shell by its commands, never as a terminal that opens or closes', () => {
    const history = (commands: number) =>
      item({ kind: 'terminal', title: 'bash history, api', attributes: { isHistory: true, commands } });
    const changed = [{ before: history(3), after: history(5) }];
    expect(describeChanges({ added: [history(1)], removed: [history(9)], changed })).toEqual([
      '2 commands in “bash history, api”',
      '1 command in “bash history, api”',
    ]);
    expect(describeChange(history(5), history(5))).toBe('');
  });

  it('tells of a file that its text changed or was saved, not that the cursor moved', () => {
    const file = (attributes: ToldItem['attributes']) => item({ kind: 'document', title: 'a.ts', attributes });
    const saved = file({ line: 1, isModified: false });
    const unsaved = file({ line: 1, isModified: true, textId: 'x' });
    expect(describeChange(saved, unsaved)).toBe('a.ts edited');
    expect(describeChange(unsaved, file({ isModified: true, textId: 'y' }))).toBe('a.ts edited');
    expect(describeChange(unsaved, saved)).toBe('a.ts saved');
    expect(describeChange(unsaved, file({ line: 9, isModified: true, textId: 'x' }))).toBe('');
    expect(describeChange(saved, file({ line: 9 }))).toBe('');
  });

  it('says what could not be read, and what can be read again', () => {
    const before = item();
    const after = item({ stale: true });
    expect(describeChanges({ ...nothing, changed: [{ before, after }] })).toEqual(['1 tab could not be read']);
    expect(describeChanges({ ...nothing, changed: [{ before: after, after: before }] })).toEqual([
      '1 tab could be read again',
    ]);
  });

  it('is total, short and on one line, whatever was captured', () => {
    const any = fc.record({
      kind: fc.constantFrom(...ITEM_KINDS),
      title: fc.string({ unit: 'binary' }),
      attributes: fc.dictionary(
        fc.constantFrom('argv', 'cwd', 'path', 'branch', 'linesAdded', 'messageCount'),
        fc.jsonValue(),
      ),
      stale: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(any, any), { maxLength: 6 }), fc.array(any, { maxLength: 6 }), (pairs, added) => {
        const told = (overrides: (typeof added)[number]): ToldItem => item(overrides);
        const words = describeChanges({
          added: added.map(told),
          removed: [],
          changed: pairs.map(([before, after]) => ({
            before: told(before),
            after: told({ ...after, kind: before.kind }),
          })),
        });
        for (const phrase of words) {
          expect(phrase.length).toBeLessThan(200);
          // oxlint-disable-next-line no-control-regex -- these are what must not be there
          expect(phrase).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        }
      }),
    );
  });
});
