import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const inProject = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  // Inside its own project, the package is not in `node_modules`. Your app needs no alias.
  resolve: {
    alias: {
      'nestjs-agent-webkit/client': inProject('dist/client.js'),
      'nestjs-agent-webkit/react': inProject('dist/react.js'),
    },
  },
  build: { outDir: inProject('dist/examples/generative-ui/page'), emptyOutDir: true },
});
