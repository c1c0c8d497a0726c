// From the vault's own history to the entries of its replica log (S9): the queue is the vault itself, so what is not in the log yet follows
// from how far the log is. Nothing is signed before its objects are acknowledged; once signed, an entry never changes.

import type { ItemKey, SnapshotId } from '../../../shared/model/ids.ts';
import type { Gap } from '../../../shared/model/snapshot.ts';
import { toHex } from '../../../shared/replication/bytes.ts';
import type { ObjectId } from '../../../shared/replication/ids.ts';
import { MAX_REQUIRES_PER_ENTRY } from '../../../shared/replication/limits.ts';
import { projectOf, repositoryRoots } from '../../../shared/timeline/project.ts';
import { encodeItem, type ItemEntry, type Manifest } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import { changesOf, createStamper, deletionOf, entityOf, type Stamper } from './checkpoint-fields.ts';
import type { Draft } from './draft.ts';
import type { ReplicaEvent } from './events.ts';
import type { FieldStore } from './field-store.ts';
import type { LogState } from './log-state.ts';
import { sharedChanges } from './shared-values.ts';
import type { DraftOptions, FieldChange, ReplicaSelection } from '../vault-replica.ts';

/** Compressed it must stay under what an entry may hold, and content ids do not compress. */
const MAX_ENTRY_JSON_BYTES = 160 * 1024;
const MAX_SNAPSHOTS_PER_ENTRY = 32;
/** Of all snapshots of one go, in which captures wait: some 50 ms at most on a slow machine. A snapshot is never cut. */
export const MAX_ITEMS_PER_DRAFT = 4_000;
/** What a snapshot takes whatever is in it. */
const SNAPSHOT_AS_ITEMS = 20;
export const MAX_FIELDS_PER_ENTRY = 200;
/** After so many entries comes a full picture: whoever missed something is right again. */
export const FULL_EVERY = 256;

/** Entries that wait to be signed, and what is true once they are. */
export interface Drafts {
  readonly entries: readonly Draft[];
  /** How the log stood when they were made. */
  readonly before: LogState;
  readonly next: Omit<LogState, 'headIndex' | 'headHash'>;
  readonly fieldChanges: readonly FieldChange[];
  readonly picture: Picture | null;
}

/** What the others have seen last. */
export interface Picture {
  readonly sequence: number;
  readonly id: SnapshotId;
  readonly manifest: Manifest;
}

/** Makes the next entries. An empty list: everything is in the log. */
export function draftEntries(
  state: VaultState,
  fields: FieldStore,
  log: LogState,
  picture: Picture | null,
  options: DraftOptions,
): Drafts {
  const entries: Draft[] = [];
  if (!log.hasSaidName)
    entries.push({
      kind: 'operation',
      events: [{ type: 'device', name: log.name, platform: options.platform }],
      requires: [],
    });
  const stamper = createStamper(log.deviceId, log.clock, options.nowMs);
  const { changes, checkpoints, inStep } = ownEdits(state, fields, log, stamper, options);
  for (let from = 0; from < changes.length; from += MAX_FIELDS_PER_ENTRY) {
    const slice = changes.slice(from, from + MAX_FIELDS_PER_ENTRY);
    entries.push({
      kind: 'operation',
      events: slice.map((change) => ({ type: 'field' as const, ...change })),
      requires: [],
    });
  }
  const selection = JSON.stringify(options.selection);
  const exporter = new SnapshotExporter(state, options, selection === log.selection ? picture : null, log);
  exporter.run(entries);
  return {
    entries,
    before: log,
    next: {
      ...log,
      hasSaidName: true,
      clock: stamper.last,
      checkpoints,
      inStep,
      selection,
      exportedThrough: exporter.through,
      sinceFull: exporter.sinceFull,
    },
    fieldChanges: changes,
    picture: exporter.picture,
  };
}

/** The picture that the others have, where the vault still has it. */
export function findPicture(state: VaultState, log: LogState, selection: ReplicaSelection): Picture | null {
  const at = state.index.indexOfSequence(log.exportedThrough);
  if (at < 0) return null;
  const { manifest } = state.readSnapshot(log.exportedThrough);
  return { sequence: log.exportedThrough, id: state.index.idAt(at), manifest: selectItems(manifest, selection) };
}

/** How many snapshots are not in the log yet. */
export function countWaiting(state: VaultState, log: LogState): number {
  return state.index.count - state.index.positionFrom(log.exportedThrough + 1);
}

