// Parity (V17a): one XOR box for every 16 sealed chunks. Deduplication puts one chunk into every snapshot, so one bad chunk would
// touch them all; with its group's other members and the parity it comes back to the bit.

import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import { release } from '../content/release.ts';
import type { VaultState } from '../log/vault-state.ts';

export const PARITY_GROUP = 16;
/** Chunks that wait until there are this many, so that a group's members can be chosen of like size. */
const BATCH_CHUNKS = 256;
/** In idle time smaller batches are closed too. */
export const MIN_BATCH_CHUNKS = 32;
const MEMBER_BYTES = 12;

/** What a parity payload says: the members with their box lengths, then the XOR of the boxes, as long as the longest. */
export interface ParityGroup {
  readonly members: readonly { readonly recordId: number; readonly length: number }[];
  readonly xor: Buffer;
}

/** Builds parity for the next batch of chunks that have none; true where there may be more to do. */
export function buildParity(state: VaultState, minChunks: number = MIN_BATCH_CHUNKS): boolean {
  const facts = state.read.chunks.listFactsAfter(state.head.parityThrough, BATCH_CHUNKS);
  const last = facts.at(-1);
  if (last === undefined || facts.length < minChunks) return false;
  // Like sizes together waste little; and neighbours in the file fall into different groups, since their sizes differ.
  const bySize = facts.toSorted((a, b) => a.storedBytes - b.storedBytes);
  const groups: number[][] = [];
  for (let start = 0; start < bySize.length; start += PARITY_GROUP)
    groups.push(bySize.slice(start, start + PARITY_GROUP).map((fact) => fact.recordId));
  writeGroups(state, groups, last.recordId);
  return facts.length === BATCH_CHUNKS;
}

/** Rebuilds the groups that lost members to a sweep. The caller commits: this only writes. */
export function rebuildGroups(state: VaultState, parityIds: ReadonlySet<number>, takeRecordId: () => number): void {
  for (const parityId of parityIds) {
    const members = listMembers(state, parityId);
    removeGroup(state, parityId);
    const alive = members.filter(
      (recordId) => state.writeDb.prepare('SELECT 1 FROM chunks WHERE record_id = ?').get(recordId) !== undefined,
    );
    if (alive.length > 0) insertGroup(state, takeRecordId(), alive);
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

function writeGroups(state: VaultState, groups: readonly number[][], parityThrough: number): void {
  const first = state.head.nextRecordId;
  state.commit('Building parity', { nextRecordId: first + groups.length, parityThrough }, () => {
    for (const [index, group] of groups.entries()) insertGroup(state, first + index, group);
  });
}

function insertGroup(state: VaultState, parityId: number, recordIds: readonly number[]): void {
  const lengthOf = state.writeDb
    .prepare<[number], number>('SELECT length(box) FROM chunks WHERE record_id = ?')
    .pluck();
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
  const readBox = state.writeDb.prepare<[number], Buffer>('SELECT box FROM chunks WHERE record_id = ?').pluck();
  for (const { recordId } of members) {
    const box = readBox.get(recordId);
    if (box === undefined) continue;
    xorInto(payload.subarray(headBytes), box);
    release(box);
  }
  state.write.parity.insert(parityId, state.keys.seal(BOX_KINDS.parity, BOX_CODECS.raw, parityId, payload));
  const link = state.writeDb.prepare('INSERT INTO parity_members (chunk_id, parity_id) VALUES (?, ?)');
  for (const member of members) link.run(member.recordId, parityId);
}

function removeGroup(state: VaultState, parityId: number): void {
  state.write.parity.remove(parityId);
  state.writeDb.prepare('DELETE FROM parity_members WHERE parity_id = ?').run(parityId);
}

function listMembers(state: VaultState, parityId: number): number[] {
  return state.writeDb
    .prepare<[number], { chunk_id: number }>('SELECT chunk_id FROM parity_members WHERE parity_id = ?')
    .all(parityId)
    .map((row) => row.chunk_id);
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
