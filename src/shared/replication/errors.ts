// How a server says no. The code decides what a client does next; message and hint are sentences for people and hold no content.

import { z } from 'zod';

import { deviceIdSchema, entryHashSchema, objectIdSchema } from './ids.ts';

/** Every refusal, with its HTTP status. */
export const REFUSALS = {
  /** One side speaks a version that the other has given up or does not know yet (S33). */
  'too-old': 426,
  'bad-request': 400,
  /** No token, or one that is not valid any more: refresh it, or log in again. */
  unauthenticated: 401,
  /** The device was revoked: nothing of it is taken any more, and no refresh helps (S6). */
  'device-revoked': 403,
  /** E-mail and password do not fit together, or there is no such account: the answer is the same. */
  'wrong-credentials': 403,
  forbidden: 403,
  'not-found': 404,
  /** Another entry stands at this index, or before it: the device stops and takes a new identity (S2). */
  fork: 409,
  /** The index is beyond head + 1: push what is before it first. */
  gap: 409,
  /** A newer epoch has begun: pull first, then seal under that one. */
  'epoch-behind': 409,
  /** A compare-and-set that came second: read again. */
  conflict: 409,
  /** Where one waits for the user: the log-in was not approved yet. */
  pending: 409,
  expired: 410,
  'too-large': 413,
  /** The entry requires objects that the server lacks: upload those of `missing` first (S3). */
  'missing-objects': 424,
  /** The account's space is used up; deletions and tombstones are still taken. */
  quota: 413,
  rate: 429,
  /** The server cannot just now; nothing of the request was done, or it can be sent again. */
  unavailable: 503,
  internal: 500,
} as const;

export type RefusalCode = keyof typeof REFUSALS;

const refusalCodes = Object.keys(REFUSALS) as [RefusalCode, ...RefusalCode[]]; // its own keys, of which there are some

/** The body of every answer that is not a success: `{error: {...}}`. */
export const refusalSchema = z.object({
  error: z.object({
    /** One that only a newer server has is as good as the most general one: its words say the rest (S33). */
    code: z.enum(refusalCodes).catch('bad-request'),
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean(),
    /** With `too-large`, `quota` and `rate`: the limit that was passed, in its own unit (bytes, objects, requests a minute). */
    limit: z.number().optional(),
    /** With `rate`, `pending` and `unavailable`: not before so many milliseconds. */
    retryAfterMs: z.number().int().min(0).optional(),
    /** With `missing-objects`. */
    missing: z.array(objectIdSchema).optional(),
    /** With `fork` and `gap`: what the server has as this device's newest entry. */
    head: z.object({ device: deviceIdSchema, index: z.number().int(), hash: entryHashSchema }).optional(),
    /** With `epoch-behind`: the epoch that is in force. */
    epoch: z.number().int().optional(),
    /** With `too-old`: who must be upgraded, and what the server speaks. */
    tooOld: z
      .object({ side: z.enum(['client', 'server']), oldest: z.number().int(), newest: z.number().int() })
      .optional(),
  }),
});

export type RefusalBody = z.infer<typeof refusalSchema>['error'];
