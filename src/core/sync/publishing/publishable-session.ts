// What of a session leaves the machine: its name, folder, and the text of its messages with their times and models. What tools were
// called with and gave back, thoughts, images and notes of the program stay here.

import type { JsonObject } from '../../../shared/model/json.ts';
import { PREVIEW_CHARACTERS } from '../../../shared/model/session.ts';
import type { Session } from '../../sessions/session.ts';
import { MAX_TITLE_LENGTH } from '../../sources/conversation/capture-conversations.ts';
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
    summary: summaryOf(name, messages).slice(0, MAX_SUMMARY),
    messages: messages
      .filter(({ isSidechain, isMeta, text }) => !isSidechain && !isMeta && text.trim() !== '')
      .map(({ id, role, text, timeMs, model: own }) => ({
        id: id === '' || id.length > 200 ? null : id,
        role,
        content: cutAtWord(text),
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

/**
 * The name without a word that was cut in its middle: half of a secret is no secret that a rule knows. A name that is as long as names get
 * was cut, and one that a message goes on after.
 */
function summaryOf(name: string, messages: readonly ConversationMessage[]): string {
  const isFull = name.length >= MAX_TITLE_LENGTH || Array.from(name).length === PREVIEW_CHARACTERS;
  const goesOn = (text: string): boolean => {
    const line = text
      .slice(0, name.length * 20 + 1_000)
      .replaceAll(/\s+/g, ' ')
      .trim();
    return name !== '' && line.startsWith(name) && /^\S/.test(line.slice(name.length));
  };
  if (!isFull && !messages.some(({ text }) => goesOn(text))) return name;
  const whole = name.slice(0, Math.max(0, name.lastIndexOf(' ')));
  return whole === '' ? 'Session' : `${whole} …`;
}

/** What is too long ends with its last whole word, for the same reason. */
function cutAtWord(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  let end = MAX_CHARACTERS;
  if (/\s/.test(text.charAt(end))) return text.slice(0, end);
  while (end > 0 && !/\s/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
