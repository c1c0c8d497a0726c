// All that was captured as texts, each once, for whoever looks through everything: contents of chunks, then facts and lines that span
// chunks, as the index keeps them. And where a run of bytes in one of them stood.

import type { VaultState } from '../log/vault-state.ts';
import type { CapturedText, TextPage, TextPlace, TextSpot } from '../vault-texts.ts';
import { PlaceFinder, type PlaceFilter } from './places.ts';
import { isBinary } from './searchable-text.ts';
import type { Segment } from './segment.ts';

const PAGE_ROWS = 64;
const FINGERPRINT_BYTES = 6;
const ALL: PlaceFilter = {
  kinds: new Set(),
  sources: new Set(),
  projects: new Set(),
  sinceMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
};

/** The texts after a position, of about so many bytes. @param after null for the first */
export function listTexts(
  state: VaultState,
  segments: readonly Segment[],
  after: string | null,
  maxBytes: number,
): TextPage {
  const [phase = 'chunks', number = '0'] = (after ?? 'chunks 0').split(' ');
  return phase === 'chunks'
    ? listChunks(state, Number(number), maxBytes)
    : listKept(state.head.nextRecordId, segments, Number(number), maxBytes);
}

function listChunks(state: VaultState, after: number, maxBytes: number): TextPage {
  const texts: CapturedText[] = [];
  let bytes = 0;
  let last = after;
  const total = state.head.nextRecordId;
  for (;;) {
    const facts = state.read.chunks.listFactsAfter(last, PAGE_ROWS);
    for (const { recordId } of facts) {
      last = recordId;
      const content = readOrNothing(state, recordId);
      if (content.length === 0 || isBinary(content)) continue;
      texts.push({ anchor: recordId, bytes: Uint8Array.from(content), type: 'content' });
      bytes += content.length;
      if (bytes >= maxBytes) return { texts, next: `chunks ${last}`, position: last, total };
    }
    if (facts.length === 0) return { texts, next: 'kept 0', position: last, total };
  }
}

function listKept(total: number, segments: readonly Segment[], after: number, maxBytes: number): TextPage {
  const texts: CapturedText[] = [];
  let bytes = 0;
  let number = 0;
  for (const segment of segments) {
    for (let at = 0; at < segment.documentCount; at += 1) {
      const document = segment.document(at);
      if (document.inline < 0) continue;
      number += 1;
      if (number <= after) continue;
      const text = Uint8Array.from(Buffer.from(segment.inlineText(document.inline), 'utf8'));
      texts.push({ anchor: document.anchor, bytes: text, type: document.chunk === 0 ? 'fact' : 'border' });
      bytes += text.length;
      if (bytes >= maxBytes) return { texts, next: `kept ${number}`, position: total, total };
    }
  }
  return { texts, next: null, position: total, total };
}

/** Where each of some runs of bytes stood; those that no snapshot holds any more stood nowhere. */
export function placesOf(
  state: VaultState,
  segments: readonly Segment[],
  spots: readonly Omit<TextSpot, 'bytes'>[],
): TextPlace[][] {
  const { index } = state;
  const finder = new PlaceFinder(state, segments);
  return spots.map(({ anchor, start, end }) => {
    const places = anchor < 0 ? finder.find(anchor, 0, 1, ALL) : finder.find(anchor, start, end, ALL);
    return places.map(({ item, where, first, last }) => ({
      key: item.key,
      kind: item.kind,
      source: item.source,
      title: item.title,
      where,
      firstSeenMs: index.timeAt(first),
      lastSeenMs: index.timeAt(last),
      isThereNow: last === index.count - 1,
    }));
  });
}

/** Names of values that tell equal ones, and nothing else to whoever does not have the keys. */
export function fingerprintsOf({ keys }: VaultState, values: readonly Uint8Array[]): string[] {
  const label = Buffer.from('fingerprint');
  return values.map((value) => keys.contentId(label, value).toString('hex', 0, FINGERPRINT_BYTES));
}

function readOrNothing(state: VaultState, recordId: number): Buffer {
  try {
    return state.store.readOnce(recordId);
  } catch {
    return Buffer.alloc(0); // damaged: verification tells of it
  }
}
