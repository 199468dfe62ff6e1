import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Paths are relative to the page, so that a host can mount it anywhere.
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    // Every asset is a separate file, because the Content-Security-Policy permits no inline code.
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
});
