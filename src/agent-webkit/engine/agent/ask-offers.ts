import type {
  AgentClient,
  AgentCommand,
  AgentModel,
  ContextUsage,
  McpServerState,
  SubAgent,
} from '../agent-client.js';
import type { AgentOffers } from '../agent-offers.js';
import { TIMED_OUT, within } from '../timing/within.js';

/** How long an agent may take to answer, in milliseconds. */
const ANSWER_MS = 3000;
/** The number of entries of a list, and of characters of a text, that are passed on. */
const MAX_ENTRIES = 200;
const MAX_TEXT = 500;

/** The questions that have no answer yet, by the agent. A question is asked once until then. */
const asked = new WeakMap<AgentClient, Map<string, Promise<unknown>>>();

/** Asks an agent what it offers. Never rejects. */
export async function askOffers(client: AgentClient, answerMs = ANSWER_MS): Promise<AgentOffers> {
  const ask = <Answer, Offer>(
    question: string,
    put: () => Promise<Answer> | undefined,
    read: (answer: Answer) => Offer,
  ) => answerOf(client, question, put, read, answerMs);
  const [models, commands, agents, mcpServers, context] = await Promise.all([
    ask('models', () => client.supportedModels?.(), listOf(readModel)),
    ask('commands', () => client.supportedCommands?.(), listOf(readCommand)),
    ask('agents', () => client.supportedAgents?.(), listOf(readSubAgent)),
    ask('mcpServers', () => client.mcpServers?.(), listOf(readServer)),
    ask('context', () => client.contextUsage?.(), readContext),
  ]);
  return { models, commands, agents, mcpServers, context };
}

async function answerOf<Answer, Offer>(
  client: AgentClient,
  question: string,
  put: () => Promise<Answer> | undefined,
  read: (answer: Answer) => Offer,
  answerMs: number,
): Promise<Offer | null> {
  try {
    const answer = await within(answerMs, askOnce(client, question, put));
    return answer === undefined || answer === TIMED_OUT ? null : read(answer as Answer);
  } catch {
    // The agent is ending, which its messages report, or a host's own agent answers something else.
    return null;
  }
}

function askOnce(
  client: AgentClient,
  question: string,
  put: () => Promise<unknown> | undefined,
): Promise<unknown> {
  const open = asked.get(client) ?? new Map<string, Promise<unknown>>();
  asked.set(client, open);
  const known = open.get(question);
  if (known) return known;
  const answer = Promise.resolve(put()).finally(() => open.delete(question));
  open.set(question, answer);
  return answer;
}

const text = (value: unknown): string => {
  const whole = typeof value === 'string' ? value : '';
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT - 1)}…` : whole;
};
const texts = (values: readonly string[]): string[] => values.slice(0, MAX_ENTRIES).map(text);
const count = (value: unknown): number => (Number.isFinite(value) ? Number(value) : 0);

function listOf<Entry>(read: (entry: Entry) => Entry): (entries: readonly Entry[]) => Entry[] {
  return (entries) => entries.slice(0, MAX_ENTRIES).map(read);
}

function readModel(model: AgentModel): AgentModel {
  return {
    value: text(model.value),
    displayName: text(model.displayName),
    description: text(model.description),
    ...(model.resolvedModel !== undefined && { resolvedModel: text(model.resolvedModel) }),
    ...(model.supportedEffortLevels && {
      supportedEffortLevels: texts(model.supportedEffortLevels),
    }),
  };
}

function readCommand(command: AgentCommand): AgentCommand {
  return {
    name: text(command.name),
    description: text(command.description),
    argumentHint: text(command.argumentHint),
    ...(command.aliases && { aliases: texts(command.aliases) }),
  };
}

function readSubAgent(agent: SubAgent): SubAgent {
  return {
    name: text(agent.name),
    description: text(agent.description),
    ...(agent.model !== undefined && { model: text(agent.model) }),
  };
}

const readServer = ({ name, status }: McpServerState): McpServerState => ({
  name: text(name),
  status: text(status),
});

function readContext(usage: ContextUsage): ContextUsage {
  return {
    model: text(usage.model),
    totalTokens: count(usage.totalTokens),
    maxTokens: count(usage.maxTokens),
    percentage: count(usage.percentage),
    categories: usage.categories.slice(0, MAX_ENTRIES).map((category) => ({
      ...(category.id !== undefined && { id: text(category.id) }),
      name: text(category.name),
      tokens: count(category.tokens),
      kind: text(category.kind),
    })),
  };
}
