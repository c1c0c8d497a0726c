// A repository as it was: branch, and each changed file with its patch. Files that are known by name only are shown without one.

import { z } from 'zod';

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PreviewContext } from '../source.ts';
import { languageOf } from '../host/language-of.ts';
import { STAGED_PATCH, WORK_PATCH } from './repository-item.ts';
import { splitPatch } from './split-patch.ts';

/** All patches together: ten thousand files would be too much to hand over, let alone to read. */
const MAX_TOTAL_LENGTH = 5_000_000;
const NOT_SHOWN = 'not shown: the patches of all files together are too long';

type RepositoryPreview = Extract<Preview, { type: 'repository' }>;
type PreviewFile = RepositoryPreview['files'][number];
type FileState = PreviewFile['state'];

const text = z.string().catch('');
const files = <Shape extends z.ZodRawShape>(more: Shape) => z.array(z.object({ path: z.string(), ...more })).catch([]);
/** What is senseless is left out, the rest is still shown. */
const factsSchema = z.object({
  path: text,
  branch: text,
  head: text,
  stashes: z.int().min(0).catch(0),
  files: files({ state: text }),
  leftOut: files({ why: text }),
});

export async function previewRepository(item: SnapshotItem, context: PreviewContext): Promise<RepositoryPreview> {
  const facts = factsSchema.parse(item.attributes);
  const states = new Map(facts.files.map((file) => [relativeTo(facts.path, file.path), stateOf(file.state)]));
  const staged = (await readPatch(item, context, STAGED_PATCH)).map((file) => toFile(file, 'staged'));
  const work = (await readPatch(item, context, WORK_PATCH)).map((file) => {
    if (states.get(file.path) === 'conflict') return toFile(file, 'conflict');
    // The patch begins at the index: what is new against it is not tracked.
    return toFile(file, file.isNew ? 'untracked' : 'unstaged');
  });
  const shown = new Set([...staged, ...work].map((file) => file.path));
  const reasons = new Map(facts.leftOut.map(({ path, why }) => [relativeTo(facts.path, path), why]));
  const named = [...states].flatMap(([path, state]): PreviewFile[] => {
    const why = reasons.get(path);
    const patch = why === undefined ? '' : `not kept: ${why}`;
    return shown.has(path) ? [] : [{ path, state, added: 0, removed: 0, patch, language: languageOf(path) }];
  });
  return {
    type: 'repository',
    path: facts.path,
    branch: facts.branch || (facts.head === '' ? '' : `detached ${facts.head.slice(0, 8)}`),
    files: withinTotal([...staged, ...work, ...named]),
    commits: [],
    stashes: facts.stashes,
  };
}

async function readPatch(
  item: SnapshotItem,
  context: PreviewContext,
  name: string,
): Promise<ReturnType<typeof splitPatch>> {
  if (!item.streams.some((stream) => stream.name === name)) return [];
  return splitPatch(new TextDecoder().decode(await context.readStream(name)));
}

function toFile({ path, added, removed, patch, language }: Omit<PreviewFile, 'state'>, state: FileState): PreviewFile {
  return { path, state, added, removed, patch, language };
}

/** The two letters of a file's status: index and work tree. */
function stateOf(letters: string): FileState {
  if (letters === '??') return 'untracked';
  if (/U|^AA$|^DD$/.test(letters)) return 'conflict';
  return letters.startsWith('.') ? 'unstaged' : 'staged';
}

function relativeTo(root: string, path: string): string {
  const start = root.endsWith('/') ? root : `${root}/`;
  return path.startsWith(start) ? path.slice(start.length) : path;
}

function withinTotal(all: readonly PreviewFile[]): PreviewFile[] {
  let leftLength = MAX_TOTAL_LENGTH;
  return all.map((file) => {
    leftLength -= file.patch.length;
    return leftLength >= 0 ? file : { ...file, patch: NOT_SHOWN };
  });
}
