// Where somebody was when they left, and what changed since: the same JSON that `cairn where-was-i` prints.

import { z } from 'zod';

import { snapshotIdSchema, timeSchema } from './schemas.ts';

const projectStateSchema = z.object({
  /** Null for what belongs to no project. */
  name: z.string().nullable(),
  lastChangedAt: timeSchema.nullable(),
  /** The latest things that were done before leaving, in words, newest first. */
  lastDone: z.array(z.string()),
  /** What changed from then to the newest snapshot, in words. */
  changedSince: z.array(z.string()),
  branch: z.string().nullable(),
  uncommitted: z.int().min(0),
  unpushed: z.int().min(0),
  /** `rebase`, `merge` ... in its middle. */
  operation: z.string().nullable(),
  conversations: z.array(z.object({ title: z.string(), lastMessage: z.string().nullable(), isMidTurn: z.boolean() })),
  terminals: z.array(z.object({ title: z.string(), command: z.string().nullable() })),
  documents: z.array(z.object({ path: z.string(), isModified: z.boolean() })),
  tabs: z.array(z.object({ title: z.string(), url: z.string() })),
});
export type ProjectStateView = z.infer<typeof projectStateSchema>;

export const whereWasISchema = z.object({
  /** The last change before somebody left; null where nothing was captured yet. */
  leftAt: timeSchema.nullable(),
  /** The snapshot of that moment. */
  leftSnapshotId: snapshotIdSchema.nullable(),
  /** The first change after that; null while they are away. */
  backAt: timeSchema.nullable(),
  /** When the stretch of work began that ended then. */
  workedSince: timeSchema.nullable(),
  /** True where so long a time without a change lies after it that they were away. */
  wasAway: z.boolean(),
  /** What was worked on last stands first. */
  projects: z.array(projectStateSchema),
  /** All that changed since, in words. */
  changedSince: z.array(z.string()),
});
export type WhereWasIView = z.infer<typeof whereWasISchema>;
