// Records of their own (V11): checkpoint attributes and sealed settings. Editing one touches no snapshot. Few and small, so all are
// held in memory while the vault is open.

import { z } from 'zod';

import { PRIORITIES, type Checkpoint } from '../../../shared/model/checkpoint.ts';
import type { CheckpointId, SnapshotId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { decodeContent, encodeContent } from '../content/codec.ts';

const MAX_RECORD_BYTES = 64 * 1024 * 1024;

const recordSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('checkpoint'),
    /** A keyframe of its own, written for a checkpoint that was made of an older snapshot; 0 where the snapshot's own serves. */
    keyframe: z.number(),
    checkpoint: z.strictObject({
      id: z.string(),
      snapshotId: z.string(),
      name: z.string(),
      description: z.string(),
      tags: z.array(z.string()),
      priority: z.enum(PRIORITIES),
      pinned: z.boolean(),
      createdAtMs: z.number(),
      updatedAtMs: z.number(),
    }),
  }),
  z.strictObject({ type: z.literal('setting'), name: z.string(), value: z.json() }),
]);

export interface CheckpointRecord {
  readonly type: 'checkpoint';
  readonly keyframe: number;
  readonly checkpoint: Checkpoint;
}
export interface SettingRecord {
  readonly type: 'setting';
  readonly name: string;
  readonly value: JsonObject;
}
export type VaultRecord = CheckpointRecord | SettingRecord;

export function sealRecord(keys: KeyTree, recordId: number, record: VaultRecord): Buffer {
  const plain = Buffer.from(JSON.stringify(record), 'utf8');
  const { codec, payload } = encodeContent(plain);
  return keys.seal(BOX_KINDS.record, codec, recordId, payload);
}

/** Null where the box does not authenticate or holds something that this version does not know. */
export function openRecord(keys: KeyTree, recordId: number, box: Buffer): VaultRecord | null {
  const opened = keys.open(BOX_KINDS.record, recordId, box);
  if (opened === null) return null;
  const parsed = recordSchema.safeParse(
    JSON.parse(decodeContent(opened.header.codec, opened.payload, MAX_RECORD_BYTES).toString('utf8')),
  );
  if (!parsed.success) return null;
  const record = parsed.data;
  if (record.type === 'setting') {
    const { value } = record;
    return isObject(value) ? { type: 'setting', name: record.name, value } : null;
  }
  const { checkpoint } = record;
  const ids = { id: checkpoint.id as CheckpointId, snapshotId: checkpoint.snapshotId as SnapshotId }; // authenticated, written by us
  return { type: 'checkpoint', keyframe: record.keyframe, checkpoint: { ...checkpoint, ...ids } };
}

/** Where a vault keeps what it says to other devices, and where a copy of another device's history keeps how far it is. */
export const REPLICA_SETTINGS = {
  log: 'sync.log',
  lane: 'sync.lane',
  /** Taken out here, and not yet told to the others. */
  forgotten: 'sync.forgotten',
  redacted: 'sync.redacted',
  /** What others have of sessions. */
  sessions: 'sync.sessions',
} as const;

/** True where other devices have the same vault key, so that keys of epochs must be those that they would make too (V3). */
export function isShared({ records }: { readonly records: RecordSet }): boolean {
  return [REPLICA_SETTINGS.log, REPLICA_SETTINGS.lane].some((name) => records.findSetting(name) !== undefined);
}

/** All records of an open vault, by record number, with the two ways in that callers need. */
export class RecordSet {
  readonly #records = new Map<number, VaultRecord>();
  readonly #bySnapshot = new Map<SnapshotId, number>();
  readonly #byCheckpoint = new Map<CheckpointId, number>();
  readonly #bySetting = new Map<string, number>();

  get count(): number {
    return this.#records.size;
  }

  set(recordId: number, record: VaultRecord): void {
    this.#records.set(recordId, record);
    if (record.type === 'setting') this.#bySetting.set(record.name, recordId);
    else {
      this.#byCheckpoint.set(record.checkpoint.id, recordId);
      this.#show(recordId, record.checkpoint);
    }
  }

  remove(recordId: number): void {
    const record = this.#records.get(recordId);
    this.#records.delete(recordId);
    if (record?.type === 'setting' && this.#bySetting.get(record.name) === recordId)
      this.#bySetting.delete(record.name);
    if (record?.type !== 'checkpoint') return;
    if (this.#byCheckpoint.get(record.checkpoint.id) === recordId) this.#byCheckpoint.delete(record.checkpoint.id);
    if (this.#bySnapshot.get(record.checkpoint.snapshotId) !== recordId) return;
    this.#bySnapshot.delete(record.checkpoint.snapshotId);
    // Another checkpoint of the same snapshot may still stand.
    for (const [otherId, other] of this.#records) {
      if (other.type === 'checkpoint' && other.checkpoint.snapshotId === record.checkpoint.snapshotId)
        this.#show(otherId, other.checkpoint);
    }
  }

  /** Of several checkpoints of one snapshot the one made last stands for it: the same on every device, in whatever order they came. */
  #show(recordId: number, checkpoint: Checkpoint): void {
    const shown = this.checkpointOf(checkpoint.snapshotId);
    if (shown === undefined || shown.id === checkpoint.id || isLater(checkpoint, shown))
      this.#bySnapshot.set(checkpoint.snapshotId, recordId);
  }

  checkpointOf(snapshot: SnapshotId): Checkpoint | undefined {
    return this.#checkpointAt(this.#bySnapshot.get(snapshot))?.checkpoint;
  }

  findCheckpoint(id: CheckpointId): { readonly recordId: number; readonly record: CheckpointRecord } | undefined {
    const recordId = this.#byCheckpoint.get(id);
    const record = this.#checkpointAt(recordId);
    return recordId === undefined || record === undefined ? undefined : { recordId, record };
  }

  findSetting(name: string): { readonly recordId: number; readonly value: JsonObject } | undefined {
    const recordId = this.#bySetting.get(name);
    const record = recordId === undefined ? undefined : this.#records.get(recordId);
    return recordId === undefined || record?.type !== 'setting' ? undefined : { recordId, value: record.value };
  }

  checkpoints(): CheckpointRecord[] {
    return [...this.#byCheckpoint.values()]
      .map((recordId) => this.#checkpointAt(recordId))
      .filter((record) => record !== undefined);
  }

  #checkpointAt(recordId: number | undefined): CheckpointRecord | undefined {
    const record = recordId === undefined ? undefined : this.#records.get(recordId);
    return record?.type === 'checkpoint' ? record : undefined;
  }
}

function isObject(
  value: z.infer<ReturnType<typeof z.json>>,
): value is { [key: string]: z.infer<ReturnType<typeof z.json>> } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLater(one: Checkpoint, other: Checkpoint): boolean {
  if (one.createdAtMs !== other.createdAtMs) return one.createdAtMs > other.createdAtMs;
  return one.id > other.id;
}
