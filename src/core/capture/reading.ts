// What came of asking one source, whether it answered or not.

import { AppError } from '../../shared/model/app-error.ts';
import type { ItemKey } from '../../shared/model/ids.ts';
import type { CapturedItem } from '../../shared/model/item.ts';
import type { GapReason } from '../../shared/model/snapshot.ts';
import type { Source, SourceCapture, SourceProblem } from '../sources/source.ts';

export type Reading =
  | { readonly source: Source; readonly status: 'read'; readonly capture: SourceCapture }
  | {
      readonly source: Source;
      readonly status: 'unread';
      readonly reason: Extract<GapReason, 'timeout' | 'failed' | 'unreadable'>;
      readonly message: string;
    };

/** Attributes of one item are small facts; what is larger belongs into a stream. */
const MAX_ATTRIBUTES_CHARACTERS = 64 * 1024;
const MAX_TITLE_CHARACTERS = 1_000;
const MAX_ITEMS = 20_000;

/** What an error of a source's capture means for the snapshot. Errors of other kinds than ours give only their name away. */
export function unreadBecause(source: Source, error: unknown): Reading {
  if (!(error instanceof AppError)) {
    const name = error instanceof Error ? error.name : typeof error;
    return { source, status: 'unread', reason: 'failed', message: `${source.title} ended with an unexpected ${name}.` };
  }
  const isTimeout = error.code === 'SOURCE_TIMEOUT' || error.code === 'EXEC_TIMEOUT';
  const otherwise = error.code === 'SOURCE_UNREADABLE' ? 'unreadable' : 'failed';
  return { source, status: 'unread', reason: isTimeout ? 'timeout' : otherwise, message: error.message };
}

/**
 * Holds a source to its contract: what breaks it is left out and said, so that one bad item costs no other. Keys are unique and
 * begin with the source's id, attributes are small, the content of all streams fits the cap.
 */
export function checkCapture(source: Source, capture: SourceCapture, maxBytes: number): SourceCapture {
  const problems: SourceProblem[] = [...capture.problems];
  const keys = new Set<ItemKey>();
  const items: CapturedItem[] = [];
  let bytes = 0;
  for (const item of capture.items.slice(0, MAX_ITEMS)) {
    const refusal = refuseItem(source, item, keys);
    const size = contentBytes(item);
    if (refusal !== null) {
      problems.push(refusal);
    } else if (bytes + size > maxBytes) {
      const message = `"${shorten(item.title)}" was left out: ${source.title} may hand over ${maxBytes} bytes at once.`;
      problems.push({ reason: 'too-large', key: item.key, message });
    } else {
      bytes += size;
      keys.add(item.key);
      items.push(item.title.length > MAX_TITLE_CHARACTERS ? { ...item, title: shorten(item.title) } : item);
    }
  }
  if (capture.items.length > MAX_ITEMS) {
    problems.push({
      reason: 'too-large',
      message: `${source.title} has more than ${MAX_ITEMS} items; the rest is left out.`,
    });
  }
  return { items, problems, closed: capture.closed };
}

function refuseItem(source: Source, item: CapturedItem, keys: ReadonlySet<ItemKey>): SourceProblem | null {
  if (item.source !== source.id || !item.key.startsWith(`${source.id}:`)) {
    return { reason: 'failed', message: `${source.title} gave an item under another source's name; it is left out.` };
  }
  if (keys.has(item.key)) {
    return {
      reason: 'failed',
      key: item.key,
      message: `${source.title} gave two items the same key; the first is kept.`,
    };
  }
  if (!hasSmallAttributes(item)) {
    return {
      reason: 'too-large',
      key: item.key,
      message: `"${shorten(item.title)}" was left out: its facts are too large.`,
    };
  }
  return null;
}

function hasSmallAttributes({ attributes }: CapturedItem): boolean {
  try {
    return JSON.stringify(attributes).length <= MAX_ATTRIBUTES_CHARACTERS;
  } catch {
    // A cycle or a bigint: no JSON, so it cannot be stored either.
    return false;
  }
}

function contentBytes(item: CapturedItem): number {
  return item.streams.reduce((sum, { content }) => sum + (content.type === 'unchanged' ? 0 : content.bytes.length), 0);
}

function shorten(title: string): string {
  return title.slice(0, MAX_TITLE_CHARACTERS);
}
