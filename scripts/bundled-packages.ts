// What is bundled though it stands in `dependencies`: loading their many files takes longer than a vault takes to unlock, a fourth of what
// `cairn serve` needs before it listens. Read by electron.vite.config.ts and, so that tests start what ships, by test/support/bundle.ts.

export const BUNDLED_PACKAGES = [
  'zod',
  '@orpc/client',
  '@orpc/contract',
  '@orpc/openapi',
  '@orpc/server',
  '@orpc/zod',
  'commander',
  'picomatch',
  'ws',
];
