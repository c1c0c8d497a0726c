// `cairn run` beside a program that never rests: a conversation grows five times a second. How much of a core that takes, and how often
// it is captured, which says how soon a change is safe.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { atMost, type Figure } from './measure.ts';
import { NODE_FLAGS, nodeEnvironment } from './node-flags.ts';
import { readProcessCost } from './process-cost.ts';

/** The allowance of a start is used up by then. */
const SETTLE_MS = 60_000;
const MEASURED_MS = Number(process.env['CAIRN_BENCH_EARLY_SECONDS'] ?? 120) * 1000;
const CHANGE_EVERY_MS = 200;
const ID = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const CLI = fileURLToPath(new URL('./cli.js', import.meta.url));

await using folder = makeTemporaryFolder();
const home = join(folder.path, 'home');
const transcript = join(home, '.claude/projects/-api', `${ID}.jsonl`);
mkdirSync(dirname(transcript), { recursive: true });
const line = (at: number): string =>
  `${JSON.stringify({ type: 'user', uuid: String(at), sessionId: ID, cwd: '/', message: { role: 'user', content: `message ${at}` } })}\n`;
writeFileSync(transcript, line(0));
const env = nodeEnvironment({
  PATH: process.env['PATH'],
  HOME: home,
  CAIRN_PASSWORD: 'correct horse battery staple',
  CAIRN_HOME: join(folder.path, 'data'),
});
const cairn = (...args: string[]): string =>
  execFileSync(process.execPath, [...NODE_FLAGS, CLI, ...args], { env, encoding: 'utf8' });
const countSnapshots = (): number =>
  (JSON.parse(cairn('list', '--limit', '10000', '--json')) as { snapshots: unknown[] }).snapshots.length; // its document
cairn('init', '--sources', 'all', '--recovery-key-file', join(folder.path, 'key'));
const run = spawn(process.execPath, [...NODE_FLAGS, CLI, 'run', '--json'], { env, stdio: 'ignore' });
let at = 0;
const changing = setInterval(() => appendFileSync(transcript, line((at += 1))), CHANGE_EVERY_MS);
await delay(SETTLE_MS);
const snapshotsBefore = countSnapshots();
const before = readProcessCost(run.pid ?? 0);
const startMs = performance.now();
await delay(MEASURED_MS);
const after = readProcessCost(run.pid ?? 0);
const elapsedMs = performance.now() - startMs;
const snapshots = countSnapshots() - snapshotsBefore;
clearInterval(changing);
run.kill('SIGTERM');
await once(run, 'exit');

const figures: Figure[] = [
  {
    name: 'cairn run beside a conversation that never rests, CPU',
    value: ((after.cpuMs - before.cpuMs) / elapsedMs) * 100,
    unit: '%',
    // A hundredth of a core for the captures, and what waking up for each change takes.
    ...atMost(2),
  },
  { name: 'between two captures of it, mean', value: elapsedMs / Math.max(1, snapshots), unit: 'ms' },
];
process.stdout.write(`${JSON.stringify(figures)}\n`);
