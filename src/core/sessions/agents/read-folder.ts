// Reads the sessions that a project keeps in `agents/sessions`: one folder each, whose name is what the session is called. Only folders
// right below it count; deeper state files are of another kind.

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { readRegularFile, whyUnreadable } from '../../sources/host/read-file.ts';
import { parseAgentState, type AgentState } from './parse-state.ts';

const MAX_STATE_BYTES = 4 * 1024 * 1024;
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
const MAX_SESSIONS = 5_000;
const FILES = ['state.json', 'spec.md', 'plan.json', 'plan.md'] as const;

export interface AgentFolder {
  readonly slug: string;
  readonly path: string;
  /** Null where the state file is torn, missing, or may not be read: what was read last counts. */
  readonly state: AgentState | null;
  /** Why there is no state, as half a sentence. */
  readonly problem: string | null;
  readonly title: string;
  readonly spec: string | null;
  readonly plan: string | null;
  /** Of the state file, for a change of it. */
  readonly stateHash: string;
  /** Of everything that was read: equal ones hold the same. */
  readonly contentHash: string;
  readonly mtimeMs: number;
}

/** The project that a path means: the project's folder, its `agents/sessions`, or one session in it. */
export function projectOfPath(path: string): string {
  const folder = resolve(path);
  for (let at = folder, up = 0; up < 3; at = dirname(at), up += 1)
    if (basename(at) === 'sessions' && basename(dirname(at)) === 'agents') return dirname(dirname(at));
  return folder;
}

export function sessionsFolderOf(project: string): string {
  return join(project, 'agents', 'sessions');
}

/** The folders of a project's sessions; null where they cannot be listed, which is no sign that there are none. */
export function listAgentFolders(project: string): readonly string[] | null {
  try {
    return readdirSync(sessionsFolderOf(project), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .toSorted()
      .slice(0, MAX_SESSIONS);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [] : null;
  }
}

/** What the session's files are now, cheaply: equal answers mean that nothing needs to be read. */
export function stampOf(project: string, slug: string): string {
  return FILES.map((name) => {
    const stats = statSync(join(sessionsFolderOf(project), slug, name), { throwIfNoEntry: false });
    return stats === undefined ? '-' : `${stats.mtimeMs}:${stats.size}:${stats.ino}`;
  }).join(' ');
}

/** Never throws: what cannot be read is said. */
export function readAgentFolder(project: string, slug: string): AgentFolder {
  const path = join(sessionsFolderOf(project), slug);
  const read = readText(join(path, 'state.json'), MAX_STATE_BYTES);
  const spec = readText(join(path, 'spec.md'), MAX_TEXT_BYTES).text;
  const planJson = readText(join(path, 'plan.json'), MAX_TEXT_BYTES).text;
  const plan = readText(join(path, 'plan.md'), MAX_TEXT_BYTES).text ?? planJson;
  const state = read.text === null ? null : parseAgentState(read.text, planJson);
  return {
    slug,
    path,
    state,
    problem: state === null ? (read.problem ?? 'it is not whole') : null,
    title: state?.title ?? headingOf(spec) ?? slug,
    spec,
    plan,
    stateHash: hashOf(read.text ?? ''),
    contentHash: hashOf(JSON.stringify([read.text, spec, plan, planJson])),
    mtimeMs: mtimeOf(join(path, 'state.json')),
  };
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function headingOf(spec: string | null): string | null {
  const heading = /^#[ \t]+(\S.*)$/m.exec(spec ?? '')?.[1];
  return heading?.trim().slice(0, 200) ?? null;
}

function readText(path: string, maxBytes: number): { readonly text: string | null; readonly problem: string | null } {
  try {
    return { text: readRegularFile(path, maxBytes).toString('utf8'), problem: null };
  } catch (error) {
    return { text: null, problem: whyUnreadable(error) };
  }
}

function mtimeOf(path: string): number {
  return Math.round(lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
}
