// Stored items for previews, without a vault.

import type { PreviewContext } from '../../src/core/sources/source.ts';
import { previewSchema, type Preview } from '../../src/shared/contract/schemas.ts';
import type { SnapshotItem } from '../../src/shared/model/item.ts';
import { key, TMUX, utf8 } from './captures.ts';

export function aStoredItem(overrides: Partial<SnapshotItem> = {}): SnapshotItem {
  return {
    key: key('tmux:an-item'),
    kind: 'terminal',
    source: TMUX,
    group: 'g',
    title: 'an item',
    attributes: {},
    streams: [],
    stale: false,
    ...overrides,
  };
}

/** Previews an item that has these streams, and checks the shape of the answer. */
export async function previewWith<Result extends Preview>(
  preview: (item: SnapshotItem, context: PreviewContext) => Promise<Result>,
  overrides: Partial<SnapshotItem>,
  streams: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
  window: Partial<Pick<PreviewContext, 'firstIndex' | 'limit' | 'lines'>> = {},
): Promise<Result> {
  const names = Object.keys(streams);
  const item = aStoredItem({
    streams: names.map((name) => ({ name, kind: 'blob', sizeBytes: 1, contentId: name })),
    ...overrides,
  });
  const shown = await preview(item, {
    limit: 50,
    ...window,
    readStream: async (name) => {
      const content = streams[name];
      if (content === undefined) throw new Error(`there is no stream ${name}`);
      return typeof content === 'string' ? utf8(content) : content;
    },
  });
  previewSchema.parse(shown);
  return shown;
}
