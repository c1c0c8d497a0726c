// Parity (V17a): one XOR box for every 16 sealed chunks. Deduplication puts one chunk into every snapshot, so one bad chunk would
// touch them all; with its group's other members and the parity it comes back to the bit.

import type { Statement } from 'better-sqlite3';

import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import { release } from '../../../shared/memory/release.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ChunkFacts } from '../tables/chunks.ts';

export const PARITY_GROUP = 16;
/** A stretch of the file that may be lost as a whole: no two members of a group lie closer, where there are chunks enough. */
const STRETCH_BYTES = 1024 * 1024;
/** So much content is grouped for good; what is younger has groups too, which are made anew with it. */
const BATCH_BYTES = 40 * STRETCH_BYTES;
/** Chunks in a batch at most, however small they are. */
const BATCH_CHUNKS = 8_192;
/** So many chunks without a group are given one in idle time. */
const MIN_WAITING_CHUNKS = 32;
/** Groups that are still open while the chunks go by. */
const OPEN_GROUPS = 96;
/** Its multiples, less their whole part, set any neighbours far apart: what follows each other so lies a good part of the whole away. */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;
/** Groups of one commit: a save may come in between. */
const GROUPS_PER_COMMIT = 32;
const MEMBER_BYTES = 12;
const PAGE_FACTS = 512;

/** What a parity payload says: the members with their box lengths, then the XOR of the boxes, as long as the longest. */
export interface ParityGroup {
  readonly members: readonly { readonly recordId: number; readonly length: number }[];
  readonly xor: Buffer;
}

/**
 * Builds parity for chunks that have none; true where there may be more to do. Chunks are grouped in batches so large that the members of
 * a group can lie far apart: a stretch of the file that is lost takes one of them, and the others give it back. What is no whole batch yet is
 * grouped as well as it can be, and anew when it has become one.
 */
export function buildParity(state: VaultState): boolean {
  const batch = nextBatch(state);
  if (!batch.isWhole) {
    const grouped = new Set(listGrouped(state, state.head.parityThrough));
    const waiting = batch.facts.filter(({ recordId }) => !grouped.has(recordId));
    if (waiting.length >= MIN_WAITING_CHUNKS) writeGroups(state, planGroups(waiting, STRETCH_BYTES), null);
    return false;
  }
  const old = groupsOf(
    state,
    batch.facts.map(({ recordId }) => recordId),
  );
  if (old.size > 0)
    state.commit('Building parity', {}, () => {
      const statements = prepareGroups(state);
      for (const parityId of old) removeGroup(state, statements, parityId);
    });
  writeGroups(state, planGroups(batch.facts, STRETCH_BYTES), batch.facts.at(-1)?.recordId ?? null);
  return true;
}

/**
 * Which chunks go together: of like size, so that little is wasted, and no two closer to each other than the stretch. Those of one size do not
 * come in the file's order: small ones would fill all open groups, one each, before the first that lies far enough away.
 */
export function planGroups(facts: readonly ChunkFacts[], stretchBytes: number): number[][] {
  let at = 0;
  const placed = facts.map(({ recordId, storedBytes }, index) => {
    at += storedBytes;
    return { recordId, storedBytes, start: at - storedBytes, end: at, turn: (index * GOLDEN_RATIO) % 1 };
  });
  // Where there is less than sixteen stretches, they lie as far apart as they can.
  const distance = Math.min(stretchBytes, at / (4 * PARITY_GROUP));
  const groups: (typeof placed)[] = [];
  const open: (typeof placed)[] = [];
  for (const chunk of placed.toSorted((a, b) => b.storedBytes - a.storedBytes || a.turn - b.turn)) {
    const isFar = (other: (typeof placed)[number]): boolean =>
      chunk.start >= other.end + distance || other.start >= chunk.end + distance;
    let group = open.find((members) => members.every(isFar));
    if (group === undefined) {
      if (open.length >= OPEN_GROUPS) open.shift();
      group = [];
      groups.push(group);
      open.push(group);
    }
    group.push(chunk);
    if (group.length === PARITY_GROUP) open.splice(open.indexOf(group), 1);
  }
  return groups.map((members) => members.map(({ recordId }) => recordId));
}

