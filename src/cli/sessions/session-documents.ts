// Sessions as the JSON documents print them (docs/cli.md).

import type { ConversationMessage } from '../../core/sources/conversation/message.ts';
import type { Session } from '../../core/sessions/session.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import { toIso } from '../format/times.ts';

export function sessionDocument(session: Session): JsonObject {
  return {
    id: session.id,
    name: session.name,
    provider: session.provider,
    model: session.model,
    project: session.project,
    createdAt: toIso(session.createdAtMs),
    updatedAt: toIso(session.updatedAtMs),
    messageCount: session.messageCount,
    preview: session.preview,
    tool: session.tool,
    externalId: session.externalId,
    folder: session.folder,
    status: session.status,
    pinned: session.pinned,
    live: session.isLive,
    originGone: session.isOriginGone,
    details: session.details,
  };
}

export function messageDocument(message: ConversationMessage, isPartial: boolean): object {
  const { id, role, timeMs, model, text, toolCalls, isMeta } = message;
  return {
    id,
    role: isMeta ? 'system' : role,
    at: timeMs === null ? null : toIso(timeMs),
    model,
    content: text,
    ...(toolCalls.length === 0 ? {} : { toolCalls: toolCalls.map(({ name, isError }) => ({ name, isError })) }),
    ...(isPartial ? { partial: true } : {}),
  };
}
