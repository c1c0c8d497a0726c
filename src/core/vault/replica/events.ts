// What an entry of a replica log says, sealed as its payload (V29): a list of events. Snapshots name items as manifests do, with the
// entry's required objects in place of record numbers, which are each device's own. Device, index and the entry before stand inside too:
// an entry that a server puts under another name does not hold. Frozen: v1, see test/core/vault/replica/events.test.ts.

import { z } from 'zod';

import { GAP_REASONS, SNAPSHOT_KINDS, type Gap, type SnapshotKind } from '../../../shared/model/snapshot.ts';
import type { ItemKey, SessionId, SnapshotId, SourceId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { MESSAGE_ROLES, type SessionMessage } from '../../../shared/model/session.ts';
import { objectIdSchema, type DeviceId, type EntryHash, type ObjectId } from '../../../shared/replication/ids.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { decodeContent, encodeContent } from '../content/codec.ts';
import type { FieldChange } from '../vault-replica.ts';

const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Where an entry stands. */
export interface EntryPlace {
  readonly deviceId: DeviceId;
  readonly index: number;
  readonly previousHash: EntryHash;
}

/** Items as `encodeItem` writes them, their parts naming the entry's required objects by position. */
interface ItemChanges {
  /** True where the items are all there are, whatever was before. */
  readonly isFull: boolean;
  readonly removed: readonly ItemKey[];
  readonly changed: readonly unknown[];
}

/** Where a chunk was overwritten, by the id that its content had before. */
export interface RedactedChunk {
  readonly id: ObjectId;
  /** The character that stands there now. */
  readonly fill: string;
  /** Each from its first byte to behind its last one. */
  readonly spots: readonly (readonly [number, number])[];
}

export const redactedChunkSchema = z.object({
  id: objectIdSchema,
  fill: z.string().length(1),
  spots: z.array(z.tuple([z.int().min(0), z.int().min(0)])),
});

/** Sessions that no snapshot holds, and what the user said of those that one does. Texts may come in pieces. */
export type SessionEvent =
  | {
      readonly type: 'session';
      readonly id: SessionId;
      /** True where its messages come anew, whatever came before. */
      readonly begins: boolean;
      readonly createdAtMs: number;
      readonly updatedAtMs: number;
      readonly pinned: boolean;
      readonly facts: JsonObject;
    }
  /** Behind those that came before; one whose id is there takes its place. */
  | { readonly type: 'messages'; readonly id: SessionId; readonly messages: readonly SessionMessage[] }
  /** Goes behind the first `at` characters of a message that came as partial. `isLast`: now it is whole, or as partial as `isPartial` says. */
  | {
      readonly type: 'text';
      readonly id: SessionId;
      readonly messageId: string;
      readonly at: number;
      readonly text: string;
      readonly isLast: boolean;
      readonly isPartial: boolean;
    }
  | { readonly type: 'session-gone'; readonly id: SessionId };

const SESSION_EVENTS: ReadonlySet<string> = new Set<SessionEvent['type']>([
  'session',
  'messages',
  'text',
  'session-gone',
]);

export function isSessionEvent(event: ReplicaEvent): event is SessionEvent {
  return SESSION_EVENTS.has(event.type);
}

export type ReplicaEvent =
  | SessionEvent
  | { readonly type: 'device'; readonly name: string; readonly platform: string }
  /** Changes that are too many for the entry of their snapshot: they come before it. */
  | ({ readonly type: 'items' } & ItemChanges)
  | ({
      readonly type: 'snapshot';
      readonly id: SnapshotId;
      /** Its number on its own device: one that was told before comes again where a log is told anew. */
      readonly sequence?: number | undefined;
      readonly takenAtMs: number;
      readonly kind: SnapshotKind;
      readonly gaps: readonly Gap[];
      readonly good: readonly SourceId[];
      /** The snapshot that the changes follow; null where they follow none. */
      readonly base: SnapshotId | null;
    } & ItemChanges)
  /** Snapshots that the user had forgotten: they are to go everywhere. Thinning is not told: each device thins by itself. */
  | { readonly type: 'forgotten'; readonly snapshots: readonly SnapshotId[] }
  /** Runs of bytes that were overwritten on the device itself, and are to be so in every copy of its history. */
  | { readonly type: 'redacted'; readonly chunks: readonly RedactedChunk[] }
  | ({ readonly type: 'field' } & FieldChange);

const sessionIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
const messageSchema = z.object({
  id: z.string().min(1).max(200),
  role: z.enum(MESSAGE_ROLES),
  atMs: z.number().nullable(),
  model: z.string().nullable(),
  text: z.string(),
  isPartial: z.boolean(),
});
const itemChanges = { isFull: z.boolean(), removed: z.array(z.string()), changed: z.array(z.unknown()) };
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('device'), name: z.string().max(200), platform: z.string().max(40) }),
  z.object({ type: z.literal('items'), ...itemChanges }),
  z.object({
    type: z.literal('snapshot'),
    id: z.string().regex(/^[0-9a-f]{16}$/),
    sequence: z.int().min(1).optional(),
    takenAtMs: z.number(),
    kind: z.enum(SNAPSHOT_KINDS),
    gaps: z.array(
      z.object({
        source: z.string(),
        reason: z.enum(GAP_REASONS),
        message: z.string(),
        key: z.string().optional(),
        sinceMs: z.number(),
      }),
    ),
    good: z.array(z.string()),
    base: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .nullable(),
    ...itemChanges,
  }),
  z.object({ type: z.literal('forgotten'), snapshots: z.array(z.string().regex(/^[0-9a-f]{16}$/)) }),
  z.object({
    type: z.literal('session'),
    id: sessionIdSchema,
    begins: z.boolean(),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
    pinned: z.boolean(),
    facts: z.record(z.string(), z.json()),
  }),
  z.object({ type: z.literal('messages'), id: sessionIdSchema, messages: z.array(messageSchema) }),
  z.object({
    type: z.literal('text'),
    id: sessionIdSchema,
    messageId: z.string().min(1).max(200),
    at: z.int().min(0),
    text: z.string(),
    isLast: z.boolean(),
    isPartial: z.boolean(),
  }),
  z.object({ type: z.literal('session-gone'), id: sessionIdSchema }),
  z.object({ type: z.literal('redacted'), chunks: z.array(redactedChunkSchema) }),
  z.object({
    type: z.literal('field'),
    entity: z.string().max(200),
    field: z.string().max(100),
    version: z.object({
      value: z.json(),
      clock: z.object({ wallMs: z.int().min(0), counter: z.int().min(0).max(0xffff) }).nullable(),
      device: z.string().max(64),
      replaces: z.array(z.string().max(128)).max(64),
    }),
  }),
]);
const payloadSchema = z.object({
  device: z.string(),
  index: z.number(),
  previous: z.string(),
  /** An event of a kind that this version does not know is kept out, not fatal: a newer device may say more (S33). */
  events: z.array(z.looseObject({ type: z.string() })),
});

