// The shapes that cross the API: the same JSON that the commands print (docs/architecture.md). Times are ISO 8601 in UTC, sizes bytes.
// Shapes are only ever extended.

import { z } from 'zod';

import { PRIORITIES } from '../model/checkpoint.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import type { CheckpointId, ItemKey, SnapshotId, SourceId } from '../model/ids.ts';
import { ITEM_KINDS, STREAM_KINDS } from '../model/item.ts';
import type { JsonObject } from '../model/json.ts';
import { STEP_STATUSES } from '../model/restore.ts';
import { KEEP_REASONS } from '../model/retention.ts';
import { THEMES } from '../model/theme.ts';
import { RUN_ENDS } from '../model/run.ts';
import { GAP_REASONS, SNAPSHOT_KINDS } from '../model/snapshot.ts';

// The brands are checked by the patterns; zod's own brand would be another type than the model's.
export const snapshotIdSchema = z.string().regex(/^[0-9a-f]{16}$/) as unknown as z.ZodType<SnapshotId, string>;
export const checkpointIdSchema = z.string().regex(/^[0-9a-f]{16}$/) as unknown as z.ZodType<CheckpointId, string>;
export const itemKeySchema = z
  .string()
  .max(1024)
  .regex(/^[a-z][a-z0-9-]{0,31}:/) as unknown as z.ZodType<ItemKey, string>;
export const sourceIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/) as unknown as z.ZodType<SourceId, string>;

export const timeSchema = z.iso.datetime();
const jsonObjectSchema = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>; // what z.json() accepts

/** An id, a unique beginning of one, `latest`, a checkpoint's id or name, a time, or an age such as `2h`. */
export const snapshotReferenceSchema = z.string().min(1).max(200);

export const plainErrorSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
});

export const itemKindSchema = z.enum(ITEM_KINDS);

const attributesSchema = z.object({
  name: z.string().trim().min(1).max(200),
  description: z.string().max(10_000),
  tags: z.array(z.string().trim().min(1).max(60)).max(50),
  priority: z.enum(PRIORITIES),
  pinned: z.boolean(),
});

/** What a new checkpoint is given. */
export const checkpointAttributesSchema = attributesSchema.extend({
  description: attributesSchema.shape.description.default(''),
  tags: attributesSchema.shape.tags.default([]),
  priority: attributesSchema.shape.priority.default('normal'),
  pinned: attributesSchema.shape.pinned.default(false),
});

/** What is changed of one. No defaults: they would count as changes to what was left out. */
export const checkpointChangesSchema = attributesSchema.partial();

