// The first way to a damaged vault's records: by SQLite, table by table, as far as its pages can be read. What does not authenticate is
// looked for in its other copies.

import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import type { ReadDb } from '../database.ts';
import { BOX_TABLES, type BoxTable } from '../tables/boxes.ts';
import { yieldToOthers } from '../upkeep/slices.ts';
import { orNull, readRows, type FoundRow } from './read-rows.ts';
import type { RebuildWork } from './rebuild-work.ts';

const CHUNK_COLUMNS = 'content_id AS contentId, box';
const PART_COLUMNS = 'session, position, message_key AS messageKey, box';

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
type CopiedTable = Exclude<BoxTable, 'session_parts' | 'search_segments' | 'search_pages'>;

/** Takes over every row that authenticates. Damaged chunks and messages keep their places. @throws AppError CANCELLED */
export async function copyTables(source: ReadDb, work: RebuildWork): Promise<void> {
  await new TableCopy(source, work).run();
}

class TableCopy {
  readonly #source: ReadDb;
  readonly #work: RebuildWork;
  readonly #total: number;
  #done = 0;

  constructor(source: ReadDb, work: RebuildWork) {
    this.#source = source;
    this.#work = work;
    const count = (table: string): number =>
      orNull(() => Number(source.prepare(`SELECT count(*) FROM ${table}`).pluck().get())) ?? 0;
    this.#total = Math.max(
      1,
      [...Object.keys(BOX_TABLES), 'chunks'].reduce((sum, table) => sum + count(table), 0),
    );
  }

  async run(): Promise<void> {
    await this.#copyChunks();
    await this.#copyBoxes('keyframes', BOX_KINDS.keyframe);
    await this.#copyBoxes('keyframe_copies', BOX_KINDS.keyframe);
    await this.#copyBoxes('snapshots', BOX_KINDS.snapshot);
    await this.#copyBoxes('records', BOX_KINDS.record);
    await this.#copyBoxes('sessions', BOX_KINDS.record);
    await this.#copyParts();
    await this.#copyBoxes('parity', BOX_KINDS.parity);
    await this.#copyBoxes('replica_log', BOX_KINDS.replicaLog);
    await this.#copyBoxes('replica_fields', BOX_KINDS.record);
    this.#copyPlainRows('parity_members', ['chunk_id', 'parity_id']);
    this.#copyPlainRows('inbox', ['deposit', 'bytes']);
  }

  /** Every chunk row, whole or not: a damaged one becomes whole when its content comes again (V17a). */
  async #copyChunks(): Promise<void> {
    const { target, keyring } = this.#work;
    const insert = target.prepare('INSERT OR IGNORE INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)');
    await this.#eachPage<ChunkRow>('chunks', 'record_id', CHUNK_COLUMNS, ({ number, row }) => {
      if (row === null) return;
      // The id stands in the clear: it may be damaged where the content is whole.
      insert.run(number, contentIdOf(keyring.keys, number, row.box) ?? row.contentId, row.box);
      this.#work.largest = Math.max(this.#work.largest, number);
    });
  }

  async #copyBoxes(table: CopiedTable, kind: BoxKind): Promise<void> {
    const { target, keyring, spares } = this.#work;
    const key = BOX_TABLES[table];
    const insert = target.prepare(`INSERT INTO ${table} (${key}, box) VALUES (?, ?)`);
    await this.#eachPage<BoxRow>(table, key, 'box', ({ number, row }) => {
      const isWhole = row !== null && keyring.keys.open(kind, number, row.box) !== null;
      // A keyframe's other copy is looked at when both tables are read; parity is made anew.
      const canHeal = !isWhole && table !== 'keyframe_copies' && table !== 'parity';
      const spare = canHeal ? spares.find(table, kind, number) : null;
      const mended = canHeal && spare === null && row !== null ? keyring.keys.mend(kind, number, row.box) : null;
      const box = isWhole ? row.box : (spare ?? mended);
      if (box === null) {
        if (row !== null && canHeal) this.#work.lostRecords.push({ table, number });
        else if (row !== null) this.#work.renewed += 1;
        return;
      }
      if (!isWhole) this.#work.healed += 1;
      insert.run(number, box);
      if (table === 'snapshots') this.#work.isOfFile = true;
      if (key === 'record_id') this.#work.largest = Math.max(this.#work.largest, number);
    });
  }

  async #copyParts(): Promise<void> {
    const { target, keyring, spares } = this.#work;
    const insert = target.prepare(
      'INSERT OR IGNORE INTO session_parts (record_id, session, position, message_key, box) VALUES (?, ?, ?, ?, ?)',
    );
    await this.#eachPage<PartRow>('session_parts', 'record_id', PART_COLUMNS, ({ number, row }) => {
      if (row === null) return;
      const isWhole = keyring.keys.open(BOX_KINDS.record, number, row.box) !== null;
      const spare = isWhole ? row.box : spares.find('session_parts', BOX_KINDS.record, number);
      const box = spare ?? keyring.keys.mend(BOX_KINDS.record, number, row.box);
      if (box === null) this.#work.lostRecords.push({ table: 'session_parts', number });
      else if (!isWhole) this.#work.healed += 1;
      // A message that is lost keeps its place, so that the others keep theirs.
      insert.run(number, row.session, row.position, row.messageKey, box ?? row.box);
      this.#work.largest = Math.max(this.#work.largest, number);
    });
  }

  #copyPlainRows(table: string, columns: readonly [string, string]): void {
    const insert = this.#work.target.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (?, ?)`);
    const isRead = orNull(() => {
      for (const row of this.#source
        .prepare(`SELECT ${columns.join(', ')} FROM ${table}`)
        .raw()
        .iterate())
        insert.run(row);
      return true;
    });
    if (isRead === null) this.#work.isCut = true;
  }

  async #eachPage<Row extends BoxRow>(
    table: string,
    key: string,
    columns: string,
    take: (found: FoundRow<Row>) => void,
  ): Promise<void> {
    const { target, control, head } = this.#work;
    const last = key === 'sequence' ? head.sequence : head.nextRecordId;
    for (const read of readRows<Row>(this.#source, { table, key, columns, last })) {
      await yieldToOthers(control.signal);
      const rows = read.map((found) => (found.row === null || isRow(found.row) ? found : { ...found, row: null }));
      if (rows.some(({ row }) => row === null)) this.#work.isCut = true;
      target.transaction(() => rows.forEach(take))();
      this.#done += rows.length;
      control.onProgress({ done: Math.min(this.#done, this.#total), total: this.#total });
    }
  }
}

/** A damaged page may give anything for a column, also nothing. */
function isRow(row: BoxRow): boolean {
  const { contentId, session, position } = row as Partial<ChunkRow & PartRow>;
  const isNumber = (value: unknown): boolean => value === undefined || Number.isSafeInteger(value);
  const isBytes = contentId === undefined || Buffer.isBuffer(contentId);
  return Buffer.isBuffer(row.box) && isBytes && isNumber(session) && isNumber(position);
}

/** The keyed id of what a chunk holds; null where that cannot be told. */
function contentIdOf(keys: KeyTree, number: number, box: Buffer): Buffer | null {
  const opened = keys.open(BOX_KINDS.chunk, number, box);
  const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
  return content === null ? null : keys.contentId(content);
}
