// Sync: the end-to-end-encrypted replica on a server, the devices that share it, and what they edited apart.

import { oc } from '@orpc/contract';
import { z } from 'zod';

import { MERGE_STRATEGIES } from '../merge/merge-fields.ts';
import { plainErrorSchema, timeSchema } from './schemas.ts';

const get = (path: `/${string}`) => oc.route({ method: 'GET', path });
const post = (path: `/${string}`) => oc.route({ method: 'POST', path });

/** Names a device: 64 hexadecimal digits. */
export const deviceIdSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** A device as people name it: its name, or its id, or the beginning of that. */
export const deviceReferenceSchema = z.string().min(1).max(100);
const deviceNameSchema = z.string().trim().min(1).max(80);

/** `off`: turned off, or nobody logged in. The rest: `disconnected` -> `reconnecting` -> `syncing` -> `connected`. */
export const SYNC_STATES = ['off', 'disconnected', 'reconnecting', 'syncing', 'connected'] as const;
export type SyncState = (typeof SYNC_STATES)[number];

export const syncStatusSchema = z.object({
  isOn: z.boolean(),
  state: z.enum(SYNC_STATES),
  /** Who is logged in where; null where nobody is. */
  account: z.object({ server: z.string(), email: z.string() }).nullable(),
  /** This device, as the others see it; null before the first log-in. */
  device: z.object({ id: deviceIdSchema, name: z.string() }).nullable(),
  /** What has not reached the server yet: snapshots that are in no entry of the log, and signed entries. */
  waiting: z.object({ snapshots: z.int().min(0), entries: z.int().min(0) }),
  /** While something travels; null otherwise. Bytes are those of this round so far. */
  progress: z
    .object({
      direction: z.enum(['sending', 'receiving']),
      done: z.int().min(0),
      total: z.int().min(0),
      bytes: z.int().min(0),
      /** Of the device whose history comes. */
      deviceName: z.string().optional(),
    })
    .nullable(),
  /** When everything was last level with the server. */
  lastSyncAt: timeSchema.nullable(),
  /** While reconnecting: when the next attempt is. */
  retryAt: timeSchema.nullable(),
  /** The last failure that still matters, in words. */
  error: plainErrorSchema.nullable(),
  /** What does not stop everything: a device whose log does not hold, content that the server lacks, an event of a newer version. */
  troubles: z.array(z.object({ deviceId: deviceIdSchema.nullable(), deviceName: z.string(), error: plainErrorSchema })),
  /** New devices that ask to be let in. */
  pendingJoins: z.int().min(0),
  /** Fields that were edited apart, and that somebody may want to look at. */
  conflicts: z.int().min(0),
});
export type SyncStatus = z.infer<typeof syncStatusSchema>;

export const syncDeviceSchema = z.object({
  id: deviceIdSchema,
  name: z.string(),
  platform: z.string(),
  isThis: z.boolean(),
  /** True of what this device was before its vault was put back, merged or copied. */
  wasThis: z.boolean().optional(),
  /** `unknown`: it is only known by what it sent before. */
  state: z.enum(['active', 'revoked', 'unknown']),
  lastSeenAt: timeSchema.nullable(),
  /** Its history as it is here. For this device, the own one. */
  snapshots: z.int().min(0),
  newestAt: timeSchema.nullable(),
  /** Snapshots that wait for something that is not here yet. */
  skipped: z.int().min(0),
});
export type SyncDevice = z.infer<typeof syncDeviceSchema>;

export const syncJoinSchema = z.object({
  id: deviceIdSchema,
  name: z.string(),
  platform: z.string(),
  /** The same words as the new device shows, or it is not the device that one holds in hands. */
  words: z.string(),
  requestedAt: timeSchema,
  expiresAt: timeSchema,
});
export type SyncJoin = z.infer<typeof syncJoinSchema>;

const versionSchema = z.object({
  value: z.json(),
  deviceId: z.string(),
  deviceName: z.string(),
  at: timeSchema.nullable(),
});
export const syncConflictSchema = z.object({
  /** What it is about: `checkpoint:<id>`. */
  entity: z.string(),
  /** The same for people: the checkpoint's name. */
  title: z.string(),
  field: z.string(),
  /** What is shown now. */
  current: versionSchema,
  /** What was put in its place elsewhere; nothing of it is lost. */
  others: z.array(versionSchema),
});
export type SyncConflict = z.infer<typeof syncConflictSchema>;

