// The shapes of a search. Shapes are only ever extended.

import { z } from 'zod';

import { MESSAGE_ROLES } from '../model/session.ts';
import { itemKeySchema, itemKindSchema, snapshotIdSchema, sourceIdSchema, timeSchema } from './schemas.ts';

export const searchHitSchema = z.object({
  key: itemKeySchema,
  kind: itemKindSchema,
  source: sourceIdSchema,
  title: z.string(),
  /** The newest snapshot that holds the hit. */
  snapshotId: snapshotIdSchema,
  takenAt: timeSchema,
  /** Where it was found: a fact's name or a stream's. */
  where: z.string(),
  /** The line, with the hit between the two positions (UTF-16). */
  line: z.string(),
  from: z.int().min(0),
  to: z.int().min(0),
  lineNumber: z.int().min(1),
  /** The stretch of time in which it was there, as far as snapshots of it are left. */
  firstSeen: timeSchema.optional(),
  lastSeen: timeSchema.optional(),
  /** The higher, the better it fits; counts within one answer only. */
  score: z.number().optional(),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

/** A member of a query that may be given once or several times: REST has no lists of one. */
function oneOrMore<Element extends z.ZodType>(element: Element) {
  return z
    .union([z.array(element).max(50), element])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<Element>[]); // a list, or the one element
}

export const searchQuerySchema = z.object({
  /** Words, each the beginning of a word or of a part of one; quotes mean exactly this. */
  text: z.string().min(1).max(500),
  kinds: oneOrMore(itemKindSchema).optional(),
  sources: oneOrMore(sourceIdSchema).optional(),
  projects: oneOrMore(z.string().max(500)).optional(),
  /** Only what was there in this stretch of time. */
  since: timeSchema.optional(),
  until: timeSchema.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** Continues an earlier answer to the same question. */
  cursor: z.string().max(100).optional(),
  /** Gives what was found after so many milliseconds, if anything was: the rest comes with the cursor. */
  firstWithinMs: z.coerce.number().int().min(1).max(10_000).optional(),
});
export type SearchQueryView = z.output<typeof searchQuerySchema>;

/** A message of a session that no snapshot holds: pushed, held here, or imported. */
const sessionHitSchema = z.object({
  sessionId: z.string(),
  name: z.string(),
  tool: z.string(),
  project: z.string().nullable(),
  role: z.enum(MESSAGE_ROLES),
  at: timeSchema,
  /** Its place among the session's messages, from 0. */
  position: z.int().min(0),
  line: z.string(),
  from: z.int().min(0),
  to: z.int().min(0),
});
export type SessionHit = z.infer<typeof sessionHitSchema>;

export const searchAnswerSchema = z.object({
  hits: z.array(searchHitSchema),
  /** Only in the first answer to a question. */
  sessions: z.array(sessionHitSchema).optional(),
  /** True where there is nothing more to find. */
  isComplete: z.boolean(),
  cursor: z.string().optional(),
  /** While the index is made: how many snapshots are not in it yet. */
  notIndexed: z.int().min(0).optional(),
});
export type SearchAnswerView = z.infer<typeof searchAnswerSchema>;
