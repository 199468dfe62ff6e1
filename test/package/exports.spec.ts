import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as engine from '../../src/engine.js';
import * as main from '../../src/index.js';
import * as client from '../../src/client.js';
import * as page from '../../src/page.js';
import * as react from '../../src/react.js';
import * as testing from '../../src/testing.js';
import { CompiledSources } from '../support/compiled-sources.js';

const run = promisify(execFile);
/** Refuses to resolve what begins with one of the names that the test gives it. */
const REFUSING_HOOK = `
  export const initialize = (names) => { refused = names; };
  let refused = [];
  export async function resolve(specifier, context, next) {
    if (refused.some((name) => specifier.startsWith(name))) throw new Error('wants ' + specifier);
    return next(specifier, context);
  }
`;

let sources: CompiledSources;

/** Imports an entry in a Node of its own, where some packages cannot be imported; says its names. */
async function importWithout(entry: string, packages: string[]): Promise<unknown> {
  const script = `
    import { register } from 'node:module';
    const hook = 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(REFUSING_HOOK)});
    register(hook, { data: ${JSON.stringify(packages)} });
    const entry = await import(${JSON.stringify(sources.url(`src/${entry}`))});
    process.stdout.write(JSON.stringify(Object.keys(entry)));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

/** The names of both `nestjs-agent-webkit` and `nestjs-agent-webkit/engine`. */
const COMMON = [
  'AgentWebkitError',
  'AgentsBusyError',
  'DailyBudgetExhaustedError',
  'BackpressureError',
  'CONVERSATION_EVENTS',
  'ConflictError',
  'CursorAheadError',
  'CursorEvictedError',
  'CursorLostError',
  'EMPTY_LOG',
  'EvictedError',
  'FencedError',
  'ForbiddenError',
  'InputChangedError',
  'InProcessBus',
  'InvalidRequestError',
  'McpServerNotFoundError',
  'McpServerUnavailableError',
  'MemoryStorage',
  'MembersChangedError',
  'MessageNotFoundError',
  'MessageNotQueuedError',
  'MessageNotReplaceableError',
  'NoPendingRequestError',
  'NoRunningTaskError',
  'NotStorableError',
  'PROTOCOL_VERSION',
  'PayloadTooLargeError',
  'OwnedElsewhereError',
  'PostgresBus',
  'PostgresStorage',
  'RedisBus',
  'SandboxUnavailableError',
  'ServerOverloadedError',
  'SessionNotFoundError',
  'ShuttingDownError',
  'SqliteStorage',
  'StorageFaultError',
  'SessionUnavailableError',
  'StorageUnavailableError',
  'TooManyCreationsError',
  'TooManySessionsError',
  'TooManySubscribersError',
  'UnauthorizedError',
  'UnstorableError',
  'WorkspaceUnavailableError',
  'bubblewrapSandbox',
  'claudeSdkFactory',
  'matchesDetails',
  'agentLogFields',
  'peopleDecide',
  'randomEpoch',
  'searchedDetails',
  'systemSandbox',
];

describe('the public entries', () => {
  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  afterAll(() => sources.remove());

  it('export these names and no others', () => {
    expect(Object.keys(main).sort()).toEqual(
      [
        ...COMMON,
        'AGENT_SANDBOX',
        'BUS',
        'AgentComponent',
        'AgentTool',
        'AgentToolError',
        'AdminController',
        'AgentWebkitAuthGuard',
        'AgentWebkitErrorInterceptor',
        'AgentWebkitHealth',
        'AgentWebkitModule',
        'CapabilitiesController',
        'CurrentCaller',
        'CurrentSession',
        'CurrentToolCall',
        'TOOL_CONTEXT',
        'ToolInput',
        'toolCallOf',
        'InjectSessionRegistry',
        'OnAgentEvent',
        'isAgentWebkitRoute',
        'getSessionRegistryToken',
        'RequestsController',
        'SDK_FACTORY',
        'STORAGE_PROVIDER',
        'SessionRegistryService',
        'SessionsController',
        'StreamController',
        'UsageController',
        'GenuiController',
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
      'busConformance',
      'demoScript',
      'sandboxConformance',
      'scriptedSdkFactory',
      'storageConformance',
    ]);
    expect(Object.keys(page)).toEqual(['AgentWebkitPageModule']);
    expect(Object.keys(react).sort()).toEqual([
      'AgentProvider',
      'useAgentClient',
      'useGenerativeUI',
      'useRequests',
      'useSession',
      'useSessions',
    ]);
    expect(Object.keys(client).sort()).toEqual([
      'AgentClient',
      'AgentRequest',
      'AgentSession',
      'ApiError',
      'EventsLostError',
      'OutboxFullError',
      'parsePartialJson',
    ]);
  });

  it('do not load the Claude Agent SDK before an agent starts', async () => {
    const sdk = ['@anthropic-ai/'];

    expect(await importWithout('index.js', sdk)).toEqual(Object.keys(main));
    expect(await importWithout('engine.js', sdk)).toEqual(Object.keys(engine));
    expect(await importWithout('testing.js', sdk)).toEqual(Object.keys(testing));
  });

  it('load nothing but React for the hooks', async () => {
    const others = ['node:', '@', 'rxjs', 'class-', 'reflect-', 'react-dom'];

    expect(await importWithout('react.js', others)).toEqual(Object.keys(react));
  });

  it('load nothing for the client', async () => {
    const all = ['node:', '@', 'rxjs', 'class-', 'reflect-', 'react'];

    expect(await importWithout('client.js', all)).toEqual(Object.keys(client));
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
