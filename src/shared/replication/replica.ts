// What a device and the server say about a vault's replica. Objects and entries themselves travel as bytes (frames.ts, entry.ts).

import { z } from 'zod';

import { deviceIdSchema, entryHashSchema, objectIdSchema, publicKeySchema, vaultKeyIdSchema } from './ids.ts';
import {
  MAX_BATCH_BYTES,
  MAX_DEVICES_PER_VAULT,
  MAX_ENTRIES_PER_BATCH,
  MAX_IDS_PER_REQUEST,
  MAX_OBJECT_BYTES,
  MAX_SEALED_KEY_BYTES,
  MAX_SLOTS_BYTES,
} from './limits.ts';

const indexSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Characters that base64 makes of so many bytes. */
const base64Length = (sizeBytes: number): number => Math.ceil(sizeBytes / 3) * 4;

/** PUT /v1/vaults/{vault}: makes the replica, or finds it as it is. */
export const createVaultRequestSchema = z.object({
  /** The epoch in force; counts only where the vault is new to the server. */
  epoch: z.number().int().min(0).max(0xffff_ffff),
});

/** The newest entry of a device that the server has. */
export const headSchema = z.object({ device: deviceIdSchema, index: indexSchema, hash: entryHashSchema });
export type Head = z.infer<typeof headSchema>;

/** GET /v1/vaults/{vault}/status (S3). */
export const statusAnswerSchema = z.object({
  vaultId: vaultKeyIdSchema,
  /**
   * Changes when the server was restored from a backup (S4): then its heads may be behind what was seen, and every device pushes again what
   * is missing and deletes nothing. Within one generation a head that goes back is a server that lies.
   */
  generation: z.string(),
  serverTimeMs: z.number().int(),
  epoch: z.number().int(),
  heads: z.array(headSchema.extend({ isRevoked: z.boolean() })),
  slotsRevision: z.number().int(),
  /** New devices that ask to be let in. */
  pendingJoins: z.number().int(),
  quota: z.object({
    usedBytes: z.number().int(),
    limitBytes: z.number().int(),
    usedObjects: z.number().int(),
    limitObjects: z.number().int(),
  }),
});

/** POST /v1/vaults/{vault}/entries/pull. The answer is entries as bytes: each device's in order, none where nothing is new. */
export const pullRequestSchema = z.object({
  /** The highest index already held, by device; a device that is not named is pulled from its first. */
  after: z.array(z.object({ device: deviceIdSchema, index: indexSchema })).max(MAX_DEVICES_PER_VAULT),
  maxEntries: z.number().int().min(1).max(MAX_ENTRIES_PER_BATCH).default(MAX_ENTRIES_PER_BATCH),
  /** At least one entry comes, however large. */
  maxBytes: z.number().int().min(1).max(MAX_BATCH_BYTES).default(MAX_BATCH_BYTES),
});

/** POST /v1/vaults/{vault}/entries, with entries as bytes: of the calling device, in order. All up to a refused one are taken. */
export const pushAnswerSchema = z.object({ head: headSchema });

const idsSchema = z.array(objectIdSchema).max(MAX_IDS_PER_REQUEST);

/** POST /v1/vaults/{vault}/objects/have. */
export const haveRequestSchema = z.object({ ids: idsSchema });
export const haveAnswerSchema = z.object({
  missing: z.array(objectIdSchema),
  /** Of the missing ones, those of which this device has sent a part: go on at `receivedBytes`. */
  partial: z.array(z.object({ id: objectIdSchema, receivedBytes: z.number().int(), hash: z.string() })),
});

/**
 * PUT /v1/vaults/{vault}/objects, with frames as bytes: the answer, one line for each frame in order. `stored` and `known` are promises: the
 * object is on disk. `partial`: a part is; go on at `receivedBytes`. `refused`: that frame alone was not taken.
 */
export const uploadAnswerSchema = z.object({
  objects: z.array(
    z.object({
      id: objectIdSchema,
      status: z.enum(['stored', 'known', 'partial', 'refused']),
      receivedBytes: z.number().int(),
      /** Why it was refused. `hash`: its bytes are not what the header says. `offset`: go on at `receivedBytes`. */
      reason: z.enum(['hash', 'offset', 'quota', 'too-large']).optional(),
    }),
  ),
});
export type UploadStatus = z.infer<typeof uploadAnswerSchema>['objects'][number];

