// What the vault has of a conversation outlives its origin: a transcript or a part of one that the tool has deleted stays.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { CaptureContext, PreviousItem } from '../source.ts';

/** Attributes of a running process and of the terminal that it runs in. */
const LIVE_ATTRIBUTES = new Set(['pid', 'procStart', 'tty', 'status', 'terminal', 'terminalNote']);

/** A conversation whose origin is gone: what the vault has of it stays, and is said to be the only copy. */
export function keptItem(
  context: Pick<CaptureContext, 'known'>,
  item: PreviousItem,
  source: CapturedItem['source'],
): CapturedItem {
  const attributes = Object.fromEntries(Object.entries(item.attributes).filter(([name]) => !LIVE_ATTRIBUTES.has(name)));
  return {
    key: item.key,
    kind: 'conversation',
    source,
    group: item.group,
    title: item.title,
    attributes: { ...attributes, isLive: false, isOriginGone: true },
    streams: item.streams.map(({ name, kind }) => ({
      name,
      kind,
      version: context.known(item.key, name)?.version ?? '',
      content: { type: 'unchanged' },
    })),
  };
}

/** The streams of the newest snapshot that were not read now (deleted, or not readable): what the vault has of them stays. */
export function keptStreams(
  context: Pick<CaptureContext, 'known'>,
  key: ItemKey,
  previous: PreviousItem | undefined,
  read: readonly CapturedStream[],
): CapturedStream[] {
  const names = new Set(read.map(({ name }) => name));
  return (previous?.streams ?? [])
    .filter(({ name }) => !names.has(name))
    .flatMap(({ name, kind }): CapturedStream[] => {
      const known = context.known(key, name);
      return known === undefined ? [] : [{ name, kind, version: known.version, content: { type: 'unchanged' } }];
    });
}
