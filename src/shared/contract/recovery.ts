// Recovery: what is damaged, the ways out of it, and what another vault has to bring.

import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';

import { CHOICE_NAME, MERGE_SIDES } from '../merge/merge-choices.ts';
import { MERGE_STRATEGIES } from '../merge/merge-fields.ts';
import {
  itemKeySchema,
  plainErrorSchema,
  progressSchema,
  snapshotReferenceSchema,
  snapshotSummarySchema,
  statusSchema,
  timeSchema,
} from './schemas.ts';

const secretSchema = z.string().min(1).max(1024);
/** What opens the vault: asked for again, since its file is replaced. */
const secretInputSchema = z.union([z.object({ password: secretSchema }), z.object({ recoveryKey: secretSchema })]);

const tierSchema = z.enum(['full', 'last-good', 'partial', 'emergency']);

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

/** What a repair did, or would do. */
const repairResultSchema = z.object({
  snapshots: z.int().min(0),
  /** Of which nothing was found; what is left of them is in the kept file. */
  lostSnapshots: z.int().min(0),
  /** Records that came back from another copy. */
  healed: z.int().min(0),
  /** Records of which no copy is whole. */
  lost: z.int().min(0),
  /** Records that authenticate, but may have been deleted on purpose: left out. */
  unproven: z.int().min(0),
  /** Nothing at all is damaged: then nothing is changed. */
  isWhole: z.boolean(),
  /** How far it has to go. */
  tier: tierSchema,
  /** What each way wins and loses, in the order in which they are tried. */
  tiers: z.array(
    z.object({
      name: tierSchema,
      /** Snapshots (for `emergency`: records) that this way wins beside those before it. */
      wins: z.int().min(0),
      /** Snapshots that would be lost, whole or in part, where one stopped there. */
      loses: z.int().min(0),
      sentence: z.string(),
    }),
  ),
  /** Snapshots put together from the last whole one and what changed since; not all where there are many. */
  together: z.array(
    z.object({ id: snapshotSummarySchema.shape.id, takenAt: timeSchema, missingItems: z.int().min(0) }),
  ),
  /** Content of which no copy is whole, by item: the most recent first, not all where there are many. */
  losses: z.object({
    snapshots: z.int().min(0),
    items: z.int().min(0),
    newestWhole: z.object({ id: snapshotSummarySchema.shape.id, takenAt: timeSchema }).nullable(),
    list: z.array(
      z.object({
        key: itemKeySchema,
        title: z.string(),
        source: z.string(),
        snapshots: z.int().min(0),
        from: timeSchema,
        to: timeSchema,
        lostBytes: z.int().min(0),
        totalBytes: z.int().min(0),
      }),
    ),
  }),
  /** What may have damaged it, each a sentence. */
  causes: z.array(
    z.object({
      code: z.enum(['failing-disk', 'disk-full', 'permissions', 'sync-folder', 'sync-conflict']),
      sentence: z.string(),
    }),
  ),
  /** The damaged file's name, in the data folder; null where nothing was changed. */
  keptAs: z.string().nullable(),
});
export type RepairResult = z.infer<typeof repairResultSchema>;

const repairWorkSchema = eventIterator(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('progress'), progress: progressSchema }),
    z.object({ type: z.literal('done'), result: repairResultSchema }),
  ]),
);

const mergeInputSchema = z.object({
  /** The other vault: its file or data folder with the full path (`~/` for the home folder), or the name of a backup. */
  other: z.string().min(1).max(4096),
  secret: secretInputSchema,
  /** What opens the other one where it is a vault of its own. */
  otherSecret: secretInputSchema.optional(),
  strategy: z.enum(MERGE_STRATEGIES).default('latest'),
  /** Of `manual`, by `<kind>.<id>.<field>`; what is here stays where nothing was chosen. */
  choices: z.record(z.string().regex(CHOICE_NAME), z.enum(MERGE_SIDES)).default({}),
});

export type MergeInput = z.infer<typeof mergeInputSchema>;