export const syncSelectionSchema = z.object({
  /** Sources of which nothing leaves this device. */
  withoutSources: z.array(z.string().max(100)).max(200),
  /** Projects of which nothing leaves it. */
  withoutProjects: z.array(z.string().max(200)).max(1_000),
  /** Where not empty: only these leave. */
  onlyProjects: z.array(z.string().max(200)).max(1_000),
  /** Exclusion rules and retention are the same on all devices that have this on. */
  sharesSettings: z.boolean().default(true),
  strategy: z.enum(MERGE_STRATEGIES),
  /** Zero for as fast as it goes. */
  maxKilobytesPerSecond: z.int().min(0).max(10_000_000),
});
export type SyncSelection = z.infer<typeof syncSelectionSchema>;

export const syncCodeSchema = z.object({
  /** What a person types, in two groups of four. */
  userCode: z.string(),
  /** The page of the server where it is entered, on this machine or another. */
  address: z.string(),
  expiresAt: timeSchema,
  /** Ask no more often. */
  checkEverySeconds: z.int().min(1),
});
export type SyncCode = z.infer<typeof syncCodeSchema>;

export const syncContract = {
  sync: {
    status: get('/sync/status').output(syncStatusSchema),
    /**
     * Logs in and turns sync on. Where the account has a replica of this vault, it goes on; where it has none, it begins. The account's
     * password is another secret than the vault's.
     */
    login: post('/sync/login')
      .input(
        z.object({
          server: z.url().max(300),
          email: z.string().trim().min(3).max(254),
          password: z.string().min(1).max(1_000),
          /** Makes the account first. */
          signUp: z.boolean().default(false),
          /** What the others call this device; its host name where absent. */
          deviceName: deviceNameSchema.optional(),
        }),
      )
      .output(syncStatusSchema),
    /** A code that lets this device in wherever it is entered: no password of the account is typed here. */
    requestCode: post('/sync/code')
      .input(z.object({ server: z.url().max(300), deviceName: deviceNameSchema.optional() }))
      .output(syncCodeSchema),
    /** Logs in and turns sync on where the code was entered; asked again until then. */
    checkCode: post('/sync/code/check').output(z.object({ isEntered: z.boolean(), status: syncStatusSchema })),
    /** Ends the tokens of this device; what was synced stays on both sides. */
    logout: post('/sync/logout').output(syncStatusSchema),
    setOn: post('/sync/on')
      .input(z.object({ isOn: z.boolean() }))
      .output(syncStatusSchema),
    /** One round now; ends when everything is level, or with why it is not. */
    now: post('/sync/now')
      .input(z.object({ acceptDeletions: z.boolean().default(false) }))
      .output(syncStatusSchema),
    devices: get('/sync/devices').output(z.object({ devices: z.array(syncDeviceSchema) })),
    rename: post('/sync/rename')
      .input(z.object({ name: deviceNameSchema }))
      .output(syncStatusSchema),
    /** Ends a device: its tokens at once, and a new epoch begins. What it has already, it keeps. */
    revoke: post('/sync/devices/{id}/revoke')
      .input(z.object({ id: deviceReferenceSchema }))
      .output(z.object({ devices: z.array(syncDeviceSchema) })),
    joins: get('/sync/joins').output(z.object({ joins: z.array(syncJoinSchema) })),
    /** Only after the words were compared, which come along: it hands over the vault's key to whoever has the keys they were made of. */
    answerJoin: post('/sync/joins/{id}')
      .input(
        z.discriminatedUnion('answer', [
          z.object({ id: deviceReferenceSchema, answer: z.literal('approve'), words: z.string().min(1).max(100) }),
          z.object({ id: deviceReferenceSchema, answer: z.literal('refuse') }),
        ]),
      )
      .output(z.object({ joins: z.array(syncJoinSchema) })),
    conflicts: get('/sync/conflicts').output(z.object({ conflicts: z.array(syncConflictSchema) })),
    /** Puts one of the values (or another) in the place of all. */
    resolve: post('/sync/conflicts/resolve')
      .input(z.object({ entity: z.string().max(200), field: z.string().max(100), value: z.json() }))
      .output(z.object({ conflicts: z.array(syncConflictSchema) })),
    selection: get('/sync/selection').output(syncSelectionSchema),
    setSelection: post('/sync/selection').input(syncSelectionSchema).output(syncSelectionSchema),
  },
};
