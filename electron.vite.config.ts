import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

import { BUNDLED_PACKAGES } from './scripts/bundled-packages.ts';

// The command line and the desktop app with their workers, the preload, and the page that both shells show. What stands in
// `dependencies` is not bundled into main, but for BUNDLED_PACKAGES; the page is bundled whole.
/** Addresses of screens have several parts, so assets are named from the root; electron-vite would name them from the page. */
function assetsFromRoot(): Plugin {
  return {
    name: 'assets-from-root',
    enforce: 'post',
    config: (config) => {
      config.base = '/';
    },
  };
}

export default defineConfig({
  main: {
    build: {
      externalizeDeps: { exclude: BUNDLED_PACKAGES },
      outDir: 'out/main',
      rollupOptions: {
        input: {
          cli: 'src/cli/main.ts',
          'browser-host': 'src/cli/browser-host/main.ts',
          main: 'src/main/index.ts',
          'vault-worker': 'src/core/vault/vault-worker.ts',
          'codec-worker': 'src/core/vault/codec-worker.ts',
          'inbox-worker': 'src/core/vault/inbox-worker.ts',
          'redaction-worker': 'src/server/secrets/redaction-worker.ts',
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', format: 'es' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // A sandboxed preload is one CommonJS file.
      rollupOptions: { input: 'src/preload/index.ts', output: { entryFileNames: 'index.cjs', format: 'cjs' } },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react(), assetsFromRoot()],
    build: {
      outDir: 'out/renderer',
      minify: true,
      rollupOptions: {
        input: 'src/renderer/index.html',
        output: {
          // One file runs in the order of its imports: what keeps zod from trying to make code comes before the schemas.
          codeSplitting: {
            groups: [{ name: 'contract', test: /[\\/](?:node_modules[\\/]zod|shared[\\/]contract|without-eval)/ }],
          },
        },
      },
    },
  },
});
