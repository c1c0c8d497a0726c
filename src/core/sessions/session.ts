// A session as the rest of Cairn sees it, wherever it lies: in a tool's transcript that a source has captured, in the vault alone, or in
// both. What makes two of them one is its id.

import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { ItemKey, SessionId } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { StoredSession } from '../../shared/model/session.ts';

/** What wrote a session that belongs to no tool of its own. */
export const CHAT_TOOL = 'chat';
export const AGENTS_TOOL = 'agents';

export interface Session {
  readonly id: SessionId;
  readonly name: string;
  /** Who serves the model: `anthropic`, `openai`; null where nobody said. */
  readonly provider: string | null;
  /** What holds the conversation: a source's id, `chat`, `agents`, or what a push calls itself. */
  readonly tool: string;
  /** What the tool itself calls the session. */
  readonly externalId: string;
  readonly model: string | null;
  readonly systemPrompt: string | null;
  /** The project's name. */
  readonly project: string | null;
  /** The folder it works in. */
  readonly folder: string | null;
  readonly status: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly messageCount: number;
  readonly preview: string;
  readonly pinned: boolean;
  readonly isLive: boolean;
  /** True where the tool's own copy is gone: what the vault has is the only one. */
  readonly isOriginGone: boolean;
  /** The item whose streams hold its messages; null where they lie in the vault as such. */
  readonly item: ItemKey | null;
  /** True where something of it is stored as a session of its own. */
  readonly isStored: boolean;
  /** What else is known, for a session of `agents/sessions`: type, phase, progress, commits. */
  readonly details: JsonObject;
}

const optionalText = z.string().nullable().default(null).catch(null);

const factsSchema = z.object({
  name: optionalText,
  /** True where the user gave the name: what the tool calls it no longer counts. */
  isRenamed: z.boolean().default(false).catch(false),
  provider: optionalText,
  tool: z.string().default(CHAT_TOOL).catch(CHAT_TOOL),
  externalId: z.string().default('').catch(''),
  model: optionalText,
  systemPrompt: optionalText,
  project: optionalText,
  folder: optionalText,
  slug: optionalText,
  status: optionalText,
  isOriginGone: z.boolean().default(false).catch(false),
  details: z.record(z.string(), z.json()).default({}).catch({}),
  /** Set on the mark that stays of a session that was deleted on purpose. */
  deletedAtMs: z.number().nullable().default(null).catch(null),
  /** When the session that was deleted had last changed: what is newer is another matter. */
  deletedStateAtMs: z.number().nullable().default(null).catch(null),
});

/** What a stored session says of itself. */
export type SessionFacts = z.infer<typeof factsSchema>;

/** Total: a fact that makes no sense is as if it was not there. */
export function readFacts({ facts }: Pick<StoredSession, 'facts'>): SessionFacts {
  return factsSchema.parse(facts);
}

/** The id of a session: the same wherever it is met. */
export function sessionIdOf(tool: string, externalId: string): SessionId {
  const digest = createHash('sha256').update(`${tool}\0${externalId}`).digest('hex');
  return digest.slice(0, 16) as SessionId; // 16 hexadecimal digits
}

/** What a session of `agents/sessions` is called: by its project's folder and its own, never by the id inside its file. */
export function agentExternalId(projectFolder: string, slug: string): string {
  return `${projectFolder}\0${slug}`;
}

/** A session that lies in the vault alone. */
export function fromStored(stored: StoredSession): Session {
  const facts = readFacts(stored);
  return {
    id: stored.id,
    name: facts.name ?? facts.slug ?? (stored.preview === '' ? 'New session' : stored.preview),
    provider: facts.provider,
    tool: facts.tool,
    externalId: facts.externalId,
    model: facts.model,
    systemPrompt: facts.systemPrompt,
    project: facts.project,
    folder: facts.folder,
    status: facts.status,
    createdAtMs: stored.createdAtMs,
    updatedAtMs: stored.updatedAtMs,
    messageCount: stored.messageCount,
    preview: stored.preview,
    pinned: stored.pinned,
    isLive: false,
    isOriginGone: facts.isOriginGone,
    item: null,
    isStored: true,
    details: facts.details,
  };
}
