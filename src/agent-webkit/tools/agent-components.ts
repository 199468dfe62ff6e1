import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import { ComponentSchemas } from '../component-schemas.js';
import { type HostTool, type HostTools, toolNameOf } from '../engine/host-tool.js';
import type { GenuiSchema } from '../protocol/answers.js';
import { componentOptionsOf } from './agent-component.decorator.js';
import { type ComponentRegistryOptions, registryOf } from './component-registry.js';
import { RegisteredFeature } from './feature.js';
import { messageOf, untilAborted } from './run-tool.js';
import { isStandardInput } from './standard-input.js';
import { type ToolInputReader, toolInput } from './tool-input.js';
import { snakeCase } from './tool-options.js';
import { failure, toolOutput } from './tool-output.js';

/** How long the check of the props of one component may take, in milliseconds. */
const READ_TIMEOUT_MS = 10_000;
/** The longest name of a tool that a model accepts. */
const MAX_TOOL_NAME = 128;

/** A component, ready to be rendered. */
interface Component {
  readonly type: Type<object>;
  readonly shortName: string;
  readonly description: string;
  readonly props: ToolInputReader;
}

/** The components that the agents of one module can render. */
@Injectable()
export class AgentComponents extends ComponentSchemas {
  readonly #modules: ModulesContainer;
  #registry: Required<ComponentRegistryOptions> = registryOf([]);
  #components: readonly Component[] = [];
  #tools: HostTools | null = null;

  constructor(modules: ModulesContainer) {
    super();
    this.#modules = modules;
  }

  /** The tools that render them; null without components. */
  get tools(): HostTools | null {
    return this.#tools;
  }

  get schema(): GenuiSchema {
    const { serverName, prefix } = this.#registry;
    return {
      version: '1.0',
      server_name: serverName,
      prefix,
      tools: this.#components.map(({ shortName, description, props }) => ({
        name: toolNameOf({ server: serverName, name: prefix + shortName }),
        short_name: shortName,
        raw_tool_name: prefix + shortName,
        description,
        schema: { ...props.schema },
      })),
    };
  }

  /**
   * Finds the components, when all modules are instantiated.
   *
   * @param agentModule the class of the module that has the agents
   * @param toolNames the names of the other tools of these agents
   * @throws TypeError when a component is wrong
   */
  discover(agentModule: Type<object>, toolNames: readonly string[]): void {
    const features = new DiscoveryService(this.#modules)
      .getProviders()
      .map(({ instance }) => instance as unknown)
      .filter((instance) => instance instanceof RegisteredFeature)
      .filter((feature) => feature.agentModule === agentModule);
    this.#registry = registryOf(features.map(({ genui }) => genui));
    const types = new Set(features.flatMap(({ components }) => components));
    this.#components = [...types].map((type) => prepare(type));
    checkNames(this.#components);
    const tooLong = this.schema.tools.find(({ name }) => name.length > MAX_TOOL_NAME);
    if (tooLong) {
      throw new TypeError(
        `The tool ${tooLong.name} has ${tooLong.name.length} characters, but models accept ${MAX_TOOL_NAME}. Set a shorter 'name' in @AgentComponent(), or a shorter 'genui.prefix'.`,
      );
    }
    const taken = this.schema.tools.find(({ name }) => toolNames.includes(name));
    if (taken) {
      throw new TypeError(
        `${taken.name} is a component and a tool with @AgentTool(). Set another name for one of them.`,
      );
    }
    this.#tools = this.#components.length === 0 ? null : this.#toolsOf(this.#components);
  }

  #toolsOf(components: readonly Component[]): HostTools {
    const { serverName: server, prefix, prompt } = this.#registry;
    const tools = components.map((component) => renderTool(component, server, prefix));
    const list = tools.map((tool) => `- ${toolNameOf(tool)}: ${tool.description}`);
    return { tools, instructions: new Map(), systemPrompt: [prompt, ...list].join('\n') };
  }
}

/** Returns the tool that renders a component. The client draws it from the call; the tool checks the props. */
function renderTool(
  { shortName, description, props }: Component,
  server: string,
  prefix: string,
): HostTool {
  return {
    server,
    name: prefix + shortName,
    description,
    inputSchema: props.schema,
    asks: 'never',
    run: async (input, { signal }) => {
      const end = AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
      try {
        await untilAborted(props.read(input), end);
        return toolOutput(`rendered:${shortName}`);
      } catch (error) {
        if (end.aborted && error === end.reason) return failure('The props could not be checked.');
        return failure(messageOf(error, toolNameOf({ server, name: prefix + shortName })));
      }
    },
  };
}

function prepare(type: Type<object>): Component {
  const options = componentOptionsOf(type);
  if (!options) {
    throw new TypeError(
      `forFeature(): the component ${type.name} has no @AgentComponent(). Add it to the class.`,
    );
  }
  try {
    const { name: shortName = snakeCase(type.name), description, schema } = options;
    if (!/^[a-z][a-z\d_]{0,63}$/.test(shortName) || shortName.includes('__')) {
      throw new TypeError(
        `'name' must have 1 to 64 lower-case letters, digits and _, begin with a letter, and have no __`,
      );
    }
    if (typeof description !== 'string' || description === '') {
      throw new TypeError(`'description' must not be empty`);
    }
    return { type, shortName, description, props: propsOf(type, schema) };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`@AgentComponent() of ${type.name}: ${problem}.`, { cause });
  }
}

function propsOf(type: Type<object>, schema: unknown): ToolInputReader {
  if (schema === undefined) return toolInput(type);
  if (isStandardInput(schema)) return toolInput(schema);
  throw new TypeError(`'schema' must be a schema with ~standard, such as one of zod 4`);
}

function checkNames(components: readonly Component[]): void {
  const byName = new Map<string, Component>();
  for (const component of components) {
    const { shortName, type } = component;
    const other = byName.get(shortName);
    if (other) {
      throw new TypeError(
        `${other.type.name} and ${type.name} are both the component '${shortName}'. Set another 'name' in @AgentComponent().`,
      );
    }
    byName.set(shortName, component);
  }
}
