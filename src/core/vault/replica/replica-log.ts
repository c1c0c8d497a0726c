// The own log of a vault that is synced: identity, drafts, signed entries, and the fields that several devices edit. One per open vault;
// runs in the vault's thread, and every change needs the writer's lock.

import { toHex } from '../../../shared/replication/bytes.ts';
import {
  encodeWireEntries,
  parseWireEntries,
  type HybridClock,
  type IndexRange,
  type WireEntry,
} from '../../../shared/replication/entry.ts';
import { NO_ENTRY_HASH, type ObjectId } from '../../../shared/replication/ids.ts';
import { witnessClock } from '../../../shared/merge/hybrid-clock.ts';
import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import { AppError } from '../../../shared/model/app-error.ts';
import type { CheckpointId } from '../../../shared/model/ids.ts';
import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import { signBytes, vaultKeyIdOf } from '../../crypto/device-keys.ts';
import { damaged } from '../errors.ts';
import { asksFirst, isBraked } from './deletion-brake.ts';
import { planCheckpoints } from './plan-checkpoints.ts';
import { planNote } from '../log/notes.ts';
import { REPLICA_SETTINGS, sealRecord, type VaultRecord } from '../log/records.ts';
import type { VaultState } from '../log/vault-state.ts';
import { changeOf, checkpointsFrom, createStamper } from './checkpoint-fields.ts';
import type { Draft } from './draft.ts';
import { sealEvents } from './events.ts';
import {
  countWaiting,
  draftEntries,
  findPicture,
  FULL_EVERY,
  MAX_FIELDS_PER_ENTRY,
  ownEdits,
  type Drafts,
  type Picture,
} from './export-log.ts';
import { FieldStore, joinChanges, type FieldWrites } from './field-store.ts';
import { listConflicts } from './list-conflicts.ts';
import { moveEntries, moveRanges, withEntry } from './log-pictures.ts';
import { earlierLogs, encodeLogState, newLogState, readLogState, selectionOf, type LogState } from './log-state.ts';
import type { DeviceKeys } from './join-keys.ts';
import { applyShared, findNewcomers } from './shared-values.ts';
import { moveTold } from './tell-sessions.ts';
import { reopenEntry } from './reopen-entry.ts';
import { hashOf, signEntry } from './wire.ts';
import type {
  DraftOptions,
  FieldChange,
  FieldConflict,
  MergedFields,
  ReplicaIdentity,
  ReplicaSelection,
} from '../vault-replica.ts';

export class ReplicaLog {
  readonly #state: VaultState;
  readonly fields: FieldStore;
  #drafts: Drafts | null = null;
  #picture: Picture | null = null;
  #counter = -1;

  constructor(state: VaultState) {
    this.#state = state;
    this.fields = new FieldStore(state);
  }

