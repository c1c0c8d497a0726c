// What a person or a program does with sessions beside reading and changing them: imports, resuming, cleaning up. Over the open vault, or
// that of a running app.

import { AppError } from '../../shared/model/app-error.ts';
import type { SessionPush } from '../../shared/contract/sessions.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { Host, OpenTerminal, Source } from '../sources/source.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { SessionSaved } from '../vault/vault-sessions.ts';
import type { Vault } from '../vault/vault.ts';
import { importAgentSessions, type ImportedSession } from './agents/import-folder.ts';
import { findProject, listKnownProjects, listProjectsWithSessions } from './agents/known-projects.ts';
import { sessionIdOf, type Session } from './session.ts';
import { pushSession } from './push-session.ts';
import { openResume, planResume, type SessionResume } from './resume-session.ts';
import type { CleanupResult, SessionStore } from './session-store.ts';

/** The part of the user's exclusion rules that can mean sessions. */
export interface SessionExclusion {
  path(path: string): boolean;
  source(id: SourceId): boolean;
}

export interface SessionDeskDeps {
  readonly store: SessionStore;
  readonly vault: Vault;
  readonly host: Host;
  readonly sources: readonly Source[];
  readonly limits: () => {
    readonly maxSessions: number;
    readonly retentionDays: number;
    readonly isCleanupAutomatic: boolean;
  };
  /** The user's exclusion rules. @throws AppError where they cannot be read: nothing may be imported without them */
  readonly loadExclusion: () => Promise<SessionExclusion>;
  /** What is open now; nothing is stored. */
  readonly lookNow: (signal: AbortSignal) => Promise<readonly SnapshotItem[]>;
  readonly findTerminal: (host: Host) => Promise<OpenTerminal | undefined>;
}

export interface ResumedSession {
  readonly session: Session;
  readonly resume: SessionResume;
  /** Where it was opened; null where the command is only told. */
  readonly openedIn: string | null;
}

export class SessionDesk {
  readonly store: SessionStore;
  readonly #deps: SessionDeskDeps;

  constructor(deps: SessionDeskDeps) {
    this.store = deps.store;
    this.#deps = deps;
  }

  /** Imports the `agents/sessions` of projects: of one, by its folder, or of all that are known. */
  async import(projects: readonly string[] | 'all', isDryRun: boolean): Promise<readonly ImportedSession[]> {
    const { store, vault, loadExclusion } = this.#deps;
    const exclusion = await loadExclusion();
    const isExcluded = (path: string): boolean => exclusion.path(path);
    const folders = projects === 'all' ? await listProjectsWithSessions(vault) : projects;
    const results: ImportedSession[] = [];
    for (const folder of folders) results.push(...(await importAgentSessions(store, folder, { isDryRun, isExcluded })));
    return results;
  }

  /** Takes what a program tells of a session. @throws AppError USAGE_INVALID where the user's rules exclude it */
  async push(push: SessionPush): Promise<SessionSaved> {
    if (isPushExcluded(push, await this.#deps.loadExclusion()))
      throw new AppError('USAGE_INVALID', 'Your rules exclude this session, so nothing of it is kept.', {
        hint: 'See `cairn config list --sealed`.',
      });
    return pushSession(this.#deps.store, push);
  }

  /** The folder of a project, by name or path. @throws AppError ITEM_NOT_FOUND, SESSION_AMBIGUOUS */
  async findProject(reference: string): Promise<string> {
    return findProject(await listKnownProjects(this.#deps.vault), reference);
  }

  /**
   * How a session goes on; with `shouldOpen`, in a new terminal window where one can be opened. Whether it runs is looked up now.
   * @throws AppError SESSION_NOT_FOUND, SESSION_AMBIGUOUS; USAGE_INVALID where it runs, or nothing resumes it
   */
  async resume(reference: string, shouldOpen: boolean, signal: AbortSignal): Promise<ResumedSession> {
    const { store, sources, host, findTerminal } = this.#deps;
    const session = await store.get(reference);
    const isLive = session.isLive || (await this.#isRunning(session, signal));
    const resume = planResume({ ...session, isLive }, await store.captured(session.id), sources);
    const openTerminal = shouldOpen ? await findTerminal(host) : undefined;
    const openedIn = openTerminal === undefined ? null : await openResume(session, resume, openTerminal);
    return { session, resume, openedIn };
  }

  /** Lets go what is too much and too old, by the user's limits. */
  cleanup(options: { readonly isDryRun: boolean; readonly includesGone: boolean }): Promise<CleanupResult> {
    const { maxSessions, retentionDays } = this.#deps.limits();
    return this.#deps.store.cleanup({ maxSessions, retentionDays, includesGone: options.includesGone }, options);
  }

  /** The same without being asked, where that is set. */
  async cleanUpByItself(): Promise<void> {
    if (this.#deps.limits().isCleanupAutomatic) await this.cleanup({ isDryRun: false, includesGone: false });
  }

  /** The last capture may be half a minute old. */
  async #isRunning({ id, item, tool }: Session, signal: AbortSignal): Promise<boolean> {
    if (item === null && !this.#deps.sources.some((source) => source.id === tool)) return false;
    const present = await this.#deps.lookNow(signal);
    return present.some(
      ({ kind, source, attributes }) =>
        kind === 'conversation' &&
        attributes['isLive'] === true &&
        sessionIdOf(source, typeof attributes['id'] === 'string' ? attributes['id'] : '') === id,
    );
  }
}

/** Rules on sources name tools; rules on paths the folder that a session works in. */
export function isPushExcluded({ tool, folder, project }: SessionPush, exclusion: SessionExclusion): boolean {
  const isSource = tool !== undefined && exclusion.source(tool as SourceId); // any word may be asked for
  return isSource || [folder, project].some((path) => path !== undefined && exclusion.path(path));
}
