// An operation that git has in progress in a work tree: merge, rebase, cherry-pick, revert, am, bisect. Read from git's own
// small files; enough to say what was going on and, for a merge and its like, to go on with it in a restored work tree.

import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_FILE_BYTES = 64 * 1024;
const MAX_TEXT_LENGTH = 4_000;
const MAX_HEADS = 16;

/** Heads that only an operation names. Commits of theirs that no remote has are saved like unpushed ones. */
export const OPERATION_HEADS = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD'] as const;
export type OperationHead = (typeof OPERATION_HEADS)[number];

export interface Operation {
  readonly name: 'merge' | 'rebase' | 'am' | 'cherry-pick' | 'revert' | 'bisect';
  /** The commits that each head names; several for an octopus merge. */
  readonly heads: Readonly<Partial<Record<OperationHead, readonly string[]>>>;
  /** The prepared commit message. */
  readonly message: string | null;
  /** For a rebase: the branch that is being rebased, where it stood, and onto what. */
  readonly rebase: {
    readonly branch: string | null;
    readonly original: string | null;
    readonly onto: string | null;
    readonly step: string | null;
    readonly todo: string | null;
  } | null;
}

/** The operation in progress; null where there is none. */
export function readOperation(gitDir: string): Operation | null {
  const heads: Partial<Record<OperationHead, readonly string[]>> = {};
  for (const name of OPERATION_HEADS) {
    const oids = readOids(join(gitDir, name));
    if (oids.length > 0) heads[name] = oids;
  }
  const name = operationName(gitDir, heads);
  if (name === null) return null;
  const folder = exists(join(gitDir, 'rebase-merge')) ? 'rebase-merge' : 'rebase-apply';
  const read = (file: string): string | null => readSmall(join(gitDir, folder, file));
  const step = [read('msgnum') ?? read('next'), read('end') ?? read('last')];
  const rebase =
    name === 'rebase' || name === 'am'
      ? {
          branch: read('head-name'),
          original: readOids(join(gitDir, folder, 'orig-head'))[0] ?? null,
          onto: readOids(join(gitDir, folder, 'onto'))[0] ?? null,
          step: step.includes(null) ? null : step.join('/'),
          todo: read('git-rebase-todo'),
        }
      : null;
  return { name, heads, message: readSmall(join(gitDir, 'MERGE_MSG')), rebase };
}

function operationName(
  gitDir: string,
  heads: Readonly<Partial<Record<OperationHead, readonly string[]>>>,
): Operation['name'] | null {
  // A rebase stops with CHERRY_PICK_HEAD and the like too: the larger operation names the state.
  if (exists(join(gitDir, 'rebase-merge'))) return 'rebase';
  if (exists(join(gitDir, 'rebase-apply'))) return exists(join(gitDir, 'rebase-apply/applying')) ? 'am' : 'rebase';
  if (heads.MERGE_HEAD !== undefined) return 'merge';
  if (heads.CHERRY_PICK_HEAD !== undefined) return 'cherry-pick';
  if (heads.REVERT_HEAD !== undefined) return 'revert';
  return exists(join(gitDir, 'BISECT_LOG')) ? 'bisect' : null;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readOids(file: string): string[] {
  return (readSmall(file) ?? '')
    .split('\n')
    .filter((line) => /^[0-9a-f]{40,64}$/.test(line))
    .slice(0, MAX_HEADS);
}

/** The text of one of git's small files, cut at a length; null where there is none. */
function readSmall(file: string): string | null {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || stat.size > MAX_FILE_BYTES) return null;
    return readFileSync(file, 'utf8').trimEnd().slice(0, MAX_TEXT_LENGTH);
  } catch {
    return null; // git has finished in between
  }
}
