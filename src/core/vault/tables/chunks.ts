// Table `chunks`: sealed content by record number, found by keyed content id (V9).

import type { Statement } from 'better-sqlite3';

import type { ReadDb, WriteDb } from '../database.ts';
import { blobOf, inOrder } from './boxes.ts';

const NO_BYTES = Buffer.alloc(0);

export interface ChunkRow {
  readonly recordId: number;
  readonly contentId: Buffer;
  readonly box: Buffer;
}

export interface ChunkFacts {
  readonly recordId: number;
  readonly storedBytes: number;
}

interface RawFacts {
  record_id: number;
  stored_bytes: number;
}

export class ChunkReader {
  readonly #box: Statement<[number], Buffer>;
  readonly #contentId: Statement<[number], Buffer>;
  readonly #byContent: Statement<[Uint8Array], RawFacts>;
  readonly #facts: Statement<[number], RawFacts>;
  readonly #factsAfter: Statement<[number, number], RawFacts>;
  readonly #rowsAfter: Statement<[number, number], { record_id: number; content_id: Buffer; box: Buffer }>;

  constructor(db: ReadDb) {
    const facts = 'SELECT record_id, length(box) AS stored_bytes FROM chunks';
    this.#box = db.prepare<[number], Buffer>('SELECT box FROM chunks WHERE record_id = ?').pluck();
    this.#contentId = db.prepare<[number], Buffer>('SELECT content_id FROM chunks WHERE record_id = ?').pluck();
    this.#byContent = db.prepare(`${facts} WHERE content_id = ?`);
    this.#facts = db.prepare(`${facts} WHERE record_id = ?`);
    this.#factsAfter = db.prepare(`${facts} WHERE record_id > ? ORDER BY record_id LIMIT ?`);
    this.#rowsAfter = db.prepare(
      'SELECT record_id, content_id, box FROM chunks WHERE record_id > ? ORDER BY record_id LIMIT ?',
    );
  }

  readBox(recordId: number): Buffer | undefined {
    return blobOf(this.#box.get(recordId));
  }

  readContentId(recordId: number): Buffer | undefined {
    return blobOf(this.#contentId.get(recordId));
  }

  findByContent(contentId: Uint8Array): ChunkFacts | undefined {
    return toFacts(this.#byContent.get(contentId));
  }

  readFacts(recordId: number): ChunkFacts | undefined {
    return toFacts(this.#facts.get(recordId));
  }

  /** Facts of the next chunks after a record number: a scan in pages that reads no content. */
  listFactsAfter(recordId: number, limit: number): ChunkFacts[] {
    return inOrder(this.#factsAfter.all(recordId, limit), recordId, (row) => row.record_id).map((row) => ({
      recordId: row.record_id,
      storedBytes: row.stored_bytes,
    }));
  }

  listAfter(recordId: number, limit: number): ChunkRow[] {
    return inOrder(this.#rowsAfter.all(recordId, limit), recordId, (row) => row.record_id).map((row) => ({
      recordId: row.record_id,
      contentId: blobOf(row.content_id) ?? NO_BYTES,
      box: blobOf(row.box) ?? NO_BYTES,
    }));
  }
}

export class ChunkWriter {
  readonly #insert: Statement<[number, Uint8Array, Uint8Array]>;
  readonly #replaceBox: Statement<[Uint8Array, number]>;
  readonly #remove: Statement<[number]>;

  constructor(db: WriteDb) {
    this.#insert = db.prepare('INSERT INTO chunks (record_id, content_id, box) VALUES (?, ?, ?)');
    this.#replaceBox = db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?');
    this.#remove = db.prepare('DELETE FROM chunks WHERE record_id = ?');
  }

  insert(row: ChunkRow): void {
    this.#insert.run(row.recordId, row.contentId, row.box);
  }

  replaceBox(recordId: number, box: Uint8Array): void {
    this.#replaceBox.run(box, recordId);
  }

  remove(recordId: number): void {
    this.#remove.run(recordId);
  }
}

function toFacts(row: RawFacts | undefined): ChunkFacts | undefined {
  if (row === undefined) return undefined;
  return { recordId: row.record_id, storedBytes: row.stored_bytes };
}
