// Rebuilds a vault from one that is damaged: every box that authenticates is taken over under its number. First by tables, with second
// copies for what is damaged; what is then still missing is looked for in the bytes of the file; snapshots of which the list is lost are
// put together from the last whole one and what changed since. The damaged file is only read.

import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { ReadDb, WriteDb } from '../database.ts';
import { isHeaderAuthentic, parseHeader } from '../keyring/header.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { FIRST_HEAD, openHead, pickHead, sealHead, type Head } from '../log/head.ts';
import { VaultState } from '../log/vault-state.ts';
import type { BOX_TABLES } from '../tables/boxes.ts';
import { readHeadSlots, readHeaderCopies, writeHeadSlot, writeHeaderCopies } from '../tables/single-rows.ts';
import { dropAllParity } from '../upkeep/parity.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { copyTables } from './copy-tables.ts';
import { fillFromScan, namedKeyframes } from './fill-from-scan.ts';
import { fetchChunks, findBadChunks, healChunks } from './heal-chunks.ts';
import { findItemLosses, type ItemLosses } from './losses.ts';
import { orNull } from './read-rows.ts';
import { putTogether, type PutTogether } from './put-together.ts';
import type { RebuildWork } from './rebuild-work.ts';
import type { BoxScan } from './scan/box-scan.ts';
import type { Spares } from './spares.ts';

/** Numbers that are asked for where nothing says how many there are. */
const UNKNOWN_LAST = 200_000;

export interface Rebuilt {
  readonly state: VaultState;
  /** Snapshots that can be read. */
  readonly snapshots: number;
  /** Snapshots of which nothing is left. */
  readonly lostSnapshots: number;
  /** Records that came back from another copy. */
  readonly healed: number;
  /** Records that only the search through the file's bytes found; 0 where that was not needed. */
  readonly found: number;
  /** Records of which there is no whole copy, chunks included. */
  readonly lost: number;
  /** Records that authenticate, but may have been deleted on purpose: left out. */
  readonly unproven: number;
  /** True where nothing at all was found to be damaged. */
  readonly isWhole: boolean;
  readonly together: PutTogether;
  readonly losses: ItemLosses;
}

export interface RebuildDeps {
  /** The tables of the damaged file; null where SQLite cannot read any. */
  readonly source: ReadDb | null;
  /** False where the file's bytes had to be changed to read them. */
  readonly isAsItStood: boolean;
  /** Empty, with the tables of today's format. */
  readonly target: WriteDb;
  readonly keyring: Keyring;
  readonly spares: Spares;
  /** Also where nothing is left in the file itself. */
  readonly mayUseKeyFileAlone: boolean;
  /** Looks through the bytes of the file. */
  readonly scan: () => Promise<BoxScan | null>;
}

/** Null where nothing of a vault is left in the file. @throws AppError CANCELLED */
export async function rebuildVault(deps: RebuildDeps, control: WorkControl): Promise<Rebuilt | null> {
  const work = createWork(deps, control);
  if (deps.source !== null) await copyTables(deps.source, work);
  joinKeyframes(work);
  let scan: BoxScan | null = null;
  if (deps.source === null || hasHoles(work)) {
    scan = await work.scan();
    if (scan !== null) {
      takeNewestHead(work, scan);
      await fillFromScan(work, scan, deps.source !== null);
    }
  }
  const isAnythingThere = deps.mayUseKeyFileAlone ? work.hasHead || countRows(work, 'snapshots') > 0 : work.isOfFile;
  if (!isAnythingThere) return null;
  writeFoundation(work);
  const { bad, isScanned } = await healContent(work, scan, deps.source !== null);
  const isSound = deps.isAsItStood && deps.source !== null && isStructureSound(deps.source, deps.keyring);
  const state = new VaultState(work.keyring, work.target, work.target);
  const together = await putTogether(work, state);
  state.helper.close();
  return finish(work, together, bad, { isScanned, isSound });
}

