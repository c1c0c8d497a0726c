// Looks for a text without the index, while that is being made: first in facts through the history, then in contents, the newest first.
// Each different entry and content is looked at once. Works in slices, so that captures go on, and within a budget.

import { setImmediate } from 'node:timers/promises';

import { projectOf, repositoryRoots, type ProjectRoot } from '../../../shared/timeline/project.ts';
import { readOneOfManyStreams } from '../content/stream-reader.ts';
import type { ItemEntry, Manifest, StreamEntry } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SearchMatch, SearchQuery } from '../vault.ts';
import { cutLine, type FoundPage } from './found-line.ts';
import { factsOf } from './item-facts.ts';
import { isWanted, toPlaceFilter, type PlaceFilter } from './places.ts';
import { matchText, parseQuery, type ParsedQuery, type TextMatch } from './query.ts';
import { isBinary, readPieces } from './searchable-text.ts';
import type { FoundItem } from './segment.ts';

const MAX_SNAPSHOTS = 20_000;
const SLICE = 64;
const MAX_STREAM_BYTES = 32 * 1024 * 1024;
const MAX_HITS_PER_STREAM = 3;

interface ScannedEntry {
  readonly entry: ItemEntry;
  readonly item: FoundItem;
  /** Position in the time index. */
  readonly at: number;
}

/** What there is to find in the snapshots themselves; never said to be complete, since times are only roughly known. */
export async function scanHistory(state: VaultState, query: SearchQuery, budgetMs: number): Promise<FoundPage> {
  const deadlineMs = performance.now() + budgetMs;
  const parsed = parseQuery(query.text, true);
  const filter = toPlaceFilter(query);
  const matches: SearchMatch[] = [];
  const isLate = (): boolean => performance.now() > deadlineMs || matches.length >= query.limit;
  const entries: ScannedEntry[] = [];
  const told = new Set<string>();
  for await (const scanned of scanEntries(state, filter)) {
    if (isLate()) break;
    entries.push(scanned);
    const match = findInFacts(state, scanned, parsed);
    const name = match === null ? '' : `${match.item.key}\n${match.where}\n${match.line}`;
    if (match !== null && !told.has(name)) matches.push(match);
    told.add(name);
  }
  const read = new Set<string>();
  for (const scanned of entries) {
    for (const stream of scanned.entry.streams) {
      if (isLate() || read.has(stream.contentId) || stream.sizeBytes > MAX_STREAM_BYTES) continue;
      read.add(stream.contentId);
      matches.push(...(await findInStream(state, scanned, stream, parsed)));
      await setImmediate();
    }
  }
  return { matches: matches.slice(0, query.limit), isComplete: false };
}

/** Every different entry of every item, at its newest. */
async function* scanEntries(state: VaultState, filter: PlaceFilter): AsyncGenerator<ScannedEntry> {
  const { index } = state;
  const seen = new Set<ItemEntry>();
  const end = Math.max(0, index.count - MAX_SNAPSHOTS);
  for (let at = index.count - 1; at >= end; at -= 1) {
    if ((index.count - at) % SLICE === 0) await setImmediate();
    if (index.timeAt(at) > filter.untilMs || index.timeAt(at) < filter.sinceMs) continue;
    const manifest = manifestAt(state, at);
    let roots: readonly ProjectRoot[] | null = null;
    for (const entry of manifest.values()) {
      if (seen.has(entry)) continue;
      seen.add(entry);
      roots ??= repositoryRoots(manifest.values());
      const { key, kind, source, group, title } = entry;
      const item = { key, kind, source, group, title, project: projectOf(entry, roots) ?? '' };
      if (isWanted(item, filter)) yield { entry, item, at };
    }
  }
}

function manifestAt(state: VaultState, at: number): Manifest {
  try {
    return state.readSnapshot(state.index.sequenceAt(at)).manifest;
  } catch {
    return new Map(); // damaged: verification tells of it
  }
}

function findInFacts(state: VaultState, scanned: ScannedEntry, parsed: ParsedQuery): SearchMatch | null {
  for (const { where, text } of factsOf(scanned.entry)) {
    const [match] = matchText(parsed, text, { isRecord: true, limit: 1 });
    if (match !== undefined) return toMatch(state, scanned, where, text, match, 1);
  }
  return null;
}

async function findInStream(
  state: VaultState,
  scanned: ScannedEntry,
  stream: StreamEntry,
  parsed: ParsedQuery,
): Promise<SearchMatch[]> {
  let bytes: Buffer;
  try {
    const content = await readOneOfManyStreams(state.store, stream);
    bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  } catch {
    return []; // damaged: verification tells of it
  }
  if (isBinary(bytes)) return [];
  const found: SearchMatch[] = [];
  for (const piece of readPieces(bytes, stream.kind === 'append')) {
    const limit = MAX_HITS_PER_STREAM - found.length;
    if (limit <= 0) break;
    for (const match of matchText(parsed, piece.text, { isRecord: piece.isRecord, limit })) {
      const line = piece.isRecord
        ? countLines(bytes.toString('latin1', 0, piece.startByte))
        : countLines(piece.text.slice(0, match.start));
      found.push(toMatch(state, scanned, stream.name, piece.text, match, line + 1));
    }
  }
  return found;
}

function toMatch(
  { index }: VaultState,
  { item, at }: ScannedEntry,
  where: string,
  text: string,
  match: TextMatch,
  lineNumber: number,
): SearchMatch {
  const takenAtMs = index.timeAt(at);
  return {
    item,
    snapshotId: index.idAt(at),
    takenAtMs,
    where,
    ...cutLine(text, match),
    lineNumber,
    firstSeenMs: takenAtMs,
    lastSeenMs: takenAtMs,
    score: match.score,
  };
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
