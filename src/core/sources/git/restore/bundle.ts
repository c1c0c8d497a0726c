// Reads a saved bundle of commits back into a repository. The bytes are checked before git sees them, and git checks every object.

import { AppError } from '../../../../shared/model/app-error.ts';
import type { Git } from '../run-git.ts';
import type { Tip } from '../unpushed-commits.ts';

const MAX_HEADER_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface Bundle {
  /** Commits that the repository must have before. */
  readonly prerequisites: readonly string[];
  readonly tips: readonly Tip[];
  readonly pack: Uint8Array;
}

/** Pure; null where the bytes are no bundle. */
export function parseBundle(bytes: Uint8Array): Bundle | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf('\n\n');
  if (end < 0 || end > MAX_HEADER_BYTES) return null;
  const [signature = '', ...lines] = buffer.toString('utf8', 0, end).split('\n');
  if (!/^# v[23] git bundle$/.test(signature)) return null;
  const prerequisites: string[] = [];
  const tips: Tip[] = [];
  for (const line of lines) {
    const before = /^-([0-9a-f]{40,64})( .*)?$/.exec(line)?.[1];
    const tip = /^([0-9a-f]{40,64}) (\S.*)$/.exec(line);
    if (before !== undefined) prerequisites.push(before);
    else if (tip?.[1] !== undefined && tip[2] !== undefined) tips.push({ oid: tip[1], name: tip[2] });
    else if (!line.startsWith('@')) return null;
  }
  return { prerequisites, tips, pack: buffer.subarray(end + 2) };
}

/** Which of these commits the repository does not have. */
export async function missingCommits(git: Git, oids: readonly string[]): Promise<string[]> {
  if (oids.length === 0) return [];
  const input = `${oids.map((oid) => `${oid}^{commit}`).join('\n')}\n`;
  const listed = (await git.read(['cat-file', '--batch-check=%(objecttype)'], { input }))
    .toString('latin1')
    .split('\n');
  return oids.filter((_, index) => listed[index] !== 'commit');
}

/**
 * Adds the bundle's objects to the repository, where nothing names them yet.
 * @throws AppError SOURCE_FAILED where the repository lacks what they build on, or git finds them damaged.
 */
export async function importBundle(git: Git, bundle: Bundle): Promise<void> {
  if ((await missingCommits(git, bundle.prerequisites)).length > 0) {
    throw new AppError('SOURCE_FAILED', 'The repository lacks commits that the saved ones build on.', {
      hint: 'Run `git fetch` there and restore again.',
    });
  }
  const result = await git.run(['index-pack', '--stdin', '--fix-thin', '--strict'], {
    input: bundle.pack,
    timeoutMs: TIMEOUT_MS,
  });
  if (result.exitCode !== 0) throw new AppError('SOURCE_FAILED', 'git refused the saved commits as damaged.');
}