  identity(): ReplicaIdentity | null {
    const log = readLogState(this.#state);
    return log === null ? null : this.#identityOf(log);
  }

  /** Gives this vault an identity where it has none: new, or that with which it was let in. */
  begin(name: string, keys?: DeviceKeys): ReplicaIdentity {
    const there = this.#log();
    if (there !== null) return this.#identityOf(there);
    return this.#take(newLogState(name, this.#state.keys.currentEpoch, null, keys));
  }

  /**
   * A new identity in the place of one that is somebody else's too: the vault was copied, or put back from a backup. What was said before
   * stays said; with `repeatsAll` the new log tells everything anew.
   */
  renew({ repeatsAll }: { readonly repeatsAll: boolean }): ReplicaIdentity {
    const before = this.#own();
    const fresh = newLogState(before.name, before.epoch, before);
    const earlier = earlierLogs(before, { repeatsAll });
    // What comes next leans on nothing of the log before: nobody has that under this identity.
    const exportedThrough = repeatsAll ? 0 : before.exportedThrough;
    return this.#take({ ...fresh, earlier, exportedThrough, sinceFull: FULL_EVERY });
  }

  /** Seals under an epoch of at least this number; with `isBegun`, others know of it already. Gives the number. */
  openEpoch(atLeast: number, nowMs: number, { isBegun }: { readonly isBegun: boolean }): number {
    const log = this.#own();
    const { keyring, writeDb, keys } = this.#state;
    if (keys.currentEpoch < atLeast) keyring.openEpoch(writeDb, nowMs, { isShared: true, atLeast });
    if (isBegun && log.epoch < atLeast) this.#take({ ...log, epoch: atLeast });
    return keys.currentEpoch;
  }

  rename(name: string): ReplicaIdentity {
    return this.#take({ ...this.#own(), name, hasSaidName: false });
  }

  proveLogin(text: string): string {
    return toHex(signBytes(this.#own().signing.privateKey, Buffer.from(text, 'utf8')));
  }

  /** Prepares the next entries and gives the objects that must be there before they are signed. */
  draft(options: DraftOptions): { readonly entries: number; readonly requires: readonly ObjectId[] } {
    const log = this.#own();
    this.#picture ??= findPicture(this.#state, log, options.selection);
    const drafts = draftEntries(this.#state, this.fields, log, this.#picture, options);
    this.#drafts = drafts;
    const requires = new Set(drafts.entries.flatMap((entry) => entry.requires));
    return { entries: drafts.entries.length, requires: [...requires] };
  }

  /** Signs what was drafted, in one commit with how far the log is then. Gives how many. */
  sign(nowMs: number): number {
    const log = this.#own();
    const drafts = this.#drafts;
    this.#drafts = null;
    // Another process may have gone on: then the drafts are of yesterday.
    if (drafts === null || drafts.entries.length === 0 || !isSameLog(drafts.before, log)) return 0;
    const { headIndex, headHash } = log;
    const signed = this.#signAll({ ...drafts.next, headIndex, headHash }, drafts.entries, nowMs);
    const { writes } = this.fields.join(drafts.fieldChanges, this.#state.head.nextRecordId);
    this.#commit(signed.log, writes.nextRecordId, {
      drops: [],
      work: () => {
        for (const { number, box } of signed.rows) this.#state.write.replicaLog.insert(number, box);
        writes.writeInto();
      },
    });
    writes.done();
    this.#picture = drafts.picture;
    return signed.rows.length;
  }

  /** Signed entries from an index on, as they travel; empty where there are none. @throws AppError VAULT_DAMAGED */
  list(fromIndex: number, maxEntries: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    const log = this.#own();
    const entries: WireEntry[] = [];
    let bytes = 0;
    for (let index = fromIndex; index <= log.headIndex && entries.length < maxEntries; index += 1) {
      const [row] = this.rows(log, { first: index, last: index });
      if (row === undefined) throw this.#lost(index);
      const { entry } = row;
      bytes += entry.signedBytes.length + (entry.bodyBytes?.length ?? 0);
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
    }
    return Uint8Array.from(encodeWireEntries(entries));
  }

  /**
   * Signs entries anew that the server has refused for their epoch, and that nobody else has therefore: all after the server's head.
   * @throws AppError VAULT_DAMAGED
   */
  resign(serverIndex: number, serverEpoch: number): number {
    const log = this.#own();
    const { keys, write } = this.#state;
    const kept = parseWireEntries(this.list(serverIndex, 1, 0)) ?? [];
    const headHash = serverIndex === 0 ? NO_ENTRY_HASH : hashOf(kept[0] ?? fail(this.#lost(serverIndex)));
    // An entry that begins an epoch comes before all of them.
    const moved = keys.currentEpoch > serverEpoch ? 1 : 0;
    const rows = this.rows(log, { first: serverIndex + 1, last: log.headIndex });
    if (rows.length < log.headIndex - serverIndex) throw this.#lost(serverIndex + 1);
    const entries = rows.map(({ index, entry }) => {
      const draft = reopenEntry(keys, { deviceId: log.deviceId, index }, entry);
      if (draft === null) throw this.#lost(index);
      return { ...draft, retires: moveRanges(draft.retires ?? [], serverIndex, moved) };
    });
    const from = { ...moveEntries(log, serverIndex, moved), epoch: serverEpoch, headIndex: serverIndex, headHash };
    const signed = this.#signAll(from, entries, 0);
    const { nextRecordId } = this.#state.head;
    const told = this.#state.records.findSetting(REPLICA_SETTINGS.sessions)?.value;
    const movedTold = moveTold(told, log.deviceId, serverIndex, moved);
    const note =
      movedTold === null ? null : planNote(this.#state, REPLICA_SETTINGS.sessions, nextRecordId, () => movedTold);
    this.#commit(signed.log, nextRecordId + (note === null ? 0 : 1), {
      drops: [],
      work: () => {
        note?.writeInto();
        for (let index = serverIndex + 1; index <= log.headIndex; index += 1) write.replicaLog.remove(log.base + index);
        for (const { number, box } of signed.rows) write.replicaLog.insert(number, box);
      },
    });
    note?.done();
    this.#drafts = null;
    return entries.length;
  }

  /** The state of the log; null where sync was never turned on. */
  state(): LogState | null {
    return this.#log();
  }

  /** Own entries as they lie here, from one index to another; those that are not here are left out. */
  rows(log: LogState, { first, last }: IndexRange): { readonly index: number; readonly entry: WireEntry }[] {
    const rows: { readonly index: number; readonly entry: WireEntry }[] = [];
    for (let index = first; index <= last; index += 1) {
      const number = log.base + index;
      const box = this.#state.read.replicaLog.read(number);
      const opened = box === undefined ? null : this.#state.keys.open(BOX_KINDS.replicaLog, number, box);
      const [entry] = opened === null ? [] : (parseWireEntries(opened.payload) ?? []);
      if (entry !== undefined) rows.push({ index, entry });
    }
    return rows;
  }

  /** Signs entries and writes the log as it is then, without some of the notes and with some bodies less: one commit. */
  rewrite(
    log: LogState,
    entries: readonly Draft[],
    change: {
      readonly drops: readonly string[];
      readonly retired: readonly { readonly index: number; readonly entry: WireEntry }[];
      readonly nowMs: number;
      /** A setting that is written too; it may say where the first of the entries stands. */
      readonly sets?: (firstIndex: number) => { readonly name: string; readonly value: JsonObject };
    },
  ): void {
    const { keys, write, head } = this.#state;
    const signed = this.#signAll(log, entries, change.nowMs);
    const set = change.sets?.(signed.log.headIndex - entries.length + 1);
    const recordId = head.nextRecordId;
    const note = set === undefined ? null : planNote(this.#state, set.name, recordId, () => set.value);
    this.#commit(signed.log, recordId + (note === null ? 0 : 1), {
      drops: change.drops,
      records: note?.isNew === true ? 1 : 0,
      work: () => {
        note?.writeInto();
        for (const { number, box } of signed.rows) write.replicaLog.insert(number, box);
        for (const { index, entry } of change.retired) {
          const number = log.base + index;
          const bare = encodeWireEntries([{ ...entry, bodyBytes: null }]);
          write.replicaLog.replace(number, keys.seal(BOX_KINDS.replicaLog, 0, number, bare));
        }
      },
    });
    note?.done();
    this.#picture = null;
    this.#drafts = null;
  }

  /** The server was asked to free these. */
  noteFreed(ids: readonly ObjectId[]): void {
    const log = this.#own();
    const freed = new Set(ids);
    this.#take({ ...log, freeing: log.freeing.filter((id) => !freed.has(id)) });
  }

  #lost(index: number): AppError {
    return damaged(`entry ${index} of the log for other devices is missing`);
  }

  /** Joins what other devices said into what is known here, own checkpoints included. @throws AppError SYNC_ASKS */
  merge(
    changes: readonly FieldChange[],
    options: { readonly strategy: MergeStrategy; readonly nowMs: number; readonly mayDelete: boolean },
  ): MergedFields {
    this.#sayOwnEdits(options);
    this.#drafts = null;
    // Also what is known: the snapshot of a checkpoint may have come only now.
    const entities = new Set(changes.map(({ entity }) => entity));
    const before = new Map([...entities].map((entity) => [entity, this.fields.fieldsOf(entity)]));
    const after = joinChanges(before, changes);
    const inStep = this.#applyShared(entities, (entity) => after.get(entity) ?? new Map(), options);
    const log = { ...this.#own(), inStep };
    const { entities: changed, writes } = this.fields.join(changes, this.#state.head.nextRecordId);
    const checkpoints = checkpointsFrom(entities, (entity) => after.get(entity) ?? new Map(), options.strategy);
    const deleted = checkpoints.filter(({ id, checkpoint }) => checkpoint === null && this.#has(id)).length;
    const total = this.#state.records.checkpoints().length;
    if (!options.mayDelete && isBraked(deleted, total)) throw asksFirst(deleted, total);
    const plan = planCheckpoints(this.#state, checkpoints, writes.nextRecordId);
    if (changed.size + plan.removed.length + plan.written.length === 0) return { checkpoints, changed: 0 };
    const clock = changes.reduce<HybridClock>(
      (own, { version }) => (version.clock === null ? own : witnessClock(own, version.clock, options.nowMs)),
      log.clock,
    );
    const known = new Set(log.checkpoints);
    for (const id of plan.removed) known.delete(id);
    for (const id of plan.written) known.add(id);
    this.#commit({ ...log, clock, checkpoints: [...known] }, plan.nextRecordId, {
      drops: [],
      records: plan.recordsDelta,
      work: () => {
        writes.writeInto();
        plan.writeInto();
      },
    });
    writes.done();
    plan.done();
    return { checkpoints, changed: plan.removed.length + plan.written.length };
  }

  /** All checkpoints that any device told of, as they are now. */
  checkpoints(strategy: MergeStrategy): MergedFields['checkpoints'] {
    return checkpointsFrom(this.fields.entities(), (entity) => this.fields.fieldsOf(entity), strategy);
  }

  conflicts(strategy: MergeStrategy): FieldConflict[] {
    return listConflicts(this.fields, strategy);
  }

  /** A version in the place of all that there are: what a person chose, or edited of another device's. It goes into the log at once. */
  edit(
    entity: string,
    values: { readonly [field: string]: JsonValue },
    options: { readonly strategy: MergeStrategy; readonly nowMs: number },
  ): MergedFields {
    this.#sayOwnEdits(options);
    const log = this.#own();
    const known = this.fields.fieldsOf(entity);
    const stamper = createStamper(log.deviceId, log.clock, options.nowMs);
    const changes = Object.entries(values).map(([field, value]) => changeOf(entity, field, value, known, stamper));
    this.#say({ ...log, clock: stamper.last }, changes);
    return this.merge(changes, { ...options, mayDelete: true });
  }

  /** Another process may have written. */
  forget(): void {
    this.fields.forget();
    this.#picture = null;
    this.#drafts = null;
  }

  /** Things that came here after others had said something of them: what is known is written there. */
  adopt(options: {
    readonly strategy: MergeStrategy;
    readonly selection: ReplicaSelection;
    readonly nowMs: number;
  }): void {
    const newcomers = findNewcomers(this.#state, this.fields, this.#own().inStep, options.selection);
    const inStep = this.#applyShared(newcomers, (entity) => this.fields.fieldsOf(entity), options);
    this.#take({ ...this.#own(), inStep });
  }

  /** Writes what is known of things that are here; gives all that are in step then. */
  #applyShared(
    entities: Iterable<string>,
    fieldsOf: (entity: string) => ReturnType<FieldStore['fieldsOf']>,
    options: { readonly strategy: MergeStrategy; readonly nowMs: number },
  ): readonly string[] {
    const { inStep } = this.#own();
    const applied = [...entities].filter((entity) => applyShared(this.#state, entity, fieldsOf(entity), options));
    const known = new Set(inStep);
    return applied.every((entity) => known.has(entity)) ? inStep : [...new Set([...inStep, ...applied])];
  }

  /** What was edited here and is in no field yet: else a version from elsewhere would take its place unseen. */
  #sayOwnEdits({ strategy, nowMs }: { readonly strategy: MergeStrategy; readonly nowMs: number }): void {
    const log = this.#own();
    const stamper = createStamper(log.deviceId, log.clock, nowMs);
    const selection = selectionOf(log);
    const edits = ownEdits(this.#state, this.fields, log, stamper, { strategy, selection });
    const { changes, checkpoints, inStep } = edits;
    if (changes.length === 0) return;
    const { writes } = this.fields.join(changes, this.#state.head.nextRecordId);
    this.#say({ ...log, clock: stamper.last, checkpoints, inStep }, changes, writes);
    writes.done();
  }

  #say(
    log: LogState,
    changes: readonly FieldChange[],
    writes: Pick<FieldWrites, 'nextRecordId' | 'writeInto'> = {
      nextRecordId: this.#state.head.nextRecordId,
      writeInto: () => undefined,
    },
  ): void {
    const entries: Draft[] = [];
    for (let from = 0; from < changes.length; from += MAX_FIELDS_PER_ENTRY) {
      const slice = changes.slice(from, from + MAX_FIELDS_PER_ENTRY);
      entries.push({ kind: 'operation', events: slice.map((change) => ({ type: 'field', ...change })), requires: [] });
    }
    const signed = this.#signAll(log, entries, 0);
    this.#commit(signed.log, writes.nextRecordId, {
      drops: [],
      work: () => {
        for (const { number, box } of signed.rows) this.#state.write.replicaLog.insert(number, box);
        writes.writeInto();
      },
    });
    this.#drafts = null;
  }

  #signAll(
    log: LogState,
    entries: readonly Draft[],
    nowMs: number,
  ): { readonly log: LogState; readonly rows: readonly { readonly number: number; readonly box: Buffer }[] } {
    const { keys } = this.#state;
    const vaultId = vaultKeyIdOf(keys.keyId());
    const stamper = createStamper(log.deviceId, log.clock, nowMs);
    let { headIndex, headHash } = log;
    const rows: { readonly number: number; readonly box: Buffer }[] = [];
    // Nobody takes entries under an epoch that no entry has begun.
    const begins: Draft[] = keys.currentEpoch > log.epoch ? [{ kind: 'epoch', events: [], requires: [] }] : [];
    let { pictures } = log;
    for (const { kind, events, requires, told, retires = [] } of [...begins, ...entries]) {
      const place = { deviceId: log.deviceId, index: headIndex + 1, previousHash: headHash };
      const clock = stamper.next();
      const part = { kind, vaultId, ...place, epoch: keys.currentEpoch, clock, retires };
      if (told !== undefined) pictures = withEntry(pictures, place.index, told);
      const payload = sealEvents(keys, place, events);
      const { entry, hash } = signEntry(part, { requires, payload }, log.signing.privateKey);
      headIndex += 1;
      headHash = hash;
      const number = log.base + headIndex;
      rows.push({ number, box: keys.seal(BOX_KINDS.replicaLog, 0, number, encodeWireEntries([entry])) });
    }
    const epoch = Math.max(log.epoch, keys.currentEpoch);
    return { log: { ...log, epoch, headIndex, headHash, clock: stamper.last, pictures }, rows };
  }

  #has(id: CheckpointId): boolean {
    return this.#state.records.findCheckpoint(id) !== undefined;
  }

  #own(): LogState {
    const log = this.#log();
    if (log === null)
      throw new AppError('SYNC_OFF', 'Sync was never turned on here.', { hint: 'Turn it on with `cairn sync login`.' });
    return log;
  }

  #log(): LogState | null {
    // What another process wrote makes everything that was remembered old.
    if (this.#counter !== this.#state.head.counter) this.fields.forget();
    this.#counter = this.#state.head.counter;
    return readLogState(this.#state);
  }

  #take(log: LogState): ReplicaIdentity {
    this.#commit(log, this.#state.head.nextRecordId, { drops: [], work: () => undefined });
    this.#picture = null;
    this.#drafts = null;
    return this.#identityOf(log);
  }

  #identityOf(log: LogState): ReplicaIdentity {
    return {
      vaultId: vaultKeyIdOf(this.#state.keys.keyId()),
      deviceId: log.deviceId,
      name: log.name,
      signingKey: toHex(log.signing.publicKey),
      agreementKey: toHex(log.agreement.publicKey),
      headIndex: log.headIndex,
      headHash: log.headHash,
      epoch: this.#state.keys.currentEpoch,
      waitingSnapshots: countWaiting(this.#state, log),
    };
  }

  /** One commit of the log's state and whatever belongs to it. */
  #commit(
    log: LogState,
    firstRecordId: number,
    change: { readonly drops: readonly string[]; readonly records?: number; readonly work: () => void },
  ): void {
    const { records, head, write, keys } = this.#state;
    const old = records.findSetting(REPLICA_SETTINGS.log);
    const dropped = change.drops.map((name) => records.findSetting(name)).filter((found) => found !== undefined);
    const record: VaultRecord = { type: 'setting', name: REPLICA_SETTINGS.log, value: encodeLogState(log) };
    // Numbers of log rows are their own, and never more than there are record numbers: a repair looks that far.
    const recordId = Math.max(firstRecordId, log.base + log.headIndex + 1);
    const box = sealRecord(keys, recordId, record);
    const count = head.records + (old === undefined ? 1 : 0) - dropped.length + (change.records ?? 0);
    this.#state.commit('Writing the log for other devices', { nextRecordId: recordId + 1, records: count }, () => {
      change.work();
      if (old !== undefined) write.records.remove(old.recordId);
      for (const { recordId: gone } of dropped) write.records.remove(gone);
      write.records.insert(recordId, box);
    });
    if (old !== undefined) records.remove(old.recordId);
    for (const { recordId: gone } of dropped) records.remove(gone);
    records.set(recordId, record);
    this.#counter = this.#state.head.counter;
  }
}

/** Nothing was signed since, and nothing is to be told anew. */
function isSameLog(one: LogState, other: LogState): boolean {
  return one.headHash === other.headHash && one.exportedThrough === other.exportedThrough;
}

function fail(error: AppError): never {
  throw error;
}
