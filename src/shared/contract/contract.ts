// The API contract: one for all transports (MessagePort, WebSocket, REST with OpenAPI). Routes are the REST names of
// docs/architecture.md. Failures cross as `PlainError` in the error's data, see errors.ts.

import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';

import { leftOutSchema } from '../model/left-out.ts';
import {
  checkpointAttributesSchema,
  checkpointChangesSchema,
  checkpointIdSchema,
  checkpointSchema,
  configEntrySchema,
  densitySchema,
  diffSchema,
  eventSchema,
  exclusionsSchema,
  closedItemSchema,
  itemKeySchema,
  itemSchema,
  itemKindSchema,
  itemVersionSchema,
  keysSchema,
  plainErrorSchema,
  previewSchema,
  progressSchema,
  prunePreviewSchema,
  restoreReportSchema,
  restorePromptSchema,
  restoreRequestSchema,
  restoreStepSchema,
  snapshotReferenceSchema,
  snapshotSchema,
  snapshotSummarySchema,
  sourceIdSchema,
  sourceSchema,
  statusSchema,
  timelineFilterSchema,
  timelineRowSchema,
  timeSchema,
  uiStateSchema,
} from './schemas.ts';
import { searchAnswerSchema, searchQuerySchema } from './search-schemas.ts';
import { publishingContract } from './publishing.ts';
import { recoveryContract } from './recovery.ts';
import { sessionsContract } from './sessions.ts';
import { statisticsSchema } from './statistics.ts';
import { whereWasISchema } from './where-was-i.ts';
import { deviceReferenceSchema, syncContract } from './sync.ts';

const get = (path: `/${string}`) => oc.route({ method: 'GET', path });
const post = (path: `/${string}`) => oc.route({ method: 'POST', path });

const done = z.object({ ok: z.literal(true) });
const secretSchema = z.string().min(1).max(1024);

/** Whose history: another device's, as it is here. Absent means the own one. */
const ofDevice = { device: deviceReferenceSchema.optional() };

