// The part of the contract that concerns published sessions and teams. A published session is no part of the vault's replica: the
// server can read it, and so can the team.

import { oc } from '@orpc/contract';
import { z } from 'zod';

import { MESSAGE_ROLES } from '../model/session.ts';
import { timeSchema } from './schemas.ts';
import { sessionSchema } from './sessions.ts';

const sessionReferenceSchema = z.string().min(1).max(300);
/** What the server calls a published session. */
const publicationIdSchema = z.string().min(1).max(300);
const teamIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
/** A team's id; `me` for nobody else; left out: the team that the session's project is mapped to, else nobody else. */
const audienceSchema = z.union([z.literal('me'), teamIdSchema]);
const roleSchema = z.enum(['owner', 'member']);
const done = z.object({ ok: z.literal(true) });

export const teamSchema = z.object({
  id: teamIdSchema,
  name: z.string(),
  /** What one is in it oneself. */
  role: roleSchema,
  createdAt: timeSchema,
});
export type TeamView = z.infer<typeof teamSchema>;

export const publishedSessionSchema = z.object({
  id: publicationIdSchema,
  /** What its author's device calls it. */
  sessionId: z.string(),
  summary: z.string(),
  project: z.string(),
  author: z.object({ id: z.string(), name: z.string() }),
  /** True where one has published it oneself. */
  mine: z.boolean(),
  /** Whom it is published to; null: to its author alone. */
  team: z.object({ id: teamIdSchema, name: z.string() }).nullable(),
  messageCount: z.int().min(0),
  /** Places where a secret was taken out. */
  redactions: z.int().min(0),
  version: z.int().min(1),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  expiresAt: timeSchema.nullable(),
});
export type PublishedSessionView = z.infer<typeof publishedSessionSchema>;

export const redactionFindingSchema = z.object({
  rule: z.string(),
  /** As in `[REDACTED:rule:number]`. */
  number: z.int().min(1),
  /** How it begins, where its form says who issued it, and how long it is; never the value. */
  masked: z.string(),
  count: z.int().min(1),
  /** `summary`, `message 3`, `details`: at most ten. */
  places: z.array(z.string()),
  /** What stands around it once it is taken out: at most three pieces. */
  contexts: z.array(z.string()),
});

export const publishPreviewSchema = z.object({
  session: z.object({ id: z.string(), name: z.string(), project: z.string().nullable() }),
  /** To whom it would go. */
  to: z.object({ team: z.object({ id: teamIdSchema, name: z.string() }).nullable() }),
  messageCount: z.int().min(0),
  /** True where the transcript is so long that only its last part would go. */
  isCut: z.boolean().optional(),
  sizeBytes: z.int().min(0),
  findings: z.array(redactionFindingSchema),
  /** Distinct secrets, and the places where they stood. */
  secrets: z.int().min(0),
  places: z.int().min(0),
  /** Names exactly what was shown; `publish` with it publishes that or nothing. */
  digest: z.string(),
  /** What is published there already; null where nothing is. */
  published: publishedSessionSchema.nullable(),
});
export type PublishPreview = z.infer<typeof publishPreviewSchema>;

const publishedMessageSchema = z.object({
  id: z.string().nullable(),
  role: z.enum(MESSAGE_ROLES),
  content: z.string(),
  at: z.string().nullable(),
  model: z.string().nullable(),
});

export const publishingContract = {
  publishing: {
    /** What would leave, with its secrets taken out, and what those are. Nothing leaves. */
    preview: oc
      .input(z.object({ id: sessionReferenceSchema, to: audienceSchema.optional() }))
      .output(publishPreviewSchema),
    /** Publishes a session, or its next state. */
    publish: oc
      .input(
        z.object({
          id: sessionReferenceSchema,
          to: audienceSchema.optional(),
          /** When it goes by itself; never, where it is null or left out. */
          expiresAt: timeSchema.nullish(),
          /** Of the preview that was agreed to. */
          digest: z.string().max(100),
        }),
      )
      .output(
        z.object({
          session: publishedSessionSchema,
          /** Distinct secrets that were taken out on this device. */
          secrets: z.int().min(0),
          /** Distinct secrets that the server found beside those. */
          secretsFoundByServer: z.int().min(0),
        }),
      ),
    /** What one may read: one's own and one's teams', last published first. */
    list: oc
      .input(z.object({ limit: z.int().min(1).max(100).default(50), cursor: z.string().max(1_000).optional() }))
      .output(z.object({ sessions: z.array(publishedSessionSchema), cursor: z.string().optional() })),
    read: oc
      .input(z.object({ id: publicationIdSchema }))
      .output(publishedSessionSchema.extend({ messages: z.array(publishedMessageSchema) })),
    /** Takes it back: nobody can read it from then on. */
    withdraw: oc.input(z.object({ id: publicationIdSchema })).output(publishedSessionSchema),
    /** Takes it into one's own sessions, to go on with. */
    continue: oc.input(z.object({ id: publicationIdSchema })).output(z.object({ session: sessionSchema })),
  },
  teams: {
    list: oc.output(z.object({ teams: z.array(teamSchema) })),
    create: oc.input(z.object({ name: z.string().trim().min(1).max(100) })).output(teamSchema),
    /** A code that lets one person in, once; it is seen here only. */
    invite: oc
      .input(z.object({ team: teamIdSchema, role: roleSchema.default('member') }))
      .output(z.object({ code: z.string(), expiresAt: timeSchema })),
    join: oc.input(z.object({ code: z.string().trim().min(1).max(200) })).output(teamSchema),
    members: oc.input(z.object({ team: teamIdSchema })).output(
      z.object({
        members: z.array(
          z.object({ id: z.string(), name: z.string(), role: roleSchema, joinedAt: timeSchema, me: z.boolean() }),
        ),
      }),
    ),
    /** Takes somebody out, or leaves. */
    removeMember: oc.input(z.object({ team: teamIdSchema, member: z.string().min(1).max(100) })).output(done),
    setRole: oc
      .input(z.object({ team: teamIdSchema, member: z.string().min(1).max(100), role: roleSchema }))
      .output(done),
    /** From now on the sessions of this folder are published to the team; null: to nobody else. */
    mapProject: oc
      .input(z.object({ projectPath: z.string().min(1).max(4_096), team: teamIdSchema.nullable() }))
      .output(done),
    projects: oc.output(z.object({ projects: z.array(z.object({ projectPath: z.string(), team: teamIdSchema })) })),
  },
};
