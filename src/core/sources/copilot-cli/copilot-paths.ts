// Names of what Copilot CLI keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const COPILOT = parseSourceId('copilot-cli');
/** The stream that holds a session's events. */
export const TRANSCRIPT = 'transcript';
export const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What else is kept of a session's folder: its name and folder, the plan, and what compactions left. */
export const SIDE_FILE = /^(?:workspace\.yaml|plan\.md|checkpoints\/[0-9a-zA-Z][0-9a-zA-Z._-]{0,100}\.md)$/;

export function copilotFolder(host: Host): string {
  return host.env['COPILOT_HOME'] || join(host.homeDir, '.copilot');
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`copilot-cli:${id}`);
}