/** What a merge did, or would do. */
const mergeResultSchema = z.object({
  /** The other file is another state of this vault, and not a vault of its own. */
  isSameVault: z.boolean(),
  /** Snapshots that come in, those that both have, and those that cannot be read there. */
  snapshots: z.int().min(0),
  inBoth: z.int().min(0),
  unreadable: z.int().min(0),
  /** Snapshots that stay out, newer than the newest one here: after the next capture another merge brings them. */
  newerLeftOut: z.int().min(0),
  /** When the first and the last that come in were taken. */
  incoming: z.object({ from: timeSchema, to: timeSchema }).nullable(),
  /** Items of them that were left out, damaged there; 0 before it is done. */
  itemsLeftOut: z.int().min(0),
  checkpointsAdded: z.int().min(0),
  checkpointsChanged: z.int().min(0),
  sessionsAdded: z.int().min(0),
  sessionsChanged: z.int().min(0),
  /** Conversations that are there and were deleted here: they stay deleted. */
  sessionsDeletedHere: z.int().min(0),
  /** Every field that says one thing here and another there. */
  conflicts: z.array(
    z.object({
      kind: z.enum(['checkpoint', 'session']),
      id: z.string(),
      name: z.string(),
      field: z.string(),
      ours: z.string(),
      theirs: z.string(),
      taken: z.enum([...MERGE_SIDES, 'both']),
    }),
  ),
  /** The other one brings nothing: then nothing is changed. */
  isNothingNew: z.boolean(),
  /** Other devices have this vault too, and log in once more after the merge. */
  isShared: z.boolean(),
  /** The name of the file as it was, in the data folder; null where nothing was changed. */
  keptAs: z.string().nullable(),
});
export type MergeResult = z.infer<typeof mergeResultSchema>;

const mergeWorkSchema = eventIterator(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('progress'), progress: progressSchema }),
    z.object({ type: z.literal('done'), result: mergeResultSchema }),
  ]),
);

/** What an export wrote. */
const exportResultSchema = z.object({
  folder: z.string(),
  snapshots: z.int().min(0),
  /** Different contents: what several snapshots have counts once. */
  items: z.int().min(0),
  /** Conversations that the vault keeps itself. */
  sessions: z.int().min(0),
  files: z.int().min(0),
  sizeBytes: z.int().min(0),
  /** Things that could not be read; not all where there are many: the folder's manifest names each. */
  unreadableCount: z.int().min(0),
  unreadable: z.array(
    z.object({
      /** Null for a conversation that no snapshot holds. */
      snapshotId: snapshotSummarySchema.shape.id.nullable(),
      key: z.string().nullable(),
      title: z.string(),
      stream: z.string().optional(),
      from: z.int().min(0).optional(),
      length: z.int().min(0).optional(),
    }),
  ),
});

export const recoveryContract = {
  recovery: {
    /** Checks everything where the vault is open; changes nothing. */
    report: oc.route({ method: 'GET', path: '/recovery/report' }).output(recoveryReportSchema),
    /** Says what a repair would win and lose, and changes nothing. */
    plan: oc.route({ method: 'POST', path: '/recovery/plan' }).input(secretInputSchema).output(repairWorkSchema),
    /** Rebuilds the vault from what is whole, and keeps the damaged file. Ending the stream cancels; then nothing was changed. */
    repair: oc.route({ method: 'POST', path: '/recovery/repair' }).input(secretInputSchema).output(repairWorkSchema),
    /** Says what a merge with another vault would bring, and where both differ; changes nothing. */
    mergePlan: oc
      .route({ method: 'POST', path: '/recovery/merge-plan' })
      .input(mergeInputSchema)
      .output(mergeWorkSchema),
    /** Brings another vault into this one, and keeps the file as it was. Ending the stream cancels; then nothing was changed. */
    merge: oc.route({ method: 'POST', path: '/recovery/merge' }).input(mergeInputSchema).output(mergeWorkSchema),
    /** A folder that an export could be written into: it is not there yet. */
    exportPlace: oc.route({ method: 'GET', path: '/recovery/export-place' }).output(z.object({ folder: z.string() })),
    /**
     * Writes what can be read as plain files into a folder that is not there yet, or is empty. Ending the stream cancels; what was written
     * stays then.
     */
    export: oc
      .route({ method: 'POST', path: '/recovery/export' })
      .input(
        z.object({
          /** With its full path. */
          folder: z.string().min(1).max(4096),
          /** The newest and every checkpoint, all of them, or these. */
          snapshots: z
            .union([z.enum(['usual', 'all']), z.array(snapshotReferenceSchema).min(1).max(1000)])
            .default('usual'),
        }),
      )
      .output(
        eventIterator(
          z.discriminatedUnion('type', [
            z.object({ type: z.literal('progress'), progress: progressSchema }),
            z.object({ type: z.literal('done'), result: exportResultSchema }),
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
