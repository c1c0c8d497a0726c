// The vault in numbers, as the API gives them.

import { z } from 'zod';

import { sourceIdSchema, timeSchema } from './schemas.ts';

export const statisticsSchema = z.object({
  snapshots: z.int().min(0),
  checkpoints: z.int().min(0),
  fileBytes: z.int().min(0),
  walBytes: z.int().min(0),
  /** Bytes of all streams of the newest snapshot, uncompressed. */
  newestBytes: z.int().min(0),
  chunks: z.int().min(0),
  oldestAt: timeSchema.optional(),
  newestAt: timeSchema.optional(),
  lastBackupAt: timeSchema.optional(),
  lastVerifiedAt: timeSchema.optional(),
  /** Of the running process: share of a core in percent since its start, and resident bytes. */
  /** The file's size at the last look of each day, oldest first. */
  growth: z.array(z.object({ day: z.iso.date(), fileBytes: z.number().min(0) })),
  ownCpuPercent: z.number(),
  ownMemoryBytes: z.int().min(0),
  bySource: z.array(
    z.object({
      source: sourceIdSchema,
      items: z.int().min(0),
      bytes: z.int().min(0),
      lastGoodAt: timeSchema.optional(),
      /** Of its newest snapshot, a week ago or at the first look since then; absent where nothing is known. */
      bytesBefore: z.number().min(0).optional(),
      /** Not read for so long that it counts as no longer used. */
      isInactive: z.boolean(),
    }),
  ),
});
export type Statistics = z.infer<typeof statisticsSchema>;
