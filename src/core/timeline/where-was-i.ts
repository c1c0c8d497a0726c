// Where somebody was when they left, and what happened since: from plain facts of the history, no model asked. Whoever made no change
// for a while was away; what stands out is what waits for them: unfinished turns, uncommitted work, an operation in its middle.

import { z } from 'zod';

import type { ItemKind, SnapshotItem } from '../../shared/model/item.ts';
import { describeChanges } from '../../shared/diff/describe-changes.ts';
import { diffItems } from '../../shared/diff/diff-items.ts';
import { findProjects, projectOf, repositoryRoots, type ProjectRoot } from '../../shared/timeline/project.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import type { WhereWasIView } from '../../shared/contract/where-was-i.ts';
import type { ChangeRun, Vault } from '../vault/vault.ts';
import { toIso } from './views.ts';

/** Changes that are looked through for the time of leaving, and that make up the last stretch of work. */
const MAX_RUNS = 300;
const MAX_PROJECTS = 12;
const MAX_NAMED = 8;
const MAX_WORDS = 6;

const NOTHING: WhereWasI = {
  leftAtMs: null,
  leftSnapshotId: null,
  backAtMs: null,
  workedSinceMs: null,
  wasAway: false,
  projects: [],
  changedSince: [],
};

export interface WhereWasIQuery {
  readonly nowMs: number;
  /** So long without any change is being away. */
  readonly awayMs: number;
  /** Only this project: a name, a folder, or a repository's address. */
  readonly project?: string;
}

export interface WhereWasI {
  /** The last change before somebody left; null where nothing was captured yet. */
  readonly leftAtMs: number | null;
  /** The snapshot of that moment. */
  readonly leftSnapshotId: SnapshotId | null;
  /** The first change after that; null while they are away. */
  readonly backAtMs: number | null;
  /** When the stretch of work began that ended then. */
  readonly workedSinceMs: number | null;
  /** False where no change was missing for so long: they were here all the time. */
  readonly wasAway: boolean;
  /** What was worked on last stands first. */
  readonly projects: readonly ProjectState[];
  /** What changed from then to the newest snapshot, in words. */
  readonly changedSince: readonly string[];
}

export interface ProjectState {
  /** Null for what belongs to no project. */
  readonly name: string | null;
  readonly lastChangedAtMs: number | null;
  /** The latest things that were done, in words, newest first. */
  readonly lastDone: readonly string[];
  /** What changed from the time of leaving to the newest snapshot, in words. */
  readonly changedSince: readonly string[];
  readonly branch: string | null;
  /** Files with uncommitted work, and commits that no remote has. */
  readonly uncommitted: number;
  readonly unpushed: number;
  /** `rebase`, `merge` ... in its middle. */
  readonly operation: string | null;
  readonly conversations: readonly ConversationState[];
  readonly terminals: readonly { readonly title: string; readonly command: string | null }[];
  readonly documents: readonly { readonly path: string; readonly isModified: boolean }[];
  readonly tabs: readonly { readonly title: string; readonly url: string }[];
}

export interface ConversationState {
  readonly title: string;
  readonly lastMessage: string | null;
  readonly isMidTurn: boolean;
}

/** @throws AppError VAULT_DAMAGED */
export async function whereWasI(
  vault: Pick<Vault, 'changes' | 'readSnapshot' | 'listSnapshots'>,
  query: WhereWasIQuery,
): Promise<WhereWasI> {
  const { runs } = await vault.changes({ limit: MAX_RUNS });
  const [newest] = await vault.listSnapshots({ limit: 1 });
  const stretch = findStretch(runs, query);
  const [leaving] = stretch.runs;
  if (leaving === undefined || newest === undefined) return NOTHING;
  const left = await vault.readSnapshot(leaving.summary.id);
  const now = newest.id === left.id ? left : await vault.readSnapshot(newest.id);
  const roots = repositoryRoots(left.itemList);
  const wanted = wantedNames(query.project, roots);
  const isWanted = (item: SnapshotItem): boolean => wanted === null || wanted.has(projectOf(item, roots) ?? '');
  const items = left.itemList.filter(isWanted);
  const itemsNow = now.itemList.filter(isWanted);
  return {
    leftAtMs: leaving.summary.takenAtMs,
    leftSnapshotId: left.id,
    backAtMs: stretch.backAtMs,
    workedSinceMs: stretch.runs.at(-1)?.summary.takenAtMs ?? null,
    wasAway: stretch.wasAway,
    projects: toProjects({ items, itemsNow, runs: stretch.runs, roots, wanted }),
    changedSince: describeChanges(diffItems(items, itemsNow)),
  };
}

/** As the command prints it and the API answers. */
export function viewWhereWasI({ leftAtMs, backAtMs, workedSinceMs, projects, ...rest }: WhereWasI): WhereWasIView {
  return {
    leftAt: isoOf(leftAtMs),
    leftSnapshotId: rest.leftSnapshotId,
    backAt: isoOf(backAtMs),
    workedSince: isoOf(workedSinceMs),
    wasAway: rest.wasAway,
    projects: projects.map(({ lastChangedAtMs, ...state }) => ({
      name: state.name,
      lastChangedAt: isoOf(lastChangedAtMs),
      lastDone: [...state.lastDone],
      changedSince: [...state.changedSince],
      branch: state.branch,
      uncommitted: state.uncommitted,
      unpushed: state.unpushed,
      operation: state.operation,
      conversations: [...state.conversations],
      terminals: [...state.terminals],
      documents: [...state.documents],
      tabs: [...state.tabs],
    })),
    changedSince: [...rest.changedSince],
  };
}

