// Puts records right while the vault is open that are known to be damaged: from second copies, parity groups, the key file and backups, or
// by one wrong bit. What comes in authenticates under its number; content must be what stands there, since it may have been redacted after
// the backup was made.

import { BOX_KINDS } from '../../crypto/box.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import type { VaultState } from '../log/vault-state.ts';
import { openBeside } from '../open-beside.ts';
import { orNull } from '../repair/read-rows.ts';
import { Spares } from '../repair/spares.ts';
import { BOX_TABLES } from '../tables/boxes.ts';
import type { HealReport } from '../vault.ts';
import type { VaultFiles } from '../vault-files.ts';
import { findDamage, readRow } from './check-record.ts';
import { groupsOf, rebuildChunkBox, rebuildGroups } from './parity.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';
import {
  KIND_OF_TABLE,
  nameOf,
  noteVerification,
  readVerification,
  type CheckedTable,
  type DamagedRecord,
} from './verification.ts';

export interface HealDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

/** @param backups files of this vault, the newest first; those that are not there are passed over */
export async function healVault(deps: HealDeps, backups: readonly string[], control: WorkControl): Promise<HealReport> {
  const { state } = deps;
  const { damaged, moreDamaged } = readVerification(state);
  const spares = new Spares(state.keys, deps.files.sidecar, backups, openBeside);
  const healed = new Set<string>();
  const fromElsewhere: number[] = [];
  try {
    // A chunk that came back may be what the parity group of another one needs.
    for (let isMore = true; isMore;) {
      isMore = false;
      for (const record of damaged) {
        if (healed.has(nameOf(record))) continue;
        await yieldToOthers(control.signal);
        const how = await deps.withLock(() => healRecord(state, spares, record));
        if (how === null) continue;
        healed.add(nameOf(record));
        if (record.table === 'chunks' && how === 'elsewhere') fromElsewhere.push(record.number);
        control.onProgress({ done: healed.size, total: damaged.length });
        isMore = record.table === 'chunks';
      }
    }
  } finally {
    spares.close();
  }
  if (healed.size > 0)
    await deps.withLock(() => {
      renewParity(state, fromElsewhere);
      const left = readVerification(state).damaged.filter((record) => !healed.has(nameOf(record)));
      noteVerification(state, { damaged: left, ...(left.length === 0 ? { moreDamaged: 0 } : {}) });
    });
  return { healed: healed.size, left: damaged.length - healed.size + moreDamaged };
}

/** Where it came back from, or null. */
function healRecord(state: VaultState, spares: Spares, record: DamagedRecord): 'parity' | 'elsewhere' | null {
  const { table, number } = record;
  if (table === 'chunks') return healChunk(state, spares, number);
  if (table === 'parity') {
    let recordId = state.head.nextRecordId;
    state.commit('Healing', { nextRecordId: recordId + 1 }, () =>
      rebuildGroups(state, new Set([number]), () => recordId++),
    );
    return 'elsewhere';
  }
  const box = findWhole(state, spares, table, number);
  if (box === null) return null;
  const key = BOX_TABLES[table];
  state.commit('Healing', {}, () => {
    const { changes } = state.writeDb.prepare(`UPDATE ${table} SET box = ? WHERE ${key} = ?`).run(box, number);
    // Messages have more columns than can be told from a box.
    if (changes === 0 && table !== 'session_parts')
      state.writeDb.prepare(`INSERT INTO ${table} (${key}, box) VALUES (?, ?)`).run(number, box);
  });
  const row = readRow(state, table, number);
  return row !== undefined && !isStillDamaged(state, table, row) ? 'elsewhere' : null;
}

function isStillDamaged(state: VaultState, table: CheckedTable, row: NonNullable<ReturnType<typeof readRow>>): boolean {
  return findDamage(state, table, row).some((damage) => damage.table === table);
}

/** A whole box of the record from wherever there is one. */
function findWhole(
  state: VaultState,
  spares: Spares,
  table: Exclude<CheckedTable, 'chunks'>,
  number: number,
): Buffer | null {
  const kind = KIND_OF_TABLE[table];
  const own = readRow(state, table, number)?.box;
  const other = table === 'keyframes' ? 'keyframe_copies' : table === 'keyframe_copies' ? 'keyframes' : null;
  const copy = other === null ? undefined : readRow(state, other, number)?.box;
  if (copy !== undefined && state.keys.open(kind, number, copy) !== null) return copy;
  return spares.find(table, kind, number) ?? (own === undefined ? null : state.keys.mend(kind, number, own));
}

function healChunk(state: VaultState, spares: Spares, number: number): 'parity' | 'elsewhere' | null {
  const contentId = state.read.chunks.readContentId(number);
  const own = state.read.chunks.readBox(number);
  const isWanted = (box: Buffer | null): box is Buffer => {
    const id = box === null ? null : contentIdOf(state, number, box);
    return id !== null && (contentId === undefined || id.equals(contentId));
  };
  const rebuilt = orNull(() => rebuildChunkBox(state, number));
  if (isWanted(rebuilt)) return putChunk(state, number, rebuilt) ? 'parity' : null;
  // Where not even its row is left, nothing says whether it was redacted since a backup: a repair may be asked for it.
  if (contentId === undefined || own === undefined) return null;
  const spare = spares.find('chunks', BOX_KINDS.chunk, number);
  if (isWanted(spare)) return putChunk(state, number, spare) ? 'elsewhere' : null;
  const mended = state.keys.mend(BOX_KINDS.chunk, number, own);
  if (isWanted(mended)) return putChunk(state, number, mended) ? 'elsewhere' : null;
  return null;
}

function contentIdOf(state: VaultState, number: number, box: Buffer): Buffer | null {
  const opened = state.keys.open(BOX_KINDS.chunk, number, box);
  const content = opened === null ? null : orNull(() => decodeChunkPayload(opened.header, opened.payload));
  return content === null ? null : state.keys.contentId(content);
}

function putChunk(state: VaultState, number: number, box: Buffer): boolean {
  const id = contentIdOf(state, number, box);
  if (id === null) return false;
  const isThere = state.read.chunks.readFacts(number) !== undefined;
  if (!isThere && state.store.find(id) !== undefined) return false;
  state.commit('Healing', {}, () => {
    if (isThere) state.write.chunks.replaceBox(number, box);
    else state.write.chunks.insert({ recordId: number, contentId: id, box });
  });
  state.store.remember(number, box.length, null);
  return true;
}

/** A box from elsewhere may be sealed otherwise than the one that its group was made of. */
function renewParity(state: VaultState, numbers: readonly number[]): void {
  for (const number of numbers) {
    const box = state.read.chunks.readBox(number);
    const rebuilt = orNull(() => rebuildChunkBox(state, number));
    if (box === undefined || rebuilt?.equals(box) === true) continue;
    let recordId = state.head.nextRecordId;
    const groups = groupsOf(state, [number]);
    state.commit('Building parity', { nextRecordId: recordId + groups.size }, () =>
      rebuildGroups(state, groups, () => recordId++),
    );
  }
}
