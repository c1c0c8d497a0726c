// No core files of the app's processes: they would hold what is in memory, readable. Node cannot set the limit of its own process, so
// util-linux does it, on Linux; the crash reporter is never started. What the system itself collects of a crash follows the same limit.

import type { RunProgram } from '../core/sources/host/run-program.ts';

/** Best effort: true where the limit of every process was set. Never throws. */
export async function turnOffCoreDumps(
  pids: readonly number[],
  { run, platform }: { readonly run: RunProgram; readonly platform: NodeJS.Platform },
): Promise<boolean> {
  if (platform !== 'linux') return false;
  const results = await Promise.allSettled(pids.map((pid) => run('prlimit', ['--pid', String(pid), '--core=0:'])));
  return results.every((result) => result.status === 'fulfilled' && result.value.exitCode === 0);
}
