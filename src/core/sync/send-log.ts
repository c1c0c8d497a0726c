// The own log on its way to the server (S3): objects first, then the entries that name them, then what lets older ones go.

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncSelection } from '../../shared/contract/sync.ts';
import { parseBody, parseWireEntries } from '../../shared/replication/entry.ts';
import { FRAME_HEADER_BYTES, type ObjectFrame } from '../../shared/replication/frames.ts';
import type { ObjectId } from '../../shared/replication/ids.ts';
import {
  MAX_BATCH_BYTES,
  MAX_BATCH_FRAMES,
  MAX_ENTRIES_PER_BATCH,
  MAX_IDS_PER_REQUEST,
} from '../../shared/replication/limits.ts';
import { tampered } from '../vault/replica/wire.ts';
import type { ReplicaIdentity, ReplicaSelection, VaultReplica } from '../vault/vault-replica.ts';
import { SyncRefusal, type SyncServer } from './server-port.ts';
import { slices } from './slices.ts';

/** Room for the headers of frames. */
const UPLOAD_BYTES = MAX_BATCH_BYTES - 64 * 1024;
const PUSH_BYTES = 4 * 1024 * 1024;
/** Batches on their way at once. */
const MAX_CONCURRENT_UPLOADS = 3;
/** Entries that are made and sent at a time, as far as the vault makes them in one go: their objects must be there first. */
const DRAFTS = 32;

export interface SenderDeps {
  readonly server: SyncServer;
  readonly replica: VaultReplica;
  readonly nowMs: () => number;
  readonly platform: string;
  readonly selection: SyncSelection;
  readonly signal: AbortSignal;
  readonly retellAfter: number;
  /** Waits as long as the bandwidth asks for. */
  readonly spend: (bytes: number) => Promise<void>;
  /** Snapshots that went out, of how many. */
  readonly tell: (done: number, total: number) => void;
  /** The server has the own log up to this entry. */
  readonly onPushed: (index: number) => void;
}

