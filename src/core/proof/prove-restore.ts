// A restore that a new user can watch: something small is made in a scratch folder, captured into a scratch vault, destroyed, and
// brought back. Nothing of the user's is touched, and nothing is left behind.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { createApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { enableSourcesSync } from '../config/config.ts';
import { createRestores } from '../create-restores.ts';
import { createHost } from '../sources/host/create-host.ts';
import { createSources } from '../sources/registry.ts';
import { createVault, openVault } from '../vault/vault-client.ts';
import { proveWithGit } from './proof-git.ts';
import type { ProofStage } from './proof-stage.ts';
import { proveWithTmux } from './proof-tmux.ts';

export interface ProofDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Shows the proof. False where there is nothing to show it with. @throws AppError where the restore does not hold */
export async function proveRestore({ env, say, signal }: ProofDeps): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-proof-'));
  // Servers of tmux that the proof starts have their sockets in the scratch folder: the user's are never looked at.
  const host = createHost({ ...env, TMUX_TMPDIR: folder }, process.platform);
  const stage: ProofStage = {
    folder,
    run: host.run,
    say,
    signal,
    withVault: async ({ enabled, sources = createSources() }, work) => {
      const vaults = { open: openVault, create: createVault };
      const app = createApp({ home: join(folder, 'data'), host, clock: systemClock, sources, vaults });
      app.prepareFolder();
      enableSourcesSync(app.configPlace, enabled);
      const { app: opened } = await app.create(randomBytes(24).toString('base64url'));
      const restores = createRestores(app, opened, async () => undefined);
      try {
        return await work({ capture: (request) => opened.captureNow(request), restores });
      } finally {
        await opened.close();
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