/** The chunks after those that are grouped for good, up to a whole batch. */
function nextBatch(state: VaultState): { readonly facts: readonly ChunkFacts[]; readonly isWhole: boolean } {
  const facts: ChunkFacts[] = [];
  let bytes = 0;
  let after = state.head.parityThrough;
  while (bytes < BATCH_BYTES && facts.length < BATCH_CHUNKS) {
    const page = state.read.chunks.listFactsAfter(after, PAGE_FACTS);
    for (const fact of page) bytes += fact.storedBytes;
    facts.push(...page);
    const last = page.at(-1);
    if (last === undefined) return { facts, isWhole: false };
    after = last.recordId;
  }
  return { facts, isWhole: true };
}

function listGrouped(state: VaultState, after: number): number[] {
  return state.readDb
    .prepare<[number], number>('SELECT chunk_id FROM parity_members WHERE chunk_id > ?')
    .pluck()
    .all(after);
}

/** Rebuilds the groups that lost members to a sweep. The caller commits: this only writes. */
export function rebuildGroups(state: VaultState, parityIds: ReadonlySet<number>, takeRecordId: () => number): void {
  const statements = prepareGroups(state);
  for (const parityId of parityIds) {
    const members = statements.members.all(parityId);
    removeGroup(state, statements, parityId);
    const alive = members.filter((recordId) => statements.lengthOf.get(recordId) !== undefined);
    if (alive.length > 0) insertGroup(state, statements, takeRecordId(), alive);
  }
}

/** The parity groups that these chunks belong to. */
export function groupsOf(state: VaultState, recordIds: readonly number[]): Set<number> {
  const find = state.writeDb
    .prepare<[number], number>('SELECT parity_id FROM parity_members WHERE chunk_id = ?')
    .pluck();
  const groups = new Set<number>();
  for (const recordId of recordIds) {
    const parityId: unknown = find.get(recordId);
    if (typeof parityId === 'number') groups.add(parityId);
  }
  return groups;
}

/** Forgets all parity, for a rotation: every box changes. The caller commits. */
export function dropAllParity(state: VaultState): void {
  state.writeDb.exec('DELETE FROM parity; DELETE FROM parity_members;');
}

/** A damaged or lost chunk's box, rebuilt from its group; null where the group cannot give it. The result is not yet authenticated. */
export function rebuildChunkBox(state: VaultState, recordId: number): Buffer | null {
  const parityId: unknown = state.readDb
    .prepare('SELECT parity_id FROM parity_members WHERE chunk_id = ?')
    .pluck()
    .get(recordId);
  if (typeof parityId !== 'number') return null;
  const box = state.read.parity.read(parityId);
  const opened = box === undefined ? null : state.keys.open(BOX_KINDS.parity, parityId, box);
  const group = opened === null ? null : parseParity(opened.payload);
  return group === null
    ? null
    : rebuildFromGroup(group, recordId, (member) => state.read.chunks.readBox(member) ?? null);
}

/** The box of one member from those of the others; null where one of them is missing. The result is not yet authenticated. */
export function rebuildFromGroup(
  group: ParityGroup,
  recordId: number,
  readBox: (recordId: number) => Buffer | null,
): Buffer | null {
  const wanted = group.members.find((member) => member.recordId === recordId);
  if (wanted === undefined) return null;
  const rebuilt = Buffer.from(group.xor);
  for (const member of group.members) {
    if (member.recordId === recordId) continue;
    const other = readBox(member.recordId);
    if (other?.length !== member.length) return null;
    xorInto(rebuilt, other);
  }
  return rebuilt.subarray(0, wanted.length);
}

/** Reads a parity payload; null where it is none. */
export function parseParity(payload: Buffer): ParityGroup | null {
  const count = payload.length < 4 ? -1 : payload.readUInt32LE(0);
  if (count < 1 || count > PARITY_GROUP || payload.length < 4 + count * MEMBER_BYTES) return null;
  const members = Array.from({ length: count }, (_, index) => {
    const at = 4 + index * MEMBER_BYTES;
    return { recordId: Number(payload.readBigUInt64LE(at)), length: payload.readUInt32LE(at + 8) };
  });
  return { members, xor: payload.subarray(4 + count * MEMBER_BYTES) };
}

