// The part of the fake vault that keeps sessions.

import { AppError } from '../../src/shared/model/app-error.ts';
import type { SessionId } from '../../src/shared/model/ids.ts';
import { previewOf, type SessionMessage, type StoredSession } from '../../src/shared/model/session.ts';
import type {
  MessageWindow,
  SessionChange,
  SessionRemoval,
  SessionSaved,
  SessionSearchAnswer,
  SessionSearchQuery,
} from '../../src/core/vault/vault-sessions.ts';

interface Kept {
  session: StoredSession;
  readonly madeAtMs: number;
  messages: { readonly message: SessionMessage; readonly storedAtMs: number }[];
}

export class FakeSessions {
  readonly #kept = new Map<SessionId, Kept>();

  list(): readonly StoredSession[] {
    return [...this.#kept.values()].map(({ session }) => session);
  }

  save(change: SessionChange): SessionSaved {
    const found = this.#kept.get(change.id);
    if (found === undefined && change.create === undefined) throw notFound();
    const createdAtMs = change.create?.createdAtMs ?? change.nowMs;
    const fresh = { createdAtMs, updatedAtMs: createdAtMs, messageCount: 0, preview: '', pinned: false, facts: {} };
    const kept: Kept = found ?? { session: { id: change.id, ...fresh }, madeAtMs: change.nowMs, messages: [] };
    const saved: SessionMessage[] = [];
    for (const message of change.messages ?? []) {
      const at = kept.messages.findIndex((other) => other.message.id === message.id);
      const there = kept.messages[at]?.message;
      const isOther = change.replaces === true && there?.text !== message.text;
      if (there !== undefined && !there.isPartial && !isOther) continue;
      if (at === 0) kept.session = { ...kept.session, preview: '' };
      const entry = { message, storedAtMs: change.nowMs };
      if (at >= 0) kept.messages[at] = entry;
      else kept.messages.push(entry);
      saved.push(message);
    }
    const { answer } = change;
    if (answer !== undefined) {
      const at = kept.messages.findIndex(({ message }) => message.id === answer.messageId);
      const entry = kept.messages[at];
      if (entry === undefined) throw notFound();
      const text = entry.message.text + (entry.message.isPartial ? answer.text : '');
      kept.messages[at] = { ...entry, message: { ...entry.message, text } };
    }
    const firstOfUser = saved.find(({ role }) => role === 'user');
    const { session } = kept;
    kept.session = {
      ...session,
      updatedAtMs: Math.max(
        session.updatedAtMs,
        change.updatedAtMs ?? 0,
        ...saved.map(({ atMs }) => atMs ?? change.nowMs).slice(-1),
      ),
      messageCount: kept.messages.length,
      preview: session.preview === '' && firstOfUser !== undefined ? previewOf(firstOfUser.text) : session.preview,
      pinned: change.pinned ?? session.pinned,
      facts: { ...session.facts, ...change.facts },
    };
    this.#kept.set(change.id, kept);
    return { session: kept.session, savedMessages: saved.length, isNew: found === undefined };
  }

  readMessages(id: SessionId, window: { readonly firstIndex?: number; readonly limit: number }): MessageWindow {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw notFound();
    const messageCount = kept.messages.length;
    const firstIndex = Math.min(Math.max(0, window.firstIndex ?? messageCount - window.limit), messageCount);
    const messages = kept.messages.slice(firstIndex, firstIndex + window.limit).map(({ message }) => message);
    return { messages, firstIndex, messageCount, damaged: 0 };
  }

  search({ text, limit }: SessionSearchQuery): SessionSearchAnswer {
    const needle = text.toLowerCase();
    const matches = [...this.#kept.values()].flatMap(({ session, messages }) =>
      messages.flatMap(({ message }, position) => {
        const from = message.text.toLowerCase().indexOf(needle);
        if (from < 0) return [];
        const { id: messageId, role, atMs, text: line } = message;
        const to = from + needle.length;
        return [{ id: session.id, messageId, position, role, atMs: atMs ?? 0, line, from, to, score: 1 }];
      }),
    );
    return { matches: matches.slice(0, limit), isComplete: matches.length <= limit };
  }

  remove(removals: readonly SessionRemoval[]): number {
    let removed = 0;
    for (const { id, mark } of removals) {
      const kept = this.#kept.get(id);
      if (kept === undefined) continue;
      removed += 1;
      this.#kept.delete(id);
      const session = { ...kept.session, messageCount: 0, preview: '', pinned: false };
      if (mark !== null) this.#kept.set(id, { ...kept, session: { ...session, facts: mark }, messages: [] });
    }
    return removed;
  }

  forget(sinceMs: number): void {
    for (const [id, kept] of this.#kept) {
      if (kept.madeAtMs >= sinceMs) this.#kept.delete(id);
      const cut = kept.messages.findIndex(({ storedAtMs }) => storedAtMs >= sinceMs);
      if (cut < 0) continue;
      kept.messages = kept.messages.slice(0, cut);
      const times = kept.messages.map(({ message }) => message.atMs ?? 0);
      kept.session = {
        ...kept.session,
        messageCount: cut,
        updatedAtMs: Math.max(kept.session.createdAtMs, ...times),
        preview: kept.messages.some(({ message }) => message.role === 'user') ? kept.session.preview : '',
      };
    }
  }
}

function notFound(): AppError {
  return new AppError('SESSION_NOT_FOUND', 'There is no such session.');
}
