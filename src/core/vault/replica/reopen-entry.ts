// An own entry back as what it says, so that it can be signed again in another place.

import { parseBody, parseSignedPart, type WireEntry } from '../../../shared/replication/entry.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { openEvents, type EntryPlace } from './events.ts';
import type { Draft } from './draft.ts';

/** Null where it makes no sense, or is not the one that stood there. */
export function reopenEntry(keys: KeyTree, place: Omit<EntryPlace, 'previousHash'>, entry: WireEntry): Draft | null {
  const part = parseSignedPart(entry.signedBytes);
  if (part === null) return null;
  // Whoever began the epoch, it is begun once.
  const kind = part.kind === 'epoch' ? 'operation' : part.kind;
  const { retires, previousHash } = part;
  // Retired before it was sent: its place stays, and says nothing.
  if (entry.bodyBytes === null) return { kind, events: [], requires: [], retires };
  const body = parseBody(entry.bodyBytes);
  const opened = body === null ? null : openEvents(keys, { ...place, previousHash }, body.payload);
  return body === null || opened === null ? null : { kind, events: opened.events, requires: body.requires, retires };
}
