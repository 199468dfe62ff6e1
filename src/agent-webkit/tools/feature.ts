import type { DynamicModule, Type } from '@nestjs/common';
import type { ComponentRegistryOptions } from './component-registry.js';

/** The tools and components that a feature module gives the agents, and the instructions about them. */
export interface AgentFeature {
  /** Providers with methods that are tools, see `AgentTool`. They are created in the module of the feature, and exported. */
  readonly tools?: readonly Type<object>[];
  /** Classes with `AgentComponent`, which the agents can render. */
  readonly components?: readonly Type<object>[];
  /** How the agents call the components of this module. Set each of them in one feature of a module only. */
  readonly genui?: ComponentRegistryOptions;
  /** Instructions for the model about these tools, such as the rules of a business. Each is a paragraph. */
  readonly prompts?: readonly string[];
  /** The modules that export what the tools inject. */
  readonly imports?: NonNullable<DynamicModule['imports']>;
}

/** A feature, as discovery finds it among the providers. */
export class RegisteredFeature {
  constructor(
    /** The `AgentWebkitModule`, or the subclass, whose agents have the tools. */
    readonly agentModule: Type<object>,
    readonly tools: readonly Type<object>[],
    readonly prompts: readonly string[],
    readonly components: readonly Type<object>[],
    readonly genui: ComponentRegistryOptions,
  ) {}
}

class AgentFeatureModule {}

/** Returns the module of a feature for the agents of one `AgentWebkitModule`. */
export function featureModule(
  agentModule: Type<object>,
  { tools = [], prompts = [], components = [], genui = {}, imports = [] }: AgentFeature,
): DynamicModule {
  const feature = new RegisteredFeature(agentModule, tools, prompts, components, genui);
  return {
    module: AgentFeatureModule,
    imports: [...imports],
    providers: [...tools, { provide: Symbol('agent-webkit:feature'), useValue: feature }],
    exports: [...tools],
  };
}
