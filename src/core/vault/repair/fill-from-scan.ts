// The last way to a damaged vault's records: boxes that were found in the bytes of its file. All of them authenticate; which of them
// are still part of the vault is another question, since what was deleted may lie there too. A snapshot comes back where the time index and
// the head prove that it was there, else where a page of SQLite's names it. Content comes back where a snapshot names it. Checkpoints,
// settings and sessions come back where a page names them, or where as many were found as the head counts.

import { openInboxDeposit } from '../../crypto/inbox-seal.ts';
import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import { openField } from '../replica/field-store.ts';
import { messageKeyOf } from '../log/sessions.ts';
import { openRecord, type VaultRecord } from '../log/records.ts';
import { openAnyPart, openSession, type AnyPart, type SessionRecord } from '../log/session-records.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import { BOX_TABLES } from '../tables/boxes.ts';
import { yieldToOthers } from '../upkeep/slices.ts';
import { proveLive, readIndexBlocks } from './live-snapshots.ts';
import type { RebuildWork } from './rebuild-work.ts';
import type { BoxScan, FoundBox } from './scan/box-scan.ts';

const SLICE_BOXES = 256;
/** Deposits are numbered from one on and taken out at every unlock: there are never many. */
const MAX_DEPOSIT_NUMBER = 2_000;
const LIKELY_FIRST = ['live', 'unknown', 'dead'] as const;

/** All places of each number, the likeliest first. */
export function groupByNumber(scan: BoxScan, kind: BoxKind): Map<number, readonly FoundBox[]> {
  const groups = new Map<number, FoundBox[]>();
  for (const found of scan.boxes) {
    if (found.kind !== kind) continue;
    const group = groups.get(found.number);
    if (group === undefined) groups.set(found.number, [found]);
    else group.push(found);
  }
  for (const group of groups.values())
    if (group.length > 1) group.sort((a, b) => LIKELY_FIRST.indexOf(a.placing) - LIKELY_FIRST.indexOf(b.placing));
  return groups;
}

/** The first of some places whose box authenticates, also with one wrong bit; null where none does. */
export function readFirst(work: RebuildWork, scan: BoxScan, places: readonly FoundBox[]): Buffer | null {
  const { keys } = work.keyring;
  for (const place of places) {
    const box = scan.read(keys, place);
    if (box !== null) return box;
  }
  for (const place of places) {
    const box = scan.read(keys, place, { isThorough: true });
    if (box !== null) return box;
    const bytes = scan.readAsItIs(place);
    const mended = bytes === null ? null : keys.mend(place.kind, place.number, bytes);
    if (mended !== null) return mended;
  }
  return null;
}

/** Fills what is missing of snapshots, checkpoints, settings, sessions and deposits. @throws AppError CANCELLED */
export async function fillFromScan(work: RebuildWork, scan: BoxScan, hasTables: boolean): Promise<void> {
  await fillSnapshots(work, scan);
  await fillKeyframes(work, scan);
  await fillRecords(work, scan);
  fillReplicaLog(work, scan);
  if (!hasTables) fillDeposits(work, scan);
}

async function fillSnapshots(work: RebuildWork, scan: BoxScan): Promise<void> {
  const { target, spares, head } = work;
  const isLive = work.hasHead ? proveLive(head, readIndexBlocks(scan, work.keyring.keys)) : null;
  const groups = groupByNumber(scan, BOX_KINDS.snapshot);
  const present = numbersIn(work, 'snapshots');
  const damaged = new Set(takeLost(work, 'snapshots'));
  const insert = target.prepare('INSERT INTO snapshots (sequence, box) VALUES (?, ?)');
  // They were there when the newest head was written.
  const remembered = new Set(spares.head()?.counter === head.counter ? spares.sequences() : []);
  const wanted = new Set([...groups.keys(), ...damaged, ...spares.sequences()]);
  for (const slice of slicesOf([...wanted].toSorted((a, b) => a - b))) {
    await yieldToOthers(work.control.signal);
    target.transaction(() => {
      for (const sequence of slice) {
        if (present.has(sequence)) continue;
        const places = groups.get(sequence) ?? [];
        const isThere =
          damaged.has(sequence) ||
          remembered.has(sequence) ||
          (isLive?.(sequence) ?? places.some(({ placing }) => placing === 'live'));
        const box = readFirst(work, scan, places);
        const known = box ?? (isThere ? spares.find('snapshots', BOX_KINDS.snapshot, sequence) : null);
        if (known === null) {
          if (damaged.has(sequence)) work.lostRecords.push({ table: 'snapshots', number: sequence });
        } else if (isThere) {
          insert.run(sequence, known);
          work.found += 1;
          if (box !== null) work.isOfFile = true;
        } else work.unproven += 1;
      }
    })();
  }
}

