import type { EffortLevel, Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';

type Thinking = Pick<Options, 'effort' | 'thinking' | 'maxThinkingTokens'>;

/** Returns the options for the effort and the thinking budget of a session, which replace those of the host. */
export function thinkingOptions(
  { effort, maxThinkingTokens }: Pick<AgentStart, 'effort' | 'maxThinkingTokens'>,
  { thinking, ...given }: Thinking,
): Thinking {
  const hasBudget = typeof maxThinkingTokens === 'number';
  return {
    ...given,
    ...(effort && { effort }),
    // The SDK would prefer `thinking`.
    ...(hasBudget ? { maxThinkingTokens } : thinking && { thinking }),
  };
}

/** Returns the effort to which null resets a running agent; null for that of the model. */
export function defaultEffort({ effort }: Thinking): EffortLevel | null {
  return effort ?? null;
}

/** Returns the thinking budget to which null resets a running agent, in tokens; null for that of the model. */
export function defaultThinkingTokens({ thinking, maxThinkingTokens }: Thinking): number | null {
  if (thinking?.type === 'disabled') return 0;
  if (thinking?.type === 'enabled') return thinking.budgetTokens ?? null;
  return thinking === undefined ? (maxThinkingTokens ?? null) : null;
}
