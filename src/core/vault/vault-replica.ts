// What sync asks of a vault: its own log, and, of a vault that is a lane, another device's history.

import type { FieldVersion, MergeStrategy } from '../../shared/merge/merge-fields.ts';
import type { Checkpoint } from '../../shared/model/checkpoint.ts';
import type { CheckpointId } from '../../shared/model/ids.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import type { IndexRange } from '../../shared/replication/entry.ts';
import type { DeviceId, EntryHash, ObjectId, VaultKeyId } from '../../shared/replication/ids.ts';

/** A field of something that several devices may edit, and one version of it. */
export interface FieldChange {
  /** `checkpoint:<id>` */
  readonly entity: string;
  readonly field: string;
  readonly version: FieldVersion;
}

/** What leaves the machine. */
export interface ReplicaSelection {
  /** Sources of which nothing leaves. */
  readonly withoutSources: readonly string[];
  /** Projects of which nothing leaves. */
  readonly withoutProjects: readonly string[];
  /** Where not empty: nothing but these leaves. Items of no project stay then too. */
  readonly onlyProjects: readonly string[];
}

export interface DraftOptions {
  readonly selection: ReplicaSelection;
  readonly strategy: MergeStrategy;
  readonly nowMs: number;
  readonly platform: string;
  readonly maxEntries: number;
  /** Objects that cannot be read here any more: what needs them is left out, and said as a gap. */
  readonly lost: readonly ObjectId[];
}

/** Public keys of a device that asks to be let in, hexadecimal. */
export interface JoinKeys {
  readonly signingKey: string;
  readonly agreementKey: string;
}

export interface LaneState {
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly platform: string;
  /** The last entry that is applied. */
  readonly index: number;
  readonly hash: EntryHash;
  readonly skipped: number;
  readonly unknown: number;
  /** The highest number of a snapshot, as its device counts, that has come. */
  readonly through: number;
  /** Entries that came without what they say, and that no entry has retired yet: their device may just be doing it. */
  readonly owed: readonly IndexRange[];
}

/** Entries as they came, and the key that their device is named by. */
export interface LaneBatch {
  readonly entries: Uint8Array;
  readonly signingKey: string;
}

export interface LaneCheck {
  /** What must be imported before the entries are applied. */
  readonly missing: readonly ObjectId[];
  /** What they say of fields that several devices edit. */
  readonly fields: readonly FieldChange[];
  readonly last: { readonly index: number; readonly hash: EntryHash };
}

export interface LaneApplied extends LaneState {
  readonly snapshots: number;
  readonly forgotten: number;
}

export interface ReplicaIdentity {
  readonly vaultId: VaultKeyId;
  readonly deviceId: DeviceId;
  readonly name: string;
  /** Hexadecimal. */
  readonly signingKey: string;
  readonly agreementKey: string;
  readonly headIndex: number;
  readonly headHash: EntryHash;
  readonly epoch: number;
  /** Snapshots that are not in the log yet. */
  readonly waitingSnapshots: number;
}

/** Who this vault was before it was put back, merged or copied. */
export interface EarlierIdentity {
  readonly deviceId: DeviceId;
  /** The last entry of its log that is known here. */
  readonly index: number;
  /** Whether there may be something to say in its log. */
  readonly hasNews: boolean;
}

/** How far an earlier log is on the server. */
export interface ServerLog {
  readonly deviceId: DeviceId;
  readonly index: number;
  readonly hash: EntryHash;
  /** The entry after the last one that is known here, as it came; null where there is none. */
  readonly next: Uint8Array | null;
}

export interface ApplyOptions {
  /** False: where too many things would be deleted, SYNC_ASKS is thrown and nothing done. */
  readonly mayDelete: boolean;
  /** As the own vault knows them: they may be about snapshots that come with these entries. */
  readonly checkpoints: MergedFields['checkpoints'];
}

/** What several devices may edit and was edited apart. */
export interface FieldConflict {
  readonly entity: string;
  readonly field: string;
  readonly current: { readonly value: JsonValue; readonly device: string; readonly atMs: number | null };
  readonly others: readonly { readonly value: JsonValue; readonly device: string; readonly atMs: number | null }[];
}

export interface MergedFields {
  /** Checkpoints as they are now, whoever's snapshot they name; null where deleted. */
  readonly checkpoints: readonly { readonly id: CheckpointId; readonly checkpoint: Checkpoint | null }[];
  /** Own checkpoints that changed. */
  readonly changed: number;
}

/** A chunk as it is sealed, with the SHA-256 of that. */
export interface SealedObject {
  readonly id: ObjectId;
  readonly box: Uint8Array<ArrayBuffer>;
  readonly hash: string;
}

