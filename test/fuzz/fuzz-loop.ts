// The loop itself: mutated inputs in batches; where a batch reaches code that none reached before, the inputs that do are found by
// halving it and join the corpus.

import { Coverage } from './coverage.ts';
import { Chance, mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

const MIN_BATCH = 64;
const MAX_BATCH = 8_192;
/** Of processor time in this thread, for at most 16 KiB of input. */
const SLOW_MS = 2_000;
const MAX_SHRINKING = 1_500;

export interface Fault {
  readonly what: string;
  readonly input: Buffer;
}

export interface LoopResult {
  readonly inputs: number;
  /** Blocks of code that were reached. */
  readonly blocks: number;
  /** What joined the samples, in order. */
  readonly found: readonly Buffer[];
  readonly faults: readonly Fault[];
}

export interface LoopOptions {
  readonly seed: number;
  readonly runs: number;
  readonly maxMs: number;
  /** Beside the target's own samples. */
  readonly corpus: readonly Buffer[];
  readonly isGuided: boolean;
  /** Called before each input, so that whoever watches knows which one hangs. */
  readonly onInput?: (input: Buffer) => void;
}

export async function fuzzLoop(target: FuzzTarget, options: LoopOptions): Promise<LoopResult> {
  const chance = new Chance(options.seed);
  const coverage = options.isGuided ? new Coverage() : null;
  const corpus = [...target.samples, ...options.corpus, Buffer.alloc(0)];
  const found: Buffer[] = [];
  const faults = new Map<string, Fault>();
  const runAll = async (inputs: readonly Buffer[]): Promise<void> => {
    for (const input of inputs) {
      options.onInput?.(input);
      const what = await findFault(target, input);
      if (what !== null && !faults.has(what)) faults.set(what, { what, input: await shrink(target, what, input) });
    }
  };

  await runAll(corpus);
  coverage?.note(coverage.takeNew());
  let inputs = corpus.length;
  let batch = MIN_BATCH;
  const startMs = performance.now();
  while (inputs < options.runs && performance.now() - startMs < options.maxMs) {
    const count = Math.min(batch, options.runs - inputs);
    const made = Array.from({ length: count }, () => mutate({ corpus, dictionary: target.words }, chance));
    inputs += count;
    await runAll(made);
    const fresh = coverage?.takeNew() ?? [];
    if (coverage === null || fresh.length === 0) {
      batch = Math.min(MAX_BATCH, batch * 2);
      continue;
    }
    batch = MIN_BATCH;
    const news = await findNews(made, coverage, runAll);
    corpus.push(...news);
    found.push(...news);
    coverage.note(fresh); // also what came by chance and does not come again
  }
  const blocks = coverage?.blocks ?? 0;
  coverage?.close();
  return { inputs, blocks, found, faults: [...faults.values()] };
}

/** Those of the inputs that reach something new, each counted once. */
async function findNews(
  inputs: readonly Buffer[],
  coverage: Coverage,
  runAll: (inputs: readonly Buffer[]) => Promise<void>,
): Promise<Buffer[]> {
  await runAll(inputs);
  const fresh = coverage.takeNew();
  if (fresh.length === 0) return [];
  if (inputs.length === 1) {
    coverage.note(fresh);
    return [...inputs];
  }
  const middle = inputs.length >> 1;
  const left = await findNews(inputs.slice(0, middle), coverage, runAll);
  return [...left, ...(await findNews(inputs.slice(middle), coverage, runAll))];
}

/** What is wrong with how the target takes an input, the same words for the same fault; null where nothing is. */
export async function findFault(target: FuzzTarget, input: Buffer): Promise<string | null> {
  const startMs = performance.now();
  const startCpu = process.threadCpuUsage();
  try {
    const result = target.run(Buffer.from(input));
    if (result instanceof Promise) await result;
  } catch (error) {
    if (!target.allows(error)) return describe(error);
  }
  if (performance.now() - startMs < SLOW_MS) return null;
  const { user, system } = process.threadCpuUsage(startCpu);
  return (user + system) / 1000 > SLOW_MS ? 'slow' : null;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const frame = error.stack?.split('\n').find((line) => line.includes('/src/')) ?? '';
  const place = /\/(src\/[^:]+:\d+)/.exec(frame)?.[1] ?? 'elsewhere';
  return `${error.name} at ${place}: ${error.message.slice(0, 120)}`;
}

/** A smaller input with the same fault. */
async function shrink(target: FuzzTarget, what: string, input: Buffer): Promise<Buffer> {
  if (what === 'slow') return input;
  const isSame = async (candidate: Buffer): Promise<boolean> => {
    const now = await findFault(target, candidate);
    return now !== null && now.split(':').slice(0, 2).join(':') === what.split(':').slice(0, 2).join(':');
  };
  let smallest = input;
  let tries = 0;
  for (let size = input.length >> 1; size >= 1 && tries < MAX_SHRINKING; size >>= 1) {
    for (let at = 0; at < smallest.length && tries < MAX_SHRINKING;) {
      tries += 1;
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (await isSame(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}
