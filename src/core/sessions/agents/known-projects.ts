// The projects that Cairn knows: repositories and folders that the newest snapshot names, and those whose sessions were imported.

import { existsSync, realpathSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { Vault } from '../../vault/vault.ts';
import { AGENTS_TOOL, readFacts } from '../session.ts';
import { sessionsFolderOf } from './read-folder.ts';

/** Folders that are known and are there, each once, in order. */
export async function listKnownProjects(
  vault: Pick<Vault, 'listSnapshots' | 'readSnapshot' | 'listSessions'>,
): Promise<readonly string[]> {
  const folders = new Set(await listImportedProjects(vault));
  const [newest] = await vault.listSnapshots({ limit: 1 });
  const items = newest === undefined ? [] : (await vault.readSnapshot(newest.id)).itemList;
  for (const { kind, attributes } of items) {
    const folder = attributes[kind === 'repository' ? 'path' : 'cwd'];
    if (typeof folder === 'string' && isAbsolute(folder)) folders.add(folder);
  }
  const real = [...folders].flatMap((folder) => realPathOf(folder) ?? []);
  return [...new Set(real)].toSorted();
}

/** Those among the known projects that have such sessions. */
export async function listProjectsWithSessions(
  vault: Parameters<typeof listKnownProjects>[0],
): Promise<readonly string[]> {
  return (await listKnownProjects(vault)).filter((project) => existsSync(sessionsFolderOf(project)));
}

/** Projects whose sessions were imported: these are kept in step. */
export async function listImportedProjects(vault: Pick<Vault, 'listSessions'>): Promise<readonly string[]> {
  const facts = (await vault.listSessions()).map((session) => readFacts(session));
  const imported = facts.filter(({ tool, details }) => tool === AGENTS_TOOL && details['contentHash'] !== undefined);
  return [...new Set(imported.flatMap(({ folder }) => folder ?? []))].toSorted();
}

/** The folder that a project's name or path means. @throws AppError ITEM_NOT_FOUND, SESSION_AMBIGUOUS */
export function findProject(projects: readonly string[], reference: string): string {
  if (isAbsolute(reference)) {
    const folder = realPathOf(reference);
    if (folder !== null) return folder;
    throw projectNotFound();
  }
  const found = projects.filter((project) => basename(project) === reference);
  if (found.length > 1)
    throw new AppError('SESSION_AMBIGUOUS', `${found.length} projects are called so.`, { hint: 'Give its folder.' });
  if (found[0] === undefined) throw projectNotFound();
  return found[0];
}

function projectNotFound(): AppError {
  return new AppError('ITEM_NOT_FOUND', 'There is no such project.', {
    hint: 'Give the absolute path of its folder.',
  });
}

function realPathOf(folder: string): string | null {
  try {
    return realpathSync(folder);
  } catch {
    return null; // it is gone
  }
}
