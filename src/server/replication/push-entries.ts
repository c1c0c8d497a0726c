// Taking entries into a device's log (S2, S3): index = head + 1 and the right previous hash, in one transaction that holds the vault's row.
// The same entry again is fine, another one at a taken index is a fork. Entries up to a refused one are taken. A device writes in its own log;
// in that of one that was ended, whoever has its key may still say what it retires (docs/decisions/0049).

import { NO_ENTRY_HASH, type EntryHash, type ObjectId } from '../../shared/replication/ids.ts';
import { MAX_ENTRIES_PER_BATCH, MAX_RETIRED_RANGES_PER_PUSH } from '../../shared/replication/limits.ts';
import type { Head } from '../../shared/replication/replica.ts';
import { parseSignedPart, parseWireEntries, type WireEntry } from '../../shared/replication/entry.ts';
import type { Caller } from '../auth/caller.ts';
import { deviceRevoked } from '../auth/tokens.ts';
import { badRequest, Refusal } from '../http/refusal.ts';
import type { Executor } from '../store/store.ts';
import { countEntries } from './account-space.ts';
import { checkEntries, type CheckedEntry } from './check-entries.ts';
import { inSlices, type ReplicaDeps } from './replica-deps.ts';
import { retireEntries } from './retire-entries.ts';
import { lockVault, vaultTopic, type OwnVault } from './vaults.ts';

/** Ids that a refusal names: the rest shows when the entry comes again. */
const MAX_MISSING_NAMED = 1_000;
const ROWS_PER_STATEMENT = 500;

/** @throws Refusal `fork`, `gap`, `epoch-behind`, `missing-objects`, `forbidden`, `bad-request`, `too-large`, `quota`, `conflict`, `device-revoked` */
export async function pushEntries(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  bytes: Uint8Array,
): Promise<Head> {
  const { db, notices } = deps;
  const wire = parseWireEntries(bytes);
  if (wire === null) throw badRequest('The entries break off or are too large.');
  assertAtMost(MAX_ENTRIES_PER_BATCH, wire.length, 'entries');
  const author = await findAuthor(db, caller, vault, wire);
  const { deviceId } = author;
  const entries = checkEntries(wire, { vaultId: vault.vaultId, deviceId, signingKey: author.signingKey });
  const ranges = entries.reduce((sum, { part }) => sum + part.retires.length, 0);
  assertAtMost(MAX_RETIRED_RANGES_PER_PUSH, ranges, 'retired ranges');
  if (deviceId !== caller.deviceId) assertLastWords(entries);
  const { head, refusal, isNew } = await db.transaction().execute(async (tx) => {
    const epoch = await lockVault(tx, vault);
    await assertWriter(tx, caller, vault);
    return takeEntries(deps, tx, author, vault, entries, epoch);
  });
  // After the commit, never within it (S10).
  if (isNew) notices.publish(vaultTopic(vault), `${deviceId} ${head.index}`);
  if (refusal !== null) throw refusal;
  return head;
}

/** Looked at before anything is asked of the database. @throws Refusal `too-large` */
function assertAtMost(limit: number, count: number, what: string): void {
  if (count <= limit) return;
  throw new Refusal('too-large', `A push has too many ${what}.`, `At most ${limit} come at once: push them in turns.`, {
    limit,
  });
}

/** Whose log it is. */
interface Author extends Caller {
  readonly signingKey: Uint8Array;
}

/** The caller itself, or a device of the same vault that was ended. @throws Refusal `forbidden` */
async function findAuthor(
  db: Executor,
  caller: Caller,
  { vaultNo }: OwnVault,
  [first]: ReadonlyArray<WireEntry>,
): Promise<Author> {
  const named = first === undefined ? null : parseSignedPart(first.signedBytes);
  const deviceId = named?.deviceId ?? caller.deviceId;
  const { userId } = caller;
  const row = await db
    .selectFrom('devices')
    .select(['device_no', 'vault_no', 'signing_key', 'revoked_at_ms'])
    .where('user_id', '=', userId)
    .where('device_id', '=', Buffer.from(deviceId, 'hex'))
    .executeTakeFirst();
  const isEnded = row !== undefined && row.revoked_at_ms !== null && row.vault_no === vaultNo;
  if (row === undefined || (deviceId !== caller.deviceId && !isEnded))
    throw new Refusal('forbidden', 'An entry is of another vault or device.', 'A device sends its own entries only.');
  return { userId, deviceId, deviceNo: row.device_no, signingKey: row.signing_key };
}

