// The messages of a session. A captured conversation is read from its transcript, as its source reads it; what was pushed behind its end,
// and is not in it yet, follows.

import type { SessionId } from '../../shared/model/ids.ts';
import type { SessionMessage } from '../../shared/model/session.ts';
import type { ConversationMessage } from '../sources/conversation/message.ts';
import { isReadCut, readEnds } from '../sources/conversation/read-end.ts';
import type { Source } from '../sources/source.ts';
import type { Vault } from '../vault/vault.ts';
import type { CapturedSession } from './captured-sessions.ts';
import { sessionNotFound } from './find-session.ts';

/** What a hook pushes is in the transcript at the next capture: so many of its last messages are compared. */
const COMPARED_MESSAGES = 50;
const ALL = 100_000;

export interface SessionMessages {
  readonly messages: readonly ConversationMessage[];
  readonly firstIndex: number;
  readonly messageCount: number;
  /** Of the window, what was broken off: by its message's id. */
  readonly partial: ReadonlySet<string>;
  /** Lines or messages that could not be read. */
  readonly unreadable: number;
  /** True where the transcript is so long that only its last part was read. */
  readonly isCut: boolean;
}

export async function readSessionMessages(
  deps: { readonly vault: Vault; readonly sources: readonly Source[] },
  id: SessionId,
  captured: CapturedSession | undefined,
  window: { readonly firstIndex?: number; readonly limit: number },
): Promise<SessionMessages> {
  const source = deps.sources.find((other) => other.id === captured?.item.source);
  if (captured === undefined || source?.readConversation === undefined) {
    const read = await deps.vault.readMessages(id, { ...window, limit: Math.min(window.limit, ALL) });
    return { ...read, ...view(read.messages), unreadable: read.damaged, isCut: false };
  }
  const { item, snapshotId } = captured;
  const conversation = await source.readConversation(item, {
    readStream: readEnds(item, (stream, fromByte) => deps.vault.readStream(snapshotId, item.key, stream, fromByte)),
  });
  const pushed = view(await readPushed(deps.vault, id, conversation.messages));
  const all = [...conversation.messages, ...pushed.messages];
  const firstIndex = Math.min(Math.max(0, window.firstIndex ?? all.length - window.limit), all.length);
  return {
    messages: all.slice(firstIndex, firstIndex + window.limit),
    firstIndex,
    messageCount: all.length,
    partial: pushed.partial,
    unreadable: conversation.unreadableLines,
    isCut: isReadCut(item),
  };
}

/** What is stored and newer than the transcript's end, less what stands there already. */
async function readPushed(
  vault: Vault,
  id: SessionId,
  captured: readonly ConversationMessage[],
): Promise<readonly SessionMessage[]> {
  const stored = await vault.readMessages(id, { limit: COMPARED_MESSAGES }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === sessionNotFound().code) return null;
    throw error;
  });
  const last = captured.slice(-COMPARED_MESSAGES);
  const there = new Set(last.map(({ role, text }) => `${role}\0${text.trim()}`));
  const endMs = last.reduce((most, { timeMs }) => Math.max(most, timeMs ?? 0), 0);
  return (stored?.messages ?? []).filter(
    ({ role, text, atMs }) => (atMs ?? 0) >= endMs && !there.has(`${role}\0${text.trim()}`),
  );
}

function view(messages: readonly SessionMessage[]): {
  readonly messages: readonly ConversationMessage[];
  readonly partial: ReadonlySet<string>;
} {
  return {
    messages: messages.map(toConversationMessage),
    partial: new Set(messages.filter(({ isPartial }) => isPartial).map(({ id }) => id)),
  };
}

function toConversationMessage({ id, role, atMs, model, text }: SessionMessage): ConversationMessage {
  return {
    id,
    role: role === 'assistant' ? 'assistant' : 'user',
    timeMs: atMs,
    model,
    text,
    parts: [{ type: 'text', text }],
    toolCalls: [],
    isMeta: role === 'system',
    isSidechain: false,
  };
}
