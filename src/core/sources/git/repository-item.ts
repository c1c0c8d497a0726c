// A repository as an item: its key, title and attributes. The attributes are what a person sees and what a restore needs;
// `parseRepositoryFacts` is the only reader of them.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { z } from 'zod';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { LineCounts } from './count-patch-lines.ts';
import type { Repository } from './find-repositories.ts';
import { LEFT_OUT_REASONS, type Change, type Inspection } from './inspect-changes.ts';
import type { Operation } from './operation.ts';
import type { GitStatus } from './parse-status.ts';
import type { Unpushed } from './unpushed-commits.ts';

export const GIT = parseSourceId('git');

export const STAGED_PATCH = 'staged.patch';
export const WORK_PATCH = 'unstaged.patch';
export const UNPUSHED_BUNDLE = 'unpushed.bundle';
export const CONFLICTS_INDEX = 'conflicts.index';
export const CONFLICTS_PACK = 'conflicts.pack';

const MAX_KEY_LENGTH = 900;
const KEY_HASH_LENGTH = 32;
/** All attributes together must stay under 64 KiB. */
const MAX_LIST_LENGTH = 200;
const MAX_LIST_CHARACTERS = 16_000;

/** `git:` and the work tree's path; the end of a very long one is replaced by its hash. */
export function repositoryKey(root: string): ItemKey {
  const text = `git:${root}`;
  if (text.length <= MAX_KEY_LENGTH) return parseItemKey(text);
  const hash = createHash('sha256').update(root).digest('hex').slice(0, KEY_HASH_LENGTH);
  return parseItemKey(`${text.slice(0, MAX_KEY_LENGTH - KEY_HASH_LENGTH - 1)}~${hash}`);
}

/** Everything that was read of one repository. */
export interface RepositoryReading {
  readonly repository: Repository;
  readonly status: GitStatus;
  readonly inspection: Inspection;
  /** With what was found to be left out while reading; the same as `inspection.changes` otherwise. */
  readonly changes: readonly Change[];
  readonly remotes: ReadonlyMap<string, string>;
  readonly operation: Operation | null;
  readonly trees: { readonly staged: string; readonly work: string } | null;
  /** Of all patches together. */
  readonly lines: LineCounts;
  readonly unpushed: Omit<Unpushed, 'bundle'>;
  readonly hidesUntracked: boolean;
}

export interface WorkCounts {
  readonly staged: number;
  readonly unstaged: number;
  readonly untracked: number;
  readonly conflicts: number;
}

export function countWork(changes: readonly Change[]): WorkCounts {
  const count = (matches: (change: Change) => boolean): number => changes.filter(matches).length;
  return {
    staged: count(({ entry }) => entry.type === 'changed' && entry.inIndex !== '.'),
    unstaged: count(({ entry }) => entry.type === 'changed' && entry.inWork !== '.'),
    untracked: count(({ entry }) => entry.type === 'untracked'),
    conflicts: count(({ entry }) => entry.type === 'conflict'),
  };
}

/** `api (main +3 ~2 ?1)`: staged, unstaged, untracked, conflicted `!`, commits that no remote has `↑`. */
export function repositoryTitle(reading: RepositoryReading): string {
  const { status, operation } = reading;
  const counts = countWork(reading.changes);
  const signs = [
    ['↑', reading.unpushed.commits],
    ['+', counts.staged],
    ['~', counts.unstaged],
    ['?', counts.untracked],
    ['!', counts.conflicts],
  ] as const;
  const parts = [
    status.branch ?? (status.head === null ? 'no commits' : `detached ${status.head.slice(0, 8)}`),
    operation?.name ?? '',
    ...signs.map(([sign, count]) => (count > 0 ? `${sign}${count}` : '')),
  ];
  return `${basename(reading.repository.root) || '/'} (${parts.filter((part) => part !== '').join(' ')})`;
}

export function repositoryAttributes(reading: RepositoryReading): JsonObject {
  const { repository, status, inspection, operation, unpushed } = reading;
  const leftOut = reading.changes.flatMap((change) =>
    change.leftOut === null ? [] : [{ path: change.path, why: LEFT_OUT_REASONS[change.leftOut] }],
  );
  const files = reading.changes.map((change) => ({ path: change.path, state: stateOf(change) }));
  return {
    path: repository.root,
    ...(repository.commonDir === repository.gitDir ? {} : { commonDir: repository.commonDir }),
    head: status.head,
    branch: status.branch,
    ...(status.upstream === null ? {} : { upstream: status.upstream, ahead: status.ahead, behind: status.behind }),
    remotes: Object.fromEntries(reading.remotes),
    ...countWork(reading.changes),
    linesAdded: reading.lines.added,
    linesRemoved: reading.lines.removed,
    stashes: status.stashes,
    unpushed: unpushed.commits,
    ...(unpushed.notKept === null ? {} : { unpushedNotKept: unpushed.notKept }),
    // A prepared message lists the files of a conflict: it would name what a rule hides.
    ...(operation === null
      ? {}
      : {
          operation: operation.name,
          operationHeads: { ...operation.heads },
          ...(operation.message === null || inspection.excluded.length > 0 ? {} : { message: operation.message }),
          ...(operation.rebase === null ? {} : { rebase: operation.rebase }),
        }),
    ...(reading.trees === null ? {} : { stagedTree: reading.trees.staged, workTree: reading.trees.work }),
    ...capped('files', files),
    ...(leftOut.length === 0 ? {} : capped('leftOut', leftOut)),
    ...(inspection.nested.length === 0
      ? {}
      : capped(
          'nested',
          inspection.nested.map((path) => ({ path })),
        )),
    ...(inspection.excluded.length === 0 ? {} : { excludedFiles: inspection.excluded.length }),
    ...(reading.hidesUntracked ? { untrackedNotRead: 'status.showUntrackedFiles is off here' } : {}),
  };
}

/** A list under its name, and under `...More` how many did not fit. */
function capped(name: string, list: ReadonlyArray<{ readonly path: string }>): JsonObject {
  let characters = 0;
  const fitting = list.slice(0, MAX_LIST_LENGTH).filter((element) => {
    characters += element.path.length + 40;
    return characters <= MAX_LIST_CHARACTERS;
  });
  const more = list.length - fitting.length;
  return { [name]: fitting.map((element) => ({ ...element })), ...(more === 0 ? {} : { [`${name}More`]: more }) };
}

function stateOf(change: Change): string {
  const { entry } = change;
  switch (entry.type) {
    case 'untracked':
      return '??';
    case 'conflict':
      return entry.state;
    case 'changed':
      return `${entry.inIndex}${entry.inWork}`;
  }
}

const oid = z.string().regex(/^[0-9a-f]{40,64}$/);

const factsSchema = z.object({
  path: z.string().startsWith('/'),
  commonDir: z.string().startsWith('/').optional(),
  head: oid.nullable(),
  branch: z.string().nullable(),
  remotes: z.record(z.string(), z.string()).default({}),
  stagedTree: oid.optional(),
  workTree: oid.optional(),
  operation: z.string().optional(),
  operationHeads: z.partialRecord(z.string(), z.array(oid)).default({}),
  message: z.string().optional(),
  conflicts: z.number().default(0),
});

/** What a restore needs of a captured repository. */
export type RepositoryFacts = z.infer<typeof factsSchema>;

/** Reads the attributes of a stored item; null where they are not those of a repository. */
export function parseRepositoryFacts(attributes: unknown): RepositoryFacts | null {
  const parsed = factsSchema.safeParse(attributes);
  return parsed.success ? parsed.data : null;
}
