// Where a box that is damaged may stand a second time: beside the vault in the key file, and in its backups. Record numbers are never
// used again, and what is found authenticates under its number, so nothing foreign and nothing older comes in.

import type { Statement } from 'better-sqlite3';

import { BOX_KINDS, parseBoxHeader, type BoxKind } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { ReadDb } from '../database.ts';
import { openHead, type Head } from '../log/head.ts';
import { readSidecar } from '../keyring/sidecar.ts';
import { openReadingCopy } from '../reading-copy.ts';
import { BOX_TABLES, type BoxTable } from '../tables/boxes.ts';
import { orNull } from './read-rows.ts';

export type SpareTable = BoxTable | 'chunks';

export class Spares {
  readonly #keys: KeyTree;
  readonly #beside: readonly Buffer[];
  readonly #backups: readonly string[];
  readonly #open: (path: string) => ReadDb;
  readonly #byTable = new Map<SpareTable, readonly Statement<[number], Buffer>[]>();
  #opened: ReadDb[] | null = null;

  /**
   * @param backups files of this vault, the newest first
   * @param open how one is opened: in memory, unless told otherwise
   */
  constructor(
    keys: KeyTree,
    sidecarPath: string,
    backups: readonly string[],
    open: (path: string) => ReadDb = openReadingCopy,
  ) {
    this.#open = open;
    this.#keys = keys;
    this.#beside = readSidecar(sidecarPath)?.boxes ?? [];
    this.#backups = backups;
  }

  /** The head that the key file remembers. */
  head(): Head | null {
    return this.#beside.map((box) => openHead(this.#keys, box)).find((head) => head !== null) ?? null;
  }

  /** The snapshots that the key file remembers: the newest ones when its head was written. */
  sequences(): number[] {
    return this.#beside.flatMap((box) => {
      const header = parseBoxHeader(box);
      const isWhole = header?.kind === BOX_KINDS.snapshot && this.#keys.openAny(box) !== null;
      return isWhole ? [header.recordId] : [];
    });
  }

  /** A box that authenticates under this kind and number; null where there is none. */
  find(table: SpareTable, kind: BoxKind, number: number): Buffer | null {
    const beside = this.#beside.find((box) => {
      const header = parseBoxHeader(box);
      return header?.kind === kind && header.recordId === number && this.#keys.open(kind, number, box) !== null;
    });
    if (beside !== undefined) return beside;
    for (const reader of this.#readers(table)) {
      const box = orNull(() => reader.get(number));
      if (box !== null && box !== undefined && this.#keys.open(kind, number, box) !== null) return box;
    }
    return null;
  }

  close(): void {
    for (const db of this.#opened ?? []) db.close();
    this.#opened = [];
    this.#byTable.clear();
  }

  /** A table of each backup that has it; made once, since it may be asked for every number there could be. */
  #readers(table: SpareTable): readonly Statement<[number], Buffer>[] {
    const known = this.#byTable.get(table);
    if (known !== undefined) return known;
    const key = table === 'chunks' ? 'record_id' : BOX_TABLES[table];
    const sql = `SELECT box FROM ${table} WHERE ${key} = ?`;
    const readers = this.#databases().flatMap((db) => orNull(() => db.prepare<[number], Buffer>(sql).pluck()) ?? []);
    this.#byTable.set(table, readers);
    return readers;
  }

  /** Opened only where something is damaged. */
  #databases(): readonly ReadDb[] {
    this.#opened ??= this.#backups.flatMap((path) => orNull(() => this.#open(path)) ?? []);
    return this.#opened;
  }
}