/** What hundreds of groups share: preparing it for each takes longer than the rest of the work on one. */
interface GroupStatements {
  readonly lengthOf: Statement<[number], number>;
  readonly readBox: Statement<[number], Buffer>;
  readonly members: Statement<[number], number>;
  readonly link: Statement<[number, number]>;
  readonly unlink: Statement<[number]>;
}

function prepareGroups({ writeDb }: VaultState): GroupStatements {
  return {
    lengthOf: writeDb.prepare<[number], number>('SELECT length(box) FROM chunks WHERE record_id = ?').pluck(),
    readBox: writeDb.prepare<[number], Buffer>('SELECT box FROM chunks WHERE record_id = ?').pluck(),
    members: writeDb.prepare<[number], number>('SELECT chunk_id FROM parity_members WHERE parity_id = ?').pluck(),
    link: writeDb.prepare<[number, number]>('INSERT INTO parity_members (chunk_id, parity_id) VALUES (?, ?)'),
    unlink: writeDb.prepare<[number]>('DELETE FROM parity_members WHERE parity_id = ?'),
  };
}

/** @param parityThrough the chunk up to which everything is grouped for good then; null where nothing is yet */
function writeGroups(state: VaultState, groups: readonly number[][], parityThrough: number | null): void {
  const statements = prepareGroups(state);
  for (let from = 0; from < groups.length; from += GROUPS_PER_COMMIT) {
    const slice = groups.slice(from, from + GROUPS_PER_COMMIT);
    const first = state.head.nextRecordId;
    const isLast = from + slice.length === groups.length;
    const done = isLast && parityThrough !== null ? { parityThrough } : {};
    state.commit('Building parity', { nextRecordId: first + slice.length, ...done }, () => {
      for (const [index, group] of slice.entries()) insertGroup(state, statements, first + index, group);
    });
  }
}

function insertGroup(
  state: VaultState,
  { lengthOf, readBox, link }: GroupStatements,
  parityId: number,
  recordIds: readonly number[],
): void {
  const members: { recordId: number; length: number }[] = [];
  for (const recordId of recordIds) {
    const length = lengthOf.get(recordId);
    if (length !== undefined) members.push({ recordId, length });
  }
  const headBytes = 4 + members.length * MEMBER_BYTES;
  const longest = members.reduce((most, { length }) => Math.max(most, length), 0);
  const payload = Buffer.alloc(headBytes + longest);
  payload.writeUInt32LE(members.length, 0);
  for (const [index, member] of members.entries()) {
    payload.writeBigUInt64LE(BigInt(member.recordId), 4 + index * MEMBER_BYTES);
    payload.writeUInt32LE(member.length, 12 + index * MEMBER_BYTES);
  }
  for (const { recordId } of members) {
    const box = readBox.get(recordId);
    if (box === undefined) continue;
    xorInto(payload.subarray(headBytes), box);
    release(box);
  }
  state.write.parity.insert(parityId, state.keys.seal(BOX_KINDS.parity, BOX_CODECS.raw, parityId, payload));
  for (const member of members) link.run(member.recordId, parityId);
}

function removeGroup(state: VaultState, { unlink }: GroupStatements, parityId: number): void {
  state.write.parity.remove(parityId);
  unlink.run(parityId);
}

/** XORs as many bytes as both have; words of four bytes at a time, which must lie on such a border. */
function xorInto(target: Buffer, bytes: Buffer): void {
  const length = Math.min(target.length, bytes.length);
  const words = length >>> 2;
  const into = wordsOf(target, words);
  const from = wordsOf(bytes, words);
  for (let index = 0; index < words; index += 1) into[index] = (into[index] ?? 0) ^ (from[index] ?? 0);
  for (let index = words * 4; index < length; index += 1) target[index] = (target[index] ?? 0) ^ (bytes[index] ?? 0);
  if (into.buffer !== target.buffer) target.set(new Uint8Array(into.buffer), 0);
}

/** The first words of the bytes: a view where they are aligned, else a copy. */
function wordsOf(bytes: Buffer, count: number): Uint32Array {
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint32Array(Uint8Array.from(bytes.subarray(0, count * 4)).buffer);
}
