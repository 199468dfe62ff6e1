import type { OfferedCommand, OfferedModel, SessionCapabilities } from '../../protocol/answers.js';
import type { AgentCommand, AgentModel, EffortLevel, PermissionMode } from '../agent-client.js';
import type { AgentOffers } from '../agent-offers.js';
import { isPermittedName, type PermittedCommands } from '../slash-command.js';

/** The choices that the host permits to clients. */
export interface Permitted {
  /** The model of a session whose client requests none; null for the agent's default. */
  readonly model: string | null;
  /** The models that a client may request; null for any. */
  readonly models: readonly string[] | null;
  readonly commands: PermittedCommands;
  readonly permissionModes: readonly PermissionMode[];
  readonly effortLevels: readonly EffortLevel[];
}

/** The agent's own name for its default model. Clients choose it by null. */
const AGENT_DEFAULT = 'default';

/** Returns the part of an agent's offers that the host permits. */
export function describeCapabilities(
  sessionId: string,
  agent: 'running' | 'none',
  offers: AgentOffers,
  permitted: Permitted,
): SessionCapabilities {
  const { context, commands, agents, mcpServers } = offers;
  return {
    session_id: sessionId,
    agent,
    permission_modes: [...permitted.permissionModes],
    models: offeredModels(offers.models, permitted),
    effort_levels: [...permitted.effortLevels],
    commands: commands && commands.flatMap((each) => offeredCommand(each, permitted.commands)),
    agents: agents && [...agents],
    mcp_servers: mcpServers && [...mcpServers],
    context: context && {
      model: context.model,
      total_tokens: context.totalTokens,
      max_tokens: context.maxTokens,
      percentage: context.percentage,
      categories: [...context.categories],
    },
  };
}

function offeredModels(
  told: readonly AgentModel[] | null,
  { model: byDefault, models, effortLevels }: Permitted,
): OfferedModel[] | null {
  if (told === null && models === null) return null;
  const find = (name: string) =>
    told?.find(({ value }) => value === name) ??
    told?.find(({ resolvedModel }) => resolvedModel === name);
  const names =
    models ?? told?.map(({ value }) => value).filter((value) => value !== AGENT_DEFAULT) ?? [];
  return [
    { model: null, ...described(find(byDefault ?? AGENT_DEFAULT), effortLevels) },
    ...names.map((name) => ({ model: name, ...described(find(name), effortLevels) })),
  ];
}

function described(
  model: AgentModel | undefined,
  permitted: readonly string[],
): Omit<OfferedModel, 'model'> {
  if (!model) return {};
  const { resolvedModel, displayName, description, supportedEffortLevels: levels } = model;
  return {
    ...(resolvedModel !== undefined && { resolved_model: resolvedModel }),
    name: displayName,
    description,
    ...(levels && { effort_levels: levels.filter((level) => permitted.includes(level)) }),
  };
}

/** Returns the command by the first of its names that the host permits; nothing if it permits none of them. */
function offeredCommand(
  { name, aliases = [], description, argumentHint }: AgentCommand,
  permitted: PermittedCommands,
): OfferedCommand[] {
  const [first, ...others] = [name, ...aliases].filter((each) => isPermittedName(each, permitted));
  if (first === undefined) return [];
  const alternatives = others.length > 0 && { aliases: others };
  return [{ name: first, description, argument_hint: argumentHint, ...alternatives }];
}
