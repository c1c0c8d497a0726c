// What of a session leaves the machine: its name, folder, and the text of its messages with their times and models. What tools were
// called with and gave back, thoughts, images and notes of the program stay here.

import type { JsonObject } from '../../../shared/model/json.ts';
import type { Session } from '../../sessions/session.ts';
import type { ConversationMessage } from '../../sources/conversation/message.ts';

/** What the server takes of one message. */
const MAX_CHARACTERS = 1_000_000;
const MAX_SUMMARY = 20_000;

export interface PublishableMessage {
  readonly id: string | null;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly at: string | null;
  readonly model: string | null;
}

export interface PublishableSession {
  readonly projectPath: string;
  readonly summary: string;
  readonly messages: readonly PublishableMessage[];
  readonly metadata: JsonObject;
}

export function publishableSession(session: Session, messages: readonly ConversationMessage[]): PublishableSession {
  const { name, folder, project, tool, provider, model, status, createdAtMs } = session;
  return {
    projectPath: folder ?? project ?? '',
    summary: name.slice(0, MAX_SUMMARY),
    messages: messages
      .filter(({ isSidechain, isMeta, text }) => !isSidechain && !isMeta && text.trim() !== '')
      .map(({ id, role, text, timeMs, model: own }) => ({
        id: id === '' || id.length > 200 ? null : id,
        role,
        content: text.slice(0, MAX_CHARACTERS),
        at: timeMs === null ? null : new Date(timeMs).toISOString(),
        model: own === null ? null : own.slice(0, 300),
      })),
    metadata: {
      tool,
      createdAt: new Date(createdAtMs).toISOString(),
      ...(project === null ? {} : { project }),
      ...(provider === null ? {} : { provider }),
      ...(model === null ? {} : { model }),
      ...(status === null ? {} : { status }),
    },
  };
}
