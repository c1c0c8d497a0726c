// What sync asks of an open vault, in the vault's thread: each call takes its turn like every other work on the file.

import { existsSync, linkSync, rmSync } from 'node:fs';

import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import type { DeviceId, ObjectId } from '../../../shared/replication/ids.ts';
import { writeVaultFiles } from '../build-vault.ts';
import { syncFolder } from '../keyring/sidecar.ts';
import type { KeyringOptions } from '../keyring/keyring.ts';
import { createLaneKeyring, encodeShared, type JoinedVault } from '../keyring/share-keyring.ts';
import type { BodyCache, SaveDeps } from '../log/save-snapshot.ts';
import type { PruneDeps } from '../upkeep/prune.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { vaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import { EarlierLogs } from './earlier-logs.ts';
import { sealJoinAnswer } from './join-keys.ts';
import { LaneLog } from './lane-log.ts';
import { ReplicaLog } from './replica-log.ts';
import { readSealedObjects } from './sealed-objects.ts';
import { tidyLog, type TidyDeps, type TidyOptions } from './tidy-log.ts';
import type {
  ApplyOptions,
  DraftOptions,
  EarlierIdentity,
  FieldChange,
  FieldConflict,
  JoinKeys,
  LaneApplied,
  LaneBatch,
  LaneCheck,
  LaneState,
  MergedFields,
  ReplicaIdentity,
  SealedObject,
  ServerLog,
} from '../vault-replica.ts';

const WRITING = 'Writing the log for other devices';

export interface ReplicaEngineDeps {
  readonly save: SaveDeps;
  readonly bodyCache: BodyCache;
  readonly keyring: KeyringOptions;
  readonly prune: PruneDeps;
  read<Result>(work: () => Result): Result;
  write<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result>;
  work<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  noteSaved(): void;
}

export class ReplicaEngine {
  readonly #deps: ReplicaEngineDeps;
  readonly #replica: ReplicaLog;
  readonly #earlier: EarlierLogs;
  readonly #lane: LaneLog;

  constructor(deps: ReplicaEngineDeps) {
    this.#deps = deps;
    this.#replica = new ReplicaLog(deps.save.state);
    this.#earlier = new EarlierLogs(deps.save.state, this.#replica);
    this.#lane = new LaneLog(deps.save, deps.bodyCache);
  }

  /** The device is the one that logged in and was let in. */
  async becomeDevice({ name, keys }: JoinedVault['device']): Promise<void> {
    await this.#deps.write('Turning sync on', () => this.#replica.begin(name, keys));
  }

  replicaIdentity(): ReplicaIdentity | null {
    return this.#deps.read(() => this.#replica.identity());
  }

  replicaBegin(name: string): Promise<ReplicaIdentity> {
    return this.#deps.write('Turning sync on', () => this.#replica.begin(name));
  }

  replicaRenew(repeatsAll: boolean): Promise<ReplicaIdentity> {
    return this.#deps.write('Taking a new identity', () => this.#replica.renew({ repeatsAll }));
  }

  replicaRename(name: string): Promise<ReplicaIdentity> {
    return this.#deps.write('Renaming this device', () => this.#replica.rename(name));
  }

  replicaProveLogin(text: string): string {
    return this.#deps.read(() => this.#replica.proveLogin(text));
  }

  replicaDraft(options: DraftOptions): ReturnType<ReplicaLog['draft']> {
    return this.#deps.read(() => this.#replica.draft(options));
  }

  replicaSign(nowMs: number): Promise<number> {
    return this.#deps.write(WRITING, () => this.#replica.sign(nowMs));
  }

  replicaResign(serverIndex: number, serverEpoch: number): Promise<number> {
    return this.#deps.write('Signing under the new epoch', () => this.#replica.resign(serverIndex, serverEpoch));
  }

  /** Lets go in the log of what the vault has let go, step by step; false once nothing is due. */
  replicaTidy(options: TidyOptions, control: WorkControl): Promise<boolean> {
    const what = WRITING;
    const deps: TidyDeps = {
      state: this.#deps.save.state,
      log: this.#replica,
      withLock: (step) => this.#deps.write(what, step),
    };
    return this.#deps.work(what, () => this.#deps.read(() => tidyLog(deps, options, control)));
  }

  replicaEarlier(): readonly EarlierIdentity[] {
    return this.#deps.read(() => this.#earlier.list());
  }

  replicaRetellEarlier(devices: readonly DeviceId[], nowMs: number): Promise<void> {
    return this.#deps.write(WRITING, () => this.#earlier.retell(devices, nowMs));
  }

