// What the rest of Cairn can ask of a vault. `openVault` (vault-client.ts) gives the real one, which works in a thread of its
// own: no call here blocks the caller on cryptography, compression or SQL.

import type { Checkpoint, CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CheckpointId, ItemKey, SnapshotId, SourceId } from '../../shared/model/ids.ts';
import type { CapturedItem, ItemKind, KnownStream, SnapshotItem } from '../../shared/model/item.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { KeptSnapshot, RetentionLimits, RetentionPlan } from '../../shared/model/retention.ts';
import type { Gap, Snapshot, SnapshotKind, SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { IntactBytes } from './content/stream-reader.ts';
import type { VaultLane, VaultReplica } from './vault-replica.ts';
import type { VaultSessions } from './vault-sessions.ts';
import type { RedactReport, TextPage, TextPlace, TextSpot } from './vault-texts.ts';

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
  /** Leaves out those of which the record is damaged, instead of failing for all. */
  readonly skipsDamaged?: boolean;
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
  /** Only where something is damaged. */
  readonly affected?: AffectedSnapshots;
}

/** The snapshots of which something is damaged. */
export interface AffectedSnapshots {
  /** Snapshots of which nothing is damaged. */
  readonly whole: number;
  readonly count: number;
  /** The newest first, not all where there are many. */
  readonly list: readonly {
    /** Null where not even that can be read. */
    readonly id: SnapshotId | null;
    readonly takenAtMs: number | null;
    /** Items of which some content is damaged; none where the whole snapshot cannot be read. */
    readonly items: readonly { readonly key: ItemKey; readonly title: string }[];
    readonly isReadable: boolean;
  }[];
}

/** How a vault is, as far as is known: whichever process looked. */
export interface VaultHealth {
  /** When what the next restore would use was last looked at, which each start does. */
  readonly quickAtMs: number | null;
  /** When a look through everything last came to its end. */
  readonly deepAtMs: number | null;
  /** When a verification last found everything whole. */
  readonly lastVerifiedAtMs: number | null;
  /** When a backup was last made, and every seal of it checked. */
  readonly provenBackupAtMs: number | null;
  /** How far a look through everything is that goes on in idle time. */
  readonly pass: Progress | null;
  /** What is known to be damaged; null where nothing is. */
  readonly damage: {
    readonly foundAtMs: number;
    readonly records: number;
    /** Of them content, and snapshots or lists of theirs. */
    readonly contents: number;
    readonly snapshots: number;
  } | null;
}

export interface VerifySliceOptions {
  /** After so long it stops. */
  readonly budgetMs: number;
  readonly nowMs: number;
  /** From the end of one look through everything to the beginning of the next; 0 for never. */
  readonly everyMs: number;
}

export interface HealReport {
  /** Damaged records that are whole again. */
  readonly healed: number;
  /** Those that are still damaged. */
  readonly left: number;
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
  readonly search: SearchStatistics;
}

export interface SearchStatistics {
  /** Bytes of the index in the file. */
  readonly storedBytes: number;
  /** Bytes of it in memory now, and at most. */
  readonly memoryBytes: number;
  readonly maxMemoryBytes: number;
  /** Snapshots that are not in it yet. */
  readonly notIndexed: number;
}

/** A note on what was found at opening and mended, in words: a header copy, a head slot, a rolled-back file. */
export interface OpeningNotice {
  readonly code:
    | 'header-mended'
    | 'index-mended'
    | 'head-slot-mended'
    | 'rolled-back'
    | 'truncated'
    | 'opened-read-only'
    | 'inbox-drained'
    | 'permissions-mended'
    | 'kdf-raised'
    | 'wrong-passwords';
  readonly message: string;
}

