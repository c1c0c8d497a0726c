// What the vault does for sessions: it keeps them and their messages, sealed, each change one transaction. What a session is, where it
// comes from and which ones may go, src/core/sessions decides.

import type { SessionId } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { SessionMessage, StoredSession } from '../../shared/model/session.ts';

export interface SessionChange {
  readonly id: SessionId;
  readonly nowMs: number;
  /** Makes the session where it is not there; without it a session that is not there is an error. */
  readonly create?: { readonly createdAtMs: number };
  /** Goes over what is there, member by member. */
  readonly facts?: JsonObject;
  readonly pinned?: boolean;
  /** Never goes back. */
  readonly updatedAtMs?: number;
  /**
   * Added at the end, in order. One whose id the session has already is left out, unless what is there is partial: then it takes its
   * place.
   */
  readonly messages?: readonly SessionMessage[];
  /** Messages whose id is there take the place of what is there, if they say something else. */
  readonly replaces?: boolean;
  /** Goes behind the text of a partial message, which must be there. */
  readonly answer?: { readonly messageId: string; readonly text: string };
}

export interface SessionSaved {
  readonly session: StoredSession;
  /** Messages that were added or took the place of a partial one. */
  readonly savedMessages: number;
  readonly isNew: boolean;
}

export interface MessageWindow {
  readonly messages: readonly SessionMessage[];
  /** Of all messages, the position of the first one here. */
  readonly firstIndex: number;
  readonly messageCount: number;
  /** Messages of the window that do not authenticate and are left out. */
  readonly damaged: number;
}

/** What goes, and what stays as a mark that it was deleted on purpose: facts without messages, or nothing. */
export interface SessionRemoval {
  readonly id: SessionId;
  readonly mark: JsonObject | null;
}

export interface SessionSearchQuery {
  readonly text: string;
  /** At most so many messages. */
  readonly limit: number;
  /** After this long the search gives what it has. */
  readonly budgetMs: number;
  /** Only messages of this stretch of time. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** A message that holds what was looked for. */
export interface SessionMatch {
  readonly id: SessionId;
  readonly messageId: string;
  /** Its place among the messages, from 0. */
  readonly position: number;
  readonly role: SessionMessage['role'];
  readonly atMs: number;
  /** The line around the hit, without control sequences; the hit stands between the two positions. */
  readonly line: string;
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

export interface SessionSearchAnswer {
  /** Of the newest sessions first, one hit a message. */
  readonly matches: readonly SessionMatch[];
  /** True where all messages were looked through. */
  readonly isComplete: boolean;
}

export interface VaultSessions {
  /** All stored sessions, in no order. */
  listSessions(): Promise<readonly StoredSession[]>;
  /** Null where it is not stored. */
  findSession(id: SessionId): Promise<StoredSession | null>;
  /** @throws AppError SESSION_NOT_FOUND, USAGE_INVALID where something is too large */
  saveSession(change: SessionChange): Promise<SessionSaved>;
  /** A window of messages in their order; the newest ones where no first index is given. @throws AppError SESSION_NOT_FOUND */
  readMessages(id: SessionId, window: { readonly firstIndex?: number; readonly limit: number }): Promise<MessageWindow>;
  /** Looks for words in the messages of stored sessions, as `search` does in what was captured. */
  searchSessions(query: SessionSearchQuery): Promise<SessionSearchAnswer>;
  /** Removes sessions with their messages; those that are not there are no error. Gives how many were. */
  removeSessions(removals: readonly SessionRemoval[]): Promise<number>;
}