  replicaLastWords(server: ServerLog, nowMs: number, { signal }: WorkControl): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#deps.work(WRITING, () => this.#deps.read(() => this.#earlier.lastWords(server, nowMs, signal)));
  }

  replicaNoteLastWords(deviceId: DeviceId): Promise<void> {
    return this.#deps.write(WRITING, () => this.#earlier.note(deviceId));
  }

  replicaFreeing(): readonly ObjectId[] {
    return this.#deps.read(() => this.#replica.state()?.freeing ?? []);
  }

  replicaNoteFreed(ids: readonly ObjectId[]): Promise<void> {
    return this.#deps.write(WRITING, () => this.#replica.noteFreed(ids));
  }

  replicaList(fromIndex: number, maxEntries: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    return this.#deps.read(() => this.#replica.list(fromIndex, maxEntries, maxBytes));
  }

  replicaObjects(ids: readonly ObjectId[]): SealedObject[] {
    return this.#deps.read(() => readSealedObjects(this.#deps.save.state, ids));
  }

  replicaMerge(changes: readonly FieldChange[], options: Parameters<ReplicaLog['merge']>[1]): Promise<MergedFields> {
    return this.#deps.write('Taking what other devices edited', () => this.#replica.merge(changes, options));
  }

  replicaCheckpoints(strategy: MergeStrategy): MergedFields['checkpoints'] {
    return this.#deps.read(() => this.#replica.checkpoints(strategy));
  }

  replicaConflicts(strategy: MergeStrategy): FieldConflict[] {
    return this.#deps.read(() => this.#replica.conflicts(strategy));
  }

  replicaEdit(...values: Parameters<ReplicaLog['edit']>): Promise<MergedFields> {
    return this.#deps.write('Editing', () => this.#replica.edit(...values));
  }

  /** What a new device needs beside a secret of the vault: the header, with the slots that may travel. */
  replicaHeader(): Uint8Array<ArrayBuffer> {
    return this.#deps.read(() => encodeShared(this.#deps.save.state.keyring));
  }

  replicaSealKey(keys: JoinKeys): string {
    return this.#deps.read(() => sealJoinAnswer(this.#deps.save.state.keys, keys, this.#deps.save.random));
  }

  /** A new epoch, so that what was revoked cannot write under the one in force. */
  replicaOpenEpoch(atLeast: number, nowMs: number, isBegun: boolean): Promise<number> {
    return this.#deps.write('Opening a new epoch', () => this.#replica.openEpoch(atLeast, nowMs, { isBegun }));
  }

  /** Makes the file of another device's history where there is none; gives the secret that opens it. */
  replicaCreateLane(database: string, nowMs: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#deps.work('Making room for another device', async () => {
      const secret = Uint8Array.from(this.#deps.save.state.keys.laneSecret());
      const files = vaultFiles(database);
      if (existsSync(files.database)) return secret;
      const temporary = vaultFiles(`${database}.new-${process.pid}`);
      removeLeftovers(temporary);
      try {
        const options = { ...this.#deps.keyring, sidecarPath: temporary.sidecar };
        writeVaultFiles(temporary, createLaneKeyring(this.#deps.save.state.keyring, nowMs, options));
        rmSync(files.sidecar, { force: true });
        linkSync(temporary.sidecar, files.sidecar);
        linkSync(temporary.database, files.database);
        syncFolder(files.folder);
      } finally {
        removeLeftovers(temporary);
      }
      return secret;
    });
  }

  laneBegin(deviceId: DeviceId): Promise<LaneState> {
    // A lane can be had again from the server: a power cut may cost its last moments, never its wholeness.
    this.#deps.save.state.writeDb.pragma('synchronous = NORMAL');
    return this.#deps.write('Taking the history of another device', () => this.#lane.begin(deviceId));
  }

  laneState(): LaneState {
    return this.#deps.read(() => this.#lane.state());
  }

  laneCheck(batch: LaneBatch): LaneCheck {
    return this.#deps.read(() => this.#lane.check(batch));
  }

  laneImport(objects: Parameters<LaneLog['importObjects']>[0]): Promise<ObjectId[]> {
    return this.#deps.write('Taking content of another device', () => this.#lane.importObjects(objects));
  }

  laneApply(batch: LaneBatch, options: ApplyOptions, control: WorkControl): Promise<LaneApplied> {
    return this.#deps.work('Taking the history of another device', async () => {
      const applied = await this.#lane.apply(batch, options, this.#deps.prune, control);
      this.#deps.noteSaved();
      return applied;
    });
  }

  laneCheckpoints(checkpoints: MergedFields['checkpoints']): Promise<number> {
    return this.#deps.write('Taking checkpoints of another device', () => this.#lane.applyCheckpoints(checkpoints));
  }
}
