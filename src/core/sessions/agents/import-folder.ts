// Takes a project's `agents/sessions` in as sessions: again and again with the same result. The files stay where they are. What is torn
// keeps its last good state, what was deleted here stays deleted until it changes, and what is gone there is said to be the only copy.

import { basename } from 'node:path';

import type { JsonObject } from '../../../shared/model/json.ts';
import type { SessionMessage, StoredSession } from '../../../shared/model/session.ts';
import { agentExternalId, AGENTS_TOOL, readFacts, sessionIdOf } from '../session.ts';
import type { SessionStore } from '../session-store.ts';
import { listAgentFolders, readAgentFolder, type AgentFolder } from './read-folder.ts';

export const IMPORT_ACTIONS = ['new', 'changed', 'unchanged', 'unreadable', 'deleted', 'gone', 'excluded'] as const;
export type ImportAction = (typeof IMPORT_ACTIONS)[number];

export interface ImportedSession {
  readonly id: string;
  readonly project: string;
  readonly slug: string;
  readonly title: string;
  readonly action: ImportAction;
  /** Why it is unreadable. */
  readonly detail: string | null;
}

export interface ImportOptions {
  readonly isDryRun: boolean;
  /** The user's exclusion rules. */
  readonly isExcluded: (path: string) => boolean;
  /** Only these; all where it is absent. */
  readonly slugs?: readonly string[];
}

/** Imports one project. @throws AppError of the vault */
export async function importAgentSessions(
  store: SessionStore,
  project: string,
  options: ImportOptions,
): Promise<readonly ImportedSession[]> {
  const stored = new Map((await store.stored()).map((session) => [session.id, session]));
  const slugs = listAgentFolders(project);
  const results: ImportedSession[] = [];
  for (const slug of slugs ?? []) {
    if (options.slugs !== undefined && !options.slugs.includes(slug)) continue;
    const id = sessionIdOf(AGENTS_TOOL, agentExternalId(project, slug));
    results.push(await importOne(store, project, slug, stored.get(id), options));
  }
  if (slugs !== null) results.push(...(await markGone(store, project, slugs, stored.values(), options)));
  return results;
}

async function importOne(
  store: SessionStore,
  project: string,
  slug: string,
  stored: StoredSession | undefined,
  { isDryRun, isExcluded }: ImportOptions,
): Promise<ImportedSession> {
  const id = sessionIdOf(AGENTS_TOOL, agentExternalId(project, slug));
  const answer = (action: ImportAction, title: string, detail: string | null = null): ImportedSession => ({
    id,
    project,
    slug,
    title,
    action,
    detail,
  });
  const folder = readAgentFolder(project, slug);
  if (isExcluded(folder.path)) return answer('excluded', slug);
  const facts = stored === undefined ? null : readFacts(stored);
  const title = folder.state === null ? (facts?.name ?? folder.title) : folder.title;
  if (facts !== null && facts.deletedAtMs !== null && updatedAtOf(folder) <= (facts.deletedStateAtMs ?? 0))
    return answer('deleted', slug);
  const isKnown = facts !== null && facts.deletedAtMs === null;
  if (isKnown && !facts.isOriginGone && facts.details['contentHash'] === folder.contentHash)
    return answer(folder.state === null ? 'unreadable' : 'unchanged', title, folder.problem);
  if (!isDryRun) await save(store, project, folder, facts?.details ?? {});
  return answer(folder.state === null ? 'unreadable' : isKnown ? 'changed' : 'new', title, folder.problem);
}

async function save(store: SessionStore, project: string, folder: AgentFolder, before: JsonObject): Promise<void> {
  const { state, slug } = folder;
  const { session } = await store.create({
    tool: AGENTS_TOOL,
    externalId: agentExternalId(project, slug),
    project: basename(project),
    folder: project,
    slug,
    isOriginGone: false,
    ...(state === null ? {} : { name: folder.title, status: state.status, updatedAtMs: updatedAtOf(folder) }),
    createdAtMs: state?.createdAtMs ?? folder.mtimeMs,
    details: {
      ...(state === null ? before : toDetails(folder)),
      isUnreadable: state === null,
      contentHash: folder.contentHash,
    },
  });
  const messages = toMessages(folder);
  if (messages.length > 0) await store.replaceMessages(session.id, messages);
}

function toDetails({ state, stateHash }: AgentFolder): JsonObject {
  if (state === null) return {};
  const { shape, type, phase, progress, git, commits, links } = state;
  return { shape, type, phase, progress: { ...progress }, git, commits, links, stateHash };
}

/** What the session is about, in the words of its own files. */
function toMessages({ spec, plan, mtimeMs }: AgentFolder): SessionMessage[] {
  const common = { atMs: mtimeMs, model: null, isPartial: false };
  return [
    ...(spec === null || spec.trim() === '' ? [] : [{ ...common, id: 'spec', role: 'user', text: spec } as const]),
    ...(plan === null || plan.trim() === '' ? [] : [{ ...common, id: 'plan', role: 'assistant', text: plan } as const]),
  ];
}

/** The file's own date, unless it stands for a day only; then when it was written. */
function updatedAtOf({ state, mtimeMs }: AgentFolder): number {
  return state?.updatedAtMs ?? mtimeMs;
}

async function markGone(
  store: SessionStore,
  project: string,
  slugs: readonly string[],
  stored: Iterable<StoredSession>,
  { isDryRun, slugs: only }: ImportOptions,
): Promise<ImportedSession[]> {
  const results: ImportedSession[] = [];
  for (const session of stored) {
    const { tool, folder, slug, name, isOriginGone, deletedAtMs, externalId } = readFacts(session);
    if (tool !== AGENTS_TOOL || folder !== project || slug === null || deletedAtMs !== null || isOriginGone) continue;
    if (slugs.includes(slug) || (only !== undefined && !only.includes(slug))) continue;
    // What was pushed and never had a folder is not gone.
    if (readFacts(session).details['contentHash'] === undefined) continue;
    if (!isDryRun) await store.create({ tool, externalId, isOriginGone: true });
    results.push({ id: session.id, project, slug, title: name ?? slug, action: 'gone', detail: null });
  }
  return results;
}