/** What was edited here since it was last told. */
export function ownEdits(
  state: VaultState,
  fields: FieldStore,
  log: LogState,
  stamper: Stamper,
  options: Pick<DraftOptions, 'strategy' | 'selection'>,
): {
  readonly changes: readonly FieldChange[];
  readonly checkpoints: readonly string[];
  readonly inStep: readonly string[];
} {
  const changes: FieldChange[] = [];
  const present = new Set<string>();
  for (const { checkpoint } of state.records.checkpoints()) {
    present.add(checkpoint.id);
    changes.push(...changesOf(checkpoint, fields.fieldsOf(entityOf(checkpoint.id)), stamper, options.strategy));
  }
  for (const id of log.checkpoints) {
    if (present.has(id)) continue;
    const checkpointId = id as Parameters<typeof entityOf>[0]; // was a checkpoint's
    changes.push(deletionOf(checkpointId, fields.fieldsOf(entityOf(checkpointId)), stamper));
  }
  const shared = sharedChanges(state, fields, log.inStep, stamper, options);
  return { changes: [...changes, ...shared.changes], checkpoints: [...present], inStep: shared.inStep };
}

function selectItems(manifest: Manifest, selection: ReplicaSelection): Manifest {
  const { withoutSources, withoutProjects, onlyProjects } = selection;
  if (withoutSources.length + withoutProjects.length + onlyProjects.length === 0) return manifest;
  const roots = repositoryRoots(manifest.values());
  const isLetOut = (entry: ItemEntry): boolean => {
    if (withoutSources.includes(entry.source)) return false;
    const project = projectOf(entry, roots);
    if (project === undefined) return onlyProjects.length === 0;
    return !withoutProjects.includes(project) && (onlyProjects.length === 0 || onlyProjects.includes(project));
  };
  return new Map([...manifest].filter(([, entry]) => isLetOut(entry)));
}

interface Change {
  readonly isFull: boolean;
  readonly removed: readonly ItemKey[];
  readonly changed: readonly ItemEntry[];
}

type SnapshotFacts = Omit<Extract<ReplicaEvent, { type: 'snapshot' }>, 'isFull' | 'removed' | 'changed'> & {
  readonly sequence: number;
};

class SnapshotExporter {
  readonly #state: VaultState;
  readonly #options: DraftOptions;
  readonly #lost: ReadonlySet<string>;
  readonly #contentIds = new Map<number, ObjectId | null>();
  picture: Picture | null;
  through: number;
  sinceFull: number;
  #pending: { readonly facts: SnapshotFacts | null; readonly change: Change }[] = [];
  #pendingBytes = 0;
  /** Looked at so far. */
  #items = 0;
  /** The last sequence that an entry tells. */
  #flushedThrough: number;

  constructor(state: VaultState, options: DraftOptions, picture: Picture | null, log: LogState) {
    this.#state = state;
    this.#options = options;
    this.#lost = new Set(options.lost);
    this.picture = picture;
    this.through = log.exportedThrough;
    this.#flushedThrough = log.exportedThrough;
    this.sinceFull = log.sinceFull;
  }

