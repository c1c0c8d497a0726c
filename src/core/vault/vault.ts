// What the rest of Cairn can ask of a vault. `openVault` (vault-client.ts) gives the real one, which works in a thread of its
// own: no call here blocks the caller on cryptography, compression or SQL.

import type { Checkpoint, CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CheckpointId, ItemKey, SnapshotId, SourceId } from '../../shared/model/ids.ts';
import type { CapturedItem, KnownStream } from '../../shared/model/item.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { RetentionLimits, RetentionPlan } from '../../shared/model/retention.ts';
import type { Gap, Snapshot, SnapshotKind, SnapshotSummary } from '../../shared/model/snapshot.ts';

/** One capture, ready to be stored. The buffers of its streams become the vault's (they are transferred). */
export interface SaveRequest {
  readonly takenAtMs: number;
  readonly kind: SnapshotKind;
  readonly items: readonly CapturedItem[];
  /** Items of the newest snapshot to carry forward as stale. */
  readonly carried: readonly ItemKey[];
  readonly gaps: readonly Gap[];
  /** Sources that were read for real in this capture, with items or without. */
  readonly goodSources: readonly SourceId[];
  readonly checkpoint?: CheckpointAttributes;
}

export interface SaveResult {
  readonly summary: SnapshotSummary;
  /** Items or streams that were left out because the snapshot would have exceeded its size limit. */
  readonly leftOut: readonly Gap[];
  /**
   * Streams whose hint (`unchanged`, `appended`) did not hold, for example because another process saved in between. They are
   * stored as the newest snapshot has them; the caller hands over the whole content in a capture right after.
   */
  readonly needsWhole: readonly { readonly key: ItemKey; readonly stream: string }[];
  /** Bytes that the save added to the file, before padding to pages. */
  readonly storedBytes: number;
  /** From the request to the commit in the vault's thread, waiting for another process' turn included. */
  readonly workMs: number;
}

export interface ListSnapshotsQuery {
  /** At most this many, newest first. */
  readonly limit: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly checkpointsOnly?: boolean;
  /** Continues a list: only snapshots older than this one. */
  readonly before?: SnapshotId;
}

/** Everything known about a source from its captures. */
export interface SourceState {
  readonly source: SourceId;
  /** When it was last read for real, with at least one item. */
  readonly lastGoodAtMs: number;
  /** The snapshot of that time: retention always keeps it. */
  readonly lastGoodSnapshot: SnapshotId;
  /** Silent for longer than the limit (7 days). */
  readonly isInactive: boolean;
}

export type KeySlotType = 'password' | 'recovery' | 'keychain';

export interface KeySlotInfo {
  readonly type: KeySlotType;
  readonly createdAtMs: number;
  /** Argon2id parameters of a password slot, in words. */
  readonly detail: string;
  /** False where the slot does not authenticate any more. */
  readonly isWhole: boolean;
}

export interface KeysInfo {
  readonly slots: readonly KeySlotInfo[];
  readonly epoch: number;
  readonly epochCreatedAtMs: number;
  /** A rotation that was begun and not finished: records done and to do. */
  readonly rotation: { readonly done: number; readonly total: number } | null;
  /** True where the current epoch is older than 90 days. */
  readonly isRotationAdvised: boolean;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface LongWorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** Records whose seal was checked. */
  readonly checked: number;
  /** What is damaged, in words, and which snapshots it touches. */
  readonly damaged: readonly { readonly what: string; readonly detail: string; readonly snapshots: number }[];
}

export interface PruneReport {
  readonly plan: RetentionPlan;
  /** Bytes that come back to the file system; an estimate in a dry run, measured otherwise. */
  readonly freedBytes: number;
  readonly removedSnapshots: number;
}

export interface BackupReport {
  /** File name inside the backup folder. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly checked: number;
  /** Names of older backups that were let go. */
  readonly removed: readonly string[];
}

