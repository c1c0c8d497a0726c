import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import { MixedOrder } from './test/support/mixed-order.ts';

// V8 tracks code pages in a way that worker threads can trip over ("jit_page.has_value()"): see test/support/bundle.ts.
const execArgv = ['--no-memory-protection-keys'];
const common = {
  execArgv,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  exclude: ['test/fixtures/**', 'test/tooling/fixtures/**'],
};

const resolve = {
  alias: [
    {
      find: /^\.{1,2}\/worker-path\.ts$/,
      replacement: fileURLToPath(new URL('test/support/worker-path.ts', import.meta.url)),
    },
  ],
};

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    sequence: { sequencer: MixedOrder },
    projects: [
      {
        resolve,
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...common.exclude, 'test/**/*.real.test.ts', 'test/faults/**', 'test/e2e/**'],
          // A thread and all its modules anew for each of 280 files was a fifth of their time.
          isolate: false,
          // Left to itself, vitest leaves one core to the machine, which on two is half of it.
          maxWorkers: '100%',
        },
      },
      // Real programs and kills share two cores badly with the rest: they come last. Mostly they wait, so five files go at a time,
      // in an order that lets one which computes go beside others.
      {
        resolve,
        test: {
          ...common,
          name: 'real',
          include: ['test/**/*.real.test.ts', 'test/e2e/**/*.test.ts'],
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
          // Programs that are not ours, on two busy cores: what needed its second attempt is told at the end of the run.
          retry: 1,
        },
      },
      // What is lost once in many kills is lost: no second attempt here.
      {
        resolve,
        test: {
          ...common,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
