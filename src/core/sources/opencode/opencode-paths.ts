// Names of what OpenCode keeps, and of what is kept of it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const OPENCODE = parseSourceId('opencode');
/** The stream that holds a session as `opencode export` writes it, which `opencode import` reads. */
export const SESSION = 'session';
export const SESSION_ID = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$/;

export function opencodeFolder({ env, homeDir }: Host): string {
  return join(env['XDG_DATA_HOME'] || join(homeDir, '.local', 'share'), 'opencode');
}

/** All sessions of a user lie in one database. */
export function databasePath(host: Host): string {
  return join(opencodeFolder(host), 'opencode.db');
}

export function hasDatabase(host: Host): boolean {
  return existsSync(databasePath(host));
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`opencode:${id}`);
}
