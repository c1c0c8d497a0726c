// Another device's sessions, as records of its lane: the same list and the same messages as there.

import { AppError } from '../../../shared/model/app-error.ts';
import type { SessionId } from '../../../shared/model/ids.ts';
import { messageKeyOf, readMessages, removeSessions, saveSession } from '../log/sessions.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SessionEvent } from './events.ts';

/**
 * Does what an event says. Doing it twice, with those that follow, ends the same. What does not fit to what is here is left out: its
 * session is told anew sooner or later. Call with the writer's lock held.
 */
export function takeSession(state: VaultState, event: SessionEvent): void {
  try {
    take(state, event);
  } catch (error) {
    const isMisfit = error instanceof AppError && ['SESSION_NOT_FOUND', 'USAGE_INVALID'].includes(error.code);
    if (!isMisfit) throw error;
  }
}

/** How many sessions with messages would have none after these events (S8). */
export function countEmptied(state: VaultState, events: readonly SessionEvent[]): number {
  const emptied = new Set<SessionId>();
  for (const event of events) {
    const empties = event.type === 'session-gone' || (event.type === 'session' && event.begins);
    if (empties && state.sessions.find(event.id) !== undefined) emptied.add(event.id);
    else if (event.type === 'messages') emptied.delete(event.id);
  }
  return [...emptied].filter((id) => (state.sessions.find(id)?.session.messageCount ?? 0) > 0).length;
}

function take(state: VaultState, event: SessionEvent): void {
  const { id } = event;
  switch (event.type) {
    case 'session': {
      const { begins, createdAtMs, updatedAtMs, pinned, facts } = event;
      if (begins) removeSessions(state, [{ id, mark: null }]);
      saveSession(state, { id, nowMs: updatedAtMs, create: { createdAtMs }, facts, pinned, updatedAtMs });
      return;
    }
    case 'messages':
      saveSession(state, { id, nowMs: savedAtMs(state, id), messages: event.messages, replaces: true });
      return;
    case 'text':
      takePiece(state, event);
      return;
    case 'session-gone':
      removeSessions(state, [{ id, mark: null }]);
      return;
  }
}

function takePiece(state: VaultState, event: Extract<SessionEvent, { type: 'text' }>): void {
  const { id, messageId, at, text, isLast, isPartial } = event;
  const place = state.sessions.find(id);
  const key = place === undefined ? undefined : messageKeyOf(state.keys, place.number, messageId);
  const row =
    place === undefined || key === undefined ? undefined : state.read.sessionParts.findMessage(place.number, key);
  if (row === undefined) return;
  const [message] = readMessages(state, id, { firstIndex: row.position, limit: 1 }).messages;
  if (message?.isPartial !== true || message.text.length < at) return;
  const nowMs = savedAtMs(state, id);
  const isNew = message.text.length === at;
  if (isLast) {
    const whole = { ...message, text: message.text.slice(0, at) + text, isPartial };
    saveSession(state, { id, nowMs, messages: [whole] });
  } else if (isNew) saveSession(state, { id, nowMs, answer: { messageId, text } });
}

function savedAtMs(state: VaultState, id: SessionId): number {
  return state.sessions.find(id)?.session.updatedAtMs ?? 0;
}
