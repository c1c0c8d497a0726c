// A session that a program tells of: by its own id in its tool, or by a slug in a project. Telling again changes what is told.

import { realpathSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';

import type { SessionPush } from '../../shared/contract/sessions.ts';
import type { SessionSaved } from '../vault/vault-sessions.ts';
import { projectOfPath } from './agents/read-folder.ts';
import { agentExternalId, AGENTS_TOOL, readFacts } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** What a push calls itself that names no tool, but an id of its own. */
const API_TOOL = 'api';

/** @throws AppError USAGE_INVALID where something is too large */
export async function pushSession(store: SessionStore, push: SessionPush): Promise<SessionSaved> {
  const place = placeOf(push);
  const { tool, externalId } = await nameOf(store, push, place);
  const { title, slug, status, provider, model, systemPrompt, createdAt } = push;
  return store.create({
    tool,
    externalId,
    ...(place.project === null ? {} : { project: place.project }),
    ...(place.folder === null ? {} : { folder: place.folder }),
    ...(title === undefined ? {} : { name: title }),
    ...(slug === undefined ? {} : { slug }),
    ...(status === undefined ? {} : { status }),
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
    ...(createdAt === undefined ? {} : { createdAtMs: Date.parse(createdAt) }),
  });
}

interface Place {
  /** A name. */
  readonly project: string | null;
  readonly folder: string | null;
}

function placeOf({ project, folder }: SessionPush): Place {
  const told = folder ?? (project !== undefined && isAbsolute(project) ? project : null);
  const real = told === null ? null : realPathOf(projectOfPath(told));
  const name = project === undefined || isAbsolute(project) ? null : project;
  return { project: name ?? (real === null ? null : basename(real)), folder: real };
}

async function nameOf(
  store: SessionStore,
  { tool, externalId, slug = '' }: SessionPush,
  place: Place,
): Promise<{ readonly tool: string; readonly externalId: string }> {
  if (externalId !== undefined) return { tool: tool ?? API_TOOL, externalId };
  const own = tool ?? AGENTS_TOOL;
  // The same slug in the same project is the same session, whichever of name and folder is told this time.
  const known = (await store.stored())
    .map((session) => readFacts(session))
    .find(
      (facts) =>
        facts.tool === own &&
        facts.slug === slug &&
        (place.folder !== null && facts.folder !== null
          ? facts.folder === place.folder
          : facts.project === place.project),
    );
  return { tool: own, externalId: known?.externalId ?? agentExternalId(place.folder ?? place.project ?? '', slug) };
}

function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // it may be of another machine
  }
}