async function fillKeyframes(work: RebuildWork, scan: BoxScan): Promise<void> {
  const groups = groupByNumber(scan, BOX_KINDS.keyframe);
  const { target, spares } = work;
  const present = new Set([...numbersIn(work, 'keyframes'), ...numbersIn(work, 'keyframe_copies')]);
  takeLost(work, 'keyframes');
  const insert = target.prepare('INSERT INTO keyframes (record_id, box) VALUES (?, ?)');
  for (const number of namedKeyframes(work)) {
    if (present.has(number) || number === 0) continue;
    await yieldToOthers(work.control.signal);
    const box = readFirst(work, scan, groups.get(number) ?? []) ?? spares.find('keyframes', BOX_KINDS.keyframe, number);
    if (box === null) continue;
    insert.run(number, box);
    work.found += 1;
    work.largest = Math.max(work.largest, number);
  }
}

/** The keyframes that snapshots and checkpoints in the target name. */
export function namedKeyframes(work: RebuildWork): Set<number> {
  const { target, keyring } = work;
  const named = new Set<number>();
  for (const { number, box } of target
    .prepare<[], { number: number; box: Buffer }>('SELECT sequence AS number, box FROM snapshots')
    .iterate()) {
    const opened = keyring.keys.open(BOX_KINDS.snapshot, number, box);
    if (opened !== null) named.add(parseSnapshotPrefix(opened.payload).keyframe);
  }
  for (const { number, box } of target
    .prepare<[], { number: number; box: Buffer }>('SELECT record_id AS number, box FROM records')
    .iterate()) {
    const record = openRecord(keyring.keys, number, box);
    if (record?.type === 'checkpoint') named.add(record.keyframe);
  }
  return named;
}

type FieldName = NonNullable<ReturnType<typeof openField>>;

interface Candidate<Content> {
  readonly number: number;
  readonly box: Buffer;
  readonly content: Content;
  readonly isLive: boolean;
}

async function fillRecords(work: RebuildWork, scan: BoxScan): Promise<void> {
  const { keys } = work.keyring;
  const present = new Set([
    ...numbersIn(work, 'records'),
    ...numbersIn(work, 'sessions'),
    ...numbersIn(work, 'session_parts'),
    ...numbersIn(work, 'replica_fields'),
  ]);
  const damaged = new Map(
    (['records', 'sessions', 'session_parts', 'replica_fields'] as const).flatMap((table) =>
      takeLost(work, table).map((number) => [number, table] as const),
    ),
  );
  const records: Candidate<VaultRecord>[] = [];
  const sessions: Candidate<SessionRecord>[] = [];
  const parts: Candidate<AnyPart>[] = [];
  const fields: Candidate<FieldName>[] = [];
  const groups = [...groupByNumber(scan, BOX_KINDS.record)];
  for (const slice of slicesOf(groups)) {
    await yieldToOthers(work.control.signal);
    for (const [number, places] of slice) {
      if (present.has(number) && damaged.get(number) !== 'session_parts') continue;
      const box = readFirst(work, scan, places);
      if (box === null) continue;
      const isLive = damaged.has(number) || places.some(({ placing }) => placing === 'live');
      const facts = { number, box, isLive };
      const record = openRecord(keys, number, box);
      const session = record === null ? openSession(keys, number, box) : null;
      const part = record === null && session === null ? openAnyPart(keys, number, box) : null;
      if (record !== null) records.push({ ...facts, content: record });
      if (session !== null) sessions.push({ ...facts, content: session });
      if (part !== null) parts.push({ ...facts, content: part });
      const field = record === null && session === null && part === null ? openField(keys, number, box) : null;
      if (field !== null) fields.push({ ...facts, content: field });
      if (record !== null || session !== null || part !== null || field !== null) damaged.delete(number);
    }
  }
  for (const [number, table] of damaged) work.lostRecords.push({ table, number });
  insertProven(work, 'records', newest(records, nameOf), work.head.records);
  const taken = insertProven(
    work,
    'sessions',
    newest(sessions, ({ number }) => String(number)),
    work.head.sessions,
  );
  insertParts(work, parts, taken);
  insertNamed(
    work,
    'replica_fields',
    newest(fields, ({ entity, field }) => `${entity} ${field}`),
  );
}

/** Own entries of the replica log, where a page names them. */
function fillReplicaLog(work: RebuildWork, scan: BoxScan): void {
  const present = numbersIn(work, 'replica_log');
  const damaged = new Set(takeLost(work, 'replica_log'));
  const candidates: Candidate<null>[] = [];
  for (const [number, places] of groupByNumber(scan, BOX_KINDS.replicaLog)) {
    const isLive = damaged.has(number) || places.some(({ placing }) => placing === 'live');
    const box = present.has(number) ? null : readFirst(work, scan, places);
    if (box === null) continue;
    damaged.delete(number);
    candidates.push({ number, box, content: null, isLive });
  }
  for (const number of damaged) work.lostRecords.push({ table: 'replica_log', number });
  insertNamed(work, 'replica_log', candidates);
}

