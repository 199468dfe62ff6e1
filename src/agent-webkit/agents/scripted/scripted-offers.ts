import type {
  AgentCommand,
  AgentModel,
  ContextUsage,
  SubAgent,
} from '../../engine/agent-client.js';
import type { PastTurn } from './script.js';
import { DEFAULT_MODEL } from './sdk-message.js';

/** The size of the context that a script is said to have, and the characters of a token. */
const CONTEXT_TOKENS = 200_000;
const CHARS_PER_TOKEN = 4;

/** The models of every script, which accepts any name. */
export const MODELS: readonly AgentModel[] = [
  {
    value: 'default',
    resolvedModel: DEFAULT_MODEL,
    displayName: 'Scripted',
    description: 'A script that plays an agent. No model is asked.',
    supportedEffortLevels: [],
  },
];

/** A script receives commands as text. */
export const COMMANDS: readonly AgentCommand[] = [];

export const SUB_AGENTS: readonly SubAgent[] = [
  { name: 'general-purpose', description: 'Plays a part of the script.' },
];

/** Returns the context that a model would need for the remembered turns, roughly. */
export function contextOf(model: string | null, history: readonly PastTurn[]): ContextUsage {
  const characters = history.reduce((sum, turn) => sum + JSON.stringify(turn).length, 0);
  const tokens = Math.min(CONTEXT_TOKENS, Math.ceil(characters / CHARS_PER_TOKEN));
  return {
    model: model ?? DEFAULT_MODEL,
    totalTokens: tokens,
    maxTokens: CONTEXT_TOKENS,
    percentage: Math.round((tokens / CONTEXT_TOKENS) * 100),
    categories: [
      { id: 'messages', name: 'Messages', tokens, kind: 'used' },
      { id: 'free_space', name: 'Free space', tokens: CONTEXT_TOKENS - tokens, kind: 'free' },
    ],
  };
}
