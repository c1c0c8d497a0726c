// The proof with git, where there is no tmux: uncommitted work in a scratch repository is thrown away and comes back.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseSourceId } from '../../shared/model/ids.ts';
import { createGitSource } from '../sources/git/git-source.ts';
import { captureAndRestore, notProven, type ProofStage } from './proof-stage.ts';
import { createPointerSource } from './pointer-source.ts';

const GIT = parseSourceId('git');
const FILE = 'notes.txt';
const COMMITTED = 'committed\n';
const UNCOMMITTED = 'committed\nthis line was never committed\n';

export async function proveWithGit(stage: ProofStage): Promise<void> {
  const { run, say, signal } = stage;
  const repository = join(stage.folder, 'scratch-repository');
  const file = join(repository, FILE);
  const git = (...args: readonly string[]) => run('git', ['-C', repository, ...args], { signal });

  await mkdir(repository);
  await git('init', '--quiet');
  await writeFile(file, COMMITTED);
  await git('add', FILE);
  const author = ['-c', 'user.name=Cairn', '-c', 'user.email=cairn@localhost', '-c', 'commit.gpgSign=false'];
  await git(...author, 'commit', '--quiet', '--no-verify', '-m', 'first');
  await writeFile(file, UNCOMMITTED);
  say(`A scratch git repository has a line in ${FILE} that was never committed.`);

  const pointer = createPointerSource(file);
  const sources = [pointer, createGitSource()];
  await stage.withVault({ enabled: [pointer.id, GIT], sources }, (open) =>
    captureAndRestore(open, stage, { shouldApplyGit: true }, async () => {
      await git('checkout', '--quiet', '--', FILE);
      if ((await readFile(file, 'utf8')) !== COMMITTED) throw notProven();
      say('Captured, and thrown away with `git checkout`: the line is gone.');
    }),
  );
  const restored = await readFile(file, 'utf8');
  if (restored !== UNCOMMITTED) throw notProven();
  say(`Restored. ${FILE} now:`);
  for (const line of restored.trimEnd().split('\n')) say(`  | ${line}`);
}
