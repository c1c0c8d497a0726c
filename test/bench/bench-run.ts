// `cairn run` as a user starts it, on a workspace in which nothing changes: what it costs once it has begun.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openDeveloperWorkspace } from './developer-workspace.ts';
import { atMost, type Figure } from './measure.ts';
import { NODE_FLAGS, nodeEnvironment } from './node-flags.ts';
import { forgetPeakMemory, readProcessCost } from './process-cost.ts';

/** The bench measures after the first captures, over so many intervals of the default 30 s. */
const SETTLE_MS = 45_000;
const INTERVALS = Number(process.env['CAIRN_BENCH_INTERVALS'] ?? 4);
const INTERVAL_MS = 30_000;
/** Bundled beside the benches. */
const CLI = fileURLToPath(new URL('./cli.js', import.meta.url));

await using folder = makeTemporaryFolder();
using workspace = openDeveloperWorkspace(folder.path);
const env = nodeEnvironment({
  ...workspace.env,
  CAIRN_PASSWORD: 'correct horse battery staple',
  CAIRN_HOME: `${folder.path}/data`,
});
const args = [...NODE_FLAGS, CLI];
execFileSync(process.execPath, [...args, 'init', '--sources', 'all', '--recovery-key-file', `${folder.path}/key`], {
  env,
});
const run = spawn(process.execPath, [...args, 'run', '--json'], { env, stdio: 'ignore' });
const pid = run.pid ?? 0;
await delay(SETTLE_MS);
const before = readProcessCost(pid);
forgetPeakMemory(pid);
const startMs = performance.now();
await delay(INTERVALS * INTERVAL_MS);
const after = readProcessCost(pid);
const elapsedMs = performance.now() - startMs;
run.kill('SIGTERM');
await once(run, 'exit');

const figures: Figure[] = [
  {
    name: `cairn run, CPU of a core over ${INTERVALS} intervals`,
    value: ((after.cpuMs - before.cpuMs) / elapsedMs) * 100,
    unit: '%',
    ...atMost(1),
  },
  { name: 'cairn run, most resident memory in that time', value: after.peakMemoryMb, unit: 'MB', ...atMost(150) },
  // With Argon2id, which alone takes 64 MB for a moment, and the first captures.
  { name: 'cairn run, most resident memory from its start', value: before.peakMemoryMb, unit: 'MB' },
];
process.stdout.write(`${JSON.stringify(figures)}\n`);
