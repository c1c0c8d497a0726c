// Bundles entries as they ship, for what must not run from the source tree: Node strips types by WebAssembly in every thread, which takes
// time and memory, and ends the process now and then where threads come and go (V8's "jit_page.has_value()").

import { fileURLToPath } from 'node:url';

import { build } from 'vite';

import { BUNDLED_PACKAGES } from '../../scripts/bundled-packages.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WORKERS = {
  'vault-worker': 'src/core/vault/vault-worker.ts',
  'codec-worker': 'src/core/vault/codec-worker.ts',
  'inbox-worker': 'src/core/vault/inbox-worker.ts',
  'redaction-worker': 'src/server/secrets/redaction-worker.ts',
};

/** Bundles entries (name and source, from the project's folder) with the workers into `out/<folder>`, which it gives. */
export async function bundle(folder: string, entries: Readonly<Record<string, string>>): Promise<string> {
  const outDir = `${ROOT}out/${folder}`;
  const inputs = Object.entries({ ...WORKERS, ...entries }).map(([name, source]) => [name, `${ROOT}${source}`]);
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: BUNDLED_PACKAGES },
    build: {
      ssr: true,
      // Not the Node that runs it: the bundler drops `using` at the top of a module where it does not lower it.
      target: 'node22',
      outDir,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: Object.fromEntries(inputs) as Record<string, string>, // pairs of two strings
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', format: 'es' },
      },
    },
  });
  return outDir;
}
