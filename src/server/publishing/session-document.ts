// What a device sends to be published, and what is sealed of it.

import { z } from 'zod';

import { MESSAGE_ROLES } from '../../shared/model/session.ts';
import { isBoundedJson } from './bounded-json.ts';

const MAX_MESSAGES = 10_000;
const MAX_MESSAGE_CHARACTERS = 1_000_000;
const MAX_SUMMARY = 20_000;
const MAX_PATH = 4_096;

/** What a device calls a session: part of what the server may read, so it is short and of few letters. */
export const sessionIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'letters, digits and . _ : -, at most 128');

const timeSchema = z.iso.datetime({ offset: true });

export const messageInputSchema = z.strictObject({
  id: z.string().max(200).nullish(),
  role: z.enum(MESSAGE_ROLES),
  content: z.string().max(MAX_MESSAGE_CHARACTERS),
  at: timeSchema.nullish(),
  model: z.string().max(300).nullish(),
});

export const syncSessionInputSchema = z.strictObject({
  sessionId: sessionIdSchema,
  projectPath: z.string().max(MAX_PATH),
  summary: z.string().max(MAX_SUMMARY),
  messages: z.array(messageInputSchema).max(MAX_MESSAGES),
  metadata: z.record(z.string().max(300), z.json()).refine(isBoundedJson, 'too deep or too large').nullish(),
  team: z.string().max(64).nullish(),
  expiresAt: timeSchema.nullish(),
  changedAt: timeSchema.nullish(),
  baseVersion: z.int().min(0).nullish(),
});
export type SyncSessionInput = z.output<typeof syncSessionInputSchema>;

export interface PublishedMessage {
  readonly id: string | null;
  readonly role: (typeof MESSAGE_ROLES)[number];
  readonly content: string;
  readonly at: string | null;
  readonly model: string | null;
}

const nullableText = z.string().nullable().default(null);

/** What a list shows. */
export const headSchema = z.object({ projectPath: z.string(), summary: z.string() });
export type SessionHead = z.output<typeof headSchema>;

export const bodySchema = z.object({
  messages: z.array(
    z.object({
      id: nullableText,
      role: z.enum(MESSAGE_ROLES),
      content: z.string(),
      at: nullableText,
      model: nullableText,
    }),
  ),
  metadata: z.record(z.string(), z.json()),
});
export type SessionBody = z.output<typeof bodySchema>;

/** All of the input that is text of the session: what is searched, and then sealed. */
export const documentSchema = headSchema.extend(bodySchema.shape);
export type SessionDocument = z.output<typeof documentSchema>;

export function documentOf({ projectPath, summary, messages, metadata }: SyncSessionInput): SessionDocument {
  return {
    projectPath,
    summary,
    messages: messages.map(({ id = null, role, content, at = null, model = null }) => ({
      id,
      role,
      content,
      at,
      model,
    })),
    metadata: metadata ?? {},
  };
}
