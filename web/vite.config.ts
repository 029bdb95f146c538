import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// CONCLAVE_NODE is the address of a running node; only the development server uses it.
const node = process.env['CONCLAVE_NODE'] ?? 'http://127.0.0.1:7468';

export default defineConfig({
  plugins: [svelte()],
  base: './',
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': { target: node, ws: true } } },
  // A busy machine is no failure: the limit only ends what hangs.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
});