export interface MergeOptions {
  readonly strategy: MergeStrategy;
  readonly nowMs: number;
  /** False: where too many things would be deleted, SYNC_ASKS is thrown and nothing done. */
  readonly mayDelete: boolean;
}

/** The own log. The keys of the device never leave the vault's thread. */
export interface VaultReplica {
  /** Null where sync was never turned on. */
  identity(): Promise<ReplicaIdentity | null>;
  /** Gives this vault an identity where it has none. */
  begin(name: string): Promise<ReplicaIdentity>;
  /** Another identity: this one is somebody else's too. */
  renew(options: { readonly repeatsAll: boolean }): Promise<ReplicaIdentity>;
  rename(name: string): Promise<ReplicaIdentity>;
  /** Signs a text that a server gave for logging in; hexadecimal. */
  proveLogin(text: string): Promise<string>;
  /** Prepares entries; the objects they require must be acknowledged before `sign`. */
  draft(options: DraftOptions): Promise<{ readonly entries: number; readonly requires: readonly ObjectId[] }>;
  /** Writes what was drafted into the log, for ever the same bytes; gives how many entries. */
  sign(nowMs: number): Promise<number>;
  /** Signs anew what the server refused for its epoch: everything after its head. Gives how many entries. */
  resign(serverIndex: number, serverEpoch: number): Promise<number>;
  /**
   * Tells the others of sessions, and lets go in the log of what the vault has let go: the next step of that, which may sign entries. False where nothing is due; the last
   * step waits until all that is left stands in the log anew. `retellAfter`: how many snapshots must be gone since they were told.
   */
  tidy(options: {
    readonly nowMs: number;
    readonly retellAfter: number;
    readonly selection: ReplicaSelection;
    readonly strategy: MergeStrategy;
    readonly signal?: AbortSignal;
  }): Promise<boolean>;
  /** Identities that this vault had before, the newest last. */
  earlier(): Promise<readonly EarlierIdentity[]>;
  /** Begins to tell anew what these told, where the own log does not; the epoch in force is begun with it. */
  retellEarlier(devices: readonly DeviceId[], nowMs: number): Promise<void>;
  /** Entries for the log of an earlier identity that was ended, maybe none; null where there is nothing to note either. */
  lastWords(
    server: ServerLog,
    options: { readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The server has those, if there were any. */
  noteLastWords(deviceId: DeviceId): Promise<void>;
  /** Objects that are to be gone from the server at once, where nothing live names them. */
  freeing(): Promise<readonly ObjectId[]>;
  /** The server was asked for that. */
  noteFreed(ids: readonly ObjectId[]): Promise<void>;
  /** Signed entries as they travel; empty where there are none from that index on. */
  list(fromIndex: number, maxEntries: number, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Chunks as they are sealed here; without those that do not open. */
  objects(ids: readonly ObjectId[]): Promise<readonly SealedObject[]>;
  /** Joins what other devices edited. @throws AppError SYNC_ASKS */
  merge(changes: readonly FieldChange[], options: MergeOptions): Promise<MergedFields>;
  /** All checkpoints that any device told of, as they are now. */
  checkpoints(strategy: MergeStrategy): Promise<MergedFields['checkpoints']>;
  conflicts(strategy: MergeStrategy): Promise<readonly FieldConflict[]>;
  edit(
    entity: string,
    values: { readonly [field: string]: JsonValue },
    options: Omit<MergeOptions, 'mayDelete'>,
  ): Promise<MergedFields>;
  /** The header for new devices, with the slots of password and recovery key. */
  header(): Promise<Uint8Array<ArrayBuffer>>;
  /** The vault key, sealed to a device whose words were compared; base64. */
  sealKey(keys: JoinKeys): Promise<string>;
  /** Seals under an epoch of at least this number from now on; `isBegun`: others know of it. Gives the number. */
  openEpoch(atLeast: number, nowMs: number, options: { readonly isBegun: boolean }): Promise<number>;
  /** Makes the file of another device's history where there is none; gives the secret that opens it. */
  createLane(path: string, nowMs: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Another device's history, where the vault is that. */
export interface VaultLane {
  begin(deviceId: DeviceId): Promise<LaneState>;
  state(): Promise<LaneState>;
  /** @throws AppError SYNC_TAMPERED: then nothing of it may be used */
  check(batch: LaneBatch): Promise<LaneCheck>;
  /** Gives the objects that do not hold. */
  importObjects(objects: readonly { readonly id: ObjectId; readonly box: Uint8Array }[]): Promise<readonly ObjectId[]>;
  /** @throws AppError SYNC_TAMPERED, SYNC_ASKS */
  apply(batch: LaneBatch, options: ApplyOptions, control: { readonly signal?: AbortSignal }): Promise<LaneApplied>;
  applyCheckpoints(checkpoints: MergedFields['checkpoints']): Promise<number>;
}
