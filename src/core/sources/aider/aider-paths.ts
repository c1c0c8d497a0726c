// Names of what aider keeps, and of what is kept of it.

import { createHash } from 'node:crypto';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';

export const AIDER = parseSourceId('aider');
/** The stream that holds the file of a project. */
export const TRANSCRIPT = 'transcript';
export const HISTORY_FILE = '.aider.chat.history.md';

/** Names the conversation of a folder: aider has no ids. */
export function conversationId(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}

export function conversationKey(folder: string): ItemKey {
  return parseItemKey(`aider:${conversationId(folder)}`);
}
