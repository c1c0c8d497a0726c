// Names of what Claude Code keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const CLAUDE_CODE = parseSourceId('claude-code');
/** The stream that holds a conversation's own transcript; those of its subagents stand in `subagents/`. */
export const TRANSCRIPT = 'transcript';

export function configFolder(host: Host): string {
  return host.env['CLAUDE_CONFIG_DIR'] || join(host.homeDir, '.claude');
}

export function conversationKey(sessionId: string): ItemKey {
  return parseItemKey(`claude-code:${sessionId}`);
}
