// Commits that exist on no remote, saved as a git bundle: those of HEAD, of an operation in progress, and the stashes. Without
// them the patches of uncommitted work would have nothing to stand on in a fresh clone.
//
// Kept: the commits with all their files, whatever the files are called (they were committed on purpose), as a thin pack in a
// bundle that `git fetch FILE` and, where there is no remote at all, `git clone FILE` understand. Not kept: other local branches
// and tags, and bundles over the limits; then the stashes go first, then all of it, and the item says so.

import { createHash } from 'node:crypto';

import { AppError } from '../../../shared/model/app-error.ts';
import type { Operation } from './operation.ts';
import type { Git } from './run-git.ts';

/** A bundle of this size is stored in one go with everything else; more history than this belongs on a remote. */
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const MAX_COMMITS = 20_000;
const MAX_STASHES = 20;
/** Each step; all of them together must leave time for the work itself. A large history without any remote is the case in point. */
const STEP_TIMEOUT_MS = 700;

/** A commit and the name under which the bundle offers it. */
export interface Tip {
  readonly oid: string;
  readonly name: string;
}

export interface Unpushed {
  /** Commits of HEAD that no remote has; counted up to a limit. */
  readonly commits: number;
  /** Null where there is nothing to keep, or too much. */
  readonly bundle: Buffer | null;
  /** What of it is not in the bundle, as a sentence; null where all is. */
  readonly notKept: string | null;
}

/** The commits worth keeping: where HEAD, the operation and the stashes are. */
export async function listTips(
  git: Git,
  facts: { readonly head: string | null; readonly branch: string | null; readonly stashes: number },
  operation: Operation | null,
): Promise<{ readonly work: readonly Tip[]; readonly stashes: readonly Tip[] }> {
  const work: Tip[] = [];
  if (facts.head !== null) {
    work.push({ oid: facts.head, name: 'HEAD' });
    if (facts.branch !== null) work.push({ oid: facts.head, name: `refs/heads/${facts.branch}` });
  }
  for (const [name, oids] of Object.entries(operation?.heads ?? {})) {
    for (const [index, oid] of oids.entries()) work.push({ oid, name: `refs/cairn/${name}/${index}` });
  }
  const original = operation?.rebase?.original ?? null;
  if (original !== null) work.push({ oid: original, name: 'refs/cairn/REBASE_ORIGINAL' });
  return { work, stashes: facts.stashes === 0 ? [] : await listStashes(git) };
}

/** A token of what the bundle would hold: equal tokens, equal commits. */
export function versionOfTips(tips: readonly Tip[], remoteRefs: string): string {
  const hash = createHash('sha256').update(remoteRefs);
  for (const tip of tips) hash.update(`\0${tip.oid} ${tip.name}`);
  return hash.digest('base64url');
}

/**
 * Packs what no remote has. `isExcluded` is asked for every file in it, by relative path: a rule of the user that hides one of
 * them hides the whole bundle, since commits cannot be saved without their files.
 */
export async function readUnpushed(
  git: Git,
  tips: { readonly work: readonly Tip[]; readonly stashes: readonly Tip[] },
  isExcluded: (relativePath: string) => boolean,
): Promise<Unpushed> {
  const all = [...tips.work, ...tips.stashes];
  if (all.length === 0) return { commits: 0, bundle: null, notKept: null };
  const commits = await countUnpushed(git, tips.work[0]?.name === 'HEAD' ? tips.work[0].oid : null);
  const whole = await tryBundle(git, all, isExcluded);
  if (whole.refused === null) return { commits, bundle: whole.bundle, notKept: null };
  const reason = REFUSALS[whole.refused];
  if (tips.stashes.length > 0 && whole.refused !== 'slow') {
    const less = await tryBundle(git, tips.work, isExcluded);
    if (less.refused === null)
      return { commits, bundle: less.bundle, notKept: `The stashes were not kept: ${reason}.` };
  }
  return { commits, bundle: null, notKept: `The commits that no remote has were not kept: ${reason}.` };
}

const REFUSALS = {
  'too-large': 'together they are larger than 16 MB',
  excluded: 'they hold files that a rule excludes',
  unreadable: 'git could not read all of them',
  slow: 'git took too long to pack them',
} as const;

