// The sessions: what sources have captured and what the vault keeps as sessions, as one list. Everything that changes one is a change of
// the vault's own record; a tool's transcript is never touched.

import { randomUUID } from 'node:crypto';

import type { ConversationMessage } from '../sources/conversation/message.ts';
import type { Source } from '../sources/source.ts';
import type { SessionId } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { SessionMessage, SessionStatus, StoredSession } from '../../shared/model/session.ts';
import type { SessionMatch, SessionSaved, SessionSearchQuery } from '../vault/vault-sessions.ts';
import type { Vault } from '../vault/vault.ts';
import { writeAgentState } from './agents/write-state.ts';
import { mergeSession, readCapturedSessions, type CapturedSession } from './captured-sessions.ts';
import { findSession, sessionNotFound } from './find-session.ts';
import { planCleanup, type CleanupLimits } from './plan-cleanup.ts';
import { readSessionMessages, type SessionMessages } from './read-messages.ts';
import { AGENTS_TOOL, CHAT_TOOL, fromStored, readFacts, sessionIdOf, type Session } from './session.ts';

export interface SessionStoreDeps {
  readonly vault: Vault;
  readonly sources: readonly Source[];
  readonly nowMs: () => number;
}

export interface SessionQuery {
  /** A project's name, or a folder: all below it. */
  readonly project?: string;
  /** Who serves the model, or the tool. */
  readonly provider?: string;
  /** Words in name, preview or project. */
  readonly text?: string;
  readonly limit?: number;
}

/** What a search in the messages of sessions asks; empty lists mean any. */
export interface MessageQuery extends SessionSearchQuery {
  readonly kinds?: readonly string[];
  readonly sources?: readonly string[];
  readonly projects?: readonly string[];
}

/** A message that holds what was looked for, and its session. */
export interface MessageHit extends SessionMatch {
  readonly session: Session;
}

export interface NewSession {
  readonly tool?: string;
  /** What the tool calls it; a new name is made where there is none. */
  readonly externalId?: string;
  readonly name?: string | null;
  readonly provider?: string | null;
  readonly model?: string | null;
  readonly systemPrompt?: string | null;
  readonly project?: string | null;
  readonly folder?: string | null;
  readonly slug?: string | null;
  readonly status?: string | null;
  readonly isOriginGone?: boolean;
  readonly details?: JsonObject;
  readonly createdAtMs?: number;
  readonly updatedAtMs?: number;
}

export interface SessionEdit {
  readonly name?: string;
  readonly pinned?: boolean;
  readonly status?: SessionStatus;
  readonly model?: string;
}

export type NewMessage = Pick<SessionMessage, 'role' | 'text'> & Partial<SessionMessage>;

export interface CleanupResult {
  readonly deleted: number;
  readonly deletedByLimit: number;
  readonly deletedByAge: number;
  readonly sessions: readonly Session[];
}

export class SessionStore {
  readonly #deps: SessionStoreDeps;
  readonly #listeners = new Set<() => void>();

  constructor(deps: SessionStoreDeps) {
    this.#deps = deps;
  }

