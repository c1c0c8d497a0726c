import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { diffItems } from '../../../src/shared/diff/diff-items.ts';
import { parseItemKey, parseSourceId } from '../../../src/shared/model/ids.ts';
import type { SnapshotItem, StoredStream } from '../../../src/shared/model/item.ts';

const SOURCE = parseSourceId('tmux');

function anItem(name: string, overrides: Partial<SnapshotItem> = {}): SnapshotItem {
  return {
    key: parseItemKey(`tmux:${name}`),
    kind: 'terminal',
    source: SOURCE,
    group: 'default',
    title: name,
    attributes: {},
    streams: [],
    stale: false,
    ...overrides,
  };
}

function aStream(overrides: Partial<StoredStream> = {}): StoredStream {
  return { name: 'scrollback', kind: 'ring', sizeBytes: 5, contentId: 'one', ...overrides };
}

const attributes = fc.dictionary(fc.constantFrom('cwd', 'argv', 'size'), fc.jsonValue({ maxDepth: 2 }));
const item = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    title: fc.constantFrom('x', 'y'),
    stale: fc.boolean(),
    attributes,
    contentIds: fc.uniqueArray(fc.constantFrom('one', 'two', 'three'), { maxLength: 2 }),
  })
  .map(({ name, contentIds, ...rest }) =>
    anItem(name, {
      ...rest,
      attributes: JSON.parse(JSON.stringify(rest.attributes)),
      streams: contentIds.map((contentId, at) => aStream({ name: `stream-${at}`, contentId })),
    }),
  );
const items = fc.uniqueArray(item, { selector: ({ key }) => key });

describe('diffItems()', () => {
  it('finds nothing between a list and itself', () => {
    fc.assert(
      fc.property(items, (list) => {
        expect(diffItems(list, structuredClone(list))).toEqual({ added: [], removed: [], changed: [] });
      }),
    );
  });

  it('leads from one list to the other', () => {
    fc.assert(
      fc.property(items, items, (before, after) => {
        const { added, removed, changed } = diffItems(before, after);
        const reached = new Map(before.map((one) => [one.key, one]));
        for (const { key } of removed) reached.delete(key);
        for (const one of [...added, ...changed.map((change) => change.after)]) reached.set(one.key, one);

        expect(new Map(reached)).toEqual(new Map(after.map((one) => [one.key, one])));
      }),
    );
  });

  it('swaps what was added and removed when it is turned around', () => {
    fc.assert(
      fc.property(items, items, (before, after) => {
        const there = diffItems(before, after);
        const back = diffItems(after, before);

        expect([back.removed, back.added]).toEqual([there.added, there.removed]);
        expect(new Set(back.changed.map((change) => change.after.key))).toEqual(
          new Set(there.changed.map((change) => change.after.key)),
        );
      }),
    );
  });

  it('says what about an item changed', () => {
    const before = anItem('a', {
      attributes: { cwd: '/a', argv: ['vim', { x: 1, y: 2 }], gone: 1 },
      streams: [aStream()],
    });
    const after = anItem('a', {
      title: 'new',
      stale: true,
      attributes: { cwd: '/b', argv: ['vim', { y: 2, x: 1 }], gone: undefined },
      streams: [aStream({ contentId: 'two' }), aStream({ name: 'screen', sizeBytes: 9 })],
    });

    expect(diffItems([before], [after]).changed).toMatchObject([
      {
        attributes: ['cwd', 'gone'],
        isRenamed: true,
        isStaleChanged: true,
        streams: [
          { name: 'scrollback', sizeBytesBefore: 5, sizeBytesAfter: 5 },
          { name: 'screen', sizeBytesBefore: 0, sizeBytesAfter: 9 },
        ],
      },
    ]);
  });
});
