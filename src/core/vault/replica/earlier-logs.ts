// Logs that this vault wrote as another device, before it was put back, merged or copied (S8, docs/decisions/0049). Their key is still here: once
// that device was ended, so that nobody else can write there, it says its last words: which of its entries nobody needs any more, now that the
// own log tells all that is left of them, and what is to be gone from every copy.

import type { HybridClock, IndexRange, WireEntry } from '../../../shared/replication/entry.ts';
import { encodeWireEntries, parseBody, parseSignedPart, parseWireEntries } from '../../../shared/replication/entry.ts';
import type { DeviceId, EntryHash, ObjectId } from '../../../shared/replication/ids.ts';
import { isSignatureOf, vaultKeyIdOf } from '../../crypto/device-keys.ts';
import type { VaultState } from '../log/vault-state.ts';
import { yieldToOthers } from '../upkeep/slices.ts';
import type { EarlierIdentity, ServerLog } from '../vault-replica.ts';
import { createStamper } from './checkpoint-fields.ts';
import type { Draft } from './draft.ts';
import { isSessionEvent, sealEvents, type ReplicaEvent } from './events.ts';
import { FULL_EVERY } from './export-log.ts';
import { toRanges } from './log-pictures.ts';
import type { EarlierLog, LogState } from './log-state.ts';
import { reopenEntry } from './reopen-entry.ts';
import type { ReplicaLog } from './replica-log.ts';
import { hashOf, signEntry, withoutBody } from './wire.ts';

/** Rows looked through without a finding, after which it is noted how far that is. */
const NOTE_AFTER_ROWS = 500;
const READ_SLICE = 64;

/** What is to be said in an earlier log, and what holds here once the server has it. */
interface LastWords {
  readonly entries: Uint8Array<ArrayBuffer>;
  /** The identity that it was made under. */
  readonly by: DeviceId;
  readonly after: EarlierLog;
  readonly freeing: readonly ObjectId[];
  /** Own rows that go with it, by their place after `base` of the own log. */
  readonly retired: readonly { readonly index: number; readonly entry: WireEntry }[];
}

/** The earlier logs of an open vault. Runs in its thread; what changes something needs the writer's lock. */
export class EarlierLogs {
  readonly #state: VaultState;
  readonly #replica: ReplicaLog;
  /** What was made last, until the server has it. */
  #made: LastWords | null = null;

  constructor(state: VaultState, replica: ReplicaLog) {
    this.#state = state;
    this.#replica = replica;
  }

  /** None where sync was never turned on. */
  list(): EarlierIdentity[] {
    const log = this.#replica.state();
    return log === null ? [] : listEarlier(log);
  }

