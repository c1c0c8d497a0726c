// Items as the API gives them.

import type { ItemView } from '../../src/shared/contract/schemas.ts';
import { parseItemKey, parseSourceId } from '../../src/shared/model/ids.ts';

export function anItem(key: string, overrides: Partial<ItemView> = {}): ItemView {
  return {
    key: parseItemKey(key),
    kind: 'terminal',
    source: parseSourceId(key.slice(0, key.indexOf(':'))),
    group: 'g',
    title: key,
    attributes: {},
    streams: [],
    stale: false,
    ...overrides,
  };
}