function createWork(deps: RebuildDeps, control: WorkControl): RebuildWork {
  const { keys } = deps.keyring;
  const own = deps.source === null ? null : pickHead(keys, readHeadSlots(deps.source)).head;
  const remembered = deps.spares.head();
  let scanning: Promise<BoxScan | null> | null = null;
  return {
    target: deps.target,
    keyring: deps.keyring,
    spares: deps.spares,
    control,
    // A file that is older than it was last seen lacks what came since.
    head: newerOf(own, remembered) ?? { ...FIRST_HEAD, nextRecordId: UNKNOWN_LAST, sequence: UNKNOWN_LAST },
    hasHead: own !== null || remembered !== null,
    isOfFile: own !== null,
    largest: 0,
    healed: 0,
    renewed: 0,
    found: 0,
    unproven: 0,
    lostRecords: [],
    isCut: false,
    scan: () => (scanning ??= deps.scan()),
  };
}

function newerOf(own: Head | null, remembered: Head | null): Head | null {
  return own !== null && (remembered === null || own.counter >= remembered.counter) ? own : remembered;
}

/** Whether tables lack what should be there. */
function hasHoles(work: RebuildWork): boolean {
  if (work.isCut || work.lostRecords.length > 0 || !work.hasHead) return true;
  const { head } = work;
  if (countRows(work, 'snapshots') < head.snapshots || countRows(work, 'records') < head.records) return true;
  if (countRows(work, 'sessions') < head.sessions) return true;
  const present = new Set(work.target.prepare<[], number>('SELECT record_id FROM keyframes').pluck().all());
  return [...namedKeyframes(work)].some((number) => number !== 0 && !present.has(number));
}

/** The head says what was there last: the newest one counts, wherever it lies. */
function takeNewestHead(work: RebuildWork, scan: BoxScan): void {
  const { keys } = work.keyring;
  for (const found of scan.boxes) {
    if (found.kind !== BOX_KINDS.head || (work.hasHead && found.number <= work.head.counter)) continue;
    const head = openHead(keys, scan.read(keys, found));
    if (head === null) continue;
    work.head = head;
    work.hasHead = true;
    work.isOfFile = true;
  }
}

/** Each keyframe of which only the copy is whole goes back into its own place. */
function joinKeyframes(work: RebuildWork): void {
  const { changes } = work.target
    .prepare(
      'INSERT OR IGNORE INTO keyframes (record_id, box) SELECT record_id, box FROM keyframe_copies WHERE record_id NOT IN (SELECT record_id FROM keyframes)',
    )
    .run();
  work.healed += changes;
  const lost = work.lostRecords.filter(({ table }) => table !== 'keyframes');
  work.lostRecords.splice(0, work.lostRecords.length, ...lost);
}

/** Header and head over what is there: from here on it is a vault. */
function writeFoundation(work: RebuildWork): void {
  const { target, keyring, head } = work;
  writeHeaderCopies(target, keyring.encoded());
  const last = Number(target.prepare('SELECT coalesce(max(sequence), 0) FROM snapshots').pluck().get());
  const isKnown = head.chain !== FIRST_HEAD.chain || head.sequence === 0;
  writeHead(work, {
    ...head,
    sequence: isKnown ? Math.max(head.sequence, last) : last,
    nextRecordId: Math.max(isKnown ? head.nextRecordId : 1, work.largest + 1),
    chain: isKnown && head.sequence >= last ? head.chain : chainOf(work, last),
    ...countAll(work),
    // The next snapshot begins a keyframe of its own.
    keyframe: 0,
    keyframeSequence: 0,
    isKeyframeCopied: true,
    indexedThrough: 0,
    parityThrough: 0,
    lastVerifiedAtMs: null,
  });
}

