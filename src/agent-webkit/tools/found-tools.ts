import type { Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { FoundProvider } from '../instance-for-call.js';
import { AGENT_TOOL, type AgentToolOptions } from './agent-tool.decorator.js';
import { RegisteredFeature } from './feature.js';
import { type CheckedToolOptions, checkToolOptions } from './tool-options.js';

/** A method of a provider that is a tool. */
export interface FoundTool {
  readonly provider: FoundProvider;
  readonly method: string;
  readonly options: CheckedToolOptions;
}

/** The tools of the agents of one module, and the instructions about them by their MCP servers. */
export interface FoundTools {
  readonly tools: readonly FoundTool[];
  readonly instructions: ReadonlyMap<string, string>;
}

/**
 * Finds the tools of an app whose modules are all instantiated, for the agents of one `AgentWebkitModule`. A provider
 * that `forFeature()` registered belongs to the agents of that module only.
 *
 * @throws TypeError when a tool is wrong, or two have the same name
 */
export function findTools(modules: ModulesContainer, agentModule: Type<object>): FoundTools {
  const providers = new DiscoveryService(modules).getProviders();
  const features = providers
    .map(({ instance }) => instance as unknown)
    .filter((instance) => instance instanceof RegisteredFeature);
  const others = features.filter((feature) => feature.agentModule !== agentModule);
  const own = features.filter((feature) => feature.agentModule === agentModule);
  const isForOthers = (type: unknown) => {
    const has = (feature: RegisteredFeature) => feature.tools.some((tool) => tool === type);
    return others.some(has) && !own.some(has);
  };
  const found = new Map<string, FoundTool>();
  for (const provider of providers) {
    if (isForOthers(provider.metatype)) continue;
    for (const tool of toolsOf(provider)) add(found, tool);
  }
  const tools = [...found.values()];
  return { tools, instructions: instructionsOf(own, tools) };
}

function toolsOf(provider: FoundProvider): FoundTool[] {
  const { metatype } = provider;
  if (typeof metatype !== 'function' || provider.inject) return [];
  const prototype = metatype.prototype as Record<string, unknown> | undefined;
  if (!prototype) return [];
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((method) => {
    const options = Reflect.getMetadata(AGENT_TOOL, prototype[method] as object) as
      AgentToolOptions | undefined;
    if (!options) return [];
    try {
      return [{ provider, method, options: checkToolOptions(options, method) }];
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new TypeError(`@AgentTool() of ${metatype.name}.${method}: ${problem}.`, { cause });
    }
  });
}

/** A class that several modules provide is one tool: its first provider runs it. */
function add(found: Map<string, FoundTool>, tool: FoundTool): void {
  const { server, name } = tool.options;
  const key = `${server} ${name}`;
  const other = found.get(key);
  if (!other) {
    found.set(key, tool);
    return;
  }
  if (other.provider.metatype === tool.provider.metatype && other.method === tool.method) return;
  throw new TypeError(
    `${describe(other)} and ${describe(tool)} are both the tool '${name}' of the server '${server}'. Set another 'name' in @AgentTool().`,
  );
}

const describe = ({ provider, method }: FoundTool) => `${String(provider.name)}.${method}`;

/** A feature without tools is about the server of tools that name none. */
function instructionsOf(
  features: readonly RegisteredFeature[],
  tools: readonly FoundTool[],
): Map<string, string> {
  const paragraphs = new Map<string, string[]>();
  for (const { prompts, tools: types } of features) {
    const own = tools.filter(({ provider }) => types.some((type) => type === provider.metatype));
    const servers = new Set(own.length > 0 ? own.map(({ options }) => options.server) : ['app']);
    for (const server of servers) {
      paragraphs.set(server, [...(paragraphs.get(server) ?? []), ...prompts]);
    }
  }
  const joined = [...paragraphs].map(([server, texts]) => [server, texts.join('\n\n')] as const);
  return new Map(joined.filter(([, text]) => text !== ''));
}
