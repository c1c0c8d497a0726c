// What an open vault holds in memory, and how it is loaded: head, time index, records, the newest manifest with its keyframe. Every
// change goes through `commit`, which writes the next head in the same transaction.

import type { KeyTree } from '../../crypto/key-tree.ts';
import { BOX_KINDS, parseBoxHeader } from '../../crypto/box.ts';
import { ChunkStore } from '../content/chunk-store.ts';
import { CodecHelper } from '../content/codec-helper.ts';
import { decodeContent } from '../content/codec.ts';
import { RecentContents } from '../content/recent-contents.ts';
import { createGearTable, type GearTable } from '../content/fastcdc.ts';
import type { Statement } from 'better-sqlite3';

import type { ReadDb, WriteDb } from '../database.ts';
import { damaged, keysOfAnotherTime, toStorageError } from '../errors.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { BoxReader, BoxWriter } from '../tables/boxes.ts';
import { ChunkReader, ChunkWriter } from '../tables/chunks.ts';
import { SessionPartReader, SessionPartWriter } from '../tables/session-parts.ts';
import { readHeadSlots, writeHeadSlot } from '../tables/single-rows.ts';
import { iterateTimeIndex, TimeIndexWriter } from '../tables/time-index.ts';
import type { Gap } from '../../../shared/model/snapshot.ts';
import { pickHead, sealHead, type Head } from './head.ts';
import { applyBody, decodeManifest, type Manifest, type SnapshotBody, type SourceMarks } from './manifest.ts';
import { openRecord, RecordSet } from './records.ts';
import { openSession, SessionSet } from './session-records.ts';
import { parseSnapshotBody, parseSnapshotPrefix, type SnapshotPrefix } from './snapshot-record.ts';
import { TimeIndex } from './time-index.ts';

const MAX_KEYFRAME_BYTES = 256 * 1024 * 1024;
const TAIL_PAGE = 512;
const MAX_CACHED_KEYFRAMES = 4;

/** The newest snapshot and what the next one is compared with. */
export interface LatestState {
  readonly sequence: number;
  readonly prefix: SnapshotPrefix | null;
  readonly manifest: Manifest;
  readonly keyframeManifest: Manifest;
  readonly gaps: readonly Gap[];
  readonly marks: SourceMarks;
}

const NOTHING: LatestState = {
  sequence: 0,
  prefix: null,
  manifest: new Map(),
  keyframeManifest: new Map(),
  gaps: [],
  marks: new Map(),
};

export class VaultState {
  readonly keyring: Keyring;
  readonly writeDb: WriteDb;
  readonly readDb: ReadDb;
  readonly gear: GearTable;
  readonly store: ChunkStore;
  readonly recent = new RecentContents();
  readonly helper = new CodecHelper();
  readonly read: {
    readonly chunks: ChunkReader;
    readonly keyframes: BoxReader;
    readonly keyframeCopies: BoxReader;
    readonly snapshots: BoxReader;
    readonly records: BoxReader;
    readonly parity: BoxReader;
    readonly sessions: BoxReader;
    readonly sessionBoxes: BoxReader;
    readonly sessionParts: SessionPartReader;
    readonly searchSegments: BoxReader;
    readonly searchPages: BoxReader;
    readonly replicaLog: BoxReader;
    readonly replicaFields: BoxReader;
  };
  readonly write: {
    readonly chunks: ChunkWriter;
    readonly keyframes: BoxWriter;
    readonly keyframeCopies: BoxWriter;
    readonly snapshots: BoxWriter;
    readonly records: BoxWriter;
    readonly parity: BoxWriter;
    readonly sessions: BoxWriter;
    readonly sessionParts: SessionPartWriter;
    readonly searchSegments: BoxWriter;
    readonly searchPages: BoxWriter;
    readonly replicaLog: BoxWriter;
    readonly replicaFields: BoxWriter;
    readonly timeIndex: TimeIndexWriter;
  };
  head: Head;
  index = new TimeIndex();
  records = new RecordSet();
  latest: LatestState = NOTHING;
  /** What loading found missing or not authentic, in words. */
  readonly findings: string[] = [];
  #indexFindings: string[] = [];
  #isHeadMendNeeded = false;
  #dataVersion = -1;
  #sessions: SessionSet | null = null;
  readonly #readDataVersion: Statement<[], number>;
  readonly #keyframeCache = new Map<number, Manifest>();

