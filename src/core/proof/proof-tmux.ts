// The proof with tmux: a session in a server of its own is killed and comes back with its screen.

import { AppError } from '../../shared/model/app-error.ts';
import { parseSourceId } from '../../shared/model/ids.ts';
import { captureAndRestore, notProven, type ProofStage } from './proof-stage.ts';

const SESSION = 'cairn-demo';
const NOTE = 'this line was captured by Cairn';
const TMUX = parseSourceId('tmux');
const WAIT_MS = 5_000;
const POLL_MS = 50;

export async function proveWithTmux(stage: ProofStage): Promise<void> {
  const { run, say, signal } = stage;
  try {
    await startSession(stage);
    say(`A scratch tmux session \`${SESSION}\` is open in a server of its own, with a line in it.`);
    await stage.withVault({ enabled: [TMUX] }, (open) =>
      captureAndRestore(open, stage, { shouldApplyGit: false }, async () => {
        await run('tmux', ['kill-server'], { signal });
        say('Captured, and the server killed: the session is gone.');
      }),
    );
    const screen = await waitForNote(stage);
    say('Restored. Its screen now:');
    for (const line of screen) say(`  | ${line}`);
  } finally {
    await run('tmux', ['kill-server']).catch(ignoreFailure);
  }
}

async function startSession(stage: ProofStage): Promise<void> {
  const { run, signal, folder } = stage;
  const size = ['-x', '80', '-y', '24'];
  await run('tmux', ['-f', '/dev/null', 'new-session', '-d', '-s', SESSION, ...size, '-c', folder], { signal });
  await run('tmux', ['send-keys', '-t', SESSION, `echo '${NOTE}'`, 'Enter'], { signal });
  await waitForNote(stage);
}

/** The screen of the session once the note stands on a line of its own; the command that printed it is no proof. */
async function waitForNote({ run, signal }: ProofStage): Promise<readonly string[]> {
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
  if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled.', { isRetryable: true });
  throw notProven();
}

/** There may be no server to kill any more. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}
