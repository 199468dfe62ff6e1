import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';

/** The work or the wait of the agent, apart from its tool calls. Times are those of the server, in milliseconds since 1970. */
export type Phase = { readonly since: number } & (
  | { readonly kind: 'starting' | 'model' | 'writing' | 'compacting' | 'signing-in' }
  | { readonly kind: 'thinking'; readonly tokens: number | null }
  | { readonly kind: 'calling'; readonly tool: string }
  | {
      readonly kind: 'retry';
      readonly attempt: number;
      readonly max: number;
      readonly reason: string;
      readonly until: number;
    }
);

/** A tool call that has no result yet. */
export interface RunningCall {
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
  readonly since: number;
}

/** The present work of the agent. */
export interface Activity {
  readonly phase: Phase | null;
  /** The running tool calls, those of sub-agents included. */
  readonly calls: readonly RunningCall[];
  /** The MCP servers that are connecting. */
  readonly starting: readonly string[];
}

export const noActivity: Activity = { phase: null, calls: [], starting: [] };

/** The maximum number of calls that are kept: an agent can begin more, and end none of them. */
const MAX_CALLS = 100;

/** Returns the time of an event, in milliseconds since 1970; 0 for an event that was stored without one. */
export function timeOf(event: DeliveredEvent): number {
  return Date.parse(event.data.time) || 0;
}

/** Returns the activity after an event. */
export function addActivity(activity: Activity, event: DeliveredEvent): Activity {
  switch (event.event) {
    case 'tool_use': {
      const { tool_use_id: id, tool_name: tool, input } = event.data;
      const others = activity.calls.filter((call) => call.id !== id);
      const calls = [...others, { id, tool, input, since: timeOf(event) }].slice(-MAX_CALLS);
      return { ...activity, calls, phase: addPhase(activity.phase, event) };
    }
    case 'tool_result': {
      const calls = activity.calls.filter(({ id }) => id !== event.data.tool_use_id);
      return { ...activity, calls, phase: addPhase(activity.phase, event) };
    }
    case 'request_resolved': {
      // The time during which the call waited for the user is none of its own.
      const calls = activity.calls.map((call) =>
        call.id === event.data.correlation_id ? { ...call, since: timeOf(event) } : call,
      );
      return { ...activity, calls };
    }
    case 'mcp_status_change': {
      const { server_name: server, status } = event.data;
      const others = activity.starting.filter((name) => name !== server);
      return { ...activity, starting: status === 'pending' ? [...others, server] : others };
    }
    case 'result':
    case 'done':
      return { ...activity, phase: null, calls: [] };
    case 'session_state':
      return event.data.state === 'dormant' ? noActivity : activity;
    default: {
      const phase = addPhase(activity.phase, event);
      return phase === activity.phase ? activity : { ...activity, phase };
    }
  }
}

function addPhase(phase: Phase | null, event: DeliveredEvent): Phase | null {
  const at = timeOf(event);
  // The work of a sub-agent is that of its tool call.
  if ('parent_tool_use_id' in event.data && event.data.parent_tool_use_id !== undefined)
    return phase;
  switch (event.event) {
    case 'user_message':
      return phase ?? { kind: 'starting', since: at };
    case 'thinking_delta':
      return phase?.kind === 'thinking' ? phase : { kind: 'thinking', since: at, tokens: null };
    case 'thinking_progress': {
      const since = phase?.kind === 'thinking' ? phase.since : at;
      return { kind: 'thinking', since, tokens: event.data.estimated_tokens };
    }
    case 'message_delta': {
      const { delta } = event.data;
      if (delta.type === 'text')
        return phase?.kind === 'writing' ? phase : { kind: 'writing', since: at };
      return phase?.kind === 'calling' && phase.tool === delta.name
        ? phase
        : { kind: 'calling', since: at, tool: delta.name };
    }
    case 'api_retry': {
      const { attempt, max_retries: max, retry_delay_ms: delay, kind } = event.data;
      return { kind: 'retry', attempt, max, reason: kind, since: at, until: at + delay };
    }
    case 'auth_status':
      return { kind: event.data.is_authenticating ? 'signing-in' : 'model', since: at };
    case 'compaction_start':
      return { kind: 'compacting', since: at };
    case 'turn_start':
    case 'message_complete':
    case 'tool_use':
    case 'tool_result':
    case 'compaction_end':
      return { kind: 'model', since: at };
    default:
      return phase;
  }
}