  /** Calls back when sessions were made, changed or deleted through this store; the result undoes it. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The same over another history: a device's as it is here. What is read only; nothing there is to be changed. */
  over(vault: Vault): SessionStore {
    return new SessionStore({ ...this.#deps, vault });
  }

  /** Newest first. */
  async list(query: SessionQuery = {}): Promise<readonly Session[]> {
    const { sessions } = await this.#readAll();
    const found = sessions.filter((session) => isWanted(session, query));
    return query.limit === undefined ? found : found.slice(0, query.limit);
  }

  /** By id, a beginning of it, or name. @throws AppError SESSION_NOT_FOUND, SESSION_AMBIGUOUS */
  async get(reference: string): Promise<Session> {
    return findSession((await this.#readAll()).sessions, reference);
  }

  /**
   * Makes a session, or changes the facts that are given of the one that is there. What was deleted on purpose is there again.
   * @throws AppError USAGE_INVALID where something is too large
   */
  async create({
    createdAtMs,
    updatedAtMs,
    tool = CHAT_TOOL,
    externalId,
    ...facts
  }: NewSession): Promise<SessionSaved> {
    const ownId = externalId ?? randomUUID();
    const id = sessionIdOf(tool, ownId);
    const stored = await this.#deps.vault.findSession(id);
    const before = stored === null ? null : readFacts(stored);
    const { name, ...rest } = facts;
    const isNamed = name !== undefined && before?.isRenamed !== true;
    return this.#save({
      id,
      nowMs: this.#deps.nowMs(),
      create: { createdAtMs: createdAtMs ?? this.#deps.nowMs() },
      facts: {
        ...rest,
        ...(isNamed ? { name } : {}),
        tool,
        externalId: ownId,
        deletedAtMs: null,
        deletedStateAtMs: null,
      },
      ...(updatedAtMs === undefined ? {} : { updatedAtMs }),
    });
  }

  /** Marks it as used now. @throws AppError SESSION_NOT_FOUND */
  async touch(id: SessionId): Promise<Session> {
    const nowMs = this.#deps.nowMs();
    return this.#edit(id, { updatedAtMs: nowMs });
  }

  /** Changes what is given. @throws AppError SESSION_NOT_FOUND; SESSION_FILE_CHANGED where its own file is newer than what was read */
  async edit(id: SessionId, { name, pinned, status, model }: SessionEdit): Promise<Session> {
    const isInFile = await this.#writeBack(id, { name, status });
    const facts: JsonObject = {
      ...(name === undefined ? {} : { name, isRenamed: !isInFile }),
      ...(status === undefined ? {} : { status }),
      ...(model === undefined ? {} : { model }),
    };
    return this.#edit(id, { facts, ...(pinned === undefined ? {} : { pinned }) });
  }

  /**
   * Takes it out of the list, with what the vault stores of it as a session. A conversation that a source has captured stays in the
   * snapshots that hold it; it is listed again only once it goes on. @throws AppError SESSION_NOT_FOUND
   */
  async delete(ids: readonly SessionId[]): Promise<number> {
    const { sessions, captured } = await this.#readAll();
    const found = ids.map((id) => sessions.find((session) => session.id === id) ?? null);
    if (found.includes(null)) throw sessionNotFound();
    return this.#remove(
      found.filter((session) => session !== null),
      captured,
    );
  }

  /** Adds messages at the end; one whose id is there already is left out. @throws AppError SESSION_NOT_FOUND, USAGE_INVALID */
  async addMessages(id: SessionId, messages: readonly NewMessage[]): Promise<SessionSaved> {
    const nowMs = this.#deps.nowMs();
    const whole = messages.map((message): SessionMessage => ({
      id: randomUUID(),
      atMs: nowMs,
      model: null,
      isPartial: false,
      ...message,
    }));
    await this.#assertStored(id);
    return this.#save({ id, nowMs, messages: whole });
  }

  /** Puts texts in the place of messages of the same id, or adds them. */
  async replaceMessages(id: SessionId, messages: readonly SessionMessage[]): Promise<SessionSaved> {
    return this.#save({ id, nowMs: this.#deps.nowMs(), messages, replaces: true });
  }

  /** The next piece of an answer that was added as partial. */
  async addToAnswer(id: SessionId, messageId: string, text: string): Promise<void> {
    await this.#deps.vault.saveSession({ id, nowMs: this.#deps.nowMs(), answer: { messageId, text } });
  }

  /** A window of messages, the newest ones where no first index is given. @throws AppError SESSION_NOT_FOUND, VAULT_DAMAGED */
  async messages(
    id: SessionId,
    window: { readonly firstIndex?: number; readonly limit: number },
  ): Promise<SessionMessages> {
    const captured = (await readCapturedSessions(this.#deps.vault)).get(id);
    return readSessionMessages(this.#deps, id, captured, window);
  }

  /** Every message. */
  async allMessages(id: SessionId): Promise<readonly ConversationMessage[]> {
    return (await this.messages(id, { firstIndex: 0, limit: Number.MAX_SAFE_INTEGER })).messages;
  }

  /**
   * Looks for words in the messages of sessions that no source has captured: pushed, held here, or imported. Those of captured
   * conversations are found with everything else that was captured.
   */
  async search({ kinds = [], sources = [], projects = [], ...query }: MessageQuery): Promise<{
    readonly hits: readonly MessageHit[];
    readonly isComplete: boolean;
  }> {
    if (kinds.length > 0 && !kinds.includes('conversation')) return { hits: [], isComplete: true };
    const { matches, isComplete } = await this.#deps.vault.searchSessions(query);
    if (matches.length === 0) return { hits: [], isComplete };
    const { sessions } = await this.#readAll();
    const wanted = new Map(
      sessions
        .filter(({ item }) => item === null)
        .filter(({ tool }) => sources.length === 0 || sources.includes(tool))
        .filter(({ project }) => projects.length === 0 || projects.includes(project ?? ''))
        .map((session) => [session.id, session]),
    );
    const hits = matches.flatMap((match) => {
      const session = wanted.get(match.id);
      return session === undefined ? [] : [{ ...match, session }];
    });
    return { hits, isComplete };
  }

  /** The item and the snapshot that hold a captured conversation; undefined for what lies in the vault as a session. */
  async captured(id: SessionId): Promise<CapturedSession | undefined> {
    return (await readCapturedSessions(this.#deps.vault)).get(id);
  }

  /** Lets go what is too much and too old; nothing goes in a dry run. */
  async cleanup(limits: CleanupLimits, { isDryRun }: { readonly isDryRun: boolean }): Promise<CleanupResult> {
    const { sessions, captured } = await this.#readAll();
    // A captured conversation goes by the retention of snapshots: deleting what is stored beside it would only lose its name.
    const own = sessions.filter(({ item }) => item === null);
    const plan = planCleanup(own, limits, this.#deps.nowMs());
    const gone = new Set([...plan.byAge, ...plan.byLimit]);
    const found = own.filter(({ id }) => gone.has(id));
    if (!isDryRun && found.length > 0) await this.#remove(found, captured);
    return {
      deleted: found.length,
      deletedByLimit: plan.byLimit.length,
      deletedByAge: plan.byAge.length,
      sessions: found,
    };
  }

  /** Stored sessions as they are, those too that were deleted on purpose; for imports, which must not bring them back. */
  async stored(): Promise<readonly StoredSession[]> {
    return this.#deps.vault.listSessions();
  }

  async #readAll(): Promise<{
    readonly sessions: readonly Session[];
    readonly captured: ReadonlyMap<SessionId, CapturedSession>;
  }> {
    const [captured, stored] = await Promise.all([
      readCapturedSessions(this.#deps.vault),
      this.#deps.vault.listSessions(),
    ]);
    const byId = new Map([...captured].map(([id, { session }]) => [id, session]));
    for (const entry of stored) {
      const { deletedAtMs, deletedStateAtMs } = readFacts(entry);
      const session = byId.get(entry.id);
      const isDeleted =
        deletedAtMs !== null && (session === undefined || session.updatedAtMs <= (deletedStateAtMs ?? 0));
      if (isDeleted) byId.delete(entry.id);
      else if (session === undefined) byId.set(entry.id, fromStored(entry));
      else byId.set(entry.id, mergeSession(session, entry));
    }
    const sessions = [...byId.values()].toSorted((a, b) => b.updatedAtMs - a.updatedAtMs || a.id.localeCompare(b.id));
    return { sessions, captured };
  }

  async #remove(sessions: readonly Session[], captured: ReadonlyMap<SessionId, CapturedSession>): Promise<number> {
    const nowMs = this.#deps.nowMs();
    for (const session of sessions)
      if (!session.isStored)
        await this.#deps.vault.saveSession({ id: session.id, nowMs, create: { createdAtMs: session.createdAtMs } });
    const removals = sessions.map(({ id, tool, externalId, updatedAtMs, folder }) => {
      // Only what somebody would bring again needs a mark that it is not wanted.
      const returns = captured.has(id) || tool === AGENTS_TOOL;
      const mark = { tool, externalId, folder, deletedAtMs: nowMs, deletedStateAtMs: updatedAtMs };
      return { id, mark: returns ? mark : null };
    });
    const removed = await this.#deps.vault.removeSessions(removals);
    this.#tell();
    return removed;
  }

  async #edit(
    id: SessionId,
    change: { readonly facts?: JsonObject; readonly pinned?: boolean; readonly updatedAtMs?: number },
  ): Promise<Session> {
    await this.#assertStored(id);
    await this.#save({ id, nowMs: this.#deps.nowMs(), ...change });
    return this.get(id);
  }

  /** Title and status of a session in `agents/sessions` belong into its file. True where that is where they now are. */
  async #writeBack(
    id: SessionId,
    { name, status }: { readonly name: string | undefined; readonly status: string | undefined },
  ): Promise<boolean> {
    if (name === undefined && status === undefined) return false;
    const stored = await this.#deps.vault.findSession(id);
    const facts = stored === null ? null : readFacts(stored);
    if (facts === null || facts.tool !== AGENTS_TOOL || facts.isOriginGone) return false;
    const { folder, slug, details } = facts;
    const { stateHash } = details;
    if (folder === null || slug === null || typeof stateHash !== 'string') return false;
    const newHash = writeAgentState(
      folder,
      slug,
      { ...(name === undefined ? {} : { title: name }), ...(typeof status === 'string' ? { status } : {}) },
      stateHash,
    );
    await this.#deps.vault.saveSession({
      id,
      nowMs: this.#deps.nowMs(),
      // What else was read of the folder is read anew: the next look finds it changed.
      facts: { details: { ...details, stateHash: newHash, contentHash: '' } },
    });
    return true;
  }

  /** A captured conversation gets a record of its own once something is said of it. */
  async #assertStored(id: SessionId): Promise<void> {
    const stored = await this.#deps.vault.findSession(id);
    if (stored !== null && readFacts(stored).deletedAtMs === null) return;
    const session = findSession((await this.#readAll()).sessions, id);
    const { tool, externalId, createdAtMs } = session;
    await this.create({ tool, externalId, createdAtMs });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #save(change: Parameters<Vault['saveSession']>[0]): Promise<SessionSaved> {
    const saved = await this.#deps.vault.saveSession(change);
    this.#tell();
    return saved;
  }
}

function isWanted(session: Session, { project, provider, text }: SessionQuery): boolean {
  if (project !== undefined && !isInProject(session, project)) return false;
  if (provider !== undefined && session.provider !== provider && session.tool !== provider) return false;
  if (text === undefined || text.trim() === '') return true;
  const place = `${session.name}\n${session.preview}\n${session.project ?? ''}\n${session.externalId}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => place.includes(word));
}

function isInProject({ project, folder }: Session, wanted: string): boolean {
  if (!wanted.startsWith('/')) return project === wanted;
  const root = wanted.replace(/\/+$/, '');
  return folder === root || (folder ?? '').startsWith(`${root}/`);
}
