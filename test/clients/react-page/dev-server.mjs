// The dev server of the page. Its proxy forwards `/agents` to a server: node dev-server.mjs <address of the server> <folder for its cache>
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const [target = '', cacheDir = ''] = process.argv.slice(2);
const source = (name) => fileURLToPath(new URL(`../../../src/${name}`, import.meta.url));

const server = await createServer({
  configFile: false,
  root: fileURLToPath(new URL('.', import.meta.url)),
  cacheDir,
  logLevel: 'error',
  resolve: {
    alias: {
      'nestjs-agent-webkit/client': source('client.ts'),
      'nestjs-agent-webkit/react': source('react.ts'),
    },
    // One React for the page and for the hooks, which are outside the root.
    dedupe: ['react', 'react-dom'],
  },
  server: {
    host: '127.0.0.1',
    port: 0,
    hmr: false,
    watch: null,
    fs: { strict: false },
    proxy: { '/agents': { target, rewrite: (path) => path.replace(/^\/agents/, '') } },
  },
});
await server.listen();
console.log(`Ready at ${server.resolvedUrls.local[0]}`);
