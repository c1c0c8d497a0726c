// One round (S3): status, plan, then what the plan says. Everything in it can be done twice; what is interrupted begins anew at the next
// round and finds done what was done. What of one device does not hold stops that device's history, not the others'.

import { AppError, toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { SyncSelection } from '../../shared/contract/sync.ts';
import type { AccountDevice } from '../../shared/replication/account.ts';
import { concatBytes } from '../../shared/replication/bytes.ts';
import { encodeWireEntries, parseWireEntries, type IndexRange } from '../../shared/replication/entry.ts';
import type { ObjectFrame } from '../../shared/replication/frames.ts';
import { NO_ENTRY_HASH, type DeviceId, type ObjectId } from '../../shared/replication/ids.ts';
import { MAX_BATCH_FRAMES, MAX_ENTRIES_PER_BATCH, MAX_IDS_PER_REQUEST } from '../../shared/replication/limits.ts';
import type { StatusAnswer } from '../../shared/replication/replica.ts';
import { objectsMissing } from '../vault/replica/lane-log.ts';
import { RETELL_AFTER } from '../vault/replica/log-pictures.ts';
import { firstInBoth } from '../vault/replica/owed-entries.ts';
import { tampered } from '../vault/replica/wire.ts';
import type { VaultReplica } from '../vault/vault-replica.ts';
import type { Lanes, LaneVault } from './lanes.ts';
import { planSync, type LogHead, type SyncOperation } from './plan.ts';
import { findEnded, sayLastWords } from './last-words.ts';
import { LogSender, ownIdentity } from './send-log.ts';
import type { SyncServer } from './server-port.ts';
import { slices } from './slices.ts';
import type { Seen } from './sync-records.ts';
import type { FieldChange, ReplicaIdentity } from '../vault/vault-replica.ts';

const PULL_BYTES = 4 * 1024 * 1024;
const MAX_TRIES_FOR_OBJECTS = 4;

export interface RoundDeps {
  readonly server: SyncServer;
  readonly replica: VaultReplica;
  readonly lanes: Lanes;
  readonly nowMs: () => number;
  readonly platform: string;
  readonly selection: SyncSelection;
  /** As `tidy` of the replica has it; its own number where none is given. */
  readonly retellAfter?: number;
  /** Waits as long as the bandwidth asks for. */
  readonly spend: (bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly mayDelete: boolean;
  /** The server has the own log up to this entry. */
  readonly onPushed: (index: number) => void;
  readonly onProgress: (progress: RoundProgress) => void;
  /** Something of another device came. */
  readonly onReceived: () => void;
}

export interface RoundProgress {
  readonly direction: 'sending' | 'receiving';
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly deviceName?: string;
}

export interface Trouble {
  readonly deviceId: DeviceId | null;
  readonly deviceName: string;
  readonly error: PlainError;
}

export interface RoundResult {
  readonly status: StatusAnswer;
  readonly seen: Seen;
  readonly troubles: readonly Trouble[];
  readonly devices: readonly AccountDevice[];
  readonly sent: number;
  readonly received: number;
  /** True where the identity was renewed: the caller logs in anew. */
  readonly needsLogin: boolean;
}

export async function syncOnce(deps: RoundDeps, seen: Seen): Promise<RoundResult> {
  return new Round(deps, seen).run();
}

class Round {
  readonly #deps: RoundDeps;
  readonly #sender: LogSender;
  #seen: Seen;
  readonly #troubles: Trouble[] = [];
  #devices: readonly AccountDevice[] = [];
  #received = 0;
  #bytes = 0;

  constructor(deps: RoundDeps, seen: Seen) {
    this.#deps = deps;
    this.#seen = seen;
    this.#sender = new LogSender({
      ...deps,
      retellAfter: deps.retellAfter ?? RETELL_AFTER,
      spend: (bytes) => this.#spend(bytes),
      tell: (done, total) => this.#tell('sending', done, total),
    });
  }

  async run(): Promise<RoundResult> {
    const { server, replica } = this.#deps;
    const identity = await ownIdentity(replica);
    const { signal } = this.#deps;
    const [status, account] = await Promise.all([server.status(identity.vaultId, signal), server.account(signal)]);
    this.#sender.beginAt(status.heads.find(({ device }) => device === identity.deviceId)?.index ?? 0);
    if (status.vaultId !== identity.vaultId) throw tampered('it told of another vault than was asked for');
    this.#devices = account.devices;
    // A merge made it another device since the log-in: the tokens are still the one's that it was.
    if (!account.devices.some(({ deviceId }) => deviceId === identity.deviceId)) throw notKnownYet();
    await replica.openEpoch(status.epoch, this.#deps.nowMs(), { isBegun: true });
    const held = await this.#heldHeads(status);
    const owed = await this.#owedEntries(status);
    const operations = planSync(
      {
        deviceId: identity.deviceId,
        own: { index: identity.headIndex, hash: identity.headHash },
        held,
        seen: this.#seen.heads,
        generation: this.#seen.generation,
      },
      status,
    );
    let needsLogin = false;
    for (const operation of operations) {
      this.#deps.signal.throwIfAborted();
      if (operation.type === 'renew') needsLogin = true;
      else await this.#carryOut(operation, identity, status);
    }
    await this.#assertNothingKeptBack(owed);
    if (!needsLogin) await this.#sendAll(identity, status);
    this.#noteSeen(status, identity, operations);
    return {
      status,
      seen: this.#seen,
      troubles: this.#troubles,
      devices: this.#devices,
      sent: this.#sender.sent,
      received: this.#received,
      needsLogin,
    };
  }

  async #sendAll(identity: ReplicaIdentity, status: StatusAnswer): Promise<void> {
    const { replica, nowMs } = this.#deps;
    const ended = await findEnded(replica, status, this.#devices);
    if (ended.length > 0) await replica.retellEarlier(ended, nowMs());
    await this.#sender.sendAll(identity);
    if (ended.length > 0) await sayLastWords(this.#deps, ended, status);
    await this.#sender.free(identity);
  }

  async #heldHeads(status: StatusAnswer): Promise<Map<DeviceId, LogHead>> {
    const known = new Set(this.#deps.lanes.list());
    const held = new Map<DeviceId, LogHead>();
    for (const { device } of status.heads) {
      if (!known.has(device)) continue;
      const { index, hash } = await this.#deps.lanes.facts(device);
      held.set(device, { index, hash });
    }
    return held;
  }

  /** What came without what it says before the server told how far its devices are: by now it is retired, or kept back. */
  async #owedEntries(status: StatusAnswer): Promise<Map<DeviceId, readonly IndexRange[]>> {
    const known = new Set(this.#deps.lanes.list());
    const owed = new Map<DeviceId, readonly IndexRange[]>();
    for (const { device } of status.heads) {
      if (!known.has(device)) continue;
      const facts = await this.#deps.lanes.facts(device);
      if (facts.owed.length > 0) owed.set(device, facts.owed);
    }
    return owed;
  }

  async #assertNothingKeptBack(owed: ReadonlyMap<DeviceId, readonly IndexRange[]>): Promise<void> {
    for (const [device, before] of owed) {
      // What did not come for another reason is said already.
      if (this.#troubles.some(({ deviceId }) => deviceId === device)) continue;
      const index = firstInBoth(before, (await this.#deps.lanes.facts(device)).owed);
      if (index !== null) this.#trouble(device, tampered(`it keeps back what entry ${index} says`));
    }
  }

  async #carryOut(
    operation: Exclude<SyncOperation, { type: 'renew' }>,
    identity: ReplicaIdentity,
    status: StatusAnswer,
  ): Promise<void> {
    switch (operation.type) {
      case 'check-objects':
        await this.#sender.sendLostObjects(identity);
        return;
      case 'distrust':
        this.#trouble(
          operation.device,
          tampered(
            operation.reason === 'rolled-back'
              ? 'it shows an older state of a device than it showed before'
              : "a device's history is another one than before",
          ),
        );
        return;
      case 'pull':
        await this.#pullOr(operation.device, operation.after, status);
        return;
      case 'push':
        await this.#sender.push(identity);
        return;
    }
  }

  /** What one device sent that does not hold is told, and the others go on. What concerns everything is thrown. */
  async #pullOr(device: DeviceId, after: number, status: StatusAnswer): Promise<void> {
    try {
      await this.#deps.lanes.useAlone(device, (lane) => this.#pull(device, lane, after, status));
    } catch (error) {
      const isOfDevice =
        error instanceof AppError &&
        ['SYNC_TAMPERED', 'SYNC_INCOMPLETE', 'SYNC_ASKS', 'VAULT_DAMAGED'].includes(error.code);
      if (!isOfDevice) throw error;
      this.#trouble(device, error);
    }
  }

  async #pull(device: DeviceId, lane: LaneVault, from: number, status: StatusAnswer): Promise<void> {
    const { server, replica, selection, mayDelete, signal, lanes } = this.#deps;
    const head = status.heads.find((other) => other.device === device);
    const through = head?.index ?? 0;
    const signingKey = this.#devices.find(({ deviceId }) => deviceId === device)?.signingKey;
    if (signingKey === undefined) throw tampered('it does not name the key of a device whose history it has');
    let after = from;
    while (after < through) {
      this.#tell('receiving', after - from, through - from, device);
      const others = status.heads.filter((other) => other.device !== device);
      const bytes = await server.pull(
        status.vaultId,
        {
          after: [{ device, index: after }, ...others.map((other) => ({ device: other.device, index: other.index }))],
          maxEntries: MAX_ENTRIES_PER_BATCH,
          maxBytes: PULL_BYTES,
        },
        signal,
      );
      await this.#spend(bytes.length);
      const entries = onlyOf(bytes, device);
      const batch = { entries, signingKey };
      const check = await lane.lane.check(batch);
      if (check.last.index <= after) throw tampered('it names entries that it does not give');
      if (check.last.index === through && check.last.hash !== head?.hash)
        throw tampered('the last entry is another one than it told of');
      await this.#fetchObjects(lane, check.missing, device);
      await this.#merge(check.fields);
      const checkpoints = await replica.checkpoints(selection.strategy);
      const applied = await lane.lane.apply(batch, { mayDelete, checkpoints }, { signal });
      await lanes.noteFacts(device, lane);
      this.#received += applied.snapshots;
      this.#deps.onReceived();
      if (applied.index <= after) throw tampered('its entries do not end');
      ({ index: after } = applied);
    }
  }

  async #merge(fields: readonly FieldChange[]): Promise<void> {
    if (fields.length === 0) return;
    const { replica, lanes, selection, nowMs, mayDelete } = this.#deps;
    const { checkpoints } = await replica.merge(fields, { strategy: selection.strategy, nowMs: nowMs(), mayDelete });
    for (const device of checkpoints.length === 0 ? [] : lanes.list())
      await lanes.use(device, (lane) => lane.lane.applyCheckpoints(checkpoints));
  }

  /** Content that is here already need not travel. */
  async #fetchObjects(lane: LaneVault, missing: readonly ObjectId[], device: DeviceId): Promise<void> {
    const { replica } = this.#deps;
    let wanted = new Set(missing);
    for (const ids of slices([...wanted], MAX_BATCH_FRAMES)) {
      const own = await replica.objects(ids);
      if (own.length === 0) continue;
      await lane.lane.importObjects(own);
      for (const { id } of own) wanted.delete(id);
    }
    for (let tries = 0; wanted.size > 0 && tries < MAX_TRIES_FOR_OBJECTS; tries += 1)
      wanted = await this.#download(lane, wanted);
    if (wanted.size > 0) throw objectsMissing(wanted.size, this.#nameOf(device));
  }

  /** Gives what did not come, or did not hold. */
  async #download(lane: LaneVault, wanted: ReadonlySet<ObjectId>): Promise<Set<ObjectId>> {
    const { server, replica, signal } = this.#deps;
    const { vaultId } = await ownIdentity(replica);
    const queue = [...wanted];
    const failed = new Set<ObjectId>();
    const parts = new Map<ObjectId, Uint8Array>();
    while (queue.length > 0) {
      const ask = queue.slice(0, MAX_IDS_PER_REQUEST).map((id) => ({ id, offset: parts.get(id)?.length ?? 0 }));
      const frames = await server.getObjects(vaultId, ask, signal);
      if (frames.length === 0) throw tampered('it gave nothing where something was asked for');
      const whole: { id: ObjectId; box: Uint8Array }[] = [];
      let bytes = 0;
      for (const frame of frames) {
        if (frame.id !== queue[0]) throw tampered('it gave other content than was asked for');
        bytes += frame.bytes.length;
        const { box, isWhole } = joinFrame(parts.get(frame.id), frame);
        if (frame.totalBytes === 0 || box === null) failed.add(frame.id);
        else if (isWhole) whole.push({ id: frame.id, box });
        else parts.set(frame.id, box);
        if (frame.totalBytes === 0 || isWhole || box === null) queue.shift();
      }
      await this.#spend(bytes);
      const bad = await lane.lane.importObjects(whole);
      if (bad.length > 0) {
        for (const id of bad) failed.add(id);
        await server.reportDamaged(vaultId, bad, signal);
      }
    }
    return failed;
  }

  #noteSeen(status: StatusAnswer, identity: ReplicaIdentity, operations: readonly SyncOperation[]): void {
    const distrusted = new Set(
      operations.filter(({ type }) => type === 'distrust').map((op) => ('device' in op ? op.device : null)),
    );
    const heads = new Map(this.#seen.heads);
    const isSameGeneration = this.#seen.generation === status.generation;
    if (!isSameGeneration) {
      heads.clear();
      // A log that was lost whole comes again from its beginning, which is no going back.
      for (const device of this.#deps.lanes.list()) heads.set(device, { index: 0, hash: NO_ENTRY_HASH });
    }
    for (const { device, index, hash } of status.heads)
      if (!distrusted.has(device) && device !== identity.deviceId) heads.set(device, { index, hash });
    const isLevel = this.#troubles.length === 0;
    this.#seen = {
      ...this.#seen,
      generation: status.generation,
      heads,
      pushed: this.#sender.through,
      // A server that was put back has the slots of then.
      slots: isSameGeneration || this.#seen.generation === null ? this.#seen.slots : '',
      lastSyncAtMs: isLevel ? this.#deps.nowMs() : this.#seen.lastSyncAtMs,
    };
  }

  async #spend(bytes: number): Promise<void> {
    this.#bytes += bytes;
    await this.#deps.spend(bytes);
  }

  #tell(direction: RoundProgress['direction'], done: number, total: number, device?: DeviceId): void {
    this.#deps.onProgress({
      direction,
      done,
      total,
      bytes: this.#bytes,
      ...(device === undefined ? {} : { deviceName: this.#nameOf(device) }),
    });
  }

  #trouble(deviceId: DeviceId, error: unknown): void {
    this.#troubles.push({ deviceId, deviceName: this.#nameOf(deviceId), error: toPlainError(error) });
  }

  #nameOf(device: DeviceId): string {
    return this.#devices.find(({ deviceId }) => deviceId === device)?.name ?? device.slice(0, 8);
  }
}

function notKnownYet(): AppError {
  return new AppError(
    'SYNC_LOGIN',
    'The server does not know this vault as a device yet: it is another one since it was merged.',
    {
      hint: 'Log in once more with `cairn sync login`. Nothing is lost, on neither side.',
    },
  );
}

/** The entries of one device among those that came: the others were said to be here. */
function onlyOf(bytes: Uint8Array, device: DeviceId): Uint8Array {
  const entries = parseWireEntries(bytes);
  if (entries === null) throw tampered('what it sent are no entries');
  const at = 10 + 1 + 1 + 32; // where the device stands in the signed part; checked whole by the lane
  const id = Buffer.from(device, 'hex');
  return encodeWireEntries(entries.filter(({ signedBytes }) => id.equals(signedBytes.subarray(at, at + 32))));
}

function joinFrame(
  before: Uint8Array | undefined,
  { offset, bytes, totalBytes }: ObjectFrame,
): { readonly box: Uint8Array | null; readonly isWhole: boolean } {
  if (offset !== (before?.length ?? 0)) return { box: null, isWhole: false };
  const box = before === undefined ? bytes : concatBytes([before, bytes]);
  return { box, isWhole: box.length === totalBytes };
}
