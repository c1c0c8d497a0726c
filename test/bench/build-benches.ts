// Bundles the benches with what they measure, so that the figures are those of built code, as it ships: a source tree costs each thread
// the time and memory of stripping types.

import { fileURLToPath } from 'node:url';

import { build } from 'vite';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const OUT = `${ROOT}out/bench`;

/** Gives the folder with `<bench>.js` for every bench. */
export async function buildBenches(benches: readonly string[]): Promise<string> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    // Bundled as in electron.vite.config.ts: loading its many files takes longer than unlocking.
    ssr: { noExternal: ['zod'] },
    build: {
      ssr: true,
      target: 'node24',
      outDir: OUT,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: {
          ...Object.fromEntries(benches.map((bench) => [bench, `${ROOT}test/bench/${bench}.ts`])),
          cli: `${ROOT}src/cli/main.ts`,
          'workspace-process': `${ROOT}test/bench/workspace-process.ts`,
          'vault-worker': `${ROOT}src/core/vault/vault-worker.ts`,
          'codec-worker': `${ROOT}src/core/vault/codec-worker.ts`,
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', format: 'es' },
      },
    },
  });
  return OUT;
}
