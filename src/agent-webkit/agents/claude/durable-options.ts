import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';
import { AWAITED_TOOL } from './awaited-entries.js';
import type { CallWatch } from './call-watch.js';

type Hooks = NonNullable<Options['hooks']>;

const ASK = {
  hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'ask' },
} as const;

/**
 * Returns the options of a process whose requests are durable: a hook that observes every call, and has Claude
 * Code ask about those that always need a person, whatever its rules and its mode permit.
 *
 * @param isBlocked returns true while the turn must not go on
 */
export function durableOptions(
  { alwaysAsks, awaited }: Pick<AgentStart, 'alwaysAsks' | 'awaited'>,
  calls: CallWatch,
  isBlocked: () => boolean,
  hooks: Hooks = {},
): Pick<Options, 'hooks' | 'toolAliases'> {
  const beforeTool: Hooks['PreToolUse'] = [
    {
      // Without the answer of the hook, no call begins.
      onFailure: 'block',
      hooks: [
        (input, toolUseID) => {
          if (input.hook_event_name !== 'PreToolUse') return Promise.resolve({});
          const id = toolUseID ?? input.tool_use_id;
          // Those of a sub-agent end with its own call, which began before.
          if (input.agent_id === undefined) calls.begin(id);
          const tool_input = (input.tool_input ?? {}) as Record<string, unknown>;
          const asks = id === awaited?.toolUseID || alwaysAsks?.(input.tool_name, tool_input);
          return Promise.resolve(asks ? ASK : {});
        },
      ],
    },
  ];
  // The turn must not go on before all calls of its message have their results.
  const block = { decision: 'block', reason: 'Other calls of this message wait.' } as const;
  const beforePrompt: Hooks['UserPromptSubmit'] = [
    { hooks: [() => Promise.resolve(isBlocked() ? block : {})] },
  ];
  return {
    hooks: {
      ...hooks,
      PreToolUse: [...(hooks.PreToolUse ?? []), ...beforeTool],
      ...(awaited && {
        UserPromptSubmit: [...(hooks.UserPromptSubmit ?? []), ...beforePrompt],
      }),
    },
    ...(awaited && { toolAliases: { [AWAITED_TOOL]: awaited.toolName } }),
  };
}
