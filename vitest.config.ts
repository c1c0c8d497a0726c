import { defineConfig } from 'vitest/config';

// V8 tracks code pages under memory protection keys in a way that worker threads can trip over ("jit_page.has_value()").
const execArgv = ['--no-memory-protection-keys'];
const common = {
  execArgv,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  exclude: ['test/fixtures/**', 'test/tooling/fixtures/**'],
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...common.exclude, 'test/**/*.real.test.ts', 'test/faults/**', 'test/e2e/**'],
        },
      },
      // Real programs and kills share two cores badly: one file at a time.
      {
        test: {
          ...common,
          name: 'real',
          include: ['test/**/*.real.test.ts', 'test/faults/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          fileParallelism: false,
        },
      },
    ],
  },
});
