import { defineConfig } from 'electron-vite';

// Preload and renderer come with the desktop app; until then there is the command line and its vault worker. What stands in
// `dependencies` is not bundled.
export default defineConfig({
  main: {
    build: {
      // Its many files take longer to load than a vault takes to unlock.
      externalizeDeps: { exclude: ['zod'] },
      outDir: 'out/main',
      rollupOptions: {
        input: {
          cli: 'src/cli/main.ts',
          'vault-worker': 'src/core/vault/vault-worker.ts',
          'codec-worker': 'src/core/vault/codec-worker.ts',
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', format: 'es' },
      },
    },
  },
});
