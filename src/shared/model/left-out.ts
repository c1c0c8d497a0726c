// What a capture left out because the user said so: how many items of which source, never which.

import { z } from 'zod';

/** A rule of `exclude.*`, a `.cairnignore`, or `CAIRN_OFF`. */
const leftOutReasonSchema = z.enum(['rule', 'cairnignore', 'CAIRN_OFF']);
export type LeftOutReason = z.infer<typeof leftOutReasonSchema>;

export const leftOutSchema = z
  .object({
    source: z.string(),
    reason: leftOutReasonSchema,
    /** Null where the whole source was not asked. */
    items: z.int().min(1).nullable(),
  })
  .readonly();
export type LeftOut = z.infer<typeof leftOutSchema>;
