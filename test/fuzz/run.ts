// `npm run fuzz`: all targets or one, so many inputs, from a seed. Prints a table; inputs that broke something lie in test/fuzz/crashes then,
// where fuzz.test.ts runs them for ever. With --total, targets take turns until so many inputs were tried in all; the state of such a run is
// kept in out/fuzz, and the same command goes on with it.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { FuzzAnswer, FuzzOrder } from './fuzz-worker.ts';
import { fuzzTargets } from './targets.ts';

const MAX_INPUT_BYTES = 64 * 1024;
/** An input that takes longer hangs. */
const HANG_MS = 60_000;
const STEP_MS = 2_000;
const MAX_HEAP_MB = 1_024;
/** What is worth keeping in the repository. */
const MAX_KEPT_BYTES = 2_048;
const MAX_KEPT = 24;

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    total: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});

interface Tally {
  inputs: number;
  ms: number;
  blocks: number;
  faults: number;
  /** Turns taken: each has a seed of its own. */
  turns: number;
}

const folder = import.meta.dirname;
const stateFolder = join(folder, '../../out/fuzz');
const statePath = join(stateFolder, 'state.json');
const all = fuzzTargets();
const names = all.map(({ name }) => name).filter((name) => values.target === undefined || name.includes(values.target));
if (names.length === 0)
  throw new RangeError(`no target is called ${values.target}; there are ${all.map(({ name }) => name).join(', ')}`);
const total = values.total === undefined ? null : Number(values.total);
const earlier =
  total !== null && existsSync(statePath)
    ? (JSON.parse(readFileSync(statePath, 'utf8')) as { seed: number; tallies: Record<string, Tally> }) // written below
    : null;
const seed = Number(values.seed ?? earlier?.seed ?? Date.now() % 1_000_000);
const tallies = new Map(
  names.map((name) => [name, earlier?.tallies[name] ?? { inputs: 0, ms: 0, blocks: 0, faults: 0, turns: 0 }]),
);
process.stdout.write(`seed ${seed}\n`);
mkdirSync(stateFolder, { recursive: true });

for (;;) {
  const queue = [...names];
  await Promise.all(
    Array.from({ length: Number(values.jobs) }, async () => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) await takeTurn(name);
    }),
  );
  if (total === null || sumOf('inputs') >= total) break;
}
printTable();
process.exitCode = sumOf('faults') === 0 ? 0 : 1;

function sumOf(what: 'inputs' | 'faults'): number {
  return [...tallies.values()].reduce((sum, tally) => sum + tally[what], 0);
}

async function takeTurn(name: string): Promise<void> {
  const tally = tallies.get(name);
  if (tally === undefined) return;
  const startMs = performance.now();
  const runs = total === null ? Number(values.runs) : Infinity;
  const result = await fuzz(name, seed + tally.turns * 7_919, runs, Number(values.seconds) * 1000);
  tally.turns += 1;
  tally.inputs += result.inputs;
  tally.ms += performance.now() - startMs;
  tally.blocks = Math.max(tally.blocks, result.blocks);
  tally.faults += result.faults.length;
  for (const fault of result.faults) {
    const path = save('crashes', name, fault.input);
    process.stdout.write(`${name}: ${fault.what}\n  ${path}\n`);
  }
  keepFound(name, result.found);
  writeFileSync(statePath, JSON.stringify({ seed, tallies: Object.fromEntries(tallies) }));
}

function fuzz(name: string, turnSeed: number, runs: number, maxMs: number): Promise<FuzzAnswer> {
  const watched = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const corpus = [...readCorpus(join(folder, 'corpus', name)), ...readCorpus(join(stateFolder, 'corpus', name))];
  const order: FuzzOrder = { target: name, seed: turnSeed, runs, maxMs, corpus, watched };
  const worker = new Worker(join(folder, 'fuzz-worker.ts'), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const counter = new Int32Array(watched, 0, 2);
  const current = (): Buffer => Buffer.from(new Uint8Array(watched, 8, counter[1] ?? 0));
  return new Promise((resolve) => {
    const end = (what: string): void =>
      resolve({ inputs: counter[0] ?? 0, blocks: 0, found: [], faults: [{ what, input: current() }] });
    let seen = -1;
    let still = 0;
    // In steps: when all of this is stopped for a while, nothing hangs.
    const watch = setInterval(() => {
      still = seen === counter[0] && seen > 0 ? still + 1 : 0;
      seen = counter[0] ?? 0;
      if (still < HANG_MS / STEP_MS) return;
      end('hangs');
      void worker.terminate();
    }, STEP_MS);
    worker.once('message', (answer: FuzzAnswer) => {
      // Bytes cross as plain arrays.
      const found = answer.found.map((input) => Buffer.from(input));
      const faults = answer.faults.map(({ what, input }) => ({ what, input: Buffer.from(input) }));
      resolve({ ...answer, found, faults });
    });
    worker.once('error', (error) => end(`ended its thread: ${error.message}`));
    worker.once('exit', () => {
      clearInterval(watch);
      end('ended its thread'); // without effect where it answered
    });
  });
}

function readCorpus(path: string): Buffer[] {
  return existsSync(path) ? readdirSync(path).map((name) => readFileSync(join(path, name))) : [];
}

/** For the next turn, and with --keep for the repository: the first few, which reach most. */
function keepFound(name: string, found: readonly Buffer[]): void {
  for (const input of found) save('corpus', name, input, stateFolder);
  if (!values.keep) return;
  const small = found.filter((input) => input.length <= MAX_KEPT_BYTES);
  const room = MAX_KEPT - readCorpus(join(folder, 'corpus', name)).length;
  for (const input of small.slice(0, Math.max(0, room))) save('corpus', name, input);
}

function save(kind: 'corpus' | 'crashes', name: string, input: Buffer, into: string = folder): string {
  const place = join(into, kind, name);
  mkdirSync(place, { recursive: true });
  const path = join(place, createHash('sha256').update(input).digest('hex').slice(0, 16));
  writeFileSync(path, input);
  return path;
}

function printTable(): void {
  process.stdout.write(
    '\n| target | inputs | inputs/s | blocks reached | faults |\n| --- | ---: | ---: | ---: | ---: |\n',
  );
  for (const [name, { inputs, ms, blocks, faults }] of tallies) {
    const rate = Math.round(inputs / Math.max(0.001, ms / 1000));
    process.stdout.write(`| ${name} | ${inputs} | ${rate} | ${blocks} | ${faults} |\n`);
  }
  process.stdout.write(`| all | ${sumOf('inputs')} | | | ${sumOf('faults')} |\n\nseed ${seed}\n`);
}
