// Who this device is to others, and how far its log is (S2): one sealed record, written in the commit of the entries that it counts. The
// keys never leave the vault's thread.

import { z } from 'zod';

import type { HybridClock } from '../../../shared/replication/entry.ts';
import {
  deviceIdSchema,
  entryHashSchema,
  NO_ENTRY_HASH,
  objectIdSchema,
  type DeviceId,
  type EntryHash,
  type ObjectId,
} from '../../../shared/replication/ids.ts';
import { NO_CLOCK } from '../../../shared/merge/hybrid-clock.ts';
import { createJoiningKeys, createSigningKeys, deviceIdOf, type StoredKeyPair } from '../../crypto/device-keys.ts';
import { damaged } from '../errors.ts';
import type { DeviceKeys } from './join-keys.ts';
import { picturesOf, type LogPicture, type Retelling } from './log-pictures.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ReplicaSelection } from '../vault-replica.ts';

/** Of older ones nothing is said any more. */
const MAX_EARLIER = 8;

const pairSchema = z.object({ publicKey: z.base64(), privateKey: z.base64() });
const rangeSchema = z.object({ first: z.number(), last: z.number() });
const pictureSchema = z.object({ first: z.number(), after: z.number(), through: z.number(), told: z.number() });
const logStateSchema = z.object({
  deviceId: deviceIdSchema,
  name: z.string(),
  signing: pairSchema,
  agreement: pairSchema,
  /** Rows of `replica_log` before the first of this identity. */
  base: z.number(),
  headIndex: z.number(),
  headHash: entryHashSchema,
  /** Snapshots up to this sequence stand in the log. */
  exportedThrough: z.number(),
  /** What was let out when the last entry was made; another selection begins with a full picture. */
  selection: z.string(),
  /** Entries since the last full picture. */
  sinceFull: z.number(),
  hasSaidName: z.boolean(),
  /** The epoch that the log has begun, or that others have: entries under a newer one come after one that begins it. */
  epoch: z.number(),
  clock: z.object({ wallMs: z.number(), counter: z.number() }),
  /** Checkpoints that others know of. */
  checkpoints: z.array(z.string()),
  /** Other things of which others know what is said here. */
  inStep: z.array(z.string()).default([]),
  /** The live part of the log, oldest first. */
  pictures: z.array(pictureSchema).default([]),
  /** What is told anew, after which its old entries are retired; null where nothing is. */
  retelling: z
    .object({ spans: z.array(rangeSchema), until: z.number(), isUrgent: z.boolean() })
    .nullable()
    .default(null),
  /** Objects whose grace time the server is asked to cut short. */
  freeing: z.array(objectIdSchema).default([]),
  /** Who this vault was before, the newest last. */
  earlier: z
    .array(
      z.object({
        deviceId: deviceIdSchema,
        signing: pairSchema,
        base: z.number(),
        headIndex: z.number(),
        headHash: entryHashSchema,
        lastPicture: z.number(),
        needsRetelling: z.boolean(),
        isRetired: z.boolean(),
        hasTail: z.boolean(),
        spoken: z.object({ index: z.number(), hash: entryHashSchema }).nullable(),
        saidThrough: z.number(),
      }),
    )
    .default([]),
});

/** A log that this vault wrote as another device. Its key can still sign in it, once that device was ended (docs/decisions/0049). */
export interface EarlierLog {
  readonly deviceId: DeviceId;
  readonly signing: StoredKeyPair;
  /** Its rows in `replica_log`: so many come before them. */
  readonly base: number;
  readonly headIndex: number;
  readonly headHash: EntryHash;
  /** The entry that its last full picture begins with: what somebody else added may lean on that and what follows. */
  readonly lastPicture: number;
  /** True while the own log does not tell what this one told. */
  readonly needsRetelling: boolean;
  readonly isRetired: boolean;
  /** True where the server has more of it than is here. */
  readonly hasTail: boolean;
  /** The last entry that was added to it from here. */
  readonly spoken: { readonly index: number; readonly hash: EntryHash } | null;
  /** The row of `replica_log` up to which that was said there which is to be gone from every copy. */
  readonly saidThrough: number;
}

