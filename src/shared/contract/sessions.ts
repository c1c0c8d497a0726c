// The part of the contract that concerns sessions: pushes from programs, and what the window shows and changes.

import { oc } from '@orpc/contract';
import { z } from 'zod';

import type { SessionId } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';
import { MESSAGE_ROLES, SESSION_STATUSES } from '../model/session.ts';
import { previewSchema, timeSchema } from './schemas.ts';
import { deviceReferenceSchema } from './sync.ts';

const MAX_CONTENT = 900_000;
const MAX_MESSAGES_AT_ONCE = 500;

const get = (path: `/${string}`) => oc.route({ method: 'GET', path });
const post = (path: `/${string}`) => oc.route({ method: 'POST', path });

// The brand is checked by the pattern; zod's own would be another type than the model's.
const sessionIdSchema = z.string().regex(/^[0-9a-f]{16}$/) as unknown as z.ZodType<SessionId, string>;
/** An id, the beginning of one, what its tool calls it, or its name. */
const sessionReferenceSchema = z.string().min(1).max(300);
/** Another device's sessions as they are here; what is read only. */
const ofDevice = { device: deviceReferenceSchema.optional() };
const detailsSchema = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>; // what z.json() accepts

const lineSchema = z.string().trim().min(1).max(300);
const folderSchema = z
  .string()
  .max(4_096)
  .regex(/^(?:\/|[A-Za-z]:[\\/])[^\0]*$/, 'an absolute folder');

export const sessionSchema = z.object({
  id: sessionIdSchema,
  name: z.string(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  project: z.string().nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  messageCount: z.int().min(0),
  preview: z.string(),
  /** What holds the conversation: a source's id, `chat`, `agents`, or what a push calls itself. */
  tool: z.string(),
  externalId: z.string(),
  folder: z.string().nullable(),
  status: z.string().nullable(),
  pinned: z.boolean(),
  /** Open in a terminal just now. */
  live: z.boolean(),
  /** What Cairn has is the only copy. */
  originGone: z.boolean(),
  /** True where a source has captured it: deleting it leaves the snapshots as they are. */
  captured: z.boolean(),
  details: detailsSchema,
});
export type SessionView = z.infer<typeof sessionSchema>;

const messageSchema = z.object({
  id: z.string(),
  role: z.enum(MESSAGE_ROLES),
  at: timeSchema.nullable(),
  model: z.string().nullable(),
  content: z.string(),
  partial: z.boolean().optional(),
});

export const newMessageSchema = z.object({
  /** A message whose id is there already is left out, so that a push may be repeated. */
  id: z.string().min(1).max(200).optional(),
  role: z.enum(MESSAGE_ROLES),
  content: z.string().max(MAX_CONTENT),
  at: timeSchema.optional(),
  model: lineSchema.optional(),
});

export const pushSchema = z
  .object({
    /** What the caller calls the session; with `project` or `folder` it names it: pushing again changes what is given. */
    slug: z.string().trim().min(1).max(200).optional(),
    title: lineSchema.optional(),
    /** A project's name, or its folder. */
    project: z.string().trim().min(1).max(4_096).optional(),
    folder: folderSchema.optional(),
    status: z.string().trim().min(1).max(40).optional(),
    /** A tool whose sessions have ids of their own: `claude-code`, `codex`; with `externalId` it names the session. */
    tool: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/)
      .optional(),
    externalId: z.string().trim().min(1).max(200).optional(),
    provider: lineSchema.optional(),
    model: lineSchema.optional(),
    systemPrompt: z.string().max(32_000).optional(),
    createdAt: timeSchema.optional(),
  })
  .refine(({ slug, externalId }) => slug !== undefined || externalId !== undefined, 'slug or externalId');
export type SessionPush = z.output<typeof pushSchema>;

export const importedSessionSchema = z.object({
  id: z.string(),
  project: z.string(),
  slug: z.string(),
  title: z.string(),
  action: z.enum(['new', 'changed', 'unchanged', 'unreadable', 'deleted', 'gone', 'excluded']),
  detail: z.string().nullable(),
});
const importResultSchema = z.object({ dryRun: z.boolean(), sessions: z.array(importedSessionSchema) });

