// Where and when something that was found stood: the uses of all segments put together, and the snapshots that are left of their time.

import type { StreamEntry } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SearchQuery } from '../vault.ts';
import { countNewlines } from './follow-log.ts';
import { joinUses, type JoinableUse } from './join-uses.ts';
import type { FoundItem, Segment } from './segment.ts';

const MAX_MANIFESTS = 12;
const MAX_COUNTED = 4_000;

/** What of the history is wanted. */
export interface PlaceFilter {
  readonly kinds: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
  readonly projects: ReadonlySet<string>;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A stretch of time in which bytes stood in one place. */
export interface Place {
  readonly item: FoundItem;
  /** The stream, or the fact. */
  readonly where: string;
  /** Positions in the time index: the newest snapshot that is wanted, and the first and last that hold it. */
  readonly at: number;
  readonly first: number;
  readonly last: number;
}

interface OwnedUse extends JoinableUse {
  readonly found: FoundItem;
  readonly where: string;
}

export class PlaceFinder {
  readonly #state: VaultState;
  readonly #segments: readonly Segment[];
  readonly #streams = new Map<string, StreamEntry | null>();
  readonly #manifests = new Map<number, ReadonlyMap<string, { readonly streams: readonly StreamEntry[] }>>();
  readonly #counted = new Map<string, number>();

  constructor(state: VaultState, segments: readonly Segment[]) {
    this.#state = state;
    this.#segments = segments;
  }

  /** The places of a run of a chunk's bytes, or of a fact, one for each stream of each item. */
  find(anchor: number, start: number, end: number, filter: PlaceFilter): Place[] {
    const places = new Map<string, Place>();
    for (const use of this.uses(anchor)) {
      if (use.first === 0 || use.skip > start || use.skip + use.length < end) continue;
      if (!isWanted(use.found, filter)) continue;
      const place = this.#toPlace(use, filter);
      if (place === null) continue;
      const known = places.get(use.place);
      places.set(use.place, known === undefined ? place : joined(known, place));
    }
    return [...places.values()];
  }

  /** All uses of a chunk or fact, put together. */
  uses(anchor: number): OwnedUse[] {
    const found: OwnedUse[] = [];
    for (const segment of this.#segments) {
      for (const at of segment.usesOf(anchor)) {
        const use = segment.use(at);
        const item = segment.item(use.item);
        const where = segment.names[use.name] ?? '';
        found.push({ ...use, place: `${where}\u0000${item.key}`, found: item, where });
      }
    }
    return joinUses(found);
  }

  /** Positions of the first and last snapshot between two sequences; null where none is left. */
  span(first: number, last: number): { readonly first: number; readonly last: number } | null {
    const { index } = this.#state;
    const from = index.positionFrom(first);
    const to = last === 0 ? index.count - 1 : index.positionFrom(last + 1) - 1;
    return from <= to ? { first: from, last: to } : null;
  }

  /** The line of a chunk's byte in a stream as a snapshot has it, counted from 1; 1 where it is not there. */
  lineNumber(place: Place, anchor: number, byte: number): number {
    const line = this.#lineIn(this.#streamAt(place), anchor, byte);
    // What idle time has joined since the newest snapshot is named otherwise in memory than by that snapshot, which was indexed.
    return line ?? this.#lineIn(this.#storedStreamAt(place), anchor, byte) ?? 1;
  }

  #lineIn(stream: StreamEntry | null, anchor: number, byte: number): number | null {
    let line = 1;
    for (const part of stream?.parts ?? []) {
      const isHere = part.recordId === anchor && part.skip <= byte && byte < part.skip + Math.max(1, part.length);
      if (isHere) return line + this.#newlines(anchor, part.skip, byte - part.skip);
      line += this.#newlines(part.recordId, part.skip, part.length);
    }
    return null;
  }

  #storedStreamAt({ item, where, at }: Place): StreamEntry | null {
    const manifest = this.#storedManifest(this.#state.index.sequenceAt(at));
    return manifest.get(item.key)?.streams.find((other) => other.name === where) ?? null;
  }

  #newlines(anchor: number, skip: number, length: number): number {
    const name = `${anchor} ${skip} ${length}`;
    const known = this.#counted.get(name);
    if (known !== undefined) return known;
    const count = this.#countNewlines(anchor, skip, length);
    if (this.#counted.size >= MAX_COUNTED) this.#counted.clear();
    this.#counted.set(name, count);
    return count;
  }

  #countNewlines(anchor: number, skip: number, length: number): number {
    if (length === 0) return 0;
    const chunk = this.#segments.map((segment) => segment.chunk(anchor)).find((entry) => entry !== undefined);
    if (chunk !== undefined && skip === 0 && length === chunk.sizeBytes) return chunk.lines;
    return countNewlines(this.#state.store.readOnce(anchor).subarray(skip, skip + length));
  }

  #streamAt({ item, where, at }: Place): StreamEntry | null {
    const name = `${at}\u0000${item.key}\u0000${where}`;
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream =
      this.#manifestAt(at)
        .get(item.key)
        ?.streams.find((other) => other.name === where) ?? null;
    this.#streams.set(name, stream);
    return stream;
  }

  #manifestAt(at: number): ReadonlyMap<string, { readonly streams: readonly StreamEntry[] }> {
    const { index, latest } = this.#state;
    const sequence = index.sequenceAt(at);
    return sequence === latest.sequence ? latest.manifest : this.#storedManifest(sequence);
  }

  #storedManifest(sequence: number): ReadonlyMap<string, { readonly streams: readonly StreamEntry[] }> {
    const known = this.#manifests.get(sequence);
    if (known !== undefined) return known;
    const { manifest } = this.#state.readSnapshot(sequence);
    if (this.#manifests.size >= MAX_MANIFESTS) this.#manifests.clear();
    this.#manifests.set(sequence, manifest);
    return manifest;
  }

  #toPlace(use: OwnedUse, filter: PlaceFilter): Place | null {
    const { index } = this.#state;
    const span = this.span(use.first, use.last);
    if (span === null) return null;
    let at = span.last;
    while (at >= span.first && index.timeAt(at) > filter.untilMs) at -= 1;
    if (at < span.first || index.timeAt(at) < filter.sinceMs) return null;
    return { item: use.found, where: use.where, at, ...span };
  }
}

export function toPlaceFilter(query: SearchQuery): PlaceFilter {
  return {
    kinds: new Set(query.kinds),
    sources: new Set(query.sources),
    projects: new Set(query.projects),
    sinceMs: query.sinceMs ?? Number.NEGATIVE_INFINITY,
    untilMs: query.untilMs ?? Number.POSITIVE_INFINITY,
  };
}

export function isWanted(item: FoundItem, { kinds, sources, projects }: PlaceFilter): boolean {
  return (
    (kinds.size === 0 || kinds.has(item.kind)) &&
    (sources.size === 0 || sources.has(item.source)) &&
    (projects.size === 0 || projects.has(item.project))
  );
}

function joined(a: Place, b: Place): Place {
  const newest = b.at >= a.at ? b : a;
  return { ...newest, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}
