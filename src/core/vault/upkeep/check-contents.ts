// Whether many contents are what their ids say: the second thread takes as much of it as it can, this one the rest.

import type { BoxHeader } from '../../crypto/box.ts';
import { decodeChunkPayload, MAX_CONTENT_BYTES } from '../content/chunk-store.ts';
import { releaseOwner } from '../../../shared/memory/release.ts';
import type { VaultState } from '../log/vault-state.ts';

/** What is on its way to the second thread at most: enough for it to have work while this one reads. */
const MAX_BATCHES = 3;

export interface OpenedChunk {
  readonly header: BoxHeader;
  readonly payload: Buffer;
  /** What its content must have as its id. */
  readonly contentId: Buffer;
}

export class ContentCheck {
  readonly #state: VaultState;
  #batches = 0;

  constructor(state: VaultState) {
    this.#state = state;
  }

  /** For each, whether it decodes to what its id says. The payloads are gone afterwards. */
  async check(chunks: readonly OpenedChunk[]): Promise<boolean[]> {
    const ids = this.#batches < MAX_BATCHES ? await this.#askHelper(chunks) : null;
    const found = chunks.map((chunk, at) => {
      const id = ids === null ? this.#identify(chunk) : (ids[at] ?? null);
      return id !== null && chunk.contentId.equals(id);
    });
    for (const { payload } of chunks) releaseOwner(payload);
    return found;
  }

  async #askHelper(chunks: readonly OpenedChunk[]): Promise<readonly Uint8Array[] | null> {
    const { helper, keys } = this.#state;
    this.#batches += 1;
    try {
      const asked = chunks.map(({ header, payload }) => ({ codec: header.codec, payload }));
      return await helper.identify(asked, MAX_CONTENT_BYTES, keys.contentIdKey());
    } finally {
      this.#batches -= 1;
    }
  }

  #identify({ header, payload }: OpenedChunk): Buffer | null {
    try {
      const content = decodeChunkPayload(header, payload);
      const id = this.#state.keys.contentId(content);
      if (content !== payload) releaseOwner(content);
      return id;
    } catch {
      return null; // it authenticated but does not decode: damaged all the same
    }
  }
}