function isoOf(timeMs: number | null): string | null {
  return timeMs === null ? null : toIso(timeMs);
}

/** The changes before the last time of being away, newest first; all of the latest ones where there was none. */
export function findStretch(
  runs: readonly ChangeRun[],
  { nowMs, awayMs }: Pick<WhereWasIQuery, 'nowMs' | 'awayMs'>,
): { readonly runs: readonly ChangeRun[]; readonly backAtMs: number | null; readonly wasAway: boolean } {
  let from = 0;
  let backAtMs: number | null = null;
  const isAwayNow = nowMs - (runs[0]?.summary.takenAtMs ?? nowMs) >= awayMs;
  if (!isAwayNow) {
    const at = runs.findIndex((run, index) => index + 1 < runs.length && awayAfter(run, runs[index + 1]) >= awayMs);
    if (at >= 0) {
      from = at + 1;
      backAtMs = runs[at]?.summary.takenAtMs ?? null;
    }
  }
  let to = from;
  while (runs[to + 1] !== undefined && awayAfter(runs[to], runs[to + 1]) < awayMs) to += 1;
  return { runs: runs.slice(from, to + 1), backAtMs, wasAway: isAwayNow || backAtMs !== null };
}

/** From a change to the next one. */
function awayAfter(later: ChangeRun | undefined, earlier: ChangeRun | undefined): number {
  return (later?.summary.takenAtMs ?? 0) - (earlier?.summary.takenAtMs ?? 0);
}

function wantedNames(text: string | undefined, roots: readonly ProjectRoot[]): ReadonlySet<string> | null {
  if (text === undefined) return null;
  const found = findProjects(text, roots);
  return new Set(found.length > 0 ? found.map(({ name }) => name) : [text.trim()]);
}

interface Stretch {
  /** What was open at the time of leaving, and in the newest snapshot. */
  readonly items: readonly SnapshotItem[];
  readonly itemsNow: readonly SnapshotItem[];
  readonly runs: readonly ChangeRun[];
  readonly roots: readonly ProjectRoot[];
  readonly wanted: ReadonlySet<string> | null;
}

function toProjects({ items, itemsNow, runs, roots, wanted }: Stretch): ProjectState[] {
  const groups = Map.groupBy(items, (item) => projectOf(item, roots) ?? null);
  const groupsNow = Map.groupBy(itemsNow, (item) => projectOf(item, roots) ?? null);
  // What only came since has nothing that was left behind: it stands under all that changed.
  const states = [...groups].map(([name, list]) => ({
    ...toState(name, list, name === null ? [] : runsOf(name, runs)),
    changedSince: describeChanges(diffItems(list, groupsNow.get(name) ?? [])),
  }));
  return states
    .filter((state) => wanted === null || wanted.has(state.name ?? ''))
    .toSorted((a, b) => weight(b) - weight(a))
    .slice(0, MAX_PROJECTS);
}

function runsOf(name: string, runs: readonly ChangeRun[]): readonly ChangeRun[] {
  return runs.filter(({ projects }) => projects.includes(name));
}

/** What was worked on last, then what has something that waits. */
function weight({ lastChangedAtMs, uncommitted, unpushed, operation, conversations }: ProjectState): number {
  const waits = uncommitted + unpushed > 0 || operation !== null || conversations.some(({ isMidTurn }) => isMidTurn);
  return (lastChangedAtMs ?? 0) + (waits ? 1 : 0);
}

const repositorySchema = z.object({
  branch: z.string().nullable().catch(null),
  staged: z.number().catch(0),
  unstaged: z.number().catch(0),
  untracked: z.number().catch(0),
  conflicts: z.number().catch(0),
  unpushed: z.number().catch(0),
  operation: z.string().nullable().catch(null),
});

function toState(
  name: string | null,
  items: readonly SnapshotItem[],
  runs: readonly ChangeRun[],
): Omit<ProjectState, 'changedSince'> {
  const of = (kind: ItemKind): readonly SnapshotItem[] => items.filter((item) => item.kind === kind);
  const [repository] = of('repository');
  const git = repositorySchema.parse(repository?.attributes ?? {});
  const words = runs.flatMap((run) => describeChanges(run));
  return {
    name,
    lastChangedAtMs: runs[0]?.summary.takenAtMs ?? null,
    lastDone: [...new Set(words)].slice(0, MAX_WORDS),
    branch: git.branch,
    uncommitted: git.staged + git.unstaged + git.untracked + git.conflicts,
    unpushed: git.unpushed,
    operation: git.operation,
    // Kept for ever, so most of them were not open.
    conversations: of('conversation').filter(isOpen).slice(0, MAX_NAMED).map(toConversation),
    terminals: of('terminal')
      .slice(0, MAX_NAMED)
      .map(({ title, attributes }) => ({ title, command: commandOf(attributes['argv']) })),
    documents: of('document')
      .slice(0, MAX_NAMED)
      .map(({ title, attributes }) => ({
        path: textOf(attributes['path']) ?? title,
        isModified: attributes['isModified'] === true,
      })),
    tabs: of('tab')
      .slice(0, MAX_NAMED)
      .map(({ title, attributes }) => ({ title, url: textOf(attributes['url']) ?? '' })),
  };
}

function isOpen({ attributes }: SnapshotItem): boolean {
  return attributes['isLive'] === true || attributes['isMidTurn'] === true;
}

function toConversation({ title, attributes }: SnapshotItem): ConversationState {
  return { title, lastMessage: textOf(attributes['lastMessage']), isMidTurn: attributes['isMidTurn'] === true };
}

function commandOf(argv: unknown): string | null {
  return Array.isArray(argv) && argv.length > 0 ? argv.map(String).join(' ') : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
