import type { DynamicModule, Type } from '@nestjs/common';

/** The tools that a feature module gives the agents, and the instructions about them. */
export interface AgentFeature {
  /** Providers with methods that are tools, see `AgentTool`. They are created in the module of the feature, and exported. */
  readonly tools?: readonly Type<object>[];
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
  ) {}
}

class AgentFeatureModule {}

/** Returns the module of a feature for the agents of one `AgentWebkitModule`. */
export function featureModule(
  agentModule: Type<object>,
  { tools = [], prompts = [], imports = [] }: AgentFeature,
): DynamicModule {
  const feature = new RegisteredFeature(agentModule, tools, prompts);
  return {
    module: AgentFeatureModule,
    imports: [...imports],
    providers: [...tools, { provide: Symbol('agent-webkit:feature'), useValue: feature }],
    exports: [...tools],
  };
}
