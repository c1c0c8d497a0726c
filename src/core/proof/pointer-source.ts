// A source of one document: it points the git source at the scratch repository, as an open editor would.

import { parseItemKey, parseSourceId } from '../../shared/model/ids.ts';
import type { Source } from '../sources/source.ts';

const POINTER = parseSourceId('pointer');

export function createPointerSource(path: string): Source {
  return {
    id: POINTER,
    title: 'Scratch pointer',
    kinds: ['document'],
    readsPaths: false,
    detect: async () => ({ isPresent: true, summary: 'one scratch file' }),
    capture: async () => ({
      items: [
        {
          key: parseItemKey('pointer:file'),
          kind: 'document',
          source: POINTER,
          group: 'scratch',
          title: 'scratch file',
          attributes: { path },
          streams: [],
        },
      ],
      problems: [],
      closed: [],
    }),
    planRestore: async (items) =>
      items.map(({ key }) => ({
        key,
        source: POINTER,
        action: 'open',
        status: 'skipped',
        detail: 'Nothing to open.',
        payload: null,
      })),
    // Every step is skipped in the plan: there is nothing to carry out.
    // oxlint-disable-next-line require-yield -- as said above
    async *applyRestore() {
      return;
    },
    undoRestore: async (result) => result,
  };
}