/** @throws Refusal `forbidden` for anything that adds to the log of a device that was ended */
function assertLastWords(entries: ReadonlyArray<CheckedEntry>): void {
  if (entries.every(({ part, body }) => part.kind === 'retire' && (body?.requires.length ?? 0) === 0)) return;
  throw new Refusal(
    'forbidden',
    'The log of a device that was ended takes no such entry.',
    'It only says what it retires.',
  );
}

interface Taken {
  readonly head: Head;
  readonly refusal: Refusal | null;
  readonly isNew: boolean;
}

async function takeEntries(
  deps: ReplicaDeps,
  tx: Executor,
  author: Author,
  vault: OwnVault,
  entries: ReadonlyArray<CheckedEntry>,
  epochBefore: number,
): Promise<Taken> {
  const { nowMs } = deps;
  let epoch = epochBefore;
  const before = await readHead(tx, author, vault);
  let head = before;
  const present = await findObjects(tx, vault, [...new Set(entries.flatMap(({ body }) => body?.requires ?? []))]);
  const taken: CheckedEntry[] = [];
  let refusal: Refusal | null = null;
  for (const entry of entries) {
    const known = entry.part.index <= head.index ? await hashAt(tx, author, vault, entry.part.index, taken) : null;
    if (known !== null && known === entry.hash.toString('hex')) continue;
    refusal = known === null ? refuseEntry(entry, head, epoch, present) : fork(head);
    if (refusal !== null) break;
    taken.push(entry);
    epoch = Math.max(epoch, entry.part.epoch);
    head = { device: author.deviceId, index: entry.part.index, hash: entry.hash.toString('hex') as EntryHash }; // a SHA-256
  }
  if (taken.length === 0) return { head, refusal, isNew: false };
  await writeEntries(tx, author, vault, taken, nowMs());
  await moveHead(tx, author, vault, before, head);
  await tx
    .updateTable('vaults')
    .set({ epoch })
    .where('user_id', '=', vault.userId)
    .where('vault_no', '=', vault.vaultNo)
    .execute();
  const ranges = taken.flatMap(({ part }) => part.retires);
  const freedBytes = ranges.length > 0 ? await retireEntries(tx, vault, author.deviceNo, ranges, nowMs()) : 0;
  await countEntries(deps, tx, vault, taken.reduce((sum, { wire }) => sum + sizeOf(wire), 0) - freedBytes);
  return { head, refusal, isNew: true };
}

function sizeOf({ signedBytes, signature, bodyBytes }: WireEntry): number {
  return signedBytes.length + signature.length + (bodyBytes?.length ?? 0);
}

/** Why an entry that is not known cannot be taken now; null where it can. Pure. */
function refuseEntry(
  { part, body }: CheckedEntry,
  head: Head,
  epoch: number,
  present: ReadonlySet<ObjectId>,
): Refusal | null {
  if (part.index <= head.index) return fork(head);
  if (part.index > head.index + 1)
    return new Refusal('gap', 'Entries before this one are missing.', 'Push them first.', { head });
  if (part.previousHash !== head.hash) return fork(head);
  const isStale = part.kind === 'epoch' ? part.epoch <= epoch : part.epoch < epoch;
  if (isStale)
    return new Refusal('epoch-behind', 'A newer epoch of keys is in force.', 'Pull first, then seal under that one.', {
      epoch,
    });
  if (part.kind !== 'epoch' && part.epoch > epoch) return badRequest('This epoch of keys was not begun.');
  const missing = (body?.requires ?? []).filter((id) => !present.has(id));
  if (missing.length === 0) return null;
  return new Refusal(
    'missing-objects',
    'Objects that the entry needs are missing.',
    'Upload them, then push it again.',
    {
      missing: missing.slice(0, MAX_MISSING_NAMED),
      limit: missing.length,
    },
  );
}

function fork(head: Head): Refusal {
  return new Refusal(
    'fork',
    'Another entry stands there already.',
    'This device was copied or restored: it takes a new identity and joins again.',
    { head },
  );
}

/** A device that is revoked writes nothing; one that writes in one vault writes in no other. */
async function assertWriter(tx: Executor, { userId, deviceNo }: Caller, { vaultNo }: OwnVault): Promise<void> {
  const { revoked_at_ms, vault_no } = await tx
    .selectFrom('devices')
    .select(['revoked_at_ms', 'vault_no'])
    .where('user_id', '=', userId)
    .where('device_no', '=', deviceNo)
    .executeTakeFirstOrThrow();
  if (revoked_at_ms !== null) throw deviceRevoked();
  if (vault_no === vaultNo) return;
  if (vault_no !== null)
    throw new Refusal('conflict', 'This device writes in another vault.', 'A vault has devices of its own.');
  await tx
    .updateTable('devices')
    .set({ vault_no: vaultNo })
    .where('user_id', '=', userId)
    .where('device_no', '=', deviceNo)
    .execute();
}