  constructor(keyring: Keyring, writeDb: WriteDb, readDb: ReadDb) {
    this.keyring = keyring;
    this.writeDb = writeDb;
    this.readDb = readDb;
    this.gear = createGearTable(keyring.keys.deriveGearBytes());
    const chunks = new ChunkReader(readDb);
    this.store = new ChunkStore(keyring.keys, chunks, this.helper);
    this.read = {
      chunks,
      keyframes: new BoxReader(readDb, 'keyframes'),
      keyframeCopies: new BoxReader(readDb, 'keyframe_copies'),
      snapshots: new BoxReader(readDb, 'snapshots'),
      records: new BoxReader(readDb, 'records'),
      parity: new BoxReader(readDb, 'parity'),
      sessions: new BoxReader(readDb, 'sessions'),
      sessionBoxes: new BoxReader(readDb, 'session_parts'),
      sessionParts: new SessionPartReader(readDb),
      searchSegments: new BoxReader(readDb, 'search_segments'),
      searchPages: new BoxReader(readDb, 'search_pages'),
      replicaLog: new BoxReader(readDb, 'replica_log'),
      replicaFields: new BoxReader(readDb, 'replica_fields'),
    };
    this.write = {
      chunks: new ChunkWriter(writeDb),
      keyframes: new BoxWriter(writeDb, 'keyframes'),
      keyframeCopies: new BoxWriter(writeDb, 'keyframe_copies'),
      snapshots: new BoxWriter(writeDb, 'snapshots'),
      records: new BoxWriter(writeDb, 'records'),
      parity: new BoxWriter(writeDb, 'parity'),
      sessions: new BoxWriter(writeDb, 'sessions'),
      sessionParts: new SessionPartWriter(writeDb),
      searchSegments: new BoxWriter(writeDb, 'search_segments'),
      searchPages: new BoxWriter(writeDb, 'search_pages'),
      replicaLog: new BoxWriter(writeDb, 'replica_log'),
      replicaFields: new BoxWriter(writeDb, 'replica_fields'),
      timeIndex: new TimeIndexWriter(writeDb),
    };
    this.#readDataVersion = writeDb.prepare<[], number>('PRAGMA data_version').pluck();
    this.#dataVersion = this.#readDataVersion.get() ?? -1;
    this.readDb.exec('BEGIN');
    try {
      this.head = this.#readHead();
      this.#load();
    } finally {
      this.readDb.exec('COMMIT');
    }
  }

  get keys(): KeyTree {
    return this.keyring.keys;
  }

