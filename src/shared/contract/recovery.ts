// Recovery: what is damaged, and the two ways out of it.

import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';

import {
  itemKeySchema,
  plainErrorSchema,
  progressSchema,
  snapshotSummarySchema,
  statusSchema,
  timeSchema,
} from './schemas.ts';

const secretSchema = z.string().min(1).max(1024);
/** What opens the vault: asked for again, since its file is replaced. */
const secretInputSchema = z.union([z.object({ password: secretSchema }), z.object({ recoveryKey: secretSchema })]);

export const recoveryReportSchema = z.object({
  /** How the vault stands: `read-only` is open and damaged, `unreadable` could not be opened at all. */
  state: z.enum(['missing', 'locked', 'unreadable', 'read-only', 'open']),
  /** Null where it cannot be told before the vault is open. */
  isWhole: z.boolean().nullable(),
  /** Why the vault could not be opened. */
  problem: plainErrorSchema.optional(),
  /** Records whose seal was checked, and whose content decodes. */
  checked: z.int().min(0),
  damaged: z.array(z.object({ what: z.string(), detail: z.string(), snapshots: z.int().min(0) })),
  /** How many snapshots are whole, and those that are not: the newest first, not all where there are many. */
  snapshots: z.object({
    whole: z.int().min(0),
    affected: z.int().min(0),
    list: z.array(
      z.object({
        id: snapshotSummarySchema.shape.id.nullable(),
        takenAt: timeSchema.nullable(),
        items: z.array(z.object({ key: itemKeySchema, title: z.string() })),
        /** False where nothing of it can be read as it stands. */
        isReadable: z.boolean(),
      }),
    ),
  }),
  /** What a repair would do, as sentences. */
  repair: z.object({ isAdvised: z.boolean(), steps: z.array(z.string()) }),
  /** Where backups lie, and those that are there, the newest first. */
  backups: z.object({
    folder: z.string(),
    list: z.array(z.object({ name: z.string(), madeAt: timeSchema, sizeBytes: z.int().min(0) })),
  }),
});
export type RecoveryReport = z.infer<typeof recoveryReportSchema>;

const repairResultSchema = z.object({
  snapshots: z.int().min(0),
  /** Of which no whole copy was found; what is left of them is in the kept file. */
  lostSnapshots: z.int().min(0),
  healed: z.int().min(0),
  lost: z.int().min(0),
  /** The damaged file's name, in the data folder. */
  keptAs: z.string(),
});

export const recoveryContract = {
  recovery: {
    /** Checks everything where the vault is open; changes nothing. */
    report: oc.route({ method: 'GET', path: '/recovery/report' }).output(recoveryReportSchema),
    /** Rebuilds the vault from what is whole, and keeps the damaged file. Ending the stream cancels; then nothing was changed. */
    repair: oc
      .route({ method: 'POST', path: '/recovery/repair' })
      .input(secretInputSchema)
      .output(
        eventIterator(
          z.discriminatedUnion('type', [
            z.object({ type: z.literal('progress'), progress: progressSchema }),
            z.object({ type: z.literal('done'), result: repairResultSchema }),
          ]),
        ),
      ),
    /** Puts a copy of a backup in the vault's place, once it was checked, and keeps what was there. */
    restoreBackup: oc
      .route({ method: 'POST', path: '/recovery/restore-backup' })
      .input(z.object({ name: z.string().min(1).max(200), secret: secretInputSchema }))
      .output(z.object({ keptAs: z.string(), status: statusSchema })),
  },
};
