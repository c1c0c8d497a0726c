// A restore that a new user can watch: a scratch tmux session in a server of its own is captured into a scratch vault, killed, and
// brought back. Nothing of the user's is touched, and nothing is left behind.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { parseSourceId } from '../../shared/model/ids.ts';
import type { RunProgram } from '../../core/sources/host/run-program.ts';
import type { Core, OpenCore } from '../core.ts';

const SESSION = 'cairn-demo';
const NOTE = 'this line was captured by Cairn';
const TMUX = parseSourceId('tmux');
const WAIT_MS = 5_000;
const POLL_MS = 50;

export interface ProofDeps {
  /** Runs programs in the scratch environment: tmux' sockets lie in this folder. */
  readonly createRun: (tmuxFolder: string) => RunProgram;
  /** The application over a data folder, its sources looking for tmux in that folder. */
  readonly createCore: (home: string, tmuxFolder: string) => Core;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Shows the proof. False where there is no tmux to show it with. @throws AppError where the restore does not hold */
export async function proveRestore(deps: ProofDeps): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-proof-'));
  const run = deps.createRun(folder);
  try {
    if (!(await hasTmux(run, deps.signal))) {
      deps.say(
        'tmux is not installed here, so this step is left out. `cairn restore latest --dry-run` shows what a restore would do.',
      );
      return false;
    }
    await prove(folder, run, deps);
    return true;
  } finally {
    await run('tmux', ['kill-server']).catch(ignoreMissing);
    await rm(folder, { recursive: true, force: true });
  }
}

async function prove(folder: string, run: RunProgram, deps: ProofDeps): Promise<void> {
  const { say, signal } = deps;
  await startSession(folder, run, signal);
  say(`A scratch tmux session \`${SESSION}\` is open in a server of its own, with a line in it.`);
  const core = deps.createCore(join(folder, 'data'), folder);
  await core.enableSources([TMUX]);
  const { open } = await core.createVault(randomBytes(24).toString('base64url'));
  try {
    await captureKillRestore(run, open, deps);
  } finally {
    await open.close();
  }
}

async function captureKillRestore(run: RunProgram, open: OpenCore, { say, signal }: ProofDeps): Promise<void> {
  const { summary } = await open.capture({ kind: 'manual' }, signal);
  await run('tmux', ['kill-server'], { signal });
  say('Captured, and the server killed: the session is gone.');
  const request = {
    snapshotId: summary.id,
    only: [],
    options: {
      shouldRunCommands: false,
      shouldApplyGit: false,
      worktreeDir: null,
      allowsFileUrls: false,
      withScrollback: true,
    },
    signal,
  };
  const plan = await open.planRestore(request);
  await open.applyRestore(plan, request, { signal, onStep: () => undefined });
  const screen = await waitForText(run, signal);
  say('Restored. Its screen now:');
  for (const line of screen) say(`  | ${line}`);
}

async function startSession(folder: string, run: RunProgram, signal: AbortSignal): Promise<void> {
  const options = { signal };
  await run(
    'tmux',
    ['-f', '/dev/null', 'new-session', '-d', '-s', SESSION, '-x', '80', '-y', '24', '-c', folder],
    options,
  );
  await run('tmux', ['send-keys', '-t', SESSION, `echo '${NOTE}'`, 'Enter'], options);
  await waitForText(run, signal);
}

/** The screen of the session once the note stands on a line of its own; the command that printed it is no proof. */
async function waitForText(run: RunProgram, signal: AbortSignal): Promise<readonly string[]> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  while (!deadline.aborted) {
    const { stdout } = await run('tmux', ['capture-pane', '-p', '-t', SESSION], { signal });
    const lines = stdout
      .toString('utf8')
      .split('\n')
      .map((line) => line.trimEnd());
    if (lines.includes(NOTE)) return lines.filter((line) => line !== '');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  signal.throwIfAborted();
  throw new AppError('SOURCE_FAILED', 'The scratch session did not come back as it was.', {
    hint: 'Your own vault is not touched by this. Please report it.',
  });
}

async function hasTmux(run: RunProgram, signal: AbortSignal): Promise<boolean> {
  try {
    return (await run('tmux', ['-V'], { signal })).exitCode === 0;
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXEC_FAILED') return false;
    throw error;
  }
}

/** At the end there may be no server and no tmux to kill it with. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}