export interface VaultStatistics {
  readonly snapshots: number;
  readonly checkpoints: number;
  readonly fileBytes: number;
  readonly walBytes: number;
  /** Bytes of all streams of the newest snapshot, uncompressed. */
  readonly newestBytes: number;
  readonly chunks: number;
  readonly oldestAtMs: number | null;
  readonly newestAtMs: number | null;
  readonly lastBackupAtMs: number | null;
  readonly lastVerifiedAtMs: number | null;
  readonly sources: readonly SourceState[];
  readonly inboxCount: number;
}

/** A note on what was found at opening and mended, in words: a header copy, a head slot, a rolled-back file. */
export interface OpeningNotice {
  readonly code:
    | 'header-mended'
    | 'index-mended'
    | 'head-slot-mended'
    | 'rolled-back'
    | 'truncated'
    | 'inbox-drained'
    | 'permissions-mended'
    | 'kdf-raised';
  readonly message: string;
}

/** An open, unlocked vault. */
export interface Vault {
  readonly notices: readonly OpeningNotice[];

  save(request: SaveRequest): Promise<SaveResult>;
  /** The streams as last committed in this run, for `CaptureContext.known`. */
  known(): ReadonlyMap<ItemKey, ReadonlyMap<string, KnownStream>>;

  listSnapshots(query: ListSnapshotsQuery): Promise<readonly SnapshotSummary[]>;
  /**
   * Finds a snapshot by id, unique prefix (4 digits at least), `latest`, a time (ISO 8601) or an age (`2h`, `30m`, `3d`).
   * A time means: the newest snapshot not after it. A checkpoint's id or exact name means its snapshot.
   */
  resolveSnapshot(reference: string, nowMs: number): Promise<SnapshotId>;
  readSnapshot(id: SnapshotId): Promise<Snapshot>;
  readStream(id: SnapshotId, key: ItemKey, stream: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes a stream into a new file (0600), which must not be there; it never is in memory as a whole. */
  exportStream(id: SnapshotId, key: ItemKey, stream: string, path: string): Promise<void>;

  createCheckpoint(snapshot: SnapshotId, attributes: CheckpointAttributes, nowMs: number): Promise<Checkpoint>;
  editCheckpoint(id: CheckpointId, changes: Partial<CheckpointAttributes>, nowMs: number): Promise<Checkpoint>;
  deleteCheckpoints(ids: readonly CheckpointId[]): Promise<number>;
  listCheckpoints(): Promise<readonly Checkpoint[]>;

  /** Sealed settings and journals by name (exclusion rules, the last restore's undo data). Null where never set. */
  readSetting(name: string): Promise<JsonObject | null>;
  writeSetting(name: string, value: JsonObject | null): Promise<void>;

  prune(
    limits: RetentionLimits,
    nowMs: number,
    options: LongWorkOptions & { readonly isDryRun: boolean },
  ): Promise<PruneReport>;
  verify(options: LongWorkOptions & { readonly isDeep: boolean; readonly nowMs: number }): Promise<VerifyReport>;
  backup(
    options: LongWorkOptions & { readonly folder: string; readonly keep: number; readonly nowMs: number },
  ): Promise<BackupReport>;
  /** Idle work in small slices: index blocks, second keyframe copies, parity, merging of small segments, the sidecar. */
  upkeep(budgetMs: number): Promise<void>;
  statistics(options: { readonly inactiveDays: number; readonly nowMs: number }): Promise<VaultStatistics>;

  keys(nowMs: number): Promise<KeysInfo>;
  changePassword(newPassword: string, nowMs: number): Promise<void>;
  /** Makes a new recovery key, which replaces the old one; the only time it is seen. */
  replaceRecoveryKey(nowMs: number): Promise<string>;
  /** New epoch, everything sealed anew, old epoch let go; goes on where it was interrupted. */
  rotate(options: LongWorkOptions & { readonly nowMs: number }): Promise<Progress>;

  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
