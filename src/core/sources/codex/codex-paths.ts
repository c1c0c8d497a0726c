// Names of what Codex keeps, and of what is kept of it.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export const CODEX = parseSourceId('codex');
/** The stream that holds a conversation's rollout. */
export const TRANSCRIPT = 'transcript';
/** The same where Codex has packed the file. */
export const PACKED_TRANSCRIPT = 'transcript.zst';

const ROLLOUT = /^rollout-[0-9T-]{10,40}-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl(\.zst)?$/;
/** Where rollouts lie below Codex' folder: by day, or all together once they are archived. */
export const ROLLOUT_PLACES = [
  { folder: 'sessions', names: [/^\d{4}$/, /^\d{2}$/, /^\d{2}$/, ROLLOUT] },
  { folder: 'archived_sessions', names: [ROLLOUT] },
] as const;

export function codexFolder(host: Host): string {
  return host.env['CODEX_HOME'] || join(host.homeDir, '.codex');
}

export function conversationKey(id: string): ItemKey {
  return parseItemKey(`codex:${id}`);
}

/** What the name of a rollout says; null where it is none. */
export function parseRolloutPath(path: string): { readonly id: string; readonly isPacked: boolean } | null {
  const match = ROLLOUT.exec(path.slice(path.lastIndexOf('/') + 1));
  return match?.[1] === undefined ? null : { id: match[1], isPacked: match[2] !== undefined };
}
