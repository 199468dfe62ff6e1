import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transform } from '@swc/core';
import * as engine from '../../src/engine.js';
import * as main from '../../src/index.js';
import * as page from '../../src/page.js';
import * as testing from '../../src/testing.js';

const run = promisify(execFile);
const source = new URL('../../src/', import.meta.url);
// Inside the project, so that its dependencies are found from there.
const built = new URL(`../../node_modules/.cache/exports-${randomUUID()}/`, import.meta.url);

/** Plain Node runs no TypeScript: the sources are stripped of their types for it. */
async function build(): Promise<void> {
  const paths = await readdir(source, { recursive: true });
  await Promise.all(
    paths
      .filter((path) => path.endsWith('.ts'))
      .map(async (path) => {
        const { code } = await transform(await readFile(new URL(path, source), 'utf8'), {
          jsc: {
            target: 'es2023',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
          },
          module: { type: 'es6' },
        });
        const file = fileURLToPath(new URL(path.replace(/ts$/, 'js'), built));
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, code);
      }),
  );
  await writeFile(new URL('package.json', built), '{"type":"module"}');
}

/** Refuses to resolve what begins with one of the names that the test gives it. */
const REFUSING_HOOK = `
  export const initialize = (names) => { refused = names; };
  let refused = [];
  export async function resolve(specifier, context, next) {
    if (refused.some((name) => specifier.startsWith(name))) throw new Error('wants ' + specifier);
    return next(specifier, context);
  }
`;

/** Imports an entry in a Node of its own, where some packages cannot be imported; says its names. */
async function importWithout(entry: string, packages: string[]): Promise<unknown> {
  const script = `
    import { register } from 'node:module';
    const hook = 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(REFUSING_HOOK)});
    register(hook, { data: ${JSON.stringify(packages)} });
    const entry = await import(${JSON.stringify(new URL(entry, built).href)});
    process.stdout.write(JSON.stringify(Object.keys(entry)));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

/** The names of both `nestjs-agent-webkit` and `nestjs-agent-webkit/engine`. */
const COMMON = [
  'AgentWebkitError',
  'AgentsBusyError',
  'BackpressureError',
  'ConflictError',
  'CursorAheadError',
  'CursorEvictedError',
  'EMPTY_LOG',
  'EvictedError',
  'FencedError',
  'ForbiddenError',
  'InvalidRequestError',
  'MemoryStorage',
  'NoPendingRequestError',
  'PROTOCOL_VERSION',
  'PayloadTooLargeError',
  'PostgresStorage',
  'SessionNotFoundError',
  'ShuttingDownError',
  'SqliteStorage',
  'StorageUnavailableError',
  'TooManyCreationsError',
  'TooManySessionsError',
  'TooManySubscribersError',
  'UnauthorizedError',
  'claudeSdkFactory',
];

describe('the public entries', () => {
  beforeAll(build);
  afterAll(() => rm(built, { recursive: true, force: true }));

  it('export these names and no others', () => {
    expect(Object.keys(main).sort()).toEqual(
      [
        ...COMMON,
        'AgentWebkitAuthGuard',
        'AgentWebkitErrorInterceptor',
        'AgentWebkitModule',
        'CurrentCaller',
        'SDK_FACTORY',
        'STORAGE_PROVIDER',
        'SessionRegistryService',
        'SessionsController',
        'addAgentWebkitPaths',
        'agentWebkitOpenApi',
      ].sort(),
    );
    expect(Object.keys(engine).sort()).toEqual(
      [
        ...COMMON,
        'ERROR_STATUS',
        'createSessionEngine',
        'parseCreateSession',
        'parseInboundMessage',
      ].sort(),
    );
    expect(Object.keys(testing).sort()).toEqual([
      'demoScript',
      'scriptedSdkFactory',
      'storageConformance',
    ]);
    expect(Object.keys(page)).toEqual(['AgentWebkitPageModule']);
  });

  it('do not load the Claude Agent SDK before an agent starts', async () => {
    const sdk = ['@anthropic-ai/'];

    expect(await importWithout('index.js', sdk)).toEqual(Object.keys(main));
    expect(await importWithout('engine.js', sdk)).toEqual(Object.keys(engine));
    expect(await importWithout('testing.js', sdk)).toEqual(Object.keys(testing));
  });

  it('load no HTTP adapter, and load Nest only for the module and the page', async () => {
    const adapters = ['express', 'fastify', '@nestjs/platform-'];

    expect(await importWithout('index.js', adapters)).toEqual(Object.keys(main));
    expect(await importWithout('page.js', adapters)).toEqual(Object.keys(page));
    const nest = ['@nestjs/', 'rxjs'];
    expect(await importWithout('engine.js', nest)).toEqual(Object.keys(engine));
    expect(await importWithout('testing.js', nest)).toEqual(Object.keys(testing));
  });
});
