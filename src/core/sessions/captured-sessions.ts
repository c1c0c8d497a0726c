// Conversations that sources have captured, as sessions: the newest snapshot holds the newest version of each, those too whose origin is
// gone. Their messages are read when they are asked for.

import type { SessionId, SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import { previewOf, type StoredSession } from '../../shared/model/session.ts';
import { projectOf, repositoryRoots, type ProjectRoot } from '../../shared/timeline/project.ts';
import type { Vault } from '../vault/vault.ts';
import { readFacts, sessionIdOf, type Session } from './session.ts';

export interface CapturedSession {
  readonly session: Session;
  readonly snapshotId: SnapshotId;
  readonly item: SnapshotItem;
}

/** The last moment whose year has four digits. */
const MAX_TIME_MS = Date.UTC(10_000, 0) - 1;

/** All conversations of the newest snapshot, by the session's id. */
export async function readCapturedSessions(
  vault: Pick<Vault, 'listSnapshots' | 'readSnapshot'>,
): Promise<ReadonlyMap<SessionId, CapturedSession>> {
  const [newest] = await vault.listSnapshots({ limit: 1 });
  if (newest === undefined) return new Map();
  const { itemList } = await vault.readSnapshot(newest.id);
  const roots = repositoryRoots(itemList);
  const sessions = itemList
    .filter(({ kind }) => kind === 'conversation')
    .map((item) => ({ session: sessionOfItem(item, roots, newest.takenAtMs), snapshotId: newest.id, item }));
  return new Map(sessions.map((captured) => [captured.session.id, captured]));
}

/** A captured conversation as the session that it is. */
export function sessionOfItem(item: SnapshotItem, roots: readonly ProjectRoot[], takenAtMs: number): Session {
  const { attributes } = item;
  const text = (name: string): string | null => {
    const value = attributes[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const number = (name: string): number | null => {
    const value = attributes[name];
    return typeof value === 'number' && value >= 0 && value <= MAX_TIME_MS ? value : null;
  };
  const externalId = text('id') ?? item.key.slice(item.key.indexOf(':') + 1);
  const updatedAtMs = number('updatedAtMs') ?? number('createdAtMs') ?? takenAtMs;
  return {
    id: sessionIdOf(item.source, externalId),
    name: item.title,
    provider: text('provider'),
    tool: item.source,
    externalId,
    model: text('model'),
    systemPrompt: null,
    project: projectOf(item, roots) ?? null,
    folder: text('cwd'),
    status: null,
    createdAtMs: number('createdAtMs') ?? updatedAtMs,
    updatedAtMs,
    messageCount: Math.trunc(number('messageCount') ?? 0),
    preview: previewOf(text('firstMessage') ?? ''),
    pinned: false,
    isLive: attributes['isLive'] === true && !item.stale,
    isOriginGone: attributes['isOriginGone'] === true,
    item: item.key,
    isStored: false,
    details: {},
  };
}

/** One session in both places: the transcript says what was said, the vault what the user made of it. */
export function mergeSession(captured: Session, stored: StoredSession): Session {
  const facts = readFacts(stored);
  return {
    ...captured,
    name: facts.isRenamed && facts.name !== null ? facts.name : captured.name,
    provider: captured.provider ?? facts.provider,
    model: captured.model ?? facts.model,
    systemPrompt: facts.systemPrompt,
    status: facts.status,
    updatedAtMs: Math.max(captured.updatedAtMs, stored.updatedAtMs),
    messageCount: Math.max(captured.messageCount, stored.messageCount),
    preview: captured.preview === '' ? stored.preview : captured.preview,
    pinned: stored.pinned,
    isStored: true,
    details: facts.details,
  };
}
