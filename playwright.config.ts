import { defineConfig } from '@playwright/test';

import type { WorkerFixtures } from './test/e2e/window/fixtures.ts';

// The window's specs: real Chromium on the serve shell with a real vault. Two at a time, of whatever file, so that neither of two cores
// waits for the other's last file. Pictures are taken one at a time, in one place.
export default defineConfig<object, WorkerFixtures>({
  testDir: 'test/e2e/window',
  testMatch: '*.spec.ts',
  workers: process.env['CAIRN_PICTURES'] === undefined ? 2 : 1,
  fullyParallel: true,
  retries: 1, // what needed it is told at the end of the run
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  outputDir: 'out/playwright',
  // Built already; to be compiled once more would take five seconds.
  build: { external: ['**/out/main/**'] },
  projects: [
    { name: 'serve', use: { shell: 'serve' } },
    // The same specs on Electron, where its binary is; else they are counted as skipped.
    { name: 'desktop', use: { shell: 'desktop' } },
  ],
  use: { trace: 'off', screenshot: 'off', actionTimeout: 15_000 },
});
