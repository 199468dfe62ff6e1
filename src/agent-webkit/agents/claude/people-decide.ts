import type {
  HookCallbackMatcher,
  HookInput,
  HookJSONOutput,
} from '@anthropic-ai/claude-agent-sdk';
import type { HookDecision } from '../../engine/agent-asks.js';
import type { AgentStart } from '../../engine/agent-client.js';

export interface PeopleDecideOptions {
  /** The tools that people decide about, as in a matcher of the SDK, such as `Bash|mcp__payments__.*`. @default all */
  matcher?: string;
}

/** The longest timeout of a hook, in seconds: that of a timer in JavaScript. The session has a timeout of its own. */
const LONGEST_S = 2_147_483;

/** The parts of a hook's input that are not for clients: paths of the server, and ids of its agents. */
const INTERNAL = new Set(['session_id', 'transcript_path', 'agent_transcript_path', 'prompt_id']);

/**
 * Returns a hook that leaves its decision to the people of the session: `hook_decision_request`. It is for the hook events
 * `PreToolUse`, `UserPromptSubmit` and `PreCompact`, and ends the turn at any other one. Without a decision in
 * time, it denies.
 *
 * @example
 * claudeSdkFactory((start) => ({
 *   hooks: { PreToolUse: [peopleDecide(start, { matcher: 'mcp__payments__.*' })] },
 * }));
 *
 * @param start the argument of the function that is passed to `claudeSdkFactory`
 */
export function peopleDecide(
  { askPeople }: Pick<AgentStart, 'askPeople'>,
  { matcher }: PeopleDecideOptions = {},
): HookCallbackMatcher {
  return {
    ...(matcher !== undefined && { matcher }),
    timeout: LONGEST_S,
    hooks: [
      async (input, _toolUseId, { signal }) => {
        const { hook_event_name: event } = input;
        if (!isDecided(event)) {
          const stopReason = `peopleDecide() does not support the hook event ${event}.`;
          return { continue: false, stopReason };
        }
        const decision = await askPeople?.('hook', { event, input: shown(input) }, signal);
        return outputOf(
          event,
          decision ?? { behavior: 'deny', message: 'People cannot be asked.' },
        );
      },
    ],
  };
}

const DECIDED = ['PreToolUse', 'UserPromptSubmit', 'PreCompact'] as const;

function isDecided(event: string): event is (typeof DECIDED)[number] {
  return (DECIDED as readonly string[]).includes(event);
}

function shown(input: HookInput): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !INTERNAL.has(name)));
}

function outputOf(event: (typeof DECIDED)[number], decision: HookDecision): HookJSONOutput {
  const isAllowed = decision.behavior === 'allow';
  if (event !== 'PreToolUse') {
    return isAllowed ? {} : { decision: 'block', reason: decision.message };
  }
  return {
    hookSpecificOutput: {
      hookEventName: event,
      permissionDecision: decision.behavior,
      ...(!isAllowed && { permissionDecisionReason: decision.message }),
    },
  };
}
