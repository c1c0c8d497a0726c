// Names of what Gemini CLI keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const GEMINI = parseSourceId('gemini');
/** The stream that holds the file that a conversation was begun in; those that resuming it left behind stand in `parts/`. */
export const TRANSCRIPT = 'transcript';
/** Gemini CLI writes the beginning of the id into the name of the file only. */
export const SESSION_FILE = /^session-[0-9T-]{10,30}-([0-9a-zA-Z_-]{1,8})\.jsonl?$/;
export const SUBAGENT_FILE = /^[0-9a-zA-Z_-]{1,64}\.jsonl$/;
export const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function geminiFolder(host: Host): string {
  return join(host.env['GEMINI_CLI_HOME'] || host.homeDir, '.gemini');
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`gemini:${id}`);
}
