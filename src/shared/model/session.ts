// A session: a conversation with an AI as an entity of its own, wherever it was held.

import type { SessionId } from './ids.ts';
import type { JsonObject } from './json.ts';

export const MESSAGE_ROLES = ['user', 'assistant', 'system'] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** What a session that is worked on may be. */
export const SESSION_STATUSES = ['active', 'paused', 'complete', 'failed'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Characters of the first user message that a list shows. */
export const PREVIEW_CHARACTERS = 50;

/** A message of a session that is stored as such. */
export interface SessionMessage {
  /** Unique within its session; whoever adds a message chooses it, so that adding twice adds once. */
  readonly id: string;
  readonly role: MessageRole;
  /** Null where nobody said. */
  readonly atMs: number | null;
  readonly model: string | null;
  readonly text: string;
  /** True while an answer comes in, and for ever where it was broken off. */
  readonly isPartial: boolean;
}

/** A stored session without its messages. */
export interface StoredSession {
  readonly id: SessionId;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly messageCount: number;
  /** The beginning of the first user message; empty before there is one. */
  readonly preview: string;
  readonly pinned: boolean;
  /** Everything else that is known of it, under 64 KiB; src/core/sessions says what. */
  readonly facts: JsonObject;
}

/** The first characters of a message, on one line, never half of one. */
export function previewOf(text: string): string {
  // Longer than what is kept of it: line ends and indents become one space.
  const line = text
    .slice(0, PREVIEW_CHARACTERS * 20)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return Array.from(line).slice(0, PREVIEW_CHARACTERS).join('');
}
