// Names of what the Cline CLI keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const CLINE = parseSourceId('cline');
/** The stream that holds a session's messages. */
export const TRANSCRIPT = 'transcript';
/** The stream that holds what Cline says about the session. */
export const SESSION = 'session.json';
export const SESSION_ID = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$/;
export const MESSAGES_FILE = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}\.messages\.json$/;

export function clineFolder(host: Host): string {
  return host.env['CLINE_DATA_DIR'] || join(host.env['CLINE_DIR'] || join(host.homeDir, '.cline'), 'data');
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`cline:${id}`);
}