  /** Begins to tell anew what these told, where the own log does not; the epoch in force, under which they are to speak, is begun with it. */
  retell(devices: readonly DeviceId[], nowMs: number): void {
    const log = this.#replica.state();
    if (log === null) return;
    const wound = retellEarlier(log, new Set(devices));
    if (wound === null && this.#state.keys.currentEpoch <= log.epoch) return;
    this.#replica.rewrite(wound ?? log, [], { drops: [], retired: [], nowMs });
  }

  /**
   * Entries for the log of one that was ended, none where there is only something to note; null where there is nothing, or its log on the server is
   * not the one that is known here. Takes turns with other work.
   */
  async lastWords(server: ServerLog, nowMs: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | null> {
    const log = this.#replica.state();
    this.#made =
      log === null
        ? null
        : await planLastWords({ state: this.#state, replica: this.#replica, log, signal }, server, nowMs);
    return this.#made?.entries ?? null;
  }

  /** The server has what was made last. */
  note(device: DeviceId): void {
    const [made, log] = [this.#made, this.#replica.state()];
    this.#made = null;
    if (made === null || log === null || made.after.deviceId !== device || made.by !== log.deviceId) return;
    const earlier = log.earlier.map((one) => (one.deviceId === device ? made.after : one));
    const freeing = [...new Set([...log.freeing, ...made.freeing])];
    this.#replica.rewrite({ ...log, earlier, freeing }, [], { drops: [], retired: made.retired, nowMs: 0 });
  }
}

interface PlanDeps {
  readonly state: VaultState;
  readonly replica: ReplicaLog;
  readonly log: LogState;
  readonly signal: AbortSignal;
}

/** The earlier logs, and in which there may be something to say. */
function listEarlier(log: LogState): EarlierIdentity[] {
  const through = log.base + log.headIndex;
  return log.earlier.map(({ deviceId, headIndex, spoken, isRetired, saidThrough }) => ({
    deviceId,
    index: spoken?.index ?? headIndex,
    hasNews: !isRetired || saidThrough < through,
  }));
}

/** The log as it is when all that an earlier one told is to be told anew in the own one; null where it is told there. */
function retellEarlier(log: LogState, devices: ReadonlySet<DeviceId>): LogState | null {
  if (!log.earlier.some(({ deviceId, needsRetelling }) => needsRetelling && devices.has(deviceId))) return null;
  const { headIndex, exportedThrough, retelling } = log;
  return {
    ...log,
    earlier: log.earlier.map((one) => ({ ...one, needsRetelling: false })),
    pictures: [],
    exportedThrough: 0,
    sinceFull: FULL_EVERY,
    retelling: {
      spans: headIndex === 0 ? [] : [{ first: 1, last: headIndex }],
      until: Math.max(retelling?.until ?? 0, exportedThrough),
      isUrgent: true,
    },
  };
}

/**
 * What is to be said now in an earlier log; null where that is nothing, or the server's log is another one than was written here.
 * @param server how far its log is there
 */
async function planLastWords(deps: PlanDeps, server: ServerLog, nowMs: number): Promise<LastWords | null> {
  const { state, replica, log } = deps;
  const earlier = log.earlier.find(({ deviceId }) => deviceId === server.deviceId);
  if (earlier === undefined || earlier.needsRetelling || log.retelling !== null) return null;
  const common = commonPart(state, replica, log, earlier, server);
  if (common === null) return null;
  const hasTail = earlier.spoken === null ? server.index > common : earlier.hasTail;
  const through = log.base + log.headIndex;
  const goes = earlier.isRetired ? NOTHING : await findRetirable(deps, earlier, { through: common, hasTail });
  const said = await findTakenOut(deps, { first: earlier.saidThrough + 1, last: through });
  const drafts: Draft[] = [
    ...said.map((events): Draft => ({ kind: 'retire', events, requires: [] })),
    ...toRanges(goes.indexes).map((retires): Draft => ({ kind: 'retire', events: [], requires: [], retires })),
  ];
  const isWorthNoting = !earlier.isRetired || through - earlier.saidThrough >= NOTE_AFTER_ROWS;
  if (drafts.length === 0 && !isWorthNoting) return null;
  const { entries, head } = signFor(state, earlier, server, drafts, createStamper(earlier.deviceId, log.clock, nowMs));
  const spoken = drafts.length === 0 ? earlier.spoken : head;
  return {
    entries,
    by: log.deviceId,
    after: { ...earlier, isRetired: true, hasTail, spoken, saidThrough: through },
    freeing: goes.objects,
    retired: goes.rows,
  };
}

/** Up to which entry the server's log is the one that was written here; null where that cannot be said. */
function commonPart(
  state: VaultState,
  replica: ReplicaLog,
  log: LogState,
  earlier: EarlierLog,
  { index, hash, next }: ServerLog,
): number | null {
  const { headIndex, headHash, spoken } = earlier;
  const known = spoken !== null && spoken.index <= index ? spoken : { index: headIndex, hash: headHash };
  const at = Math.min(known.index, index);
  if (at === 0) return null;
  const [row] = at === known.index ? [] : rowsOf(replica, log, { first: earlier.base + at, last: earlier.base + at });
  const ownHash = at === known.index ? known.hash : row === undefined ? null : hashOf(row.entry);
  const isSame = index === at ? hash === ownHash : isFollowedBy(state, earlier, { index: at, hash: ownHash }, next);
  return isSame ? Math.min(at, headIndex) : null;
}

/** Whether the entry that the server has next leans on this one. */
function isFollowedBy(
  { keys }: VaultState,
  { deviceId, signing }: EarlierLog,
  place: { readonly index: number; readonly hash: EntryHash | null },
  next: Uint8Array | null,
): boolean {
  const [entry] = next === null ? [] : (parseWireEntries(next) ?? []);
  const part = entry === undefined ? null : parseSignedPart(entry.signedBytes);
  return (
    entry !== undefined &&
    part !== null &&
    part.vaultId === vaultKeyIdOf(keys.keyId()) &&
    part.deviceId === deviceId &&
    part.index === place.index + 1 &&
    part.previousHash === place.hash &&
    isSignatureOf(signing.publicKey, entry.signedBytes, entry.signature)
  );
}

interface Retirable {
  readonly indexes: readonly number[];
  readonly objects: readonly ObjectId[];
  readonly rows: LastWords['retired'];
}

const NOTHING: Retirable = { indexes: [], objects: [], rows: [] };

/** Entries of snapshots and sessions: the own log tells these. Fields, names and what was taken out stay, for who comes later. */
async function findRetirable(
  deps: PlanDeps,
  earlier: EarlierLog,
  { through, hasTail }: { readonly through: number; readonly hasTail: boolean },
): Promise<Retirable> {
  const { state, log } = deps;
  const { base, deviceId, lastPicture } = earlier;
  const last = hasTail ? Math.min(through, lastPicture - 1) : through;
  // What was added elsewhere may go on with a session that was told here.
  const isTold = (event: ReplicaEvent): boolean =>
    event.type === 'snapshot' || event.type === 'items' || (!hasTail && isSessionEvent(event));
  const indexes: number[] = [];
  const objects = new Set<ObjectId>();
  const rows: LastWords['retired'][number][] = [];
  for await (const { index: row, entry } of eachRow(deps, { first: base + 1, last: base + last })) {
    const { bodyBytes } = entry;
    const draft = bodyBytes === null ? null : reopenEntry(state.keys, { deviceId, index: row - base }, entry);
    if (bodyBytes === null || draft === null || draft.events.length === 0 || !draft.events.every(isTold)) continue;
    indexes.push(row - base);
    for (const id of parseBody(bodyBytes)?.requires ?? []) objects.add(id);
    rows.push({ index: row - log.base, entry: withoutBody(entry) });
  }
  return { indexes, objects: [...objects], rows };
}

/** What own entries say that is to be gone from every copy, those of an earlier log included. */
async function findTakenOut(deps: PlanDeps, rows: IndexRange): Promise<ReplicaEvent[][]> {
  const { keys } = deps.state;
  const found: ReplicaEvent[][] = [];
  for await (const { entry } of eachRow(deps, rows)) {
    const part = parseSignedPart(entry.signedBytes);
    if (part === null || part.kind !== 'operation' || entry.bodyBytes === null) continue;
    const events = reopenEntry(keys, part, entry)?.events ?? [];
    const takenOut = events.filter(({ type }) => type === 'forgotten' || type === 'redacted');
    if (takenOut.length > 0) found.push(takenOut);
  }
  return found;
}

function signFor(
  { keys }: VaultState,
  { deviceId, signing }: EarlierLog,
  server: ServerLog,
  drafts: readonly Draft[],
  stamper: { next(): HybridClock },
): { readonly entries: Uint8Array<ArrayBuffer>; readonly head: { readonly index: number; readonly hash: EntryHash } } {
  let head: { readonly index: number; readonly hash: EntryHash } = { index: server.index, hash: server.hash };
  const entries = drafts.map(({ kind, events, requires, retires = [] }) => {
    const place = { deviceId, index: head.index + 1, previousHash: head.hash };
    const vaultId = vaultKeyIdOf(keys.keyId());
    const part = { kind, vaultId, ...place, epoch: keys.currentEpoch, clock: stamper.next(), retires };
    const signed = signEntry(part, { requires, payload: sealEvents(keys, place, events) }, signing.privateKey);
    head = { index: place.index, hash: signed.hash };
    return signed.entry;
  });
  return { entries: Uint8Array.from(encodeWireEntries(entries)), head };
}

/** Rows of `replica_log` by their own numbers, whichever log they are of. */
function rowsOf(replica: ReplicaLog, log: LogState, rows: IndexRange): ReturnType<ReplicaLog['rows']> {
  return replica.rows({ ...log, base: 0 }, rows);
}

/** The same, some at a time. */
async function* eachRow(
  { replica, log, signal }: PlanDeps,
  { first, last }: IndexRange,
): AsyncGenerator<{ readonly index: number; readonly entry: WireEntry }> {
  for (let from = first; from <= last; from += READ_SLICE) {
    await yieldToOthers(signal);
    yield* rowsOf(replica, log, { first: from, last: Math.min(last, from + READ_SLICE - 1) });
  }
}