type Attempt =
  | { readonly refused: null; readonly bundle: Buffer | null }
  | { readonly refused: keyof typeof REFUSALS; readonly bundle: null };

/** Every step is bounded, in commits, bytes and time. */
async function tryBundle(
  git: Git,
  tips: readonly Tip[],
  isExcluded: (relativePath: string) => boolean,
): Promise<Attempt> {
  const range = [...new Set(tips.map((tip) => tip.oid)), '--not', '--remotes'];
  const list = async (...args: string[]): Promise<Buffer> =>
    git.read(['rev-list', ...args, ...range], { timeoutMs: STEP_TIMEOUT_MS });
  try {
    const lines = (await list('--boundary', `--max-count=${MAX_COMMITS + 1}`)).toString('latin1').split('\n');
    const boundary = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
    const included = new Set(lines.filter((line) => /^[0-9a-f]{40,64}$/.test(line)));
    if (included.size === 0) return { refused: null, bundle: null };
    if (included.size > MAX_COMMITS) return refused('too-large');
    const sizeBytes = Number((await list('--objects', '--disk-usage')).toString('latin1').trim());
    if (sizeBytes > MAX_BUNDLE_BYTES) return refused('too-large');
    if (holdsExcluded(await list('--objects'), isExcluded)) return refused('excluded');
    const offered = tips.filter((tip) => included.has(tip.oid));
    const pack = await packCommits(git, offered, boundary);
    if (pack === null) return refused('too-large');
    return { refused: null, bundle: Buffer.concat([bundleHeader(offered, boundary), pack]) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXEC_TIMEOUT') return refused('slow');
    // Commits that a shallow or partial clone, or a damaged repository, does not have.
    if (error instanceof AppError && error.code === 'SOURCE_FAILED') return refused('unreadable');
    throw error;
  }
}

/** Null where the pack is larger than its parts, stored as they are, promised. */
async function packCommits(git: Git, tips: readonly Tip[], boundary: readonly string[]): Promise<Buffer | null> {
  const args = ['pack-objects', '--revs', '--thin', '--stdout', '--delta-base-offset', '-q', '--threads=1'];
  const input = [...new Set(tips.map((tip) => tip.oid)), ...boundary.map((oid) => `^${oid}`), ''].join('\n');
  try {
    return await git.read(args, { input, maxOutputBytes: MAX_BUNDLE_BYTES, timeoutMs: STEP_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXEC_FAILED') return null;
    throw error;
  }
}

function refused(reason: keyof typeof REFUSALS): Attempt {
  return { refused: reason, bundle: null };
}

/** Version 3 only where the object format must be named: older gits read version 2. */
function bundleHeader(tips: readonly Tip[], boundary: readonly string[]): Buffer {
  const isSha256 = (tips[0]?.oid.length ?? 40) > 40;
  const lines = [
    ...(isSha256 ? ['# v3 git bundle', '@object-format=sha256'] : ['# v2 git bundle']),
    ...boundary.map((oid) => `-${oid} `),
    ...tips.map((tip) => `${tip.oid} ${tip.name}`),
  ];
  return Buffer.from(`${lines.join('\n')}\n\n`, 'utf8');
}

/** `listed` is what `rev-list --objects` prints: an id, and the path of a file or folder where it has one. */
function holdsExcluded(listed: Buffer, isExcluded: (relativePath: string) => boolean): boolean {
  return listed
    .toString('utf8')
    .split('\n')
    .some((line) => {
      const blank = line.indexOf(' ');
      return blank > 0 && blank < line.length - 1 && isExcluded(line.slice(blank + 1));
    });
}

async function countUnpushed(git: Git, head: string | null): Promise<number> {
  if (head === null) return 0;
  const counted = await git.run(['rev-list', '--count', `--max-count=${MAX_COMMITS}`, head, '--not', '--remotes']);
  return counted.exitCode === 0 ? Number(counted.stdout.toString('latin1').trim()) : 0;
}

async function listStashes(git: Git): Promise<Tip[]> {
  const listed = await git.run(['rev-list', '--walk-reflogs', `--max-count=${MAX_STASHES}`, 'refs/stash']);
  if (listed.exitCode !== 0) return [];
  const oids = listed.stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => /^[0-9a-f]{40,64}$/.test(line));
  return oids.map((oid, index) => ({ oid, name: `refs/cairn/stash/${index}` }));
}
