// Rebuilds a vault from one that is damaged: every box that authenticates is taken over under its number, and what does not is looked
// for in its other copies, in its parity group, in the key file and in backups. The damaged file is only read.

import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import type { ReadDb, WriteDb } from '../database.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { FIRST_HEAD, pickHead, sealHead, type Head } from '../log/head.ts';
import { VaultState } from '../log/vault-state.ts';
import { BOX_TABLES } from '../tables/boxes.ts';
import { readHeadSlots, writeHeadSlot, writeHeaderCopies } from '../tables/single-rows.ts';
import { dropAllParity, rebuildChunkBox } from '../upkeep/parity.ts';
import { yieldToOthers, type WorkControl } from '../upkeep/slices.ts';
import { orNull, readRows, type FoundRow } from './read-rows.ts';
import type { Spares } from './spares.ts';

/** Numbers that are asked for where nothing says how many there are. */
const UNKNOWN_LAST = 200_000;
const CHUNK_COLUMNS = 'content_id AS contentId, box';
const PART_COLUMNS = 'session, position, message_key AS messageKey, box';

export interface Rebuilt {
  readonly state: VaultState;
  /** Snapshots that can be read. */
  readonly snapshots: number;
  /** Snapshots of which there is no whole copy of what they list. */
  readonly lostSnapshots: number;
  /** Records that came back from another copy. */
  readonly healed: number;
  /** Records of which there is no whole copy, chunks included. */
  readonly lost: number;
}

export interface RebuildDeps {
  readonly source: ReadDb;
  /** Empty, with the tables of today's format. */
  readonly target: WriteDb;
  readonly keyring: Keyring;
  readonly spares: Spares;
}

interface BoxRow {
  readonly number: number;
  readonly box: Buffer;
}
interface ChunkRow extends BoxRow {
  readonly contentId: Buffer;
}
interface PartRow extends BoxRow {
  readonly session: number;
  readonly position: number;
  readonly messageKey: Buffer | null;
}
type CopiedTable =
  | 'keyframes'
  | 'keyframe_copies'
  | 'snapshots'
  | 'records'
  | 'sessions'
  | 'parity'
  | 'replica_log'
  | 'replica_fields';

/** Null where nothing of a vault is left in the file. @throws AppError CANCELLED */
export async function rebuildVault(deps: RebuildDeps, control: WorkControl): Promise<Rebuilt | null> {
  const rebuild = new Rebuild(deps, control);
  return rebuild.run();
}

class Rebuild {
  readonly #deps: RebuildDeps;
  readonly #control: WorkControl;
  readonly #head: Head;
  readonly #hasHead: boolean;
  #healed = 0;
  #lost = 0;
  #done = 0;
  #total = 1;
  #largest = 0;
  readonly #badChunks = new Set<number>();

  constructor(deps: RebuildDeps, control: WorkControl) {
    this.#deps = deps;
    this.#control = control;
    const { keys } = deps.keyring;
    const own = pickHead(keys, readHeadSlots(deps.source)).head;
    const remembered = deps.spares.head();
    this.#hasHead = own !== null;
    this.#head = own ?? remembered ?? { ...FIRST_HEAD, nextRecordId: UNKNOWN_LAST, sequence: UNKNOWN_LAST };
  }