function insertNamed(
  work: RebuildWork,
  table: 'replica_log' | 'replica_fields',
  candidates: readonly Candidate<unknown>[],
): void {
  const insert = work.target.prepare(`INSERT OR IGNORE INTO ${table} (${BOX_TABLES[table]}, box) VALUES (?, ?)`);
  for (const { number, box, isLive } of candidates) {
    if (!isLive) {
      work.unproven += 1;
      continue;
    }
    insert.run(number, box);
    work.found += 1;
    if (table === 'replica_fields') work.largest = Math.max(work.largest, number);
  }
}

/** A changed record gets a new number: the highest is the one that counts. */
function newest<Content>(
  candidates: readonly Candidate<Content>[],
  nameOfContent: (content: Content) => string,
): Candidate<Content>[] {
  const byName = new Map<string, Candidate<Content>>();
  for (const candidate of candidates) {
    const name = nameOfContent(candidate.content);
    const other = byName.get(name);
    if (other === undefined || other.number < candidate.number) byName.set(name, candidate);
  }
  return [...byName.values()];
}

function nameOf(record: VaultRecord): string {
  return record.type === 'setting' ? `setting ${record.name}` : `checkpoint ${record.checkpoint.id}`;
}

function insertProven<Content>(
  work: RebuildWork,
  table: 'records' | 'sessions',
  candidates: readonly Candidate<Content>[],
  counted: number,
): Candidate<Content>[] {
  const { target } = work;
  const live = candidates.filter(({ isLive }) => isLive);
  const there = numbersIn(work, table).size;
  const areAll = work.hasHead && live.length + there < counted && candidates.length + there <= counted;
  const taken = areAll ? [...candidates] : live;
  const insert = target.prepare(`INSERT INTO ${table} (record_id, box) VALUES (?, ?)`);
  for (const { number, box } of taken) {
    insert.run(number, box);
    work.found += 1;
    work.largest = Math.max(work.largest, number);
  }
  work.unproven += candidates.length - taken.length;
  return taken;
}

/** Messages where a page names them; other ones only where their session counts more than there are, and nothing else stands there. */
function insertParts(
  work: RebuildWork,
  parts: readonly Candidate<AnyPart>[],
  sessions: readonly Candidate<SessionRecord>[],
): void {
  const { target, keyring } = work;
  const counts = new Map(sessions.map(({ content }) => [content.number, content.session.messageCount]));
  const insert = target.prepare(
    'INSERT OR REPLACE INTO session_parts (record_id, session, position, message_key, box) VALUES (?, ?, ?, ?, ?)',
  );
  for (const [session, own] of Map.groupBy(parts, ({ content }) => content.session)) {
    const live = own.filter(({ isLive }) => isLive);
    const messages = own.filter(({ content }) => content.type === 'message');
    const positions = new Set(messages.map(({ content }) => content.position));
    const areAll =
      live.length < own.length && positions.size === messages.length && positions.size === counts.get(session);
    const taken = areAll ? own : live;
    for (const { number, box, content } of taken) {
      const key = content.type === 'message' ? messageKeyOf(keyring.keys, session, content.message.id) : null;
      insert.run(number, session, content.position, key, box);
      work.found += 1;
      work.largest = Math.max(work.largest, number);
    }
    work.unproven += own.length - taken.length;
  }
}

/** The number under which a capture from the locked time lay is part of its seal: it is the one that fits. */
function fillDeposits(work: RebuildWork, scan: BoxScan): void {
  if (scan.deposits.length === 0) return;
  const pair = work.keyring.inboxKeys();
  const insert = work.target.prepare('INSERT OR IGNORE INTO inbox (deposit, bytes) VALUES (?, ?)');
  for (const deposit of scan.deposits) {
    for (let number = 1; number <= MAX_DEPOSIT_NUMBER; number += 1) {
      if (openInboxDeposit(pair, work.keyring.keys.vaultId, number, deposit) === null) continue;
      insert.run(number, deposit);
      work.found += 1;
      break;
    }
  }
  pair.privateKey.wipe();
}

function numbersIn(work: RebuildWork, table: keyof typeof BOX_TABLES): Set<number> {
  return new Set(work.target.prepare<[], number>(`SELECT ${BOX_TABLES[table]} FROM ${table}`).pluck().all());
}

/** The rows of a table that are known to be damaged, taken off the list. */
function takeLost(work: RebuildWork, table: keyof typeof BOX_TABLES): number[] {
  const numbers = work.lostRecords.filter((lost) => lost.table === table).map(({ number }) => number);
  const others = work.lostRecords.filter((lost) => lost.table !== table);
  work.lostRecords.splice(0, work.lostRecords.length, ...others);
  return numbers;
}

function* slicesOf<Element>(list: readonly Element[]): Generator<readonly Element[]> {
  for (let at = 0; at < list.length; at += SLICE_BOXES) yield list.slice(at, at + SLICE_BOXES);
}