export const checkpointSchema = z.object({
  id: checkpointIdSchema,
  snapshotId: snapshotIdSchema,
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  priority: z.enum(PRIORITIES),
  pinned: z.boolean(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  /** When the snapshot was taken. */
  takenAt: timeSchema.optional(),
  /** When it goes if nothing changes; absent where it stays. */
  goesAt: timeSchema.optional(),
});
export type CheckpointView = z.infer<typeof checkpointSchema>;

export const snapshotSummarySchema = z.object({
  id: snapshotIdSchema,
  takenAt: timeSchema,
  kind: z.enum(SNAPSHOT_KINDS),
  items: z.int().min(0),
  changed: z.int().min(0),
  gaps: z.int().min(0),
  checkpoint: checkpointSchema.optional(),
});
export type SnapshotSummaryView = z.infer<typeof snapshotSummarySchema>;

export const gapSchema = z.object({
  source: sourceIdSchema,
  reason: z.enum(GAP_REASONS),
  message: z.string(),
  key: itemKeySchema.optional(),
  since: timeSchema,
});
export type GapView = z.infer<typeof gapSchema>;

export const itemSchema = z.object({
  key: itemKeySchema,
  kind: itemKindSchema,
  source: sourceIdSchema,
  group: z.string(),
  title: z.string(),
  attributes: jsonObjectSchema,
  streams: z.array(z.object({ name: z.string(), kind: z.enum(STREAM_KINDS), sizeBytes: z.int().min(0) })),
  stale: z.boolean(),
  /** When a stale item was last read for real. */
  goodAt: timeSchema.optional(),
  /** The project it belongs to: the name of the repository or folder it works in, where that is known. */
  project: z.string().optional(),
});
export type ItemView = z.infer<typeof itemSchema>;

/** One that is no longer open: since when. */
export const closedItemSchema = itemSchema.extend({ closedAt: timeSchema });
export type ClosedItemView = z.infer<typeof closedItemSchema>;

/** Why a snapshot is kept and until when, as things stand; without a reason the next thinning removes it. */
export const keptSchema = z.object({ reason: z.enum(KEEP_REASONS).nullable(), until: timeSchema.optional() });
export type KeptView = z.infer<typeof keptSchema>;

export const snapshotSchema = snapshotSummarySchema.extend({
  kept: keptSchema,
  itemList: z.array(itemSchema),
  gapList: z.array(gapSchema),
});
export type SnapshotView = z.infer<typeof snapshotSchema>;

/** What changed from one moment to another, in words and item by item. */
export const diffSchema = z.object({
  /** A sentence each: "3 tabs opened", "api: +120 -4". */
  words: z.array(z.string()),
  added: z.array(itemSchema),
  removed: z.array(itemSchema),
  changed: z.array(
    z.object({
      key: itemKeySchema,
      kind: itemKindSchema,
      title: z.string(),
      before: itemSchema,
      after: itemSchema,
      attributes: z.array(z.string()),
      streams: z.array(z.object({ name: z.string(), sizeBytesBefore: z.int().min(0), sizeBytesAfter: z.int().min(0) })),
    }),
  ),
});
export type DiffView = z.infer<typeof diffSchema>;

/** One row of the timeline: a run of snapshots that are alike, told by the change that began it. */
export const timelineRowSchema = snapshotSummarySchema.extend({
  /** What changed against the row before, in words; empty at the first. */
  words: z.array(z.string()),
  /** How many snapshots the row stands for, and when the last of them was taken. */
  count: z.int().min(1),
  lastTakenAt: timeSchema,
  /** Cairn was started before this row: how the run before had ended. */
  restartedAfter: z.enum(RUN_ENDS).optional(),
  kept: keptSchema,
  /** How long nothing was captured before it; absent where there was no gap. */
  silenceMs: z.int().min(0).optional(),
  /** Projects that the change touched. */
  projects: z.array(z.string()),
  kinds: z.array(itemKindSchema),
});
export type TimelineRow = z.infer<typeof timelineRowSchema>;

export const timelineFilterSchema = z.object({
  since: timeSchema.optional(),
  until: timeSchema.optional(),
  sources: z.array(sourceIdSchema).max(50).optional(),
  kinds: z.array(itemKindSchema).max(10).optional(),
  projects: z.array(z.string()).max(50).optional(),
  tags: z.array(z.string()).max(50).optional(),
  checkpointsOnly: z.boolean().optional(),
});
export type TimelineFilter = z.infer<typeof timelineFilterSchema>;

export const densitySchema = z.object({
  from: timeSchema,
  to: timeSchema,
  /** Snapshots in each of equally long bins. */
  counts: z.array(z.int().min(0)),
  /** Stretches without any snapshot, longer than a few intervals, inside the captured time. */
  gaps: z.array(z.object({ from: timeSchema, to: timeSchema })),
  stones: z.array(checkpointSchema),
  /** Starts of Cairn, and how the run before each had ended. */
  restarts: z.array(z.object({ at: timeSchema, after: z.enum(RUN_ENDS) })),
  /** The captured time as a whole; absent where there is nothing. */
  oldest: timeSchema.optional(),
  newest: timeSchema.optional(),
});
export type Density = z.infer<typeof densitySchema>;

/** One version of an item: the snapshots in a row that hold it alike. */
export const itemVersionSchema = z.object({
  snapshotId: snapshotIdSchema,
  takenAt: timeSchema,
  lastTakenAt: timeSchema,
  title: z.string(),
  sizeBytes: z.int().min(0),
  /** True where the item was no longer there from then on. */
  isGone: z.boolean(),
  words: z.array(z.string()),
});
export type ItemVersion = z.infer<typeof itemVersionSchema>;

const messagePartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), text: z.string() }),
  z.object({ type: z.literal('tool-call'), name: z.string(), input: z.string() }),
  z.object({ type: z.literal('tool-result'), text: z.string(), isError: z.boolean() }),
  z.object({ type: z.literal('image'), mediaType: z.string(), sizeBytes: z.int().min(0) }),
]);

