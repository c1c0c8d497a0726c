// A server's GraphQL as far as the client asks, in memory. The real one answers the same questions in
// test/server/publishing/client.test.ts.

import { AppError } from '../../src/shared/model/app-error.ts';
import type { ServerLink } from '../../src/core/sync/publishing/server-link.ts';

const TEAM = { id: '0123456789abcdef', name: 'Crew', role: 'owner', createdAt: '2026-01-15T12:00:00.000Z' };

interface Variables {
  readonly id: string;
  readonly sessionId: string;
  readonly team?: string;
  readonly input: {
    readonly sessionId: string;
    readonly summary: string;
    readonly projectPath: string;
    readonly team?: string;
    readonly expiresAt?: string;
    readonly messages: readonly unknown[];
    readonly metadata: unknown;
  };
}

interface StoredSession {
  readonly id: string;
  readonly [name: string]: unknown;
}

export class FakePublishingServer implements ServerLink {
  readonly sessions = new Map<string, StoredSession>();
  /** All that ever arrived here. */
  readonly received: string[] = [];
  isOffline = false;

  async ask({ query, variables }: { readonly query: string; readonly variables: object }): Promise<unknown> {
    if (this.isOffline) throw new AppError('PUBLISH_FAILED', 'The server cannot be reached.', { isRetryable: true });
    this.received.push(JSON.stringify({ query, variables }));
    const given = variables as Variables;
    const name = /(?:^\{|\{)\s*(\w+)/.exec(query)?.[1] ?? '';
    return { data: { [name]: this.#answer(name, given) } };
  }

  #answer(name: string, given: Variables): unknown {
    switch (name) {
      case 'teams':
        return [TEAM];
      case 'projects':
        return [];
      case 'publication':
        return {
          team: given.team === TEAM.id ? TEAM : null,
          session: this.sessions.get(given.sessionId) ?? null,
        };
      case 'syncSession':
        return { session: this.#store(given.input), secretsRedacted: 0 };
      case 'sessions':
        return {
          edges: [...this.sessions.values()].map((node) => ({ node })),
          pageInfo: { hasNextPage: false, endCursor: null },
        };
      case 'session':
        return this.#find(given.id);
      case 'withdrawSession': {
        const session = this.#find(given.id);
        if (session !== null) this.sessions.delete(String(session['sessionId']));
        return { session };
      }
      default:
        throw new Error(`the fake knows no ${name}`);
    }
  }

  #store(input: Variables['input']): StoredSession {
    const sessionId = input.sessionId;
    const before = this.sessions.get(sessionId);
    const session = {
      id: `pub-${sessionId}`,
      sessionId,
      summary: input.summary,
      projectPath: input.projectPath,
      author: { id: 'ann', name: 'ann@example.org' },
      mine: true,
      team: input.team === TEAM.id ? { id: TEAM.id, name: TEAM.name } : null,
      messageCount: input.messages.length,
      redactions: 0,
      version: Number(before?.['version'] ?? 0) + 1,
      createdAt: '2026-01-15T12:00:00.000Z',
      updatedAt: '2026-01-15T12:00:00.000Z',
      expiresAt: input.expiresAt ?? null,
      messages: input.messages,
      metadata: input.metadata,
    };
    this.sessions.set(sessionId, session);
    return session;
  }

  #find(id: string): StoredSession | null {
    return [...this.sessions.values()].find((session) => session.id === id) ?? null;
  }
}