  /** Reads everything anew when another process has written since. Cheap when none has. Always called before a change. */
  refresh(): void {
    const dataVersion = this.#readDataVersion.get() ?? -1;
    if (dataVersion === this.#dataVersion) return;
    this.#inOneRead(() => {
      this.keyring.refresh(this.readDb);
      const head = this.#readHead();
      if (head.counter === this.head.counter) return;
      this.head = head;
      this.#load();
    });
    this.#dataVersion = dataVersion;
  }

  #load(): void {
    this.findings.length = 0;
    this.#keyframeCache.clear();
    this.index = this.#loadIndex();
    this.records = this.#loadRecords();
    this.#sessions = null;
    this.latest = this.#loadLatest();
  }

  /** All stored sessions, read when they are first asked for: opening a vault does not wait for them. */
  get sessions(): SessionSet {
    this.#sessions ??= this.#loadSessions();
    return this.#sessions;
  }

  /** One read transaction, so that another process' commit cannot fall between two tables. */
  #inOneRead(work: () => void): void {
    this.readDb.exec('BEGIN');
    try {
      work();
    } finally {
      this.readDb.exec('COMMIT');
    }
  }

  /** Writes in one transaction with the next head. What `work` changes in memory, it changes after this returns. */
  commit(what: string, changes: Partial<Head>, work: () => void): void {
    const head: Head = { ...this.head, ...changes, counter: this.head.counter + 1 };
    try {
      this.writeDb
        .transaction(() => {
          work();
          writeHeadSlot(this.writeDb, head.counter, sealHead(this.keys, head));
        })
        .immediate();
    } catch (error) {
      throw toStorageError(what, error);
    }
    this.head = head;
  }

  /** @throws AppError VAULT_DAMAGED */
  readSnapshotPayload(sequence: number): Buffer {
    const box = this.read.snapshots.read(sequence);
    if (box === undefined) throw damaged(`snapshot record ${sequence} is missing`);
    const opened = this.keys.open(BOX_KINDS.snapshot, sequence, box);
    if (opened === null) throw damaged(`snapshot record ${sequence} does not authenticate`);
    return opened.payload;
  }

  /** The manifest of a keyframe, from whichever copy authenticates. @throws AppError VAULT_DAMAGED */
  readKeyframe(recordId: number): Manifest {
    const cached = this.#keyframeCache.get(recordId);
    if (cached !== undefined) return cached;
    for (const table of [this.read.keyframes, this.read.keyframeCopies]) {
      const box = table.read(recordId);
      const opened = box === undefined ? null : this.keys.open(BOX_KINDS.keyframe, recordId, box);
      if (opened === null) continue;
      const manifest = decodeManifest(decodeContent(opened.header.codec, opened.payload, MAX_KEYFRAME_BYTES));
      this.cacheKeyframe(recordId, manifest);
      return manifest;
    }
    throw damaged(`both copies of keyframe ${recordId} are missing or do not authenticate`);
  }

  cacheKeyframe(recordId: number, manifest: Manifest): void {
    const oldest = this.#keyframeCache.keys().next();
    if (this.#keyframeCache.size >= MAX_CACHED_KEYFRAMES && oldest.done !== true)
      this.#keyframeCache.delete(oldest.value);
    this.#keyframeCache.set(recordId, manifest);
  }

  /** A snapshot with everything but its streams' content. @throws AppError VAULT_DAMAGED */
  readSnapshot(sequence: number): {
    readonly prefix: SnapshotPrefix;
    readonly body: SnapshotBody;
    readonly manifest: Manifest;
  } {
    const payload = this.readSnapshotPayload(sequence);
    const prefix = parseSnapshotPrefix(payload);
    const body = parseSnapshotBody(payload);
    return { prefix, body, manifest: applyBody(this.readKeyframe(prefix.keyframe), body) };
  }

  #readHead(): Head {
    const slots = readHeadSlots(this.readDb);
    const picked = pickHead(this.keys, slots);
    if (picked.head === null) {
      const epochs = slots.map((slot) => (slot === null ? null : (parseBoxHeader(slot)?.epoch ?? null)));
      if (epochs.some((epoch) => epoch !== null && !this.keys.hasEpoch(epoch))) throw keysOfAnotherTime();
      throw damaged('neither of its two heads authenticates');
    }
    this.#isHeadMendNeeded = picked.whole < 2;
    return picked.head;
  }

  /** True where one of the two head slots does not open; the next commit writes that one. */
  get isHeadMendNeeded(): boolean {
    return this.#isHeadMendNeeded;
  }

  /** Both slots are whole again. */
  noteHeadMended(): void {
    this.#isHeadMendNeeded = false;
  }

  /** The newest snapshots are gone: the one before them is the newest now, and nothing that was remembered of them may be used. */
  forgetLatest(): void {
    this.#keyframeCache.clear();
    this.recent.clear();
    this.store.forgetContents();
    this.latest = this.#loadLatest();
  }

  /** True where the blocks of the time index do not hold all there is: `index` was made anew from the snapshots. */
  get isIndexMendNeeded(): boolean {
    return this.#indexFindings.length > 0;
  }

  /** What loading found damaged and opening cannot set right by itself, in words. */
  get lastingFindings(): readonly string[] {
    return this.findings.filter((finding) => !this.#indexFindings.includes(finding));
  }

  /** The blocks on disk are whole again. */
  noteIndexMended(): void {
    for (const finding of this.#indexFindings.splice(0)) this.findings.splice(this.findings.indexOf(finding), 1);
  }

  #loadIndex(): TimeIndex {
    this.#indexFindings = [];
    const index = new TimeIndex(this.head.snapshots + TAIL_PAGE);
    for (const row of iterateTimeIndex(this.readDb)) {
      const opened = this.keys.open(BOX_KINDS.timeIndex, row.recordId, row.box);
      if (opened === null)
        this.#indexFindings.push(`the time index block from ${row.firstSequence} on does not authenticate`);
      else index.appendBlock(opened.payload);
    }
    const unreadable = this.#appendRows(index, this.head.indexedThrough);
    const isWhole = this.#indexFindings.length === 0 && index.count + unreadable.length === this.head.snapshots;
    if (isWhole) {
      this.findings.push(...unreadable);
      return index;
    }
    // The snapshots themselves say when they were taken: slower, and as good.
    const rebuilt = new TimeIndex(this.head.snapshots + TAIL_PAGE);
    this.findings.push(...this.#appendRows(rebuilt, 0));
    this.#indexFindings.push('the time index did not list every snapshot');
    this.findings.push(...this.#indexFindings);
    if (rebuilt.count !== this.head.snapshots)
      this.findings.push(`${this.head.snapshots} snapshots should be there, ${rebuilt.count} are`);
    return rebuilt;
  }

  /** Appends what the snapshot records after a sequence say; gives what cannot be read, in words. */
  #appendRows(index: TimeIndex, after: number): string[] {
    const unreadable: string[] = [];
    for (const { number, box } of this.#snapshotsAfter(after)) {
      const opened = this.keys.open(BOX_KINDS.snapshot, number, box);
      if (opened === null) {
        unreadable.push(`snapshot record ${number} does not authenticate`);
        continue;
      }
      const { takenAtMs, id, kind, keyframe } = parseSnapshotPrefix(opened.payload);
      index.append({ sequence: number, takenAtMs, id, kind, keyframe });
    }
    return unreadable;
  }

  *#snapshotsAfter(sequence: number): Generator<{ readonly number: number; readonly box: Buffer }> {
    let after = sequence;
    for (;;) {
      const rows = this.read.snapshots.listAfter(after, TAIL_PAGE);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.number;
    }
  }

  #loadRecords(): RecordSet {
    const records = new RecordSet();
    let after = 0;
    for (;;) {
      const rows = this.read.records.listAfter(after, TAIL_PAGE);
      for (const row of rows) {
        const record = openRecord(this.keys, row.number, row.box);
        if (record === null) this.findings.push(`record ${row.number} does not authenticate`);
        else records.set(row.number, record);
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.number;
    }
    if (records.count !== this.head.records)
      this.findings.push(`${this.head.records} records should be there, ${records.count} are`);
    return records;
  }

  #loadSessions(): SessionSet {
    const sessions = new SessionSet();
    let after = 0;
    for (;;) {
      const rows = this.read.sessions.listAfter(after, TAIL_PAGE);
      for (const row of rows) {
        const record = openSession(this.keys, row.number, row.box);
        if (record === null) this.findings.push(`session record ${row.number} does not authenticate`);
        else sessions.set({ ...record, recordId: row.number });
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.number;
    }
    if (sessions.count !== this.head.sessions)
      this.findings.push(`${this.head.sessions} sessions should be there, ${sessions.count} are`);
    return sessions;
  }

  /** The newest snapshot that can be read. What is damaged is kept in `findings` and never overwritten. */
  #loadLatest(): LatestState {
    for (let at = this.index.count - 1; at >= 0; at -= 1) {
      const sequence = this.index.sequenceAt(at);
      try {
        const { prefix, body, manifest } = this.readSnapshot(sequence);
        const marks = new Map(body.silent);
        for (const source of body.good) marks.set(source, { atMs: prefix.takenAtMs, snapshot: prefix.id });
        return {
          sequence,
          prefix,
          manifest,
          keyframeManifest: this.readKeyframe(prefix.keyframe),
          gaps: body.gaps,
          marks,
        };
      } catch (error) {
        this.findings.push(error instanceof Error ? error.message : 'a snapshot cannot be read');
      }
    }
    return NOTHING;
  }
}
