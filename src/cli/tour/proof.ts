// A restore that a new user can watch: something small is made in a scratch folder, captured into a scratch vault, destroyed, and
// brought back. Nothing of the user's is touched, and nothing is left behind.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import type { RunProgram } from '../../core/sources/host/run-program.ts';
import type { Source } from '../../core/sources/source.ts';
import type { Core } from '../core.ts';
import { proveWithGit } from './proof-git.ts';
import type { ProofStage } from './proof-stage.ts';
import { proveWithTmux } from './proof-tmux.ts';

export interface ProofDeps {
  /** Runs programs; tmux' sockets lie in this folder. */
  readonly createRun: (folder: string) => RunProgram;
  /** The application over a data folder; its tmux sockets lie in this folder. Its sources are Cairn's unless others are given. */
  readonly createCore: (home: string, folder: string, sources?: readonly Source[]) => Core;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Shows the proof. False where there is nothing to show it with. @throws AppError where the restore does not hold */
export async function proveRestore(deps: ProofDeps): Promise<boolean> {
  const { say, signal, createRun, createCore } = deps;
  const folder = await mkdtemp(join(tmpdir(), 'cairn-proof-'));
  const run = createRun(folder);
  const stage: ProofStage = {
    folder,
    run,
    say,
    signal,
    withVault: async ({ enabled, sources }, work) => {
      const core = createCore(join(folder, 'data'), folder, sources);
      await core.enableSources(enabled);
      const { open } = await core.createVault(randomBytes(24).toString('base64url'));
      try {
        return await work(open);
      } finally {
        await open.close();
      }
    },
  };
  try {
    if (await isInstalled('tmux', ['-V'], stage)) await proveWithTmux(stage);
    else if (await isInstalled('git', ['--version'], stage)) await proveWithGit(stage);
    else {
      say('Neither tmux nor git is installed here, so this step is left out.');
      return false;
    }
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isInstalled(program: string, args: readonly string[], { run, signal }: ProofStage): Promise<boolean> {
  try {
    return (await run(program, args, { signal })).exitCode === 0;
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXEC_FAILED') return false;
    throw error;
  }
}
