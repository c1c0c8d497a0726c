// The newest snapshot as captures need it: read once, then followed from what this process saves itself.

import type { SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem, StoredStream } from '../../shared/model/item.ts';
import type { Gap } from '../../shared/model/snapshot.ts';
import type { SaveRequest, SaveResult, Vault } from '../vault/vault.ts';

export type NewestItem = Pick<SnapshotItem, 'key' | 'kind' | 'source' | 'group' | 'title' | 'attributes' | 'stale'> & {
  readonly streams: readonly Pick<StoredStream, 'name' | 'kind'>[];
};

export interface NewestState {
  /** Null while the vault is empty. */
  readonly id: SnapshotId | null;
  readonly items: readonly NewestItem[];
  readonly gaps: readonly Gap[];
}

const EMPTY: NewestState = { id: null, items: [], gaps: [] };

export class NewestSnapshot {
  readonly #vault: Pick<Vault, 'listSnapshots' | 'readSnapshot'>;
  #state: NewestState = EMPTY;

  constructor(vault: Pick<Vault, 'listSnapshots' | 'readSnapshot'>) {
    this.#vault = vault;
  }

  /** The newest snapshot, read anew only where another process has saved one in between. */
  async read(): Promise<NewestState> {
    const [summary] = await this.#vault.listSnapshots({ limit: 1 });
    if (summary === undefined) return EMPTY;
    if (summary.id !== this.#state.id) {
      const { id, itemList, gapList } = await this.#vault.readSnapshot(summary.id);
      this.#state = { id, items: itemList, gaps: gapList };
    }
    return this.#state;
  }

  /** Follows a save. Where the vault stored something else than was asked, the snapshot is read at the next capture. */
  follow(request: SaveRequest, carried: readonly NewestItem[], result: SaveResult): void {
    if (result.leftOut.length > 0 || result.needsWhole.length > 0) {
      this.#state = EMPTY;
      return;
    }
    const items = [
      ...request.items.map((item) => ({ ...item, stale: false })),
      ...carried.map((item) => ({ ...item, stale: true })),
    ];
    this.#state = { id: result.summary.id, items: items.map(withoutContent), gaps: request.gaps };
  }
}

/** Contents must not be held: they belong to the vault now. */
function withoutContent({ key, kind, source, group, title, attributes, stale, streams }: NewestItem): NewestItem {
  return {
    key,
    kind,
    source,
    group,
    title,
    attributes,
    stale,
    streams: streams.map((stream) => ({ name: stream.name, kind: stream.kind })),
  };
}