export class LogSender {
  readonly #deps: SenderDeps;
  /** Entries that were sent. */
  sent = 0;
  /** The server has the own log up to this entry. */
  #through = 0;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  get through(): number {
    return this.#through;
  }

  /** How far the server said that it is. Comes before everything that sends. */
  beginAt(index: number): void {
    this.#noteThrough(index);
  }

  /** What is in the log and not on the server, also what was signed while others' entries were taken. */
  async push(identity: ReplicaIdentity): Promise<void> {
    const { server, replica, signal } = this.#deps;
    for (;;) {
      const bytes = await replica.list(this.#through + 1, MAX_ENTRIES_PER_BATCH, PUSH_BYTES);
      if (bytes.length === 0) return;
      await this.#deps.spend(bytes.length);
      try {
        const head = await server.push(identity.vaultId, bytes, signal);
        if (head.index <= this.#through) throw tampered('it took entries and did not go on');
        this.sent += head.index - this.#through;
        this.#noteThrough(head.index);
      } catch (error) {
        await this.#helpPush(error, identity, bytes);
      }
    }
  }

  /** What the server says no to, and can be helped. @throws the error itself else */
  async #helpPush(error: unknown, identity: ReplicaIdentity, bytes: Uint8Array): Promise<void> {
    const { server, replica } = this.#deps;
    const refusal = error instanceof SyncRefusal ? error.refusal : null;
    if (refusal?.code === 'missing-objects') {
      const left = await this.#upload(identity, refusal.missing ?? requiredOf(bytes));
      if (left.length === 0) return;
      throw new AppError(
        'SYNC_FORK',
        `The server lacks ${left.length} pieces of what this device sent before, and they are not here any more.`,
        { hint: 'Log in again: this device then begins a new log, with everything that is here.', cause: error },
      );
    }
    if (refusal?.code === 'epoch-behind') {
      const status = await server.status(identity.vaultId);
      const epoch = refusal.epoch ?? status.epoch;
      await replica.openEpoch(epoch, this.#deps.nowMs(), { isBegun: true });
      const own = status.heads.find(({ device }) => device === identity.deviceId);
      this.#noteThrough(own?.index ?? 0);
      await replica.resign(this.#through, epoch);
      return;
    }
    throw error;
  }

  /** What is not in the log yet: objects first, then entries that are signed, then those. */
  async #sendNew(identity: ReplicaIdentity): Promise<void> {
    const { replica, selection, platform, nowMs } = this.#deps;
    const lost: ObjectId[] = [];
    let done = 0;
    for (;;) {
      this.#deps.signal.throwIfAborted();
      const { waitingSnapshots } = await ownIdentity(replica);
      if (waitingSnapshots > 0) this.#deps.tell(done, done + waitingSnapshots);
      const drafted = await replica.draft({
        selection: this.#selection(),
        strategy: selection.strategy,
        nowMs: nowMs(),
        platform,
        maxEntries: DRAFTS,
        lost,
      });
      if (drafted.entries === 0) break;
      const left = await this.#upload(identity, drafted.requires);
      if (left.length > 0) {
        // Damaged here: what needs it is left out, and drafted anew.
        lost.push(...left);
        continue;
      }
      if ((await replica.sign(nowMs())) === 0) continue;
      await this.push(identity);
      done += waitingSnapshots - (await ownIdentity(replica)).waitingSnapshots;
    }
  }

  /** Everything that is to be sent, and lets go in the log of what the vault has let go (S8): what is left of it is told first. */
  async sendAll(identity: ReplicaIdentity): Promise<void> {
    const { replica, nowMs, signal, retellAfter } = this.#deps;
    const { strategy } = this.#deps.selection;
    for (;;) {
      const hasTidied = await replica.tidy({
        nowMs: nowMs(),
        retellAfter,
        selection: this.#selection(),
        strategy,
        signal,
      });
      await this.push(identity);
      await this.#sendNew(identity);
      if (!hasTidied) break;
    }
  }

  /** Asks the server to free at once what was taken out. */
  async free(identity: ReplicaIdentity): Promise<void> {
    const { server, replica, signal } = this.#deps;
    const freeing = await replica.freeing();
    for (const ids of slices(freeing, MAX_IDS_PER_REQUEST)) {
      await server.free(identity.vaultId, ids, signal);
      await replica.noteFreed(ids);
    }
  }

  #selection(): ReplicaSelection {
    const { withoutSources, withoutProjects, onlyProjects } = this.#deps.selection;
    return { withoutSources, withoutProjects, onlyProjects };
  }

  #noteThrough(index: number): void {
    this.#through = index;
    this.#deps.onPushed(index);
  }

  /** Sends what the server lacks of these; gives what cannot be read here. */
  async #upload(identity: ReplicaIdentity, ids: readonly ObjectId[]): Promise<ObjectId[]> {
    const { server, signal } = this.#deps;
    const lost: ObjectId[] = [];
    for (const asked of slices(ids, MAX_IDS_PER_REQUEST)) {
      const { missing } = await server.have(identity.vaultId, asked, signal);
      const known = new Set(asked);
      if (missing.some((id) => !known.has(id))) throw tampered('it asks for content that nobody named');
      lost.push(...(await this.#uploadMissing(identity, missing)));
    }
    return lost;
  }

  /** While the server takes one batch, the next is read here. */
  async #uploadMissing(identity: ReplicaIdentity, missing: readonly ObjectId[]): Promise<ObjectId[]> {
    const lost: ObjectId[] = [];
    const batches = this.#batchesOf(missing, lost);
    const send = async (): Promise<void> => {
      for await (const batch of batches) await this.#sendFrames(identity, batch);
    };
    await Promise.all(Array.from({ length: MAX_CONCURRENT_UPLOADS }, send));
    return lost;
  }

  /** @param lost takes what cannot be read here */
  async *#batchesOf(ids: readonly ObjectId[], lost: ObjectId[]): AsyncGenerator<readonly ObjectFrame[], void> {
    let batch: ObjectFrame[] = [];
    let bytes = 0;
    for (const asked of slices(ids, MAX_BATCH_FRAMES)) {
      const objects = await this.#deps.replica.objects(asked);
      const found = new Set(objects.map(({ id }) => id));
      lost.push(...asked.filter((id) => !found.has(id)));
      for (const { id, box, hash } of objects) {
        if (batch.length >= MAX_BATCH_FRAMES || bytes + box.length > UPLOAD_BYTES) {
          yield batch;
          batch = [];
          bytes = 0;
        }
        batch.push({ id, hash, totalBytes: box.length, offset: 0, bytes: box });
        bytes += box.length + FRAME_HEADER_BYTES;
      }
    }
    if (batch.length > 0) yield batch;
  }

  async #sendFrames(identity: ReplicaIdentity, frames: readonly ObjectFrame[]): Promise<void> {
    const { server, signal } = this.#deps;
    this.#deps.signal.throwIfAborted();
    const sizeBytes = frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const statuses = await server.upload(identity.vaultId, frames, signal);
    await this.#deps.spend(sizeBytes);
    const stored = new Set(
      statuses.filter(({ status }) => status === 'stored' || status === 'known').map(({ id }) => id),
    );
    const refused = frames.filter(({ id }) => !stored.has(id));
    if (refused.length === 0) return;
    const isFull = statuses.some(({ reason }) => reason === 'quota');
    throw isFull
      ? new AppError('SYNC_REFUSED', "The account's space on the server is used up.", {
          hint: 'Let less leave this device, let old history go, or ask who runs the server for more. Captures go on.',
        })
      : new AppError('SYNC_OFFLINE', 'The server did not take what was sent.', {
          hint: 'It is tried again by itself.',
          isRetryable: true,
        });
  }

  /** After a restored backup: what the log names and the server lacks is sent again, as far as it is here. */
  async sendLostObjects(identity: ReplicaIdentity): Promise<void> {
    let index = 1;
    while (index <= identity.headIndex) {
      const bytes = await this.#deps.replica.list(index, MAX_ENTRIES_PER_BATCH, PUSH_BYTES);
      const count = parseWireEntries(bytes)?.length ?? 0;
      if (count === 0) return;
      await this.#upload(identity, requiredOf(bytes));
      index += count;
    }
  }
}

/** The own identity. @throws AppError SYNC_OFF */
export async function ownIdentity(replica: VaultReplica): Promise<ReplicaIdentity> {
  const identity = await replica.identity();
  if (identity === null)
    throw new AppError('SYNC_OFF', 'Sync was never turned on here.', { hint: 'Turn it on with `cairn sync login`.' });
  return identity;
}

function requiredOf(bytes: Uint8Array): ObjectId[] {
  const ids = new Set<ObjectId>();
  for (const { bodyBytes } of parseWireEntries(bytes) ?? [])
    for (const id of (bodyBytes === null ? null : parseBody(bodyBytes))?.requires ?? []) ids.add(id);
  return [...ids];
}