  async run(): Promise<Rebuilt | null> {
    const { target, keyring } = this.#deps;
    this.#total = this.#count();
    await this.#copyChunks();
    await this.#copyBoxes('keyframes', BOX_KINDS.keyframe);
    await this.#copyBoxes('keyframe_copies', BOX_KINDS.keyframe);
    const sequences = await this.#copyBoxes('snapshots', BOX_KINDS.snapshot);
    const records = await this.#copyBoxes('records', BOX_KINDS.record);
    const sessions = await this.#copyBoxes('sessions', BOX_KINDS.record);
    await this.#copyParts();
    await this.#copyBoxes('parity', BOX_KINDS.parity);
    await this.#copyBoxes('replica_log', BOX_KINDS.replicaLog);
    await this.#copyBoxes('replica_fields', BOX_KINDS.record);
    this.#copyPlainRows('parity_members', ['chunk_id', 'parity_id']);
    this.#copyPlainRows('inbox', ['deposit', 'bytes']);
    if (!this.#hasHead && sequences.length === 0) return null;
    this.#joinKeyframes();
    writeHeaderCopies(target, keyring.encoded());
    const lastSequence = sequences.at(-1) ?? 0;
    const isKnown = this.#head.chain !== FIRST_HEAD.chain || this.#head.sequence === 0;
    this.#writeHead({
      ...this.#head,
      sequence: isKnown ? Math.max(this.#head.sequence, lastSequence) : lastSequence,
      nextRecordId: Math.max(isKnown ? this.#head.nextRecordId : 1, this.#largest + 1),
      chain: isKnown && this.#head.sequence >= lastSequence ? this.#head.chain : this.#chainOf(lastSequence),
      snapshots: sequences.length,
      records: records.length,
      sessions: sessions.length,
      // The next snapshot begins a keyframe of its own.
      keyframe: 0,
      keyframeSequence: 0,
      isKeyframeCopied: true,
      indexedThrough: 0,
      parityThrough: 0,
      lastVerifiedAtMs: null,
    });
    const dropped = await this.#dropUnreadable(sequences);
    const missing = this.#hasHead ? Math.max(0, this.#head.snapshots - sequences.length) : 0;
    const state = new VaultState(keyring, target, target);
    await this.#healChunks(state);
    state.commit('Rebuilding the vault', {}, () => dropAllParity(state));
    state.commit('Rebuilding the vault', {}, () => undefined); // both head slots
    const snapshots = sequences.length - dropped;
    return { state, snapshots, lostSnapshots: dropped + missing, healed: this.#healed, lost: this.#lost };
  }

  /** Every chunk row, whole or not: a damaged one becomes whole when its content comes again (V17a). */
  async #copyChunks(): Promise<void> {
    const { target, keyring } = this.#deps;
    const insert = target.prepare('INSERT OR IGNORE INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)');
    await this.#eachPage<ChunkRow>('chunks', 'record_id', CHUNK_COLUMNS, ({ number, row }) => {
      if (row === null) return;
      insert.run(number, row.contentId, row.box);
      this.#largest = Math.max(this.#largest, number);
      if (keyring.keys.open(BOX_KINDS.chunk, number, row.box) === null) this.#badChunks.add(number);
    });
  }

  /** Gives the numbers of what is there. */
  async #copyBoxes(table: CopiedTable, kind: BoxKind): Promise<number[]> {
    const { target, keyring, spares } = this.#deps;
    const key = BOX_TABLES[table];
    const insert = target.prepare(`INSERT INTO ${table} (${key}, box) VALUES (?, ?)`);
    const numbers: number[] = [];
    await this.#eachPage<BoxRow>(table, key, 'box', ({ number, row }) => {
      const isWhole = row !== null && keyring.keys.open(kind, number, row.box) !== null;
      // A keyframe's other copy is looked at when both tables are read; parity is made anew.
      const canHeal = !isWhole && table !== 'keyframe_copies' && table !== 'parity';
      const spare = canHeal ? spares.find(table, kind, number) : null;
      const box = isWhole ? row.box : spare;
      if (spare !== null) this.#healed += 1;
      if (box === null) {
        if (row !== null && canHeal && table !== 'keyframes' && table !== 'snapshots') this.#lost += 1;
        return;
      }
      insert.run(number, box);
      numbers.push(number);
      if (table !== 'snapshots') this.#largest = Math.max(this.#largest, number);
    });
    return numbers;
  }

  async #copyParts(): Promise<void> {
    const { target, keyring, spares } = this.#deps;
    const insert = target.prepare(
      'INSERT OR IGNORE INTO session_parts (record_id, session, position, message_key, box) VALUES (?, ?, ?, ?, ?)',
    );
    await this.#eachPage<PartRow>('session_parts', 'record_id', PART_COLUMNS, ({ number, row }) => {
      if (row === null) return;
      const isWhole = keyring.keys.open(BOX_KINDS.record, number, row.box) !== null;
      const box = isWhole ? row.box : spares.find('session_parts', BOX_KINDS.record, number);
      if (box === null) this.#lost += 1;
      else if (!isWhole) this.#healed += 1;
      // A message that is lost keeps its place, so that the others keep theirs.
      insert.run(number, row.session, row.position, row.messageKey, box ?? row.box);
      this.#largest = Math.max(this.#largest, number);
    });
  }

  #copyPlainRows(table: string, columns: readonly [string, string]): void {
    const { source, target } = this.#deps;
    const insert = target.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (?, ?)`);
    orNull(() => {
      for (const row of source
        .prepare(`SELECT ${columns.join(', ')} FROM ${table}`)
        .raw()
        .iterate())
        insert.run(row);
    });
  }

  /** Each keyframe of which only the copy is whole goes back into its own place. */
  #joinKeyframes(): void {
    const { changes } = this.#deps.target
      .prepare(
        'INSERT OR IGNORE INTO keyframes (record_id, box) SELECT record_id, box FROM keyframe_copies WHERE record_id NOT IN (SELECT record_id FROM keyframes)',
      )
      .run();
    this.#healed += changes;
  }

  /** Snapshots whose keyframe is gone stay in the old file alone: they would say nothing. Gives how many. */
  async #dropUnreadable(sequences: readonly number[]): Promise<number> {
    const { target, keyring } = this.#deps;
    const state = new VaultState(keyring, target, target);
    const lost = sequences.filter((sequence) => orNull(() => state.readSnapshot(sequence)) === null);
    await yieldToOthers(this.#control.signal);
    for (const sequence of lost) state.write.snapshots.remove(sequence);
    this.#writeHead({ ...state.head, snapshots: sequences.length - lost.length });
    state.helper.close();
    return lost.length;
  }

  async #healChunks(state: VaultState): Promise<void> {
    for (const number of listChunks(state)) if (state.store.facts(number) === undefined) this.#badChunks.add(number);
    // Where the same content was stored again meanwhile, the newer chunk stays.
    const insert = state.writeDb.prepare('INSERT OR IGNORE INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)');
    for (const number of this.#badChunks) {
      await yieldToOthers(this.#control.signal);
      const box = this.#findChunk(state, number);
      const opened = box === null ? null : state.keys.open(BOX_KINDS.chunk, number, box);
      const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
      // What was redacted keeps its number and has another content since: a backup must not bring the old one back.
      const wanted = state.read.chunks.readContentId(number);
      const isOther = content !== null && wanted !== undefined && !wanted.equals(state.keys.contentId(content));
      if (box === null || content === null || isOther) {
        this.#lost += 1;
        continue;
      }
      if (state.store.facts(number) !== undefined) state.write.chunks.replaceBox(number, box);
      else insert.run(number, state.keys.contentId(content), box);
      if (state.store.facts(number) === undefined) this.#lost += 1;
      else this.#healed += 1;
    }
  }

  #findChunk(state: VaultState, number: number): Buffer | null {
    const rebuilt = orNull(() => rebuildChunkBox(state, number));
    if (rebuilt !== null && state.keys.open(BOX_KINDS.chunk, number, rebuilt) !== null) return rebuilt;
    return this.#deps.spares.find('chunks', BOX_KINDS.chunk, number);
  }

  async #eachPage<Row extends BoxRow>(
    table: string,
    key: string,
    columns: string,
    take: (found: FoundRow<Row>) => void,
  ): Promise<void> {
    const { source, target } = this.#deps;
    const last = key === 'sequence' ? this.#head.sequence : this.#head.nextRecordId;
    for (const rows of readRows<Row>(source, { table, key, columns, last })) {
      await yieldToOthers(this.#control.signal);
      target.transaction(() => rows.forEach(take))();
      this.#done += rows.length;
      this.#control.onProgress({ done: Math.min(this.#done, this.#total), total: this.#total });
    }
  }

  #writeHead(head: Head): void {
    for (const counter of [head.counter + 1, head.counter + 2])
      writeHeadSlot(this.#deps.target, counter, sealHead(this.#deps.keyring.keys, { ...head, counter }));
  }

  #chainOf(sequence: number): string {
    const { target, keyring } = this.#deps;
    const box = target.prepare<[number], Buffer>('SELECT box FROM snapshots WHERE sequence = ?').pluck().get(sequence);
    const opened = box === undefined ? null : keyring.keys.open(BOX_KINDS.snapshot, sequence, box);
    return opened === null ? FIRST_HEAD.chain : keyring.keys.chain(opened.payload).toString('base64');
  }

  #count(): number {
    const count = (table: string): number =>
      orNull(() => Number(this.#deps.source.prepare(`SELECT count(*) FROM ${table}`).pluck().get())) ?? 0;
    return Math.max(
      1,
      [...Object.keys(BOX_TABLES), 'chunks'].reduce((sum, table) => sum + count(table), 0),
    );
  }
}

/** The chunks that the snapshots name. */
function listChunks(state: VaultState): Set<number> {
  const named = new Set<number>();
  for (let at = 0; at < state.index.count; at += 1) {
    for (const entry of state.readSnapshot(state.index.sequenceAt(at)).manifest.values())
      for (const stream of entry.streams) for (const part of stream.parts) named.add(part.recordId);
  }
  return named;
}
