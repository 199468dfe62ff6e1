import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown.js';
import { compile } from '../support/compiled-sources.js';
import type { Proxy, TestValues } from './proxies.js';

/** Makes the packages of the project available to a file in the folder. */
const linkPackages = ({ folder }: TestValues) =>
  symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

const shared = {
  language: 'ts',
  path: process.execPath,
  scheme: 'http',
  // Vite rejects names that it does not know.
  host: 'localhost',
  versions: ['HTTP/1.1'],
  replacements: ({ serverPort }) => [['127.0.0.1:3000', `127.0.0.1:${serverPort}`]],
} satisfies Partial<Proxy>;

const VITE: Proxy = {
  ...shared,
  name: 'Vite',
  label: 'vite.config.ts',
  fileName: 'vite.config.ts',
  command: async (block, file, values) => {
    await linkPackages(values);
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    const address = ['--host', '127.0.0.1', '--port', String(values.port), '--strictPort'];
    return { configuration: block, args: [vite, '--config', file, ...address] };
  },
};

/** @param handle an expression for the handler of requests, of what the block exports */
const inNode = (name: string, handle: string): Proxy => ({
  ...shared,
  name,
  label: 'proxy.ts',
  fileName: 'proxy.mjs',
  command: async (block, file, values) => {
    await linkPackages(values);
    const program = `
      import { createServer } from 'node:http';
      const { agents, proxy } = await import(${JSON.stringify(file)});
      createServer(${handle}).listen(${values.port}, '127.0.0.1');`;
    return {
      configuration: await compile(block),
      args: ['--input-type=module', '--eval', program],
    };
  },
});

/** The proxies of development servers that `docs/proxies.md` has a block for. */
export const DEV_PROXIES: readonly Proxy[] = [
  VITE,
  inNode('http-proxy-middleware', 'agents'),
  inNode('http-proxy', '(request, response) => proxy.web(request, response)'),
];
