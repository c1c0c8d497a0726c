// Reads all repositories of one capture, a few at once, within the source's time. Remembers between captures what it read, so
// that unchanged repositories cost little, and which of them took too long.

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { CaptureContext, PreviousItem, SourceCapture, SourceProblem } from '../source.ts';
import { captureRepository, type RememberedRepository, type RepositoryCapture } from './capture-repository.ts';
import { findRepositories, readRepository, type Repository } from './find-repositories.ts';
import { privateParents, removeLeftFolders } from '../host/private-folder.ts';
import { repositoryKey } from './repository-item.ts';
import { assertGitVersion } from './run-git.ts';

/** Git is bound by the disk and by starting processes; more at once only makes each of them later. */
const MAX_REPOSITORIES_AT_ONCE = 3;
const MAX_REPOSITORIES = 200;
/** The collector drops everything at 5 s: by then the repositories that were read must have been handed over. */
const BUDGET_MS = 4_000;
/**
 * A repository that took too long twice in a row is left alone for a while, and again after each further time: an attempt costs as
 * much as all other captures together. Once may be the machine's load.
 */
const PAUSE_MS = 5 * 60_000;
const TIMEOUTS_BEFORE_PAUSE = 2;

/** Gives a `capture` for the source. What it remembers lives as long as the function does. */
export function createRepositoryReader(
  parents?: readonly string[],
): (context: CaptureContext) => Promise<SourceCapture> {
  const memory: Memory = { repositories: new Map(), slow: new Map() };
  let isReady = false;
  return async (context) => {
    const folders = parents ?? privateParents(context.host.platform);
    if (!isReady) {
      await assertGitVersion(context.host, context.signal);
      await removeLeftFolders(folders, context.host.uid);
      isReady = true;
    }
    return readRepositories(context, folders, memory);
  };
}

interface Memory {
  /** By root, in the order in which they were read last. */
  readonly repositories: Map<string, RememberedRepository>;
  readonly slow: Map<string, { readonly timeouts: number; readonly pausedUntilMs: number }>;
}

/** Why a repository is looked at: something points into it, or it held work before, or it lies inside another one. */
interface Candidate {
  readonly repository: Repository;
  readonly isPointedTo: boolean;
}

interface Reading {
  readonly context: CaptureContext;
  readonly signal: AbortSignal;
  readonly parents: readonly string[];
  readonly memory: Memory;
  readonly queue: Candidate[];
  /** Roots that were queued. */
  readonly seen: Set<string>;
  readonly items: CapturedItem[];
  readonly problems: SourceProblem[];
  readonly closed: ItemKey[];
  leftBytes: number;
}

async function readRepositories(
  context: CaptureContext,
  parents: readonly string[],
  memory: Memory,
): Promise<SourceCapture> {
  const { candidates, problems, closed } = findCandidates(context);
  // Those that were read least recently come first, so that none is always the one that the time does not suffice for.
  const order = new Map([...memory.repositories.keys()].map((root, index) => [root, index]));
  const rank = ({ repository }: Candidate): number => order.get(repository.root) ?? -1;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(BUDGET_MS)]);
  const reading: Reading = {
    context,
    signal,
    parents,
    memory,
    queue: candidates.toSorted((a, b) => rank(a) - rank(b)),
    seen: new Set(candidates.map((candidate) => candidate.repository.root)),
    items: [],
    problems,
    closed,
    leftBytes: context.maxBytes,
  };
  await drain(reading);
  if (context.signal.aborted) {
    throw new AppError('CANCELLED', 'The capture of git work was stopped.', { isRetryable: true });
  }
  for (const map of [memory.repositories, memory.slow]) {
    for (const root of map.keys()) if (!reading.seen.has(root)) map.delete(root);
  }
  return { items: reading.items.toSorted((a, b) => (a.key < b.key ? -1 : 1)), problems, closed };
}

/** Works the queue off, a few at once, until it is empty and nobody adds to it. */
async function drain(reading: Reading): Promise<void> {
  const { queue } = reading;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await readOne(reading, next);
  };
  while (queue.length > 0) await Promise.all(Array.from({ length: MAX_REPOSITORIES_AT_ONCE }, worker));
}

async function readOne(reading: Reading, candidate: Candidate): Promise<void> {
  const { context, memory, items, problems, closed } = reading;
  const { root } = candidate.repository;
  const key = repositoryKey(root);
  const result = await attempt(reading, candidate.repository);
  if ('problem' in result) {
    problems.push({ ...result.problem, key });
    return;
  }
  memory.repositories.delete(root);
  memory.repositories.set(root, result.remembered);
  for (const repository of nestedRepositories(context, result.remembered.nested, reading.seen)) {
    reading.queue.push({ repository, isPointedTo: false });
  }
  if (!candidate.isPointedTo && !result.remembered.hasWork) {
    if (context.previous.some((item) => item.key === key)) closed.push(key);
    return;
  }
  const bytes = newBytes(result.item);
  if (bytes > reading.leftBytes) {
    problems.push({ reason: 'too-large', message: `The work in ${root} is larger than a capture may be.`, key });
    return;
  }
  reading.leftBytes -= bytes;
  items.push(result.item);
}

