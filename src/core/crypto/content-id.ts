// The keyed id of a content (V9), apart from the key tree: the helper thread computes ids too, and is given this one key and no other.

import { createHmac, type KeyObject } from 'node:crypto';

const CONTENT_ID_BYTES = 16;

/** What ids are made with. It opens nothing; whoever has it can tell whether a content that they guess is stored. */
export type ContentIdKey = KeyObject;

/** Equal contents have equal ids, and nobody without the key can tell of what. */
export function contentIdOf(key: ContentIdKey, parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, CONTENT_ID_BYTES);
}