export const sessionsContract = {
  sessions: {
    /** Newest first. */
    list: get('/sessions')
      .input(
        z.object({
          project: z.string().max(4_096).optional(),
          provider: z.string().max(300).optional(),
          /** Words in name, beginning or project. */
          text: z.string().max(300).optional(),
          limit: z.coerce.number().int().min(1).max(100_000).optional(),
          ...ofDevice,
        }),
      )
      .output(z.object({ sessions: z.array(sessionSchema) })),
    /** Makes a session, or changes what is given of the one that is there. */
    create: post('/sessions')
      .input(pushSchema)
      .output(sessionSchema.extend({ isNew: z.boolean() })),
    /** One with its newest messages. */
    get: get('/sessions/{id}')
      .input(
        z.object({
          id: sessionReferenceSchema,
          messages: z.coerce.number().int().min(0).max(10_000).default(50),
          ...ofDevice,
        }),
      )
      .output(
        sessionSchema.extend({
          systemPrompt: z.string().nullable(),
          firstIndex: z.int().min(0),
          unreadable: z.int().min(0),
          messages: z.array(messageSchema),
        }),
      ),
    update: oc
      .route({ method: 'PATCH', path: '/sessions/{id}' })
      .input(
        z.object({
          id: sessionReferenceSchema,
          name: z.string().trim().min(1).max(200).optional(),
          pinned: z.boolean().optional(),
          status: z.enum(SESSION_STATUSES).optional(),
        }),
      )
      .output(sessionSchema),
    delete: oc
      .route({ method: 'DELETE', path: '/sessions/{id}' })
      .input(z.object({ id: sessionReferenceSchema }))
      .output(z.object({ deleted: z.int() })),
    /** Adds one message, or several. */
    addMessages: post('/sessions/{id}/messages')
      .input(
        z.union([
          newMessageSchema.extend({ id: sessionReferenceSchema, messageId: z.string().min(1).max(200).optional() }),
          z.object({
            id: sessionReferenceSchema,
            messages: z.array(newMessageSchema).min(1).max(MAX_MESSAGES_AT_ONCE),
          }),
        ]),
      )
      .output(z.object({ id: sessionIdSchema, saved: z.int(), messageCount: z.int() })),
    /** Messages as the window shows them, the newest without `firstIndex`. */
    preview: oc
      .input(
        z.object({
          id: sessionReferenceSchema,
          firstIndex: z.int().min(0).optional(),
          limit: z.int().min(1).max(2000).optional(),
          ...ofDevice,
        }),
      )
      .output(previewSchema),
    /** How it goes on; with `open`, in a new terminal window where one can be opened. */
    resume: oc.input(z.object({ id: sessionReferenceSchema, open: z.boolean() })).output(
      z.object({
        argv: z.array(z.string()),
        line: z.string(),
        cwd: z.string(),
        missingFolder: z.string().nullable(),
        openedIn: z.string().nullable(),
      }),
    ),
    export: oc
      .input(z.object({ id: sessionReferenceSchema, format: z.enum(['markdown', 'json']), ...ofDevice }))
      .output(z.object({ fileName: z.string(), text: z.string() })),
    cleanup: oc.input(z.object({ dryRun: z.boolean(), includeGone: z.boolean().default(false) })).output(
      z.object({
        deleted: z.int(),
        deletedByLimit: z.int(),
        deletedByAge: z.int(),
      }),
    ),
    /** Imports `agents/sessions` of all projects that are known. */
    importAll: oc.input(z.object({ dryRun: z.boolean() })).output(importResultSchema),
  },
  projects: {
    /** Imports the `agents/sessions` of one project: its name, or its folder with percent signs. */
    importSessions: post('/projects/{id}/import-sessions')
      .input(z.object({ id: z.string().min(1).max(4_096), dryRun: z.boolean().default(false) }))
      .output(importResultSchema),
  },
};
