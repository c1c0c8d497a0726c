import { defineConfig } from '@playwright/test';

import type { WorkerFixtures } from './test/e2e/window/fixtures.ts';

// The window's specs: real Chromium on the serve shell with a real vault. One at a time, since each drives real programs.
export default defineConfig<object, WorkerFixtures>({
  testDir: 'test/e2e/window',
  testMatch: '*.spec.ts',
  workers: 1,
  fullyParallel: false,
  retries: 1, // what needed it is told at the end of the run
  timeout: 40_000,
  expect: { timeout: 8_000 },
  reporter: [['list']],
  outputDir: 'out/playwright',
  projects: [
    { name: 'serve', use: { shell: 'serve' } },
    // The same specs on Electron, where its binary is; else they are counted as skipped.
    { name: 'desktop', use: { shell: 'desktop' } },
  ],
  use: { trace: 'off', screenshot: 'off', actionTimeout: 8_000 },
});