/** Content by content: other copies first, then the bytes of the file. Gives the chunks that nobody has. */
async function healContent(
  work: RebuildWork,
  scanned: BoxScan | null,
  hasTables: boolean,
): Promise<{ readonly bad: ReadonlySet<number>; readonly isScanned: boolean }> {
  const state = new VaultState(work.keyring, work.target, work.target);
  try {
    const bad = await findBadChunks(work, state);
    let scan = scanned;
    if (!hasTables && scan !== null) await fetchChunks(work, state, scan, bad);
    // What one gives back may be what a group of others lacked.
    for (let before = -1; bad.size > 0 && bad.size !== before;) {
      before = bad.size;
      await healChunks(work, state, bad);
    }
    if (bad.size > 0 && hasTables) {
      scan ??= await work.scan();
      if (scan !== null) await fetchChunks(work, state, scan, bad);
    }
    return { bad, isScanned: scan !== null };
  } finally {
    state.helper.close();
  }
}

async function finish(
  work: RebuildWork,
  together: PutTogether,
  bad: ReadonlySet<number>,
  { isScanned, isSound }: { readonly isScanned: boolean; readonly isSound: boolean },
): Promise<Rebuilt> {
  const counts = countAll(work);
  const missing = work.hasHead ? Math.max(0, work.head.snapshots - counts.snapshots - together.hollow.length) : 0;
  const unfinished = new VaultState(work.keyring, work.target, work.target);
  unfinished.helper.close();
  writeHead(work, {
    ...unfinished.head,
    ...counts,
    nextRecordId: Math.max(unfinished.head.nextRecordId, work.largest + 1),
  });
  const state = new VaultState(work.keyring, work.target, work.target);
  state.commit('Rebuilding the vault', {}, () => dropAllParity(state));
  state.commit('Rebuilding the vault', {}, () => undefined); // both head slots
  const lostRecords = work.lostRecords.filter(({ table }) => table !== 'snapshots' && table !== 'keyframes');
  const lostSnapshots = missing + together.hollow.length;
  const lost = lostRecords.length + bad.size;
  const { healed, renewed, unproven } = work;
  const found = isScanned ? work.found : 0;
  const changes = healed + renewed + found + lost + lostSnapshots + together.snapshots.length;
  return {
    state,
    snapshots: counts.snapshots,
    lostSnapshots,
    healed,
    found,
    lost,
    unproven,
    isWhole: isSound && changes === 0,
    together,
    losses: await findItemLosses(state, bad, work.control),
  };
}

/** Whether the file is sound beside what is sealed in it, and opens as what it is. */
function isStructureSound(source: ReadDb, { keys }: Keyring): boolean {
  const answer = orNull(() => source.pragma('quick_check(1)', { simple: true }));
  return answer === 'ok' && pickHead(keys, readHeadSlots(source)).whole === 2 && hasOwnHeader(source, keys);
}

function hasOwnHeader(source: ReadDb, keys: KeyTree): boolean {
  return readHeaderCopies(source).some((bytes) => {
    const copy = bytes === null ? null : parseHeader(bytes);
    return copy?.isWhole === true && isHeaderAuthentic(copy, keys);
  });
}

function writeHead(work: RebuildWork, head: Head): void {
  for (const counter of [head.counter + 1, head.counter + 2])
    writeHeadSlot(work.target, counter, sealHead(work.keyring.keys, { ...head, counter }));
}

function countAll(work: RebuildWork): Pick<Head, 'snapshots' | 'records' | 'sessions'> {
  return {
    snapshots: countRows(work, 'snapshots'),
    records: countRows(work, 'records'),
    sessions: countRows(work, 'sessions'),
  };
}

function countRows(work: RebuildWork, table: keyof typeof BOX_TABLES): number {
  return Number(work.target.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
}

function chainOf(work: RebuildWork, sequence: number): string {
  const { target, keyring } = work;
  const box = target.prepare<[number], Buffer>('SELECT box FROM snapshots WHERE sequence = ?').pluck().get(sequence);
  const opened = box === undefined ? null : keyring.keys.open(BOX_KINDS.snapshot, sequence, box);
  return opened === null ? FIRST_HEAD.chain : keyring.keys.chain(opened.payload).toString('base64');
}
