// What a person does with published sessions and teams. Nothing leaves without a digest of what was shown before.

import type { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { PublishedSessionView, PublishPreview, TeamView } from '../../../shared/contract/publishing.ts';
import type { SessionMessage } from '../../../shared/model/session.ts';
import { CHAT_TOOL, type Session } from '../../sessions/session.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { askServer } from './graphql-client.ts';
import { previewRedaction, type RedactionPreview } from './preview-redaction.ts';
import { publishableSession, type PublishableMessage } from './publishable-session.ts';
import * as queries from './queries.ts';
import type { ServerLink } from './server-link.ts';

const ADDED_AT_ONCE = 500;

export interface PublishingDeskDeps {
  readonly store: SessionStore;
  readonly link: ServerLink;
  /** The user's exclusion rules: what they hide is not published either. */
  readonly isExcluded: (session: Session) => Promise<boolean>;
}

/** A team's id, `me`, or undefined for what the project is mapped to. */
export type Audience = string | undefined;

export interface PublishOutcome {
  readonly session: PublishedSessionView;
  readonly secrets: number;
  readonly secretsFoundByServer: number;
}

export class PublishingDesk {
  readonly #deps: PublishingDeskDeps;

  constructor(deps: PublishingDeskDeps) {
    this.#deps = deps;
  }

  /** @throws AppError SESSION_NOT_FOUND, USAGE_INVALID for what the user's rules hide, PUBLISH_REDACTION_FAILED */
  async preview(reference: string, to: Audience, signal?: AbortSignal): Promise<PublishPreview> {
    const { session, redacted, isCut } = await this.#prepare(reference, signal);
    const { publication } = await this.#ask(queries.FIND_PUBLISHED, {
      sessionId: session.id,
      projectPath: redacted.document.projectPath,
      ...(to === undefined ? {} : { team: to }),
    });
    return {
      session: { id: session.id, name: redacted.document.summary, project: session.project },
      to: { team: publication.team },
      messageCount: redacted.document.messages.length,
      ...(isCut ? { isCut } : {}),
      sizeBytes: redacted.sizeBytes,
      findings: redacted.findings.map((finding) => ({
        ...finding,
        places: [...finding.places],
        contexts: [...finding.contexts],
      })),
      secrets: redacted.secrets,
      places: redacted.places,
      digest: redacted.digest,
      published: publication.session === null ? null : toView(publication.session),
    };
  }

  /** @throws AppError of `preview`; PUBLISH_CONFLICT where it is no longer what was shown, or something newer is published */
  async publish(
    reference: string,
    options: { readonly to: Audience; readonly expiresAt: string | null; readonly digest: string },
    signal?: AbortSignal,
  ): Promise<PublishOutcome> {
    const { session, redacted } = await this.#prepare(reference, signal);
    if (redacted.digest !== options.digest)
      throw new AppError('PUBLISH_CONFLICT', 'The session has changed since it was shown, so nothing was published.', {
        hint: 'Look at it again.',
        isRetryable: true,
      });
    const { syncSession } = await this.#ask(
      queries.SYNC_SESSION,
      {
        input: {
          sessionId: session.id,
          ...redacted.document,
          changedAt: new Date(session.updatedAtMs).toISOString(),
          ...(options.to === undefined ? {} : { team: options.to }),
          ...(options.expiresAt === null ? {} : { expiresAt: options.expiresAt }),
        },
      },
      signal,
    );
    return {
      session: toView(syncSession.session),
      secrets: redacted.secrets,
      secretsFoundByServer: syncSession.secretsRedacted,
    };
  }

  async list(page: {
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly sessions: readonly PublishedSessionView[]; readonly cursor: string | null }> {
    const { sessions } = await this.#ask(queries.LIST_SESSIONS, {
      first: page.limit,
      ...(page.cursor === undefined ? {} : { after: page.cursor }),
    });
    return {
      sessions: sessions.edges.map(({ node }) => toView(node)),
      cursor: sessions.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : null,
    };
  }

  /** @throws AppError PUBLISH_NOT_FOUND */
  async read(
    id: string,
  ): Promise<{ readonly session: PublishedSessionView; readonly messages: readonly PublishableMessage[] }> {
    const { session } = await this.#ask(queries.READ_SESSION, { id });
    if (session === null) throw notFound();
    return { session: toView(session), messages: session.messages };
  }

  /** @throws AppError PUBLISH_NOT_FOUND */
  async withdraw(id: string): Promise<PublishedSessionView> {
    return toView((await this.#ask(queries.WITHDRAW_SESSION, { id })).withdrawSession.session);
  }

  /**
   * Takes a published session into one's own, as a chat to go on with; again, only what is new is added.
   * @throws AppError PUBLISH_NOT_FOUND
   */
  async continueHere(id: string): Promise<Session> {
    const { session } = await this.#ask(queries.READ_SESSION, { id });
    if (session === null) throw notFound();
    const { store } = this.#deps;
    const { metadata } = session;
    const { session: saved } = await store.create({
      tool: CHAT_TOOL,
      externalId: `published:${session.id}`,
      name: session.summary,
      createdAtMs: Date.parse(session.createdAt),
      ...(typeof metadata['project'] === 'string' ? { project: metadata['project'] } : {}),
      details: { publishedBy: session.author.name, publishedId: session.id, publishedVersion: session.version },
    });
    const messages = session.messages.map(toStored);
    for (let at = 0; at < messages.length; at += ADDED_AT_ONCE)
      await store.addMessages(saved.id, messages.slice(at, at + ADDED_AT_ONCE));
    return store.get(saved.id);
  }

  async teams(): Promise<readonly TeamView[]> {
    return (await this.#ask(queries.LIST_TEAMS)).teams;
  }

  async createTeam(name: string): Promise<TeamView> {
    return (await this.#ask(queries.CREATE_TEAM, { name })).createTeam;
  }

  async joinTeam(code: string): Promise<TeamView> {
    return (await this.#ask(queries.JOIN_TEAM, { code })).joinTeam;
  }

  async invite(team: string, role: 'owner' | 'member'): Promise<{ readonly code: string; readonly expiresAt: string }> {
    return (await this.#ask(queries.INVITE, { team, role })).inviteToTeam;
  }

  async members(team: string): Promise<
    readonly {
      readonly id: string;
      readonly name: string;
      readonly role: 'owner' | 'member';
      readonly joinedAt: string;
      readonly me: boolean;
    }[]
  > {
    const { team: found } = await this.#ask(queries.LIST_MEMBERS, { team });
    if (found === null) throw notFound();
    return found.members.map(({ user, ...rest }) => ({ ...rest, ...user }));
  }

  async removeMember(team: string, user: string): Promise<void> {
    await this.#ask(queries.REMOVE_MEMBER, { team, user });
  }

  async setRole(team: string, user: string, role: 'owner' | 'member'): Promise<void> {
    await this.#ask(queries.SET_ROLE, { team, user, role });
  }

  async mapProject(projectPath: string, team: string | null): Promise<void> {
    await this.#ask(queries.MAP_PROJECT, { projectPath, team });
  }

  async projects(): Promise<readonly { readonly projectPath: string; readonly team: string }[]> {
    return (await this.#ask(queries.LIST_PROJECTS)).projects;
  }

  async #prepare(
    reference: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly session: Session; readonly redacted: RedactionPreview; readonly isCut: boolean }> {
    const { store, isExcluded } = this.#deps;
    const session = await store.get(reference);
    if (await isExcluded(session))
      throw new AppError('USAGE_INVALID', 'Your rules exclude this session, so it is not published.', {
        hint: 'See `cairn config list --sealed`.',
      });
    const { messages, isCut } = await store.messages(session.id, { firstIndex: 0, limit: Number.MAX_SAFE_INTEGER });
    return { session, isCut, redacted: await previewRedaction(publishableSession(session, messages), signal) };
  }

  #ask<Answer>(
    question: { readonly query: string; readonly answer: z.ZodType<Answer> },
    variables: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    return askServer(this.#deps.link, { ...question, variables, ...(signal === undefined ? {} : { signal }) });
  }
}

function toView({ projectPath, ...session }: queries.ServerSession): PublishedSessionView {
  return { ...session, project: projectPath };
}

function toStored({ id, role, content, at, model }: PublishableMessage, position: number): SessionMessage {
  return {
    id: id ?? `published-${position}`,
    role,
    text: content,
    atMs: at === null ? null : Date.parse(at),
    model,
    isPartial: false,
  };
}

function notFound(): AppError {
  return new AppError('PUBLISH_NOT_FOUND', 'There is nothing published under this id, or you may not see it.', {
    hint: '`cairn sessions published` lists what you may read.',
  });
}
