// Names of what Continue keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const CONTINUE = parseSourceId('continue');
/** The stream that holds a session's file. */
export const TRANSCRIPT = 'transcript';
/** The list of all sessions lies beside them. */
export const SESSION_FILE = /^(?!sessions\.json$)([0-9a-zA-Z][0-9a-zA-Z_-]{0,99})\.json$/;

export function continueFolder(host: Host): string {
  return host.env['CONTINUE_GLOBAL_DIR'] || join(host.homeDir, '.continue');
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`continue:${id}`);
}
