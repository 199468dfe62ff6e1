/**
 * The rooms of the source tree and what each may import. `lint/boundaries.mjs` refuses everything
 * that is not listed here: a room that is missing from `rooms`, a package that is missing from
 * `packages`. A file may always import files of its own room, and every file of `src/` and `page/src/`
 * belongs to one.
 *
 * - `files` is a file, the files directly in a folder (`folder/*`), a folder with its subfolders
 *   (`folder/`), or a list of these. The longest match decides.
 * - `types('x')` allows `import type` only.
 * - `lazily('x')` also allows `await import('x')`, so that the package is loaded only where it is
 *   used.
 * - `node:*` stands for all modules of Node except those that open network connections, which are
 *   listed by name.
 */
const PACKAGE = 'src/agent-webkit/';
const ENGINE = `${PACKAGE}engine/`;
const SDK = '@anthropic-ai/claude-agent-sdk';
const NEST = ['@nestjs/common', '@nestjs/core', 'rxjs'];

export const types = (name) => ({ name, kinds: ['type'] });
export const lazily = (name) => ({ name, kinds: ['type', 'lazy'] });

export const ROOMS = {
  protocol: {
    files: `${PACKAGE}protocol/`,
    rooms: [],
    packages: ['class-validator', 'class-transformer', types(SDK)],
  },

  // The engine, from the bottom to the top.
  'engine ports': {
    files: `${ENGINE}*`,
    rooms: ['protocol'],
    packages: ['node:*', types(SDK)],
  },
  'engine/timing': {
    files: `${ENGINE}timing/`,
    rooms: ['engine ports'],
    packages: ['node:*'],
  },
  'engine/storage-guard': {
    files: `${ENGINE}storage-guard/`,
    rooms: ['engine ports', 'engine/timing'],
    packages: [types(SDK)],
  },
  'engine/cluster': {
    files: `${ENGINE}cluster/`,
    rooms: ['protocol', 'engine ports', 'engine/timing'],
    packages: ['node:*'],
  },
  'engine/event-log': {
    files: `${ENGINE}event-log/`,
    rooms: ['protocol', 'engine ports', 'engine/timing'],
    packages: ['node:*', types(SDK)],
  },
  'engine/agent': {
    files: `${ENGINE}agent/`,
    rooms: ['protocol', 'engine ports', 'engine/timing'],
    packages: ['node:*', types(SDK)],
  },
  'engine/notifications': {
    files: `${ENGINE}notifications/`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'engine/event-log'],
    packages: ['node:*'],
  },
  'engine/workspace': {
    files: `${ENGINE}workspace/`,
    rooms: ['engine ports', 'engine/timing'],
    packages: ['node:*'],
  },
  'engine/session': {
    files: `${ENGINE}session/`,
    rooms: [
      'protocol',
      'engine ports',
      'engine/timing',
      'engine/storage-guard',
      'engine/event-log',
      'engine/agent',
      'engine/workspace',
    ],
    packages: ['node:*', types(SDK)],
  },
  'engine/tails': {
    files: `${ENGINE}tails/`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'engine/event-log', 'engine/session'],
    packages: ['node:*', types(SDK)],
  },
  'engine/registry': {
    files: `${ENGINE}registry/`,
    rooms: [
      'protocol',
      'engine ports',
      'engine/timing',
      'engine/storage-guard',
      'engine/cluster',
      'engine/event-log',
      'engine/notifications',
      'engine/agent',
      'engine/session',
      'engine/tails',
      'engine/workspace',
    ],
    packages: ['node:*', types(SDK)],
  },

  // Adapters of the engine's ports.
  'agents/claude': {
    files: `${PACKAGE}agents/claude/`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'gateway', 'sandbox'],
    // The SDK has the MCP library as a peer.
    packages: ['node:*', lazily(SDK), lazily('@modelcontextprotocol/sdk')],
  },
  'agents/scripted': {
    files: `${PACKAGE}agents/scripted/`,
    rooms: ['protocol', 'engine ports', 'engine/timing'],
    packages: ['node:*', types(SDK)],
  },
  sandbox: {
    files: `${PACKAGE}sandbox/`,
    rooms: ['engine ports', 'engine/timing', 'sandbox/limits', 'sandbox/sandbox-exec'],
    // Node reads a pipe by a socket.
    packages: ['node:*', 'node:net'],
  },
  'sandbox/limits': {
    files: `${PACKAGE}sandbox/limits/`,
    rooms: ['engine ports', 'engine/timing'],
    packages: ['node:*'],
  },
  'sandbox/sandbox-exec': {
    files: `${PACKAGE}sandbox/sandbox-exec/`,
    rooms: ['engine ports', 'engine/timing', 'sandbox/limits'],
    packages: ['node:*', 'node:net'],
  },
  'sandbox/conformance': {
    files: `${PACKAGE}sandbox/conformance/`,
    rooms: ['engine ports'],
    packages: ['node:*', 'node:net', 'node:dgram', 'node:http'],
  },
  // What agents reach through the server: the model, and permitted hosts.
  gateway: {
    files: `${PACKAGE}gateway/`,
    rooms: ['engine ports', 'engine/timing'],
    packages: ['node:*', 'node:http', 'node:https', 'node:net', 'node:dns', 'node:tls'],
  },
  // The delivery of notifications by HTTP.
  webhooks: {
    files: `${PACKAGE}webhooks/`,
    rooms: ['engine ports', 'gateway'],
    packages: ['node:*', 'node:http', 'node:https', 'node:net', 'node:dns'],
  },
  'storage (shared)': {
    files: `${PACKAGE}storage/*`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'storage/conformance'],
    packages: ['node:*', types(SDK)],
  },
  'storage/conformance': {
    files: `${PACKAGE}storage/conformance/`,
    rooms: ['engine ports'],
    packages: ['node:*', lazily(SDK)],
  },
  'storage/memory': {
    files: `${PACKAGE}storage/memory/`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'engine/event-log', 'storage (shared)'],
    packages: ['node:*', lazily(SDK)],
  },
  'storage/sqlite': {
    files: `${PACKAGE}storage/sqlite/`,
    rooms: ['protocol', 'engine ports', 'engine/timing', 'storage (shared)'],
    packages: ['node:*', lazily(SDK), lazily('libsql')],
  },
  'storage/postgres': {
    files: `${PACKAGE}storage/postgres/`,
    rooms: [
      'protocol',
      'engine ports',
      'engine/timing',
      'storage (shared)',
      'PostgreSQL connections',
      'bus/postgres',
    ],
    packages: ['node:*', lazily(SDK), lazily('pg')],
  },
  // What the storage and the bus of PostgreSQL share.
  'PostgreSQL connections': {
    files: ['connecting', 'database', 'postgres-error', 'postgres-fault', 'postgres-pool'].map(
      (name) => `${PACKAGE}storage/postgres/${name}.ts`,
    ),
    rooms: ['engine ports', 'engine/timing'],
    packages: [lazily('pg')],
  },
  bus: {
    files: `${PACKAGE}bus/*`,
    rooms: ['engine ports', 'engine/timing'],
    packages: ['node:*'],
  },
  'bus/postgres': {
    files: `${PACKAGE}bus/postgres/`,
    rooms: ['bus', 'PostgreSQL connections'],
    packages: [],
  },
  'bus/redis': {
    files: `${PACKAGE}bus/redis/`,
    rooms: ['bus'],
    packages: [lazily('redis')],
  },
  'bus/conformance': {
    files: `${PACKAGE}bus/conformance/`,
    rooms: ['engine ports'],
    packages: ['node:*'],
  },

  // Metrics and traces, for the telemetry that the host has configured.
  telemetry: {
    files: `${PACKAGE}telemetry/`,
    rooms: ['protocol', 'engine ports', 'options'],
    packages: [lazily('@opentelemetry/api')],
  },

  // What a server needs with or without Nest: the options, and what reads clients' input.
  options: {
    files: `${PACKAGE}options/`,
    rooms: ['protocol', 'engine ports', 'engine/session', 'engine/registry', 'engine/workspace'],
    packages: ['node:*', types(SDK)],
  },
  hosting: {
    files: `${PACKAGE}hosting/`,
    rooms: [
      'protocol',
      'engine ports',
      'engine/timing',
      'engine/registry',
      'engine/workspace',
      'options',
      'webhooks',
      types('telemetry'),
    ],
    packages: ['reflect-metadata'],
  },
  'the engine without Nest': {
    files: `${PACKAGE}hosting/create-session-engine.ts`,
    rooms: [
      'engine ports',
      'engine/registry',
      'options',
      'hosting',
      'agents/claude',
      'sandbox',
      'storage/memory',
      'telemetry',
    ],
    packages: [],
  },

  // The Nest face. The module alone chooses the default adapters.
  'the Nest face': {
    files: [
      `${PACKAGE}*`,
      `${PACKAGE}admin/`,
      `${PACKAGE}http/`,
      `${PACKAGE}stream/`,
      `${PACKAGE}openapi/`,
    ],
    rooms: [
      'protocol',
      'engine ports',
      'engine/timing',
      'engine/event-log',
      'engine/agent',
      'engine/session',
      'engine/registry',
      'options',
      'hosting',
    ],
    packages: [...NEST, 'node:*', types('node:http'), types(SDK)],
  },
  // Tools of agents, made of methods of the host's providers, and components that agents render.
  tools: {
    files: `${PACKAGE}tools/`,
    rooms: [types('protocol'), 'engine ports', 'the Nest face'],
    packages: [...NEST, 'class-validator', 'class-transformer'],
  },
  // Methods of the host's providers that take notifications.
  'event handlers': {
    files: `${PACKAGE}event-handlers/`,
    rooms: ['engine ports', 'engine/registry', 'the Nest face'],
    packages: NEST,
  },
  'the Nest module': {
    files: [`${PACKAGE}agent-webkit.module.ts`, `${PACKAGE}module-providers.ts`],
    rooms: [
      'protocol',
      'engine ports',
      'engine/registry',
      'options',
      'hosting',
      'the Nest face',
      'tools',
      'event handlers',
      'agents/claude',
      'sandbox',
      'storage/memory',
      'telemetry',
    ],
    packages: [...NEST, 'node:*'],
  },
  'the page module': {
    files: 'src/agent-webkit-page/',
    rooms: [],
    packages: ['@nestjs/common', '@nestjs/core', 'rxjs', 'node:*'],
  },

  // Runs in browsers. It shares types of the wire with the server, and the client.
  'the client': {
    files: 'src/agent-webkit-client/',
    rooms: [types('protocol')],
    packages: [],
  },

  // Hooks over the client.
  'the hooks': {
    files: 'src/agent-webkit-react/',
    rooms: [types('protocol'), 'the client'],
    packages: ['react'],
  },

  // The package's entries only gather names.
  'the names of both entries': {
    files: 'src/common.ts',
    rooms: [
      'protocol',
      'engine ports',
      'engine/session',
      'engine/registry',
      'options',
      'agents/claude',
      'gateway',
      'sandbox',
      'storage/memory',
      'storage/sqlite',
      'storage/postgres',
      'PostgreSQL connections',
      'bus',
      'bus/postgres',
      'bus/redis',
    ],
    packages: [],
  },
  'entry index': {
    files: 'src/index.ts',
    rooms: [
      'the names of both entries',
      'options',
      'the Nest face',
      'the Nest module',
      'tools',
      'event handlers',
    ],
    packages: [],
  },
  'entry engine': {
    files: 'src/engine.ts',
    rooms: [
      'the names of both entries',
      'engine ports',
      'engine/registry',
      'options',
      'hosting',
      'the engine without Nest',
    ],
    packages: [],
  },
  'entry testing': {
    files: 'src/testing.ts',
    rooms: [
      'protocol',
      'engine ports',
      'agents/scripted',
      'storage (shared)',
      'bus/conformance',
      'sandbox/conformance',
    ],
    packages: [],
  },
  'entry client': {
    files: 'src/client.ts',
    rooms: ['the client', types('protocol')],
    packages: [],
  },
  'entry react': { files: 'src/react.ts', rooms: ['the hooks'], packages: [] },
  'entry page': { files: 'src/page.ts', rooms: ['the page module'], packages: [] },

  // The standalone server is a host like any other: it uses the module's parts. The package has it as
  // its program, and exports none of it.
  'api docs': {
    files: 'src/standalone/api-docs/',
    rooms: ['the Nest face'],
    packages: ['@nestjs/common', 'node:*'],
  },
  'the standalone server': {
    files: ['src/*', 'src/standalone/'],
    rooms: [
      'protocol',
      'engine ports',
      'agents/claude',
      'agents/scripted',
      'storage/memory',
      'storage/sqlite',
      'storage/postgres',
      'PostgreSQL connections',
      'bus/postgres',
      'bus/redis',
      'options',
      'hosting',
      'the Nest face',
      'the Nest module',
      'tools',
      'the page module',
      'api docs',
    ],
    packages: [
      ...NEST,
      '@nestjs/platform-express',
      'class-transformer',
      'class-validator',
      'helmet',
      lazily('@opentelemetry/api'),
      lazily('@opentelemetry/sdk-metrics'),
      lazily('@opentelemetry/exporter-prometheus'),
      'reflect-metadata',
      'node:*',
      'node:http',
      types('node:net'),
    ],
  },

  // The page runs in a browser. It shares types of the wire with the server, and no code.
  'page/session': {
    files: 'page/src/session/',
    rooms: [types('protocol')],
    packages: [],
  },
  'page/client': {
    files: 'page/src/client/',
    rooms: [types('protocol'), 'the client', 'page/session'],
    packages: ['@agent-webkit/core'],
  },
  'page/ui': {
    files: ['page/src/*', 'page/src/ui/', 'page/src/styles/'],
    rooms: [types('protocol'), 'page/session', 'page/client'],
    packages: ['react', 'react-dom', 'marked', 'highlight.js'],
  },
};