export function sealEvents(keys: KeyTree, place: EntryPlace, events: readonly ReplicaEvent[]): Buffer {
  const plain = { device: place.deviceId, index: place.index, previous: place.previousHash, events };
  const { codec, payload } = encodeContent(Buffer.from(JSON.stringify(plain), 'utf8'));
  return keys.seal(BOX_KINDS.replicaEntry, codec, place.index, payload);
}

export interface OpenedEvents {
  readonly events: readonly ReplicaEvent[];
  /** Events of kinds that only a newer Cairn knows. */
  readonly unknown: number;
}

/** Null where the payload does not authenticate, or belongs to another place than the one where it was found. */
export function openEvents(keys: KeyTree, place: EntryPlace, payload: Uint8Array): OpenedEvents | null {
  const opened = keys.open(BOX_KINDS.replicaEntry, place.index, payload);
  if (opened === null) return null;
  const parsed = payloadSchema.safeParse(parseJson(opened));
  if (!parsed.success) return null;
  const { device, index, previous } = parsed.data;
  if (device !== place.deviceId || index !== place.index || previous !== place.previousHash) return null;
  const events: ReplicaEvent[] = [];
  let unknown = 0;
  for (const event of parsed.data.events) {
    const known = eventSchema.safeParse(event);
    // Ids and keys are strings of a device that has the vault's keys; their forms were checked.
    if (known.success) events.push(known.data as ReplicaEvent);
    else unknown += 1;
  }
  return { events, unknown };
}

function parseJson({ header, payload }: NonNullable<ReturnType<KeyTree['open']>>): unknown {
  try {
    return JSON.parse(decodeContent(header.codec, payload, MAX_PAYLOAD_BYTES).toString('utf8'));
  } catch {
    return undefined; // authentic, and nothing that any version wrote: the schema refuses it
  }
}
