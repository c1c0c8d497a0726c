// Looks for a text in all that was ever captured: first in titles and facts through the history, then in contents, the newest first.
// Each different entry and each different content is looked at once. Works in slices, so that captures go on, and within a budget.

import { setImmediate } from 'node:timers/promises';

import type { SnapshotId } from '../../../shared/model/ids.ts';
import { toPlainLine } from '../../../shared/text/sanitize-text.ts';
import { readOneOfManyStreams } from '../content/stream-reader.ts';
import type { SearchMatch, SearchQuery } from '../vault.ts';
import { toSnapshotItem, type ItemEntry, type StreamEntry } from './manifest.ts';
import type { VaultState } from './vault-state.ts';

const MAX_SNAPSHOTS = 20_000;
const SLICE = 64;
const MAX_STREAM_BYTES = 32 * 1024 * 1024;
const MAX_HITS_PER_STREAM = 3;
const MAX_RECORD_CHARACTERS = 1024 * 1024;
/** Characters shown before and after a hit. */
const AROUND = 90;

interface Place {
  readonly entry: ItemEntry;
  readonly snapshotId: SnapshotId;
  readonly takenAtMs: number;
}

export async function searchHistory(
  state: VaultState,
  query: SearchQuery,
): Promise<{ readonly matches: readonly SearchMatch[]; readonly isComplete: boolean }> {
  const deadlineMs = performance.now() + query.budgetMs;
  const needle = query.text.toLowerCase();
  const matches: SearchMatch[] = [];
  const places: Place[] = [];
  const isLate = (): boolean => performance.now() > deadlineMs || matches.length >= query.limit;
  let isComplete = true;

  const seen = new Set<ItemEntry>();
  const seenFacts = new Set<string>();
  const end = Math.max(0, state.index.count - MAX_SNAPSHOTS);
  for (let at = state.index.count - 1; at >= end; at -= 1) {
    if ((state.index.count - at) % SLICE === 0) await setImmediate();
    if (isLate()) return { matches, isComplete: false };
    for (const entry of entriesAt(state, at)) {
      if (seen.has(entry)) continue;
      seen.add(entry);
      if (query.kinds !== undefined && query.kinds.length > 0 && !query.kinds.includes(entry.kind)) continue;
      const place = { entry, snapshotId: state.index.idAt(at), takenAtMs: state.index.timeAt(at) };
      places.push(place);
      // The same fact of the same item is told once, at its newest.
      const match = findInFacts(place, needle);
      const told = match === null ? '' : `${entry.key}\n${match.where}\n${match.line}`;
      if (match !== null && !seenFacts.has(told)) matches.push(match);
      seenFacts.add(told);
      if (matches.length >= query.limit) return { matches, isComplete: false };
    }
  }
  if (end > 0) isComplete = false;

  const read = new Set<string>();
  for (const place of places) {
    for (const stream of place.entry.streams) {
      if (read.has(stream.contentId) || stream.sizeBytes > MAX_STREAM_BYTES) continue;
      read.add(stream.contentId);
      if (isLate()) return { matches, isComplete: false };
      matches.push(...(await findInStream(state, place, stream, needle)));
      await setImmediate();
    }
  }
  return { matches: matches.slice(0, query.limit), isComplete: isComplete && matches.length <= query.limit };
}

function entriesAt(state: VaultState, at: number): Iterable<ItemEntry> {
  try {
    return state.readSnapshot(state.index.sequenceAt(at)).manifest.values();
  } catch {
    return []; // damaged: verification tells of it
  }
}

function findInFacts({ entry, snapshotId, takenAtMs }: Place, needle: string): SearchMatch | null {
  // The facts as one text decide quickly; JSON escapes could hide a hit in rare characters only.
  if (!entry.facts.toLowerCase().includes(needle)) return null;
  const facts: [string, string][] = [['title', entry.title]];
  collectTexts(entry.attributes, '', facts);
  for (const [where, text] of facts) {
    const from = text.toLowerCase().indexOf(needle);
    if (from >= 0)
      return { item: toSnapshotItem(entry), snapshotId, takenAtMs, where, lineNumber: 1, ...cut(text, from, needle) };
  }
  return null;
}

function collectTexts(value: unknown, name: string, into: [string, string][]): void {
  if (typeof value === 'string') into.push([name, value]);
  else if (Array.isArray(value)) {
    if (value.every((element) => typeof element === 'string')) into.push([name, value.join(' ')]);
    else for (const element of value) collectTexts(element, name, into);
  } else if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value)) collectTexts(inner, member, into);
}

async function findInStream(
  state: VaultState,
  { entry, snapshotId, takenAtMs }: Place,
  stream: StreamEntry,
  needle: string,
): Promise<SearchMatch[]> {
  let text: string;
  try {
    const bytes = await readOneOfManyStreams(state.store, stream);
    text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  } catch {
    return []; // damaged: verification tells of it
  }
  const lower = text.toLowerCase();
  const found: SearchMatch[] = [];
  let line = 1;
  let counted = 0;
  // Lower case may be longer than the text itself in some scripts: then positions would not fit, and the line is told as a whole.
  for (let at = lower.indexOf(needle); at >= 0 && found.length < MAX_HITS_PER_STREAM; at = lower.indexOf(needle, at)) {
    for (let end = lower.indexOf('\n', counted); end >= 0 && end < at; end = lower.indexOf('\n', counted)) {
      counted = end + 1;
      line += 1;
    }
    const start = lower.lastIndexOf('\n', at) + 1;
    const stop = lower.indexOf('\n', at);
    const whole = text.slice(start, stop < 0 ? undefined : stop);
    const told = textOfRecord(whole, needle);
    const lineText = told ?? whole;
    const hitAt = told === null ? at - start : told.toLowerCase().indexOf(needle);
    found.push({
      item: toSnapshotItem(entry),
      snapshotId,
      takenAtMs,
      where: stream.name,
      lineNumber: line,
      ...cut(lineText, hitAt, needle),
    });
    at = stop < 0 ? lower.length : stop;
  }
  return found;
}

/** Transcripts are lines of JSON: a hit in one is told as the text that holds it. Null for any other line, or where only a name has it. */
function textOfRecord(line: string, needle: string): string | null {
  if (!line.startsWith('{') || line.length > MAX_RECORD_CHARACTERS) return null;
  try {
    const texts: [string, string][] = [];
    collectTexts(JSON.parse(line), '', texts);
    return texts.find(([, text]) => text.toLowerCase().includes(needle))?.[1] ?? null;
  } catch {
    return null; // it only looks like one
  }
}

/** The surroundings of a hit as one harmless line, and where the hit stands in it. */
function cut(text: string, at: number, needle: string): { line: string; from: number; to: number } {
  const start = Math.max(0, at - AROUND);
  const line = toPlainLine(`${start > 0 ? '…' : ''}${text.slice(start, at + needle.length + AROUND)}`, AROUND * 3);
  const from = Math.max(0, line.toLowerCase().indexOf(needle));
  return { line, from, to: Math.min(line.length, from + needle.length) };
}