/**
 * POST /v1/vaults/{vault}/objects/get, each object once. The answer is frames as bytes, in the order asked for, until a batch is full: ask again
 * for the rest, with an offset for the object that was cut. At least one frame comes.
 */
export const getObjectsRequestSchema = z.object({
  objects: z
    .array(z.object({ id: objectIdSchema, offset: z.number().int().min(0).max(MAX_OBJECT_BYTES).default(0) }))
    .min(1)
    .max(MAX_IDS_PER_REQUEST)
    .refine((objects) => new Set(objects.map(({ id }) => id)).size === objects.length),
  maxBytes: z.number().int().min(1).max(MAX_BATCH_BYTES).default(MAX_BATCH_BYTES),
});

/**
 * POST /v1/vaults/{vault}/objects/damaged: these came as the server has them and do not open. It asks for them again (`have?` names them as
 * missing), keeps the old bytes until others come, and deletes nothing.
 */
export const damagedRequestSchema = z.object({ ids: idsSchema });

/**
 * POST /v1/vaults/{vault}/objects/free: something was taken out of the past, and its objects are to go at once instead of after the grace
 * time. Those that a live entry of any device names stay.
 */
export const freeRequestSchema = z.object({ ids: idsSchema });

/** GET and PUT /v1/vaults/{vault}/slots: the key slots, wrapped, as the vault stores them (S6). */
export const slotsSchema = z.object({
  /** In a PUT: the revision that is replaced (`conflict` where it is another by now), 0 where there are none yet. */
  revision: z.number().int().min(0),
  /** Base64; empty where there are none. */
  slots: z.base64().max(base64Length(MAX_SLOTS_BYTES)),
});

/**
 * Joining (S6). POST /v1/vaults/{vault}/joins: the calling device asks to be let in; the keys are those it logged in with. Both sides show
 * words made of `encodeJoinTranscript`; the old device seals the vault key only after its user has compared them.
 */
export const joinSchema = z.object({
  device: deviceIdSchema,
  name: z.string(),
  platform: z.string(),
  signingKey: publicKeySchema,
  agreementKey: publicKeySchema,
  requestedAtMs: z.number().int(),
  expiresAtMs: z.number().int(),
  status: z.enum(['waiting', 'approved', 'refused']),
  /** Only for the device itself, once approved: the vault key, sealed to its agreement key by `approvedBy`. Base64. */
  sealedKey: z.base64().max(base64Length(MAX_SEALED_KEY_BYTES)).nullable(),
  approvedBy: deviceIdSchema.nullable(),
});
export type Join = z.infer<typeof joinSchema>;

/** GET /v1/vaults/{vault}/joins: those that wait. GET .../joins/{device}: one. */
export const joinsAnswerSchema = z.object({ joins: z.array(joinSchema) });

/** POST /v1/vaults/{vault}/joins/{device}/answer, by an old device. */
export const answerJoinRequestSchema = z.discriminatedUnion('answer', [
  z.object({
    answer: z.literal('approve'),
    sealedKey: z.base64().min(1).max(base64Length(MAX_SEALED_KEY_BYTES)),
  }),
  z.object({ answer: z.literal('refuse') }),
]);

/**
 * GET /v1/vaults/{vault}/events, `text/event-stream` (S10): the event `notice` says that a device has reached an index. Index 0 says that
 * something else about it changed (it joined, asks to join, was renamed or revoked). A comment comes every 20 s. On connect, always pull.
 */
export const noticeSchema = z.object({ device: deviceIdSchema, index: indexSchema });
export type Notice = z.infer<typeof noticeSchema>;

export type StatusAnswer = z.infer<typeof statusAnswerSchema>;
export type PullRequest = z.infer<typeof pullRequestSchema>;
export type HaveAnswer = z.infer<typeof haveAnswerSchema>;
export type Slots = z.infer<typeof slotsSchema>;
