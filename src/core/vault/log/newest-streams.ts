// The streams of the newest snapshot, as hints of sources speak of them.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { KnownContent } from './save-snapshot.ts';
import type { VaultState } from './vault-state.ts';

export interface NewestStream {
  readonly key: ItemKey;
  readonly stream: string;
  readonly sizeBytes: number;
}

export function listNewestStreams(state: VaultState): NewestStream[] {
  return [...state.latest.manifest.values()].flatMap(({ key, streams }) =>
    streams.map(({ name, sizeBytes }) => ({ key, stream: name, sizeBytes })),
  );
}

/** Puts the content ids of these streams in the place of what was known. */
export function learnNewest(state: VaultState, knowledge: KnownContent): void {
  knowledge.clear();
  for (const { key, streams } of state.latest.manifest.values()) {
    if (streams.length > 0) knowledge.set(key, new Map(streams.map(({ name, contentId }) => [name, contentId])));
  }
}
