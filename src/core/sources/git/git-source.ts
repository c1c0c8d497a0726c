// The git source: every repository that an item points into, and those that still hold uncommitted work. Reading leaves the
// repository untouched to the byte. What is kept and what is not stands in docs/sources/git.md.

import type { Host, Source, SourceDetection } from '../source.ts';
import { previewRepository } from './preview.ts';
import { createRepositoryReader } from './repository-reader.ts';
import { GIT } from './repository-item.ts';
import { applyGitRestore } from './restore/apply-restore.ts';
import { planGitRestore } from './restore/plan-restore.ts';
import { undoGitStep } from './restore/undo-restore.ts';

export interface GitSourceOptions {
  /** Where private folders may stand; by default a memory-backed folder, then the system's temporary one. */
  readonly privateParents?: readonly string[];
}

export function createGitSource(options: GitSourceOptions = {}): Source {
  return {
    id: GIT,
    title: 'git',
    kinds: ['repository'],
    readsPaths: true,
    detect: detectGit,
    capture: createRepositoryReader(options.privateParents),
    preview: previewRepository,
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