export interface LogState {
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly signing: StoredKeyPair;
  readonly agreement: StoredKeyPair;
  readonly base: number;
  readonly headIndex: number;
  readonly headHash: EntryHash;
  readonly exportedThrough: number;
  readonly selection: string;
  readonly sinceFull: number;
  readonly hasSaidName: boolean;
  readonly epoch: number;
  readonly clock: HybridClock;
  readonly checkpoints: readonly string[];
  readonly inStep: readonly string[];
  readonly pictures: readonly LogPicture[];
  readonly retelling: Retelling | null;
  readonly freeing: readonly ObjectId[];
  readonly earlier: readonly EarlierLog[];
}

/** Null before sync was ever turned on. @throws AppError VAULT_DAMAGED */
export function readLogState(state: VaultState): LogState | null {
  const found = state.records.findSetting(REPLICA_SETTINGS.log);
  if (found === undefined) return null;
  const parsed = logStateSchema.safeParse(found.value);
  if (!parsed.success) throw damaged('the record of the replica log makes no sense');
  const { signing, agreement, earlier, ...rest } = parsed.data;
  return {
    ...rest,
    signing: toPair(signing),
    agreement: toPair(agreement),
    earlier: earlier.map((one) => ({ ...one, signing: toPair(one.signing) })),
  };
}

/** A device that nobody knows yet: with an empty log, and keys of its own. */
export function newLogState(name: string, epoch: number, before: LogState | null, keys?: DeviceKeys): LogState {
  const signing = keys === undefined ? createSigningKeys() : toPair(keys.signing);
  return {
    deviceId: deviceIdOf(signing.publicKey),
    name,
    signing,
    agreement: keys === undefined ? createJoiningKeys() : toPair(keys.agreement),
    base: before === null ? 0 : before.base + before.headIndex,
    headIndex: 0,
    headHash: NO_ENTRY_HASH,
    exportedThrough: 0,
    selection: '',
    sinceFull: 0,
    hasSaidName: false,
    epoch: before?.epoch ?? epoch,
    // What this vault has said before stays before what it says next.
    clock: before?.clock ?? NO_CLOCK,
    checkpoints: before?.checkpoints ?? [],
    inStep: before?.inStep ?? [],
    pictures: [],
    retelling: null,
    freeing: [],
    earlier: before?.earlier ?? [],
  };
}

/** The earlier logs of a vault that takes a new identity. */
export function earlierLogs(before: LogState, { repeatsAll }: { readonly repeatsAll: boolean }): EarlierLog[] {
  const { deviceId, signing, base, headIndex, headHash } = before;
  const last: EarlierLog = {
    ...{ deviceId, signing, base, headIndex, headHash },
    lastPicture: picturesOf(before).at(-1)?.first ?? 1,
    needsRetelling: true,
    ...{ isRetired: false, hasTail: false, spoken: null },
    saidThrough: base + headIndex,
  };
  const all = headIndex === 0 ? before.earlier : [...before.earlier, last];
  return all.map((one) => ({ ...one, needsRetelling: one.needsRetelling && !repeatsAll })).slice(-MAX_EARLIER);
}

/** What was let out last; of a log that has let nothing out yet, nothing. */
export function selectionOf({ selection }: LogState): ReplicaSelection {
  if (selection === '') return { withoutSources: [], withoutProjects: [], onlyProjects: [''] };
  return JSON.parse(selection) as ReplicaSelection; // as `draftEntries` wrote it
}

export function encodeLogState({ signing, agreement, ...rest }: LogState): { readonly [key: string]: never } {
  const earlier = rest.earlier.map((one) => ({ ...one, signing: fromPair(one.signing) }));
  const value = { ...rest, signing: fromPair(signing), agreement: fromPair(agreement), earlier };
  return value as unknown as { readonly [key: string]: never }; // plain JSON: numbers, texts, lists
}

function toPair({ publicKey, privateKey }: z.infer<typeof pairSchema>): StoredKeyPair {
  return { publicKey: Buffer.from(publicKey, 'base64'), privateKey: Buffer.from(privateKey, 'base64') };
}

function fromPair({ publicKey, privateKey }: StoredKeyPair): z.infer<typeof pairSchema> {
  return { publicKey: publicKey.toString('base64'), privateKey: privateKey.toString('base64') };
}