async function readHead(tx: Executor, { userId, deviceNo, deviceId }: Caller, { vaultNo }: OwnVault): Promise<Head> {
  const row = await tx
    .selectFrom('heads')
    .select(['entry_index', 'entry_hash'])
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .executeTakeFirst();
  if (row === undefined) return { device: deviceId, index: 0, hash: NO_ENTRY_HASH };
  return { device: deviceId, index: row.entry_index, hash: row.entry_hash.toString('hex') as EntryHash }; // as stored
}

async function hashAt(
  tx: Executor,
  { userId, deviceNo }: Caller,
  { vaultNo }: OwnVault,
  index: number,
  taken: ReadonlyArray<CheckedEntry>,
): Promise<string | null> {
  const inBatch = taken.find(({ part }) => part.index === index);
  if (inBatch !== undefined) return inBatch.hash.toString('hex');
  const row = await tx
    .selectFrom('entries')
    .select('entry_hash')
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .where('entry_index', '=', index)
    .executeTakeFirst();
  return row?.entry_hash.toString('hex') ?? null;
}

async function findObjects(
  tx: Executor,
  { userId, vaultNo }: OwnVault,
  ids: ReadonlyArray<ObjectId>,
): Promise<Set<ObjectId>> {
  const present = new Set<ObjectId>();
  for (const slice of inSlices(ids)) {
    const rows = await tx
      .selectFrom('objects')
      .select('object_id')
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where(
        'object_id',
        'in',
        slice.map((id) => Buffer.from(id, 'hex')),
      )
      .execute();
    for (const { object_id } of rows) present.add(object_id.toString('hex') as ObjectId); // as stored
  }
  return present;
}

async function writeEntries(
  tx: Executor,
  { userId, deviceNo }: Caller,
  { vaultNo }: OwnVault,
  entries: ReadonlyArray<CheckedEntry>,
  nowMs: number,
): Promise<void> {
  const owner = { user_id: userId, vault_no: vaultNo };
  const rows = entries.map(({ wire, part, hash }) => ({
    ...owner,
    device_no: deviceNo,
    entry_index: part.index,
    entry_hash: hash,
    signed_bytes: Buffer.from(wire.signedBytes),
    signature: Buffer.from(wire.signature),
    body_bytes: wire.bodyBytes === null ? null : Buffer.from(wire.bodyBytes),
    stored_at_ms: nowMs,
  }));
  for (const slice of inSlices(rows, ROWS_PER_STATEMENT)) await tx.insertInto('entries').values(slice).execute();
  const names = entries.flatMap(({ part, body }) =>
    (body?.requires ?? []).map((id) => ({
      ...owner,
      object_id: Buffer.from(id, 'hex'),
      device_no: deviceNo,
      entry_index: part.index,
    })),
  );
  for (const slice of inSlices(names, ROWS_PER_STATEMENT)) {
    await tx.insertInto('entry_objects').values(slice).execute();
    await tx
      .updateTable('objects')
      .set({ unnamed_since_ms: null })
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where(
        'object_id',
        'in',
        slice.map(({ object_id }) => object_id),
      )
      .where('unnamed_since_ms', 'is not', null)
      .execute();
  }
}

/** The compare-and-set of S2: the head is still what the entries were checked against, or nothing is taken. */
async function moveHead(
  tx: Executor,
  { userId, deviceNo }: Caller,
  { vaultNo }: OwnVault,
  before: Head,
  after: Head,
): Promise<void> {
  const next = { entry_index: after.index, entry_hash: Buffer.from(after.hash, 'hex') };
  if (before.index === 0) {
    await tx
      .insertInto('heads')
      .values({ user_id: userId, vault_no: vaultNo, device_no: deviceNo, ...next })
      .execute();
    return;
  }
  const { numUpdatedRows } = await tx
    .updateTable('heads')
    .set(next)
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .where('entry_index', '=', before.index)
    .where('entry_hash', '=', Buffer.from(before.hash, 'hex'))
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Refusal('conflict', 'The log changed in the meantime.', 'Push again.');
}
