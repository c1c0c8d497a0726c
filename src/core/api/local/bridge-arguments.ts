// What the operations of the bridge take. Whoever has the token is this user, but a program of another version, or one that errs, must not
// get a value into the vault that is none: each is refused here, by name.

import { z } from 'zod';

import {
  checkpointChangesSchema,
  checkpointIdSchema,
  itemKeySchema,
  itemKindSchema,
  snapshotIdSchema,
  snapshotReferenceSchema,
  sourceIdSchema,
} from '../../../shared/contract/schemas.ts';
import { AppError } from '../../../shared/model/app-error.ts';
import { MESSAGE_ROLES } from '../../../shared/model/session.ts';
import type { BridgeOperation, LongBridgeOperation } from './bridge-operations.ts';

const MAX_NAME = 1_024;
const number = z.number();
const count = z.int().min(0);
const name = z.string().max(MAX_NAME);
const sessionId = z.string().regex(/^[0-9a-f]{16}$/);
const facts = z.record(z.string(), z.json());
const bytes = z.instanceof(Uint8Array);
const stretch = { sinceMs: number.optional(), untilMs: number.optional() };
const which = {
  sources: z.array(sourceIdSchema).optional(),
  kinds: z.array(itemKindSchema).optional(),
  projects: z.array(z.string()).optional(),
};
// Loose: what a newer version adds goes through.
const limits = z.looseObject({
  allHours: number,
  hourlyDays: number,
  dailyDays: number,
  checkpointDays: number,
  inactiveDays: number,
});
const spot = z.looseObject({ anchor: number, start: count, end: count });
const message = z.looseObject({
  id: name,
  role: z.enum(MESSAGE_ROLES),
  atMs: number.nullable(),
  model: z.string().nullable(),
  text: z.string(),
  isPartial: z.boolean(),
});
const stream = [snapshotIdSchema, itemKeySchema, name] as const;

const ARGUMENTS: Readonly<Record<BridgeOperation | LongBridgeOperation, z.ZodType>> = {
  listSnapshots: z.tuple([
    z.looseObject({
      limit: count,
      ...stretch,
      checkpointsOnly: z.boolean().optional(),
      before: snapshotIdSchema.optional(),
    }),
  ]),
  resolveSnapshot: z.tuple([snapshotReferenceSchema, number]),
  readSnapshot: z.tuple([snapshotIdSchema]),
  readStream: z.tuple([...stream, count, count]),
  readIntact: z.tuple([...stream, count, count]),
  exportStream: z.tuple([...stream, z.string().min(1)]),
  density: z.tuple([
    number.nullable(),
    number.nullable(),
    z.int().min(1).max(10_000),
    z.array(z.looseObject({ beforeMs: number, minMs: number })).max(100),
  ]),
  changes: z.tuple([
    z.looseObject({
      limit: count,
      ...stretch,
      ...which,
      before: snapshotIdSchema.optional(),
      key: itemKeySchema.optional(),
    }),
  ]),
  explainKept: z.tuple([z.array(snapshotIdSchema), limits, number]),
  search: z.tuple([
    z.looseObject({
      text: z.string(),
      limit: count,
      budgetMs: number,
      firstWithinMs: number.optional(),
      cursor: z.string().optional(),
      ...stretch,
      ...which,
    }),
  ]),
  listTexts: z.tuple([z.string().nullable(), count]),
  placesOf: z.tuple([z.array(spot)]),
  fingerprints: z.tuple([z.array(bytes)]),
  createCheckpoint: z.tuple([snapshotIdSchema, checkpointChangesSchema.required(), number]),
  editCheckpoint: z.tuple([checkpointIdSchema, checkpointChangesSchema, number]),
  deleteCheckpoints: z.tuple([z.array(checkpointIdSchema)]),
  listCheckpoints: z.tuple([]),
  readSetting: z.tuple([name]),
  writeSetting: z.tuple([name, facts.nullable()]),
  listSessions: z.tuple([]),
  findSession: z.tuple([sessionId]),
  saveSession: z.tuple([
    z.looseObject({
      id: sessionId,
      nowMs: number,
      create: z.looseObject({ createdAtMs: number }).optional(),
      facts: facts.optional(),
      pinned: z.boolean().optional(),
      updatedAtMs: number.optional(),
      messages: z.array(message).optional(),
      replaces: z.boolean().optional(),
      answer: z.looseObject({ messageId: name, text: z.string() }).optional(),
    }),
  ]),
  readMessages: z.tuple([sessionId, z.looseObject({ firstIndex: count.optional(), limit: count })]),
  searchSessions: z.tuple([z.looseObject({ text: z.string(), limit: count, budgetMs: number, ...stretch })]),
  removeSessions: z.tuple([z.array(z.looseObject({ id: sessionId, mark: facts.nullable() }))]),
  statistics: z.tuple([z.looseObject({ inactiveDays: number, nowMs: number })]),
  health: z.tuple([]),
  keys: z.tuple([number]),
  prune: z.tuple([limits, number, z.looseObject({ isDryRun: z.boolean() })]),
  verify: z.tuple([z.looseObject({ isDeep: z.boolean(), nowMs: number })]),
  heal: z.tuple([z.looseObject({ backups: z.array(z.string()) })]),
  backup: z.tuple([z.looseObject({ folder: z.string().min(1), keep: z.int().min(1), nowMs: number })]),
  forget: z.tuple([number, z.looseObject({})]),
  redact: z.tuple([z.array(spot.extend({ bytes })), z.looseObject({})]),
};

/** The values as they came. @throws AppError USAGE_INVALID where the operation does not take them */
export function checkArguments(
  operation: BridgeOperation | LongBridgeOperation,
  values: readonly unknown[],
): readonly unknown[] {
  parseArgument(ARGUMENTS[operation], values);
  return values;
}

/** What the schema makes of a value. @throws AppError USAGE_INVALID, naming where and no value */
export function parseArgument<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.filter((part) => typeof part !== 'symbol').slice(0, 4) ?? [];
  const where = path.map((part) => String(part).slice(0, 30)).join('.');
  throw new AppError('USAGE_INVALID', `The operation does not take this${where === '' ? '' : ` (${where})`}.`, {
    hint: 'Both ends must be of the same version.',
  });
}
