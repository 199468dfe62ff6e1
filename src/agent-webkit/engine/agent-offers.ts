import type {
  AgentCommand,
  AgentModel,
  ContextUsage,
  McpServerState,
  SubAgent,
} from './agent-client.js';

/** The offers of an agent, in bounded lists and texts. A field is null when the agent did not answer in time, or cannot. */
export interface AgentOffers {
  readonly models: readonly AgentModel[] | null;
  readonly commands: readonly AgentCommand[] | null;
  readonly agents: readonly SubAgent[] | null;
  readonly mcpServers: readonly McpServerState[] | null;
  readonly context: ContextUsage | null;
}

/** The offers of no agent. */
export const NO_OFFERS: AgentOffers = {
  models: null,
  commands: null,
  agents: null,
  mcpServers: null,
  context: null,
};
