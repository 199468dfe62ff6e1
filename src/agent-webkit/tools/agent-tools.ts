import { Inject, Injectable, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { type ContextId, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { AgentStart } from '../engine/agent-client.js';
import { type HostTool, type HostTools, toolNameOf } from '../engine/host-tool.js';
import type { StorageProvider } from '../engine/storage.js';
import { STORAGE_PROVIDER } from '../agent-webkit.tokens.js';
import { instanceForCall } from '../instance-for-call.js';
import { SessionRegistryService } from '../session-registry.service.js';
import { CallRate } from './call-rate.js';
import { findTools, type FoundTool, type FoundTools } from './found-tools.js';
import { type RunnableTool, runTool } from './run-tool.js';
import { type AgentToolCall, TOOL_CONTEXT } from '../tool-call.js';
import { type ToolInputReader, toolInput } from './tool-input.js';
import { failure } from './tool-output.js';

/** How many owners are remembered. The oldest is forgotten first, and read again. */
const MAX_OWNERS = 10_000;
const OWNER_TIMEOUT_MS = 10_000;

type SessionOfTools = Pick<AgentStart, 'sessionId' | 'owner'>;

/** A tool of the app, ready for its calls. */
interface PreparedTool extends RunnableTool {
  readonly found: FoundTool;
  readonly rate: CallRate | null;
}

/** The tools that the app's providers give the agents of one module. */
@Injectable()
export class AgentTools {
  readonly #modules: ModulesContainer;
  readonly #contexts: ExternalContextCreator;
  readonly #moduleRef: ModuleRef;
  readonly #storage: StorageProvider;
  /** The owners of sessions whose agents have started before them. They never change. */
  readonly #owners = new Map<string, string>();
  #tools: readonly PreparedTool[] = [];
  #instructions: FoundTools['instructions'] = new Map();

  constructor(
    modules: ModulesContainer,
    contexts: ExternalContextCreator,
    moduleRef: ModuleRef,
    @Inject(STORAGE_PROVIDER) storage: StorageProvider,
  ) {
    this.#modules = modules;
    this.#contexts = contexts;
    this.#moduleRef = moduleRef;
    this.#storage = storage;
  }

  /**
   * Finds the tools, when all modules are instantiated.
   *
   * @param agentModule the class of the module that has the agents
   * @throws TypeError when a tool is wrong
   */
  discover(agentModule: Type<object>): void {
    const { tools, instructions } = findTools(this.#modules, agentModule);
    this.#tools = tools.map((found) => this.#prepare(found));
    this.#instructions = instructions;
  }

  /** The names by which agents call the tools. */
  get names(): readonly string[] {
    return this.#tools.map(({ toolName }) => toolName);
  }

  /** Returns the tools of one agent; null when there are none. */
  of(session: SessionOfTools): HostTools | null {
    if (this.#tools.length === 0) return null;
    const tools = this.#tools.map((tool) => this.#bind(tool, session));
    return { tools, instructions: this.#instructions };
  }

  #prepare(found: FoundTool): PreparedTool {
    const { schema, timeoutMs, rateLimit } = found.options;
    return {
      found,
      toolName: toolNameOf(found.options),
      timeoutMs,
      input: readerOf(found, schema),
      invoke: this.#invokerOf(found),
      rate: rateLimit ? new CallRate(rateLimit) : null,
    };
  }

  #bind(tool: PreparedTool, session: SessionOfTools): HostTool {
    const { server, name, description, asks } = tool.found.options;
    return {
      server,
      name,
      description,
      asks,
      inputSchema: tool.input.schema,
      run: async (input, { signal, report }) => {
        const owner = session.owner ?? (await this.#ownerOf(session.sessionId));
        if (owner === null) return failure('The session cannot be read. Try again later.');
        const waitMs = tool.rate?.take(owner) ?? 0;
        if (waitMs > 0) {
          return failure(`Too many calls. Try again in ${Math.ceil(waitMs / 1000)} seconds.`);
        }
        const caller = { id: owner };
        const handle = this.#sessions.get(session.sessionId, caller);
        return runTool(tool, input, { session: handle, caller, signal, report });
      },
    };
  }

  /** An agent of the warm pool has started before its session. */
  async #ownerOf(sessionId: string): Promise<string | null> {
    const known = this.#owners.get(sessionId);
    if (known !== undefined) return known;
    const owner = await readOwner(this.#storage, sessionId);
    if (owner === null) return null;
    this.#owners.set(sessionId, owner);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_OWNERS && oldest !== undefined) this.#owners.delete(oldest);
    return owner;
  }

  get #sessions(): SessionRegistryService {
    return this.#moduleRef.get(SessionRegistryService);
  }

  /** Returns the function that calls the method with its guards, interceptors, pipes and filters. */
  #invokerOf({ provider, method }: FoundTool): RunnableTool['invoke'] {
    if (provider.isDependencyTreeStatic()) {
      return this.#contextOf(provider.instance as object, method);
    }
    return async (call) => {
      const { instance, context } = await instanceForCall(provider, call);
      return this.#contextOf(instance, method, context)(call);
    };
  }

  #contextOf(instance: object, method: string, context?: ContextId): RunnableTool['invoke'] {
    return this.#contexts.create(
      instance,
      Reflect.get(instance, method) as (...args: unknown[]) => unknown,
      method,
      ROUTE_ARGS_METADATA,
      // Only decorators of `createParamDecorator` have a value.
      { exchangeKeyForValue: () => undefined },
      context,
      undefined,
      { guards: true, interceptors: true, filters: true },
      TOOL_CONTEXT,
    ) as (call: AgentToolCall) => Promise<unknown>;
  }
}

/** Resolves to null when the session does not exist, and when the storage fails or takes too long. */
async function readOwner(storage: StorageProvider, sessionId: string): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(
    (resolve) => (timer = setTimeout(resolve, OWNER_TIMEOUT_MS, null)),
  );
  const read = storage.records.get(sessionId).then(
    (record) => record?.owner ?? null,
    () => null,
  );
  return Promise.race([read, late]).finally(() => clearTimeout(timer));
}

function readerOf(
  { provider, method }: FoundTool,
  schema: FoundTool['options']['schema'],
): ToolInputReader {
  try {
    return toolInput(schema);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`@AgentTool() of ${String(provider.name)}.${method}: ${problem}.`, {
      cause,
    });
  }
}