/** When snapshots were taken, counted in equally long bins: the time axis at one look. */
export interface Density {
  readonly fromMs: number;
  readonly toMs: number;
  readonly counts: readonly number[];
  /** Stretches inside the captured time in which nothing was captured, longest first. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The captured time as a whole; null where there is nothing. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

/**
 * From which silence on a stretch without snapshots counts as a gap, for silences that begin before that time: what was thinned stands
 * further apart than what was captured just now.
 */
export interface GapLimit {
  readonly beforeMs: number;
  readonly minMs: number;
}

export interface ChangesQuery {
  /** At most this many runs, newest first. */
  readonly limit: number;
  /** Continues where an earlier answer's `next` stopped. */
  readonly before?: SnapshotId;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Only runs that began with a change of such an item; empty or absent means any. */
  readonly sources?: readonly SourceId[];
  readonly kinds?: readonly ItemKind[];
  readonly projects?: readonly string[];
  /** Only this item's changes: its versions. */
  readonly key?: ItemKey;
}

/** Snapshots in a row that hold the same, told by the change that began them. */
export interface ChangeRun {
  /** The snapshot in which the change was first seen. */
  readonly summary: SnapshotSummary;
  readonly count: number;
  readonly lastTakenAtMs: number;
  /** Time from the snapshot before to the run's first one; 0 at the first of all. */
  readonly silenceMs: number;
  readonly added: readonly SnapshotItem[];
  readonly removed: readonly SnapshotItem[];
  readonly changed: readonly { readonly before: SnapshotItem; readonly after: SnapshotItem }[];
  /** Changes that the lists above leave out, for their number. */
  readonly more: number;
  readonly projects: readonly string[];
}

export interface ChangesPage {
  readonly runs: readonly ChangeRun[];
  /** Null where the history ends. */
  readonly next: SnapshotId | null;
}

export interface SearchQuery {
  readonly text: string;
  /** Only these; empty or absent means any. */
  readonly kinds?: readonly ItemKind[];
  readonly sources?: readonly SourceId[];
  readonly projects?: readonly string[];
  /** Only what was there in this stretch of time. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit: number;
  /** After this long the search gives what it has. */
  readonly budgetMs: number;
  /** After this long it gives what it has, if that is anything: the rest comes with the cursor. */
  readonly firstWithinMs?: number;
  /** Continues where an earlier answer to the same question stopped. */
  readonly cursor?: string;
}

export interface SearchAnswer {
  /** The best first; `cursor` brings older ones. */
  readonly matches: readonly SearchMatch[];
  /** True where there is nothing more to find. */
  readonly isComplete: boolean;
  readonly cursor?: string;
  /** While the index is made: how many snapshots are not in it yet. */
  readonly notIndexed?: number;
}

export interface SearchMatch {
  /** As it was named when the text was first seen there. */
  readonly item: Pick<SnapshotItem, 'key' | 'kind' | 'source' | 'group' | 'title'>;
  /** The newest snapshot that holds it, among those asked for. */
  readonly snapshotId: SnapshotId;
  readonly takenAtMs: number;
  /** A stream's name, or `title`, or an attribute's. */
  readonly where: string;
  /** The line around the hit, without control sequences; the hit stands between the two positions. */
  readonly line: string;
  readonly from: number;
  readonly to: number;
  /** Counted from 1; 1 for facts. */
  readonly lineNumber: number;
  /** The stretch of time in which it was there, as far as snapshots of it are left. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** The higher, the better it fits. */
  readonly score: number;
}

/** An open, unlocked vault. */
export interface Vault extends VaultSessions {
  readonly notices: readonly OpeningNotice[];
  /** The log for other devices; absent where somebody else holds the vault. */
  readonly replica?: VaultReplica;
  /** What a lane can do beside what every vault can; absent as above. */
  readonly lane?: VaultLane;

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
  /** A stream whole, or from a byte on, which lies within it; at most so many bytes of it. */
  readStream(
    id: SnapshotId,
    key: ItemKey,
    stream: string,
    fromByte?: number,
    maxBytes?: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** What is left of a stretch of a stream: what is damaged of it is zeros, and told. @throws AppError ITEM_NOT_FOUND */
  readIntact(id: SnapshotId, key: ItemKey, stream: string, fromByte: number, maxBytes: number): Promise<IntactBytes>;
  /** Writes a stream into a new file (0600), which must not be there; it never is in memory as a whole. */
  exportStream(id: SnapshotId, key: ItemKey, stream: string, path: string): Promise<void>;

  /**
   * Counts snapshots over a stretch of time; null means from the oldest, to the newest.
   * @param gapLimits of those that fit a silence, the longest counts
   */
  density(fromMs: number | null, toMs: number | null, bins: number, gapLimits: readonly GapLimit[]): Promise<Density>;
  /** The history as changes, equal snapshots collapsed. A long stretch without any change comes in several answers. */
  changes(query: ChangesQuery): Promise<ChangesPage>;
  /**
   * Looks for words in all that was ever captured: each where a word or a part of one begins so, all on one line; quotes mean exactly
   * this. Case and diacritics do not matter. Where nothing begins so, also in the middle of words, as far as the budget goes.
   */
  search(query: SearchQuery): Promise<SearchAnswer>;
  /**
   * Removes every snapshot taken since then that is no checkpoint, and sweeps their content. What is still open is captured again
   * with the next snapshot. Gives how many went.
   */
  forget(sinceMs: number, options: LongWorkOptions): Promise<number>;

  /** All captured text, each content once, of about so many bytes. */
  listTexts(after: string | null, maxBytes: number): Promise<TextPage>;
  /** Where and when runs of bytes in such texts stood. */
  placesOf(spots: readonly Omit<TextSpot, 'bytes'>[]): Promise<readonly (readonly TextPlace[])[]>;
  /** Names of values that tell equal ones, and nothing else to whoever does not have the vault's keys. */
  fingerprints(values: readonly Uint8Array[]): Promise<readonly string[]>;
  /**
   * Overwrites runs of bytes in the past with stars of the same length; snapshots, and everything else in them, stay. Backups are not
   * touched, and what the origin still holds is captured again.
   */
  redact(spots: readonly TextSpot[], options: LongWorkOptions): Promise<RedactReport>;

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
  /** Why each of these snapshots is kept, and until when as things stand; in no order, without those that are not there. */
  explainKept(ids: readonly SnapshotId[], limits: RetentionLimits, nowMs: number): Promise<readonly KeptSnapshot[]>;
  verify(options: LongWorkOptions & { readonly isDeep: boolean; readonly nowMs: number }): Promise<VerifyReport>;
  /** What is known of how whole it is. */
  health(): Promise<VaultHealth>;
  /** Goes on with looking through everything, for as long as the budget; each process looks at the newest first. */
  verifySlice(options: VerifySliceOptions & Pick<LongWorkOptions, 'signal'>): Promise<VaultHealth>;
  /**
   * Puts records right that are known to be damaged: from second copies, parity groups, the key file, and these backups of this vault, the
   * newest first. What comes back authenticates under its number, and was not redacted since.
   */
  heal(options: LongWorkOptions & { readonly backups: readonly string[] }): Promise<HealReport>;
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
  /** Lets a random secret of 32 bytes, which the OS keychain keeps, open the vault too; null lets none. */
  setKeychainSecret(secret: Uint8Array | null, nowMs: number): Promise<void>;
  /** New epoch, everything sealed anew, old epoch let go; goes on where it was interrupted. */
  rotate(options: LongWorkOptions & { readonly nowMs: number }): Promise<Progress>;

  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