/** Progress of long work, then its result: the last event. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the inferred output type holds the result's
function work<Result extends z.ZodType>(result: Result) {
  const progress = z.object({ type: z.literal('progress'), progress: progressSchema });
  const finished: z.ZodObject<{ type: z.ZodLiteral<'done'>; result: Result }> = z.object({
    type: z.literal('done'),
    result,
  });
  return eventIterator(z.discriminatedUnion('type', [progress, finished]));
}

const captureResultSchema = z.object({
  snapshotId: snapshotIdOf(),
  takenAt: timeSchema,
  items: z.int(),
  changed: z.int(),
  gaps: z.int(),
  ms: z.number(),
});

function snapshotIdOf() {
  return snapshotSummarySchema.shape.id;
}

export const contract = {
  /** What is going on, and events as they happen; the first event is the status. */
  status: get('/status').output(statusSchema),
  events: oc.output(eventIterator(eventSchema)),

  vault: {
    /** Strength of a password, 0 to 4, with what to do about it. It is not kept. */
    checkPassword: oc
      .input(z.object({ password: z.string().max(1024) }))
      .output(z.object({ score: z.int().min(0).max(4), isAccepted: z.boolean(), advice: z.string() })),
    generatePassphrase: oc.output(z.object({ passphrase: z.string() })),
    /** Makes the vault and opens it. The recovery key is seen here only. */
    create: oc.input(z.object({ password: secretSchema })).output(z.object({ recoveryKey: z.string() })),
    unlock: post('/unlock')
      .input(
        z.union([
          z.object({ password: secretSchema }),
          z.object({ recoveryKey: secretSchema }),
          z.object({ keychain: z.literal(true) }),
        ]),
      )
      .output(statusSchema),
    lock: post('/lock').output(statusSchema),
  },

  captures: {
    /** Captures now. */
    create: post('/snapshots').output(captureResultSchema),
    /** Stops capturing until then; null until resumed. */
    pause: oc.input(z.object({ until: timeSchema.nullable() })).output(statusSchema),
    resume: oc.output(statusSchema),
    /** Removes every snapshot of the last minutes that is no checkpoint, and their content. */
    forget: oc.input(z.object({ minutes: z.int().min(1).max(1440) })).output(z.object({ removed: z.int().min(0) })),
  },

  snapshots: {
    list: get('/snapshots')
      .input(
        z.object({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          since: timeSchema.optional(),
          until: timeSchema.optional(),
          before: snapshotReferenceSchema.optional(),
          checkpointsOnly: z.stringbool().or(z.boolean()).optional(),
          ...ofDevice,
        }),
      )
      .output(z.object({ snapshots: z.array(snapshotSummarySchema) })),
    get: get('/snapshots/{id}')
      .input(z.object({ id: snapshotReferenceSchema, ...ofDevice }))
      .output(snapshotSchema),
    diff: get('/snapshots/{id}/diff/{other}')
      .input(z.object({ id: snapshotReferenceSchema, other: snapshotReferenceSchema, ...ofDevice }))
      .output(diffSchema),
    /** The same against what is open now; captures for it, and keeps nothing. */
    diffWithNow: oc.input(z.object({ id: snapshotReferenceSchema })).output(diffSchema),
    /**
     * An item ready to be shown. Conversations come in windows of messages, the newest without `firstIndex`; of terminals the newest
     * `lines`, or as many as are ever shown.
     */
    preview: oc
      .input(
        z.object({
          id: snapshotReferenceSchema,
          key: itemKeySchema,
          firstIndex: z.int().min(0).optional(),
          limit: z.int().min(1).max(2000).optional(),
          lines: z.int().min(1).max(100_000).optional(),
          ...ofDevice,
        }),
      )
      .output(previewSchema),
  },

  timeline: {
    /** Rows newest first; `cursor` of the answer before continues. */
    page: oc
      .input(
        z.object({
          filter: timelineFilterSchema.default({}),
          limit: z.int().min(1).max(500).default(100),
          cursor: z.string().optional(),
          ...ofDevice,
        }),
      )
      .output(z.object({ rows: z.array(timelineRowSchema), cursor: z.string().optional() })),
    density: oc
      .input(
        z.object({
          from: timeSchema.optional(),
          to: timeSchema.optional(),
          bins: z.int().min(1).max(2000).default(400),
          ...ofDevice,
        }),
      )
      .output(densitySchema),
    /** All versions of an item, newest first. */
    item: oc
      .input(
        z.object({
          key: itemKeySchema,
          limit: z.int().min(1).max(500).default(100),
          cursor: z.string().optional(),
          ...ofDevice,
        }),
      )
      .output(z.object({ versions: z.array(itemVersionSchema), cursor: z.string().optional() })),
    /** What is open now, and what was closed lately. */
    items: oc.output(z.object({ open: z.array(itemSchema), closed: z.array(closedItemSchema) })),
    /** What there is to filter by. */
    facets: oc.output(
      z.object({
        sources: z.array(sourceIdSchema),
        kinds: z.array(itemKindSchema),
        projects: z.array(z.string()),
        tags: z.array(z.string()),
      }),
    ),
    /** Where somebody was when they left, and what changed since; so long without a change is being away. */
    whereWasI: get('/where-was-i')
      .input(
        z.object({
          awayMinutes: z.coerce.number().int().min(1).max(10_080).default(30),
          project: z.string().max(4_096).optional(),
        }),
      )
      .output(whereWasISchema),
    /** The snapshot that a reference means. */
    resolve: oc.input(z.object({ reference: snapshotReferenceSchema, ...ofDevice })).output(snapshotSummarySchema),
  },

  search: {
    query: get('/search').input(searchQuerySchema.extend(ofDevice)).output(searchAnswerSchema),
  },

  checkpoints: {
    list: get('/checkpoints').output(z.object({ checkpoints: z.array(checkpointSchema) })),
    /** Captures and names it; with `snapshot`, names that one instead. */
    create: post('/checkpoints')
      .input(checkpointAttributesSchema.extend({ snapshot: snapshotReferenceSchema.optional() }))
      .output(checkpointSchema),
    update: oc
      .route({ method: 'PATCH', path: '/checkpoints/{id}' })
      .input(checkpointChangesSchema.extend({ id: checkpointIdSchema }))
      .output(checkpointSchema),
    delete: oc
      .route({ method: 'DELETE', path: '/checkpoints/{id}' })
      .input(z.object({ id: checkpointIdSchema }))
      .output(z.object({ deleted: z.int() })),
    batchDelete: post('/checkpoints/batch-delete')
      .input(z.object({ ids: z.array(checkpointIdSchema).min(1).max(1000) }))
      .output(z.object({ deleted: z.int() })),
    restore: post('/checkpoints/{id}/restore')
      .input(restoreRequestSchema.omit({ snapshot: true }).extend({ id: checkpointIdSchema }))
      .output(restoreReportSchema),
  },

  restore: {
    /** What a restore would do; changes nothing. */
    plan: oc.input(restoreRequestSchema).output(restoreReportSchema),
    /** Restores, step by step; ending the stream early cancels what is not done yet. */
    run: oc
      .input(restoreRequestSchema)
      .output(
        eventIterator(
          z.discriminatedUnion('type', [
            z.object({ type: z.literal('planned'), steps: z.array(restoreStepSchema) }),
            z.object({ type: z.literal('step'), step: restoreStepSchema }),
            z.object({ type: z.literal('done'), report: restoreReportSchema }),
          ]),
        ),
      ),
    /** Ends what is not done yet of restores that run; each stream goes on to its report, which says what was done and what was not. */
    cancel: oc.output(done),
    /** The whole report at once, for REST. */
    create: post('/restore')
      .input(restoreRequestSchema.extend({ dryRun: z.boolean().default(false) }))
      .output(restoreReportSchema),
    /** Takes the last restore back. */
    undo: oc.output(restoreReportSchema),
    prompt: oc.output(restorePromptSchema),
    /** "Not now" for this point; the point stays. */
    dismissPrompt: oc.input(z.object({ snapshotId: snapshotIdOf() })).output(done),
  },

  ...sessionsContract,
  ...publishingContract,

  sources: {
    /** What is found here, with a sample of what each would keep. */
    detect: oc.output(
      z.object({
        sources: z.array(sourceSchema.extend({ sample: z.array(z.string()), worth: z.string().optional() })),
      }),
    ),
    enable: oc.input(z.object({ ids: z.array(sourceIdSchema) })).output(statusSchema),
  },

  settings: {
    list: oc.output(z.object({ entries: z.array(configEntrySchema) })),
    /** A value in the words that the command line takes too: `on`, `30`, `none`. */
    set: oc.input(z.object({ key: z.string().max(200), value: z.string().max(5_000) })).output(done),
    /** What the window looked like last, sealed in the vault: it may name what was captured. Null where nothing was kept. */
    uiState: oc.output(z.object({ state: uiStateSchema.nullable() })),
    setUiState: oc.input(z.object({ state: uiStateSchema })).output(done),
    exclusions: oc.output(exclusionsSchema),
    setExclusions: oc.input(exclusionsSchema).output(done),
    /** What the newest capture left out, by rules and markers, and since when captures do; null where nothing is. */
    leftOut: oc.output(z.object({ since: timeSchema.nullable(), parts: z.array(leftOutSchema) })),
    /** What rules would hide of the newest snapshots. */
    previewExclusions: oc
      .input(exclusionsSchema)
      .output(
        z.object({ count: z.int().min(0), samples: z.array(z.object({ title: z.string(), kind: itemKindSchema })) }),
      ),
    previewRetention: oc
      .input(
        z.object({
          allHours: z.number(),
          hourlyDays: z.number(),
          dailyDays: z.number(),
          checkpointDays: z.number(),
          inactiveDays: z.number(),
        }),
      )
      .output(prunePreviewSchema),
    dataFolder: oc.output(z.object({ path: z.string() })),
  },

  keys: {
    list: oc.output(keysSchema),
    changePassword: oc.input(z.object({ current: secretSchema, next: secretSchema })).output(done),
    /** Whether the system's keychain can be used, and is. */
    keychain: oc.output(z.object({ isAvailable: z.boolean(), why: z.string(), isOn: z.boolean() })),
    /** Lets the keychain open the vault, or no longer. The password always works. */
    setKeychain: oc.input(z.object({ isOn: z.boolean(), current: secretSchema })).output(done),
    replaceRecoveryKey: oc.input(z.object({ current: secretSchema })).output(z.object({ recoveryKey: z.string() })),
    rotate: oc.input(z.object({ current: secretSchema })).output(work(progressSchema)),
  },

  desktop: {
    /** Puts the update in that is ready; the app ends and starts anew. */
    installUpdate: oc.output(done),
    /** A secret shows in the window, or no longer: the desktop app keeps it out of pictures of the screen meanwhile. */
    protect: oc.input(z.object({ isOn: z.boolean() })).output(done),
    /** Asks in a dialog of the system for a vault's file or its data folder; null where nothing was chosen. */
    chooseVault: oc
      .input(z.object({ what: z.enum(['file', 'folder']) }))
      .output(z.object({ path: z.string().nullable() })),
  },

  ...recoveryContract,

  ...syncContract,

  upkeep: {
    /** Makes something small, captures it into a scratch vault, destroys it and brings it back; tells each step as a line. */
    proveRestore: oc.output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('line'), line: z.string() }),
          z.object({ type: z.literal('done'), isProven: z.boolean() }),
        ]),
      ),
    ),
    statistics: oc.output(statisticsSchema),
    verify: oc.input(z.object({ deep: z.boolean().default(false) })).output(
      work(
        z.object({
          ok: z.boolean(),
          checked: z.int(),
          damaged: z.array(z.object({ what: z.string(), detail: z.string(), snapshots: z.int() })),
        }),
      ),
    ),
    prune: oc.output(work(prunePreviewSchema)),
    backup: oc.output(work(z.object({ name: z.string(), sizeBytes: z.int(), checked: z.int() }))),
    /** Facts for somebody who helps, without any captured word. */
    diagnostics: oc.output(z.object({ text: z.string(), problems: z.array(plainErrorSchema) })),
  },
};

export type Contract = typeof contract;
