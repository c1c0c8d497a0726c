// Branded identifiers. A plain string never passes for one: each is made only by its `parse` or `new` function.

import { AppError } from './app-error.ts';

declare const brand: unique symbol;
type Brand<Name extends string> = { readonly [brand]: Name };

/** Names a source: `tmux`, `git`, `firefox`, `chromium`, `claude-code` ... */
export type SourceId = string & Brand<'SourceId'>;
/** Names an item, stable between captures, and begins with its source: `tmux:main:1.0`. */
export type ItemKey = string & Brand<'ItemKey'>;
/** Names a snapshot: 16 lowercase hexadecimal digits, random, unique in a vault. */
export type SnapshotId = string & Brand<'SnapshotId'>;
/** Names a checkpoint: 16 lowercase hexadecimal digits, random, unique in a vault. */
export type CheckpointId = string & Brand<'CheckpointId'>;
/** Names a session: 16 lowercase hexadecimal digits, made of what the session is called where it was held. */
export type SessionId = string & Brand<'SessionId'>;

const SOURCE_ID = /^[a-z][a-z0-9-]{0,31}$/;
const HEX_ID = /^[0-9a-f]{16}$/;
const MAX_ITEM_KEY_LENGTH = 1024;

/** Gives the text as a source id, or throws `USAGE_INVALID`. */
export function parseSourceId(text: string): SourceId {
  if (!SOURCE_ID.test(text)) throw invalidId('source', text);
  return text as SourceId; // checked on the line above
}

/** Gives the text as an item key (`source:rest`, at most 1,024 characters), or throws `USAGE_INVALID`. */
export function parseItemKey(text: string): ItemKey {
  const colon = text.indexOf(':');
  if (colon < 1 || text.length > MAX_ITEM_KEY_LENGTH || !SOURCE_ID.test(text.slice(0, colon))) {
    throw invalidId('item', text);
  }
  return text as ItemKey; // checked above
}

/** Gives the text as a snapshot id, or throws `USAGE_INVALID`. */
export function parseSnapshotId(text: string): SnapshotId {
  if (!HEX_ID.test(text)) throw invalidId('snapshot', text);
  return text as SnapshotId; // checked on the line above
}

/** Gives the text as a checkpoint id, or throws `USAGE_INVALID`. */
export function parseCheckpointId(text: string): CheckpointId {
  if (!HEX_ID.test(text)) throw invalidId('checkpoint', text);
  return text as CheckpointId; // checked on the line above
}

/** Gives the text as a session id, or throws `USAGE_INVALID`. */
export function parseSessionId(text: string): SessionId {
  if (!HEX_ID.test(text)) throw invalidId('session', text);
  return text as SessionId; // checked on the line above
}

function invalidId(what: string, text: string): AppError {
  // An id that does not parse may be anything the caller typed: only its length is repeated.
  return new AppError('USAGE_INVALID', `This is not a ${what} id (${text.length} characters).`, {
    hint: `Take the id from \`cairn list\` or \`cairn show\`.`,
  });
}