/** What an item looked like, ready to be shown. All texts are as captured: hostile until they are shown as text. */
export const previewSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('terminal'),
    /** Scrollback with its escape sequences, cleaned to colours and styles. */
    text: z.string(),
    columns: z.int().min(1),
    cwd: z.string().optional(),
    command: z.string().optional(),
    /** Lines left out at the beginning. */
    omittedLines: z.int().min(0),
  }),
  z.object({
    type: z.literal('conversation'),
    messages: z.array(
      z.object({
        role: z.enum(['user', 'assistant', 'system']),
        at: timeSchema.optional(),
        model: z.string().optional(),
        parts: z.array(messagePartSchema),
        /** An answer that was broken off. */
        isPartial: z.boolean().optional(),
      }),
    ),
    /** Of all messages, the position of the first one here. */
    firstIndex: z.int().min(0),
    messageCount: z.int().min(0),
    /** True where the conversation is so long that only its last messages are counted and shown. */
    isCut: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('tab'),
    url: z.string(),
    history: z.array(z.object({ url: z.string(), title: z.string() })),
    isPinned: z.boolean(),
    group: z.string().optional(),
  }),
  z.object({
    type: z.literal('document'),
    /** The unsaved text; empty where there is none. What was saved is in the file, not in the vault. */
    text: z.string(),
    language: z.string(),
    /** Of the file, or the name of a text that has none. */
    path: z.string(),
    /** The editor that had it open. */
    editor: z.string().optional(),
    /** Of the cursor, from 1. */
    line: z.int().min(1).optional(),
    column: z.int().min(1).optional(),
    unsaved: z.enum(['none', 'whole', 'cut', 'unreadable']).optional(),
    /** True where the text is the beginning only. */
    isCut: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('repository'),
    path: z.string(),
    branch: z.string(),
    files: z.array(
      z.object({
        path: z.string(),
        state: z.enum(['staged', 'unstaged', 'untracked', 'conflict', 'unpushed']),
        added: z.int().min(0),
        removed: z.int().min(0),
        patch: z.string(),
        language: z.string(),
      }),
    ),
    commits: z.array(z.object({ id: z.string(), subject: z.string() })),
    stashes: z.int().min(0),
  }),
  z.object({
    type: z.literal('commands'),
    shell: z.string(),
    commands: z.array(
      z.object({
        command: z.string(),
        cwd: z.string().optional(),
        at: timeSchema.optional(),
        durationMs: z.int().min(0).optional(),
        exitCode: z.int().optional(),
      }),
    ),
    /** Older ones, left out here. */
    omitted: z.int().min(0),
  }),
  z.object({ type: z.literal('facts') }),
]);
export type Preview = z.infer<typeof previewSchema>;

export const restoreStepSchema = z.object({
  key: itemKeySchema,
  action: z.string(),
  status: z.enum(STEP_STATUSES),
  detail: z.string(),
  /** Title and kind of the item, to show the step by. */
  title: z.string().optional(),
  kind: itemKindSchema.optional(),
});
export type RestoreStepView = z.infer<typeof restoreStepSchema>;

export const restoreRequestSchema = z.object({
  snapshot: snapshotReferenceSchema,
  /** Of another device's history, as it is here: its name or id. */
  device: z.string().min(1).max(100).optional(),
  /** Kinds, sources, keys or globs; empty means everything. */
  only: z.array(z.string().min(1).max(1024)).max(10_000).default([]),
  /** Only what belongs to this project: a name, a folder, a remote's address or its end. */
  project: z.string().min(1).max(4096).optional(),
  /** Where that project lies now, where that is not where it was captured: an absolute folder. */
  into: z.string().min(1).max(4096).optional(),
  /** Applies saved patches to work trees where they fit cleanly. */
  apply: z.boolean().default(false),
  /** Runs commands that are not on the safe list too. */
  runCommands: z.boolean().default(false),
  /** Opens file: addresses in browsers too. */
  openFiles: z.boolean().default(false),
});

export const restoreReportSchema = z.object({
  steps: z.array(restoreStepSchema),
  /** The snapshot of the present taken before; null after a dry run. */
  undo: snapshotIdSchema.nullable(),
});
export type RestoreReportView = z.infer<typeof restoreReportSchema>;

/** Whether somebody should be asked to restore, and why. */
export const restorePromptSchema = z.object({
  /** Null where nothing was lost: then nothing is asked. */
  prompt: z
    .object({
      snapshotId: snapshotIdSchema,
      takenAt: timeSchema,
      reason: z.enum(['unclean-end', 'reboot', 'items-missing']),
      /** Missing now, by kind. */
      missing: z.record(z.string(), z.int().min(0)),
      /** Keys of what is missing and safe to bring back: preselected. */
      preselected: z.array(itemKeySchema),
      warnings: z.array(z.string()),
      /** True where the last restore of this point was followed by another crash. */
      isSecondCrash: z.boolean(),
    })
    .nullable(),
});
export type RestorePrompt = z.infer<typeof restorePromptSchema>;

export const sourceSchema = z.object({
  id: sourceIdSchema,
  title: z.string(),
  isPresent: z.boolean(),
  /** What was found, in words. */
  summary: z.string(),
  isEnabled: z.boolean(),
  /** Why it could not be read last time. */
  problem: z.string().optional(),
});

export const progressSchema = z.object({ done: z.number().min(0), total: z.number().min(0) });

