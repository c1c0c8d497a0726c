// One target in a thread of its own, so that an endless loop and a heap that grows end this thread and not the run.

import { parentPort, workerData } from 'node:worker_threads';

import { fuzzLoop, type LoopResult } from './fuzz-loop.ts';
import { fuzzTargets } from './targets.ts';

export interface FuzzOrder {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
  readonly maxMs: number;
  readonly corpus: readonly Uint8Array[];
  /** A counter, a length, and the input that is being tried. */
  readonly watched: SharedArrayBuffer;
}

export type FuzzAnswer = LoopResult;

const order = workerData as FuzzOrder; // what run.ts gives
const counter = new Int32Array(order.watched, 0, 2);
const bytes = new Uint8Array(order.watched, 8);
const target = fuzzTargets().find(({ name }) => name === order.target);
if (target === undefined) throw new RangeError(`no such target: ${order.target}`);
const result = await fuzzLoop(target, {
  ...order,
  isGuided: true,
  corpus: order.corpus.map((input) => Buffer.from(input)),
  onInput: (input) => {
    bytes.set(input.subarray(0, bytes.length));
    counter[1] = Math.min(input.length, bytes.length);
    counter[0] = ((counter[0] ?? 0) + 1) | 0;
  },
});
parentPort?.postMessage(result satisfies FuzzAnswer);
await target.close?.();