async function attempt(
  reading: Reading,
  repository: Repository,
): Promise<RepositoryCapture | { readonly problem: Omit<SourceProblem, 'key'> }> {
  const { context, signal, parents, memory } = reading;
  const { root } = repository;
  const problem = (reason: SourceProblem['reason'], why: string): { problem: Omit<SourceProblem, 'key'> } => ({
    problem: { reason, message: `${root} could not be read: ${why}` },
  });
  const slow = memory.slow.get(root);
  if (slow !== undefined && slow.pausedUntilMs > context.nowMs) {
    return problem('timeout', 'git took too long a moment ago; it is tried again a few minutes later.');
  }
  try {
    const remembered = memory.repositories.get(root);
    const captured = await captureRepository({ context, signal, privateParents: parents, remembered }, repository);
    memory.slow.delete(root);
    return captured;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof AppError && error.code === 'EXEC_TIMEOUT') {
      const timeouts = (slow?.timeouts ?? 0) + 1;
      const pauseMs = timeouts < TIMEOUTS_BEFORE_PAUSE ? 0 : PAUSE_MS;
      memory.slow.set(root, { timeouts, pausedUntilMs: context.nowMs + pauseMs });
      return problem('timeout', error.message);
    }
    if (signal.aborted) return problem('timeout', 'there was not enough time for all repositories.');
    // Not an AppError: the file system's, which names a file of git's or of ours, nothing else.
    const hint = error instanceof AppError && error.hint !== '' ? ` ${error.hint}` : '';
    const isUnreadable = error instanceof AppError && error.code === 'SOURCE_UNREADABLE';
    return problem(isUnreadable ? 'unreadable' : 'failed', `${error.message}${hint}`);
  }
}

function findCandidates(context: CaptureContext): {
  candidates: Candidate[];
  problems: SourceProblem[];
  closed: ItemKey[];
} {
  const isExcluded = (repository: Repository): boolean => context.excludes.path(repository.root);
  const pointed = findRepositories(context.pointedPaths).filter((repository) => !isExcluded(repository));
  const candidates: Candidate[] = pointed.map((repository) => ({ repository, isPointedTo: true }));
  const roots = new Set(pointed.map((repository) => repository.root));
  const problems: SourceProblem[] = [];
  const closed: ItemKey[] = [];
  for (const item of context.previous) {
    const root = item.attributes['path'];
    if (typeof root !== 'string' || roots.has(root)) continue;
    const repository = readRepository(root);
    if (context.excludes.path(root)) closed.push(item.key);
    else if (repository !== null) candidates.push({ repository, isPointedTo: false });
    else if (!hadWork(item)) closed.push(item.key);
    else {
      const message = `The repository ${root} is gone; its last state was kept.`;
      problems.push({ reason: 'vanished', message, key: item.key });
    }
  }
  if (candidates.length <= MAX_REPOSITORIES) return { candidates, problems, closed };
  const message = `There are more than ${MAX_REPOSITORIES} repositories; the others were not read.`;
  for (const { repository } of candidates.slice(MAX_REPOSITORIES)) {
    problems.push({ reason: 'partial', message, key: repositoryKey(repository.root) });
  }
  return { candidates: candidates.slice(0, MAX_REPOSITORIES), problems, closed };
}

/** Repositories inside one that was read, initialised submodules included, each once. */
function nestedRepositories(context: CaptureContext, roots: readonly string[], seen: Set<string>): Repository[] {
  const found: Repository[] = [];
  for (const root of roots) {
    if (seen.has(root) || seen.size >= MAX_REPOSITORIES || context.excludes.path(root)) continue;
    const repository = readRepository(root);
    if (repository === null) continue;
    seen.add(root);
    found.push(repository);
  }
  return found;
}

function newBytes(item: CapturedItem): number {
  return item.streams.reduce((sum, { content }) => sum + (content.type === 'whole' ? content.bytes.length : 0), 0);
}

function hadWork(item: PreviousItem): boolean {
  const { attributes } = item;
  const counts = ['staged', 'unstaged', 'untracked', 'conflicts', 'unpushed'];
  return attributes['operation'] !== undefined || counts.some((name) => Number(attributes[name] ?? 0) > 0);
}