export const statusSchema = z.object({
  version: z.string(),
  vault: z.enum(['missing', 'locked', 'unlocked', 'damaged']),
  /** Why the vault is damaged or cannot be opened. */
  problem: plainErrorSchema.optional(),
  /** Why an open vault is only read: it is damaged. Nothing is captured then. */
  readOnly: z.string().optional(),
  capture: z.object({
    state: z.enum(['off', 'capturing', 'waiting', 'paused', 'locked-writing', 'failing']),
    intervalSeconds: z.number(),
    lastAt: timeSchema.optional(),
    lastSnapshotId: snapshotIdSchema.optional(),
    pausedUntil: timeSchema.optional(),
    /** The newest failure that no capture followed. */
    failure: plainErrorSchema.optional(),
    isLate: z.boolean(),
  }),
  sources: z.array(sourceSchema.omit({ isPresent: true, summary: true })),
  shell: z.enum(['desktop', 'serve']),
  theme: z.enum(THEMES),
  /** What was found, and mended where it could be, while opening. */
  notices: z.array(z.object({ message: z.string(), isDamage: z.boolean() })),
  /** How whole the open vault is known to be; absent until it was asked. */
  health: z
    .object({
      /** When what the next restore would use was last looked at: each start does. */
      quickAt: timeSchema.optional(),
      /** When a look through everything last came to its end. */
      deepAt: timeSchema.optional(),
      /** When a backup was last made, and every seal of it checked. */
      provenBackupAt: timeSchema.optional(),
      /** How far a look through everything is that goes on in idle time. */
      pass: progressSchema.optional(),
      /** What was found damaged and is not whole yet, whichever process found it. Captures go on. */
      damage: z.object({ text: z.string(), records: z.int().min(1), foundAt: timeSchema }).optional(),
    })
    .optional(),
  /** What the desktop app tells beside it; absent in a browser. */
  desktop: z
    .object({
      /** How the updates stand, in words. */
      update: z.object({ text: z.string(), isReady: z.boolean() }).optional(),
      /** Why the shortcut does not work, as a sentence. */
      shortcutProblem: z.string().optional(),
    })
    .optional(),
});
export type Status = z.infer<typeof statusSchema>;

export const prunePreviewSchema = z.object({
  snapshots: z.int().min(0),
  checkpoints: z.int().min(0),
  freedBytes: z.int().min(0),
  keep: z.record(z.enum(KEEP_REASONS), z.int().min(0)),
});
export type PrunePreview = z.infer<typeof prunePreviewSchema>;

export const configEntrySchema = z.object({
  key: z.string(),
  description: z.string(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  defaultValue: z.union([z.string(), z.number(), z.boolean(), z.null()]),
});
export type ConfigEntryView = z.infer<typeof configEntrySchema>;

export const exclusionsSchema = z.object({
  sources: z.array(z.string()),
  paths: z.array(z.string()),
  urls: z.array(z.string()),
  commands: z.array(z.string()),
});
export type Exclusions = z.infer<typeof exclusionsSchema>;

export const keysSchema = z.object({
  slots: z.array(
    z.object({
      type: z.enum(['password', 'recovery', 'keychain']),
      createdAt: timeSchema,
      detail: z.string(),
      isWhole: z.boolean(),
    }),
  ),
  epoch: z.int(),
  epochCreatedAt: timeSchema,
  rotation: progressSchema.nullable(),
  isRotationAdvised: z.boolean(),
});
export type Keys = z.infer<typeof keysSchema>;

/** What the window shows and how; only ever extended. */
export const uiStateSchema = z.object({
  path: z.string().max(2_000).optional(),
  filter: timelineFilterSchema.optional(),
  /** Steps of the first run that are done. */
  setup: z.enum(['recovery-key', 'sources', 'proof', 'done']).optional(),
  /** The time of leaving that somebody was told of already. */
  seenAbsence: timeSchema.optional(),
});
export type UiState = z.infer<typeof uiStateSchema>;

export const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: statusSchema }),
  z.object({ type: z.literal('snapshot.created'), snapshot: snapshotSummarySchema }),
  z.object({ type: z.literal('capture.failed'), error: plainErrorSchema }),
  z.object({ type: z.literal('checkpoints.changed') }),
  z.object({ type: z.literal('snapshots.removed') }),
  z.object({ type: z.literal('sessions.changed') }),
  z.object({ type: z.literal('settings.changed') }),
  /** How sync stands has changed: ask for it. */
  z.object({ type: z.literal('sync.changed') }),
  /** Another device's history, its checkpoints, or the devices themselves changed. */
  z.object({ type: z.literal('devices.changed') }),
  z.object({ type: z.literal('navigate'), path: z.string() }),
  /** A restore runs, whoever began it: how far it is. The last one says that it ended. */
  z.object({
    type: z.literal('restore.progress'),
    done: z.int().min(0),
    total: z.int().min(0),
    hasEnded: z.boolean(),
  }),
  /** A backup that is to take the vault's place is being checked: how far that is. */
  z.object({ type: z.literal('backup-restore.progress'), done: z.number().min(0), total: z.number().min(0) }),
  z.object({ type: z.literal('notice'), text: z.string(), undo: z.string().optional() }),
]);
export type AppEvent = z.infer<typeof eventSchema>;
