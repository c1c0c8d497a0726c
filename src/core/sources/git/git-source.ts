// The git source: every repository that an item points into, and those that still hold uncommitted work. Reading leaves the
// repository untouched to the byte. What is kept and what is not stands in docs/sources/git.md.

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type {
  CaptureContext,
  Host,
  PreviousItem,
  Source,
  SourceCapture,
  SourceDetection,
  SourceProblem,
} from '../source.ts';
import { captureRepository, type RememberedRepository, type RepositoryCapture } from './capture-repository.ts';
import { findRepositories, readRepository, type Repository } from './find-repositories.ts';
import { privateParents, removeLeftFolders } from './private-folder.ts';
import { GIT, repositoryKey } from './repository-item.ts';
import { applyGitRestore } from './restore/apply-restore.ts';
import { planGitRestore } from './restore/plan-restore.ts';
import { undoGitStep } from './restore/undo-restore.ts';
import { assertGitVersion } from './run-git.ts';

/** Git is bound by the disk and by starting processes; more at once only makes each of them later. */
const MAX_REPOSITORIES_AT_ONCE = 3;
const MAX_REPOSITORIES = 200;
/** The collector drops everything at 5 s: by then the repositories that were read must have been handed over. */
const BUDGET_MS = 4_000;
/** A repository that took too long is left alone for a while: every attempt costs as much as all other captures together. */
const PAUSE_MS = 5 * 60_000;

export interface GitSourceOptions {
  /** Where private folders may stand; by default a memory-backed folder, then the system's temporary one. */
  readonly privateParents?: readonly string[];
}

export function createGitSource(options: GitSourceOptions = {}): Source {
  const remembered = new Map<string, RememberedRepository>();
  let isReady = false;
  return {
    id: GIT,
    title: 'git',
    kinds: ['repository'],
    readsPaths: true,
    detect: detectGit,
    capture: async (context) => {
      const parents = options.privateParents ?? privateParents(context.host.platform);
      if (!isReady) {
        await assertGitVersion(context.host, context.signal);
        await removeLeftFolders(parents, context.host.uid, context.nowMs);
        isReady = true;
      }
      return captureGit(context, parents, remembered);
    },
    planRestore: planGitRestore,
    applyRestore: applyGitRestore,
    undoRestore: undoGitStep,
  };
}

async function detectGit(host: Host): Promise<SourceDetection> {
  try {
    const result = await host.run('git', ['--version']);
    const version = result.stdout.toString('utf8').trim();
    return {
      isPresent: result.exitCode === 0,
      summary: `${version}; repositories are found through what else is open`,
    };
  } catch {
    return { isPresent: false, summary: 'git is not installed' };
  }
}

/** Why a repository is looked at: something points into it, or it held work before, or it lies inside another one. */
interface Candidate {
  readonly repository: Repository;
  readonly isPointedTo: boolean;
}

async function captureGit(
  context: CaptureContext,
  parents: readonly string[],
  remembered: Map<string, RememberedRepository>,
): Promise<SourceCapture> {
  const found = findCandidates(context);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(BUDGET_MS)]);
  const budget = { leftBytes: context.maxBytes };
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [...found.problems];
  const closed: ItemKey[] = [...found.closed];
  const seen = new Set(found.candidates.map((candidate) => candidate.repository.root));
  const previous = new Set(context.previous.map((item) => item.key));
  // Repositories that were read least recently come first, so that none is always the one that the time does not suffice for.
  const queue = found.candidates.toSorted(
    (a, b) => Number(remembered.has(a.repository.root)) - Number(remembered.has(b.repository.root)),
  );

  const handle = async (candidate: Candidate): Promise<void> => {
    const { root } = candidate.repository;
    const key = repositoryKey(root);
    const result = await attempt(context, signal, parents, candidate.repository, remembered.get(root));
    if ('problem' in result) {
      problems.push({ ...result.problem, key });
      return;
    }
    remembered.set(root, result.remembered);
    for (const nested of nestedRepositories(context, result.remembered.nested, seen)) {
      queue.push({ repository: nested, isPointedTo: false });
    }
    if (!candidate.isPointedTo && !result.remembered.hasWork) {
      if (previous.has(key)) closed.push(key);
    } else if (takeFrom(budget, result.item)) items.push(result.item);
    else problems.push({ reason: 'too-large', message: `The work in ${root} is larger than a capture may be.`, key });
  };
  await drain(queue, handle);
  if (context.signal.aborted)
    throw new AppError('CANCELLED', 'The capture of git work was stopped.', { isRetryable: true });
  for (const root of remembered.keys()) if (!seen.has(root)) remembered.delete(root);
  return { items: items.toSorted((a, b) => (a.key < b.key ? -1 : 1)), problems, closed };
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
    else
      problems.push({
        reason: 'vanished',
        message: `The repository ${root} is gone; its last state was kept.`,
        key: item.key,
      });
  }
  if (candidates.length <= MAX_REPOSITORIES) return { candidates, problems, closed };
  const message = `There are more than ${MAX_REPOSITORIES} repositories; the others were not read.`;
  for (const { repository } of candidates.slice(MAX_REPOSITORIES)) {
    problems.push({ reason: 'partial', message, key: repositoryKey(repository.root) });
  }
  return { candidates: candidates.slice(0, MAX_REPOSITORIES), problems, closed };
}

async function attempt(
  context: CaptureContext,
  signal: AbortSignal,
  parents: readonly string[],
  repository: Repository,
  remembered: RememberedRepository | undefined,
): Promise<RepositoryCapture | { readonly problem: Omit<SourceProblem, 'key'> }> {
  try {
    return await captureRepository({ context, signal, privateParents: parents, remembered }, repository);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A file system error names a path of git's, nothing else; an AppError is a sentence for people.
    const isTimeout = signal.aborted || (error instanceof AppError && error.code === 'EXEC_TIMEOUT');
    const isUnreadable = error instanceof AppError && error.code === 'SOURCE_UNREADABLE';
    const hint = error instanceof AppError && error.hint !== '' ? ` ${error.hint}` : '';
    const why = signal.aborted ? 'there was not enough time.' : `${error.message}${hint}`;
    const reason = isTimeout ? 'timeout' : isUnreadable ? 'unreadable' : 'failed';
    return { problem: { reason, message: `${repository.root} could not be read: ${why}` } };
  }
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

/** Works the queue off, a few at once, until it is empty and nobody adds to it. */
async function drain(queue: Candidate[], handle: (candidate: Candidate) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await handle(next);
  };
  while (queue.length > 0) await Promise.all(Array.from({ length: MAX_REPOSITORIES_AT_ONCE }, worker));
}

function takeFrom(budget: { leftBytes: number }, item: CapturedItem): boolean {
  const bytes = item.streams.reduce(
    (sum, { content }) => sum + (content.type === 'whole' ? content.bytes.length : 0),
    0,
  );
  if (bytes > budget.leftBytes) return false;
  budget.leftBytes -= bytes;
  return true;
}

function hadWork(item: PreviousItem): boolean {
  const { attributes } = item;
  const counts = ['staged', 'unstaged', 'untracked', 'conflicts', 'unpushed'];
  return attributes['operation'] !== undefined || counts.some((name) => Number(attributes[name] ?? 0) > 0);
}