  run(entries: Draft[]): void {
    const { index } = this.#state;
    for (let at = index.positionFrom(this.through + 1); at < index.count; at += 1) {
      if (entries.length >= this.#options.maxEntries || this.#items >= MAX_ITEMS_PER_DRAFT) break;
      this.#add(at, entries);
    }
    this.#flush(entries);
  }

  #add(at: number, entries: Draft[]): void {
    const { index } = this.#state;
    const sequence = index.sequenceAt(at);
    const { prefix, body, manifest } = this.#state.readSnapshot(sequence);
    this.#items += SNAPSHOT_AS_ITEMS + manifest.size;
    const wanted = selectItems(manifest, this.#options.selection);
    const { entries: sendable, gaps } = this.#sendable(wanted, prefix.takenAtMs);
    const isFull = this.picture === null || this.sinceFull >= FULL_EVERY;
    const change = isFull
      ? { isFull, removed: [], changed: [...sendable.values()] }
      : { isFull, ...diff(this.picture?.manifest ?? new Map(), sendable) };
    const withoutSources = new Set(this.#options.selection.withoutSources);
    const own = [...body.gaps, ...gaps].filter(({ source }) => !withoutSources.has(source));
    const facts: SnapshotFacts = {
      type: 'snapshot',
      id: prefix.id,
      sequence,
      takenAtMs: prefix.takenAtMs,
      kind: prefix.kind,
      // A gap of an item that does not leave would name it.
      gaps: own.filter(({ key }) => key === undefined || sendable.has(key) || !manifest.has(key)),
      good: body.good.filter((source) => !withoutSources.has(source)),
      base: this.picture?.id ?? null,
    };
    this.#put(facts, change, entries);
    this.picture = { sequence, id: prefix.id, manifest: sendable };
    this.through = sequence;
    if (this.#pending.length >= MAX_SNAPSHOTS_PER_ENTRY) this.#flush(entries);
  }

  /** Cuts what is too much for one entry. */
  #put(facts: SnapshotFacts, change: Change, entries: Draft[]): void {
    const sizes = change.changed.map((entry) => JSON.stringify(encodeItem(entry)).length + 64);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (this.#pendingBytes > 0 && (change.isFull || this.#pendingBytes + total > MAX_ENTRY_JSON_BYTES))
      this.#flush(entries);
    let slice: ItemEntry[] = [];
    let bytes = 0;
    let { isFull } = change;
    for (const [at, entry] of change.changed.entries()) {
      const size = sizes[at] ?? 0;
      if (bytes > 0 && bytes + size > MAX_ENTRY_JSON_BYTES) {
        this.#pending.push({ facts: null, change: { isFull, removed: [], changed: slice } });
        this.#flush(entries);
        isFull = false;
        slice = [];
        bytes = 0;
      }
      slice.push(entry);
      bytes += size;
    }
    this.#pending.push({ facts, change: { isFull, removed: change.removed, changed: slice } });
    this.#pendingBytes += bytes + 512;
    if (change.isFull) this.sinceFull = 0;
  }

  #flush(entries: Draft[]): void {
    if (this.#pending.length === 0) return;
    const ids = new Set<ObjectId>();
    for (const { change } of this.#pending)
      for (const entry of change.changed)
        for (const stream of entry.streams)
          for (const part of stream.parts) ids.add(this.#contentId(part.recordId) ?? this.#missing());
    const requires = [...ids].toSorted();
    const places = new Map(requires.map((id, at) => [id, at]));
    const encode = (entry: ItemEntry): unknown =>
      encodeItem({
        ...entry,
        streams: entry.streams.map((stream) => ({
          ...stream,
          parts: stream.parts.map((part) => ({
            ...part,
            recordId: places.get(this.#contentId(part.recordId) ?? this.#missing()) ?? 0,
          })),
        })),
      });
    const events = this.#pending.map(({ facts, change }): ReplicaEvent => {
      const items = { isFull: change.isFull, removed: change.removed, changed: change.changed.map(encode) };
      return facts === null ? { type: 'items', ...items } : { ...facts, ...items };
    });
    const facts = this.#pending.flatMap((pending) => pending.facts ?? []);
    const after = this.#flushedThrough;
    const through = facts.at(-1)?.sequence ?? after;
    const beginsPicture = this.#pending[0]?.change.isFull === true;
    entries.push({
      kind: 'snapshot',
      events,
      requires,
      told: { beginsPicture, after, through, snapshots: facts.length },
    });
    this.#flushedThrough = through;
    this.sinceFull += 1;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** The items whose content can be read here; the others are gaps. */
  #sendable(manifest: Manifest, atMs: number): { readonly entries: Manifest; readonly gaps: Gap[] } {
    const gaps: Gap[] = [];
    let left: Map<ItemKey, ItemEntry> | null = null;
    for (const entry of manifest.values()) {
      const isTooLarge = JSON.stringify(entry.attributes).length > MAX_ENTRY_JSON_BYTES;
      if (!isTooLarge && entry.streams.every((stream) => this.#isSendable(stream.parts))) continue;
      left ??= new Map(manifest);
      left.delete(entry.key);
      gaps.push({
        source: entry.source,
        key: entry.key,
        reason: isTooLarge ? 'too-large' : 'unreadable',
        message: isTooLarge
          ? 'It is too large to be sent to other devices.'
          : 'Its content is damaged on its own device.',
        sinceMs: atMs,
      });
    }
    return { entries: left ?? manifest, gaps };
  }

  #isSendable(parts: readonly { readonly recordId: number }[]): boolean {
    if (parts.length > MAX_REQUIRES_PER_ENTRY / 4) return false;
    return parts.every(({ recordId }) => {
      const id = this.#contentId(recordId);
      return id !== null && !this.#lost.has(id);
    });
  }

  #contentId(recordId: number): ObjectId | null {
    const known = this.#contentIds.get(recordId);
    if (known !== undefined) return known;
    const bytes = this.#state.read.chunks.readContentId(recordId);
    const id = bytes === undefined ? null : (toHex(bytes) as ObjectId); // 16 bytes are 32 digits
    this.#contentIds.set(recordId, id);
    return id;
  }

  /** What cannot be sent was left out before. */
  #missing(): never {
    throw new RangeError('an item was let out whose content is not there');
  }
}

function diff(before: Manifest, next: Manifest): Pick<Change, 'removed' | 'changed'> {
  if (before === next) return { removed: [], changed: [] };
  const changed: ItemEntry[] = [];
  for (const entry of next.values()) {
    const old = before.get(entry.key);
    if (old === undefined || !isSameEntry(old, entry)) changed.push(entry);
  }
  return { removed: [...before.keys()].filter((key) => !next.has(key)), changed };
}

/** The same content in other chunks is the same: what idle work joined need not travel again. */
function isSameEntry(one: ItemEntry, other: ItemEntry): boolean {
  return (
    one === other ||
    (one.facts === other.facts &&
      one.staleSinceMs === other.staleSinceMs &&
      one.streams.length === other.streams.length &&
      one.streams.every((stream, at) => {
        const there = other.streams[at];
        return stream.name === there?.name && stream.kind === there.kind && stream.contentId === there.contentId;
      }))
  );
}
