// The messages of stored sessions, for whoever looks for secrets in them or takes some out.

import type { SessionId } from '../../shared/model/ids.ts';
import type { SessionMessage } from '../../shared/model/session.ts';
import type { Vault } from '../vault/vault.ts';

const WINDOW = 200;

/** A message that holds a secret value. */
export interface MessageSpot {
  readonly session: SessionId;
  readonly preview: string;
  readonly messageId: string;
  readonly atMs: number;
  /** One byte a character, as texts are looked through. */
  readonly value: string;
}

export interface SessionText {
  readonly session: SessionId;
  readonly preview: string;
  readonly message: SessionMessage;
  readonly atMs: number;
}

/** Every message of every stored session. One that is deleted meanwhile is left out. */
export async function* eachSessionText(
  vault: Pick<Vault, 'listSessions' | 'readMessages'>,
): AsyncGenerator<SessionText> {
  for (const { id, preview, messageCount, updatedAtMs } of await vault.listSessions()) {
    for (let firstIndex = 0; firstIndex < messageCount; firstIndex += WINDOW) {
      const { messages } = await vault.readMessages(id, { firstIndex, limit: WINDOW });
      for (const message of messages) yield { session: id, preview, message, atMs: message.atMs ?? updatedAtMs };
    }
  }
}

/**
 * Puts stars of the same length where the values stood. Gives how many messages were changed.
 * @param nowMs when this is done
 */
export async function redactMessages(
  vault: Pick<Vault, 'listSessions' | 'readMessages' | 'saveSession'>,
  spots: readonly MessageSpot[],
  nowMs: number,
): Promise<number> {
  const values = new Map<string, Set<string>>();
  for (const { session, messageId, value } of spots) {
    const name = `${session} ${messageId}`;
    values.set(name, (values.get(name) ?? new Set()).add(fromLatin1(value)));
  }
  let changed = 0;
  for await (const { session, message } of eachSessionText(vault)) {
    const found = values.get(`${session} ${message.id}`);
    if (found === undefined) continue;
    // The longest first: one value may begin another.
    const ordered = [...found].toSorted((a, b) => b.length - a.length);
    const text = ordered.reduce((rest, value) => rest.replaceAll(value, '*'.repeat(value.length)), message.text);
    if (text === message.text) continue;
    await vault.saveSession({ id: session, nowMs, messages: [{ ...message, text }], replaces: true });
    changed += 1;
  }
  return changed;
}

/** The text as one byte a character, so that what is found in it compares with what was captured. */
export function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function fromLatin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
