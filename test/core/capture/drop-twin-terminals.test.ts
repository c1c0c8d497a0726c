import { describe, expect, it } from 'vitest';

import { dropTwinTerminals } from '../../../src/core/capture/drop-twin-terminals.ts';
import { parseItemKey, parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem, ItemKind } from '../../../src/shared/model/item.ts';

function anItem(key: string, tty?: string, kind: ItemKind = 'terminal'): CapturedItem {
  const source = parseSourceId(key.split(':')[0] ?? '');
  const attributes = tty === undefined ? {} : { tty };
  return { key: parseItemKey(key), kind, source, group: '', title: key, attributes, streams: [] };
}

describe('dropTwinTerminals()', () => {
  it('keeps the first source’s item of each device, all that it has of it, and everything that is no terminal', () => {
    const items = [
      anItem('tmux:a:0.0', '/dev/pts/1'),
      anItem('tmux:b:0.0', '/dev/pts/1'),
      anItem('kitty:1', '/dev/pts/2'),
      anItem('shell:pts/1', '/dev/pts/1'),
      anItem('shell:pts/2', '/dev/pts/2'),
      anItem('shell:pts/3', '/dev/pts/3'),
      anItem('shell:x'),
      anItem('shell:y', ''),
      anItem('claude-code:1', '/dev/pts/2', 'conversation'),
    ];

    expect(dropTwinTerminals(items).map(({ key }) => key)).toEqual(
      items.map(({ key }) => key).filter((key) => key !== 'shell:pts/1' && key !== 'shell:pts/2'),
    );
  });

  it('keeps the history of a shell beside the terminal that it tells of', () => {
    const history = anItem('shell-history:1', '/dev/pts/1');
    const items = [
      anItem('tmux:a:0.0', '/dev/pts/1'),
      { ...history, attributes: { tty: '/dev/pts/1', isHistory: true } },
    ];

    expect(dropTwinTerminals(items)).toEqual(items);
  });
});
