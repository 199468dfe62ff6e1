import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Files are named relative to the page, wherever a host mounts it.
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    // Everything is a file of its own: the Content-Security-Policy allows no inline code.
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
});
