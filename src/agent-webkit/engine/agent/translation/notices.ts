import type { EventPayloads, WireEvent } from '../../../protocol/events.js';
import { forPeople } from './for-people.js';
import { fromSubAgent, type MessageOf } from './sdk-message.js';

/** How many tool calls a summary names. */
const MAX_SUMMARIZED = 100;

const LEVELS = { low: 'info', medium: 'notice', high: 'warning', immediate: 'warning' } as const;

/** Translates the SDK's messages about what the agent does or waits for. */
export class Notices {
  /** The last published payloads, as JSON, by the name of their event. */
  readonly #last = new Map<string, string>();
  /** The tokens of the latest block of thinking, as last published. */
  #thinkingTokens = 0;

  authStatus({ isAuthenticating, error }: MessageOf<'auth_status'>): WireEvent[] {
    const events = this.#changed({
      event: 'auth_status',
      data: { is_authenticating: isAuthenticating },
    });
    if (error === undefined) return events;
    const message = 'The agent could not obtain credentials for the API.';
    return [...events, { event: 'error', data: { code: 'agent_authentication_failed', message } }];
  }

  rateLimit({ rate_limit_info }: MessageOf<'rate_limit_event'>): WireEvent[] {
    const { status, rateLimitType: kind, resetsAt, utilization } = rate_limit_info;
    return this.#changed({
      event: 'rate_limit',
      data: {
        status,
        ...(kind !== undefined && { kind }),
        ...(isTime(resetsAt) && { resets_at: new Date(resetsAt * 1000).toISOString() }),
        ...(utilization !== undefined && { utilization }),
      },
    });
  }

  thinking(message: MessageOf<'system/thinking_tokens'>): WireEvent[] {
    const { estimated_tokens, estimated_tokens_delta } = message;
    const isNew = estimated_tokens === estimated_tokens_delta;
    if (!isNew && estimated_tokens < 2 * this.#thinkingTokens) return [];
    this.#thinkingTokens = estimated_tokens;
    return [{ event: 'thinking_progress', data: { estimated_tokens } }];
  }

  toolProgress(message: MessageOf<'tool_progress'>): WireEvent[] {
    const { tool_use_id, tool_name, elapsed_time_seconds, task_id } = message;
    const data = {
      tool_use_id,
      tool_name,
      elapsed_ms: Math.round(elapsed_time_seconds * 1000),
      ...(task_id !== undefined && { task_id }),
      ...fromSubAgent(message),
    };
    return [{ event: 'tool_progress', data }];
  }

  toolUseSummary(message: MessageOf<'tool_use_summary'>): WireEvent[] {
    const { summary, preceding_tool_use_ids } = message;
    const tool_use_ids = preceding_tool_use_ids.slice(-MAX_SUMMARIZED);
    return [{ event: 'tool_use_summary', data: { summary: forPeople(summary), tool_use_ids } }];
  }

  permissionDenied(message: MessageOf<'system/permission_denied'>): WireEvent[] {
    const { tool_name, tool_use_id, decision_reason_type: kind, decision_reason } = message;
    const data = {
      tool_name,
      tool_use_id,
      ...(kind !== undefined && { kind }),
      ...(decision_reason !== undefined && { reason: forPeople(decision_reason) }),
    };
    return [{ event: 'permission_denied', data }];
  }

  elicitationComplete(message: MessageOf<'system/elicitation_complete'>): WireEvent[] {
    const { mcp_server_name: server_name, elicitation_id } = message;
    return [{ event: 'elicitation_complete', data: { server_name, elicitation_id } }];
  }

  promptSuggestion({ suggestion }: MessageOf<'prompt_suggestion'>): WireEvent[] {
    return [{ event: 'prompt_suggestion', data: { suggestion: forPeople(suggestion) } }];
  }

  notification({ text, priority }: MessageOf<'system/notification'>): WireEvent[] {
    return notify(text, LEVELS[priority]);
  }

  informational(message: MessageOf<'system/informational'>): WireEvent[] {
    return notify(message.content, message.level, message.tool_use_id);
  }

  commandOutput({ content }: MessageOf<'system/local_command_output'>): WireEvent[] {
    return notify(content, 'notice');
  }

  refusal(
    message:
      MessageOf<'system/model_refusal_fallback'> | MessageOf<'system/model_refusal_no_fallback'>,
  ): WireEvent[] {
    const fallback_model = 'fallback_model' in message ? message.fallback_model : null;
    const category = message.api_refusal_category ?? null;
    const data = { model: message.original_model, fallback_model, category };
    return [{ event: 'model_refusal', data }];
  }

  mirrorError(): WireEvent[] {
    return transcriptNotStored();
  }

  writesLost({ lost }: MessageOf<'system/session_writes_lost'>): WireEvent[] {
    return lost.includes('transcript') ? transcriptNotStored() : [];
  }

  endTurn(): void {
    this.#thinkingTokens = 0;
  }

  /** Returns the event unless the last one of its name had the same payload. */
  #changed(wire: WireEvent): WireEvent[] {
    const data = JSON.stringify(wire.data);
    if (this.#last.get(wire.event) === data) return [];
    this.#last.set(wire.event, data);
    return [wire];
  }
}

function notify(
  text: string,
  level: EventPayloads['notification']['level'],
  tool_use_id?: string,
): WireEvent[] {
  const data = { text: forPeople(text), level, ...(tool_use_id !== undefined && { tool_use_id }) };
  return [{ event: 'notification', data }];
}

function transcriptNotStored(): WireEvent[] {
  const message =
    'A part of the conversation could not be stored. After its next start, the agent may not remember it.';
  return [{ event: 'error', data: { code: 'transcript_not_stored', message } }];
}

function isTime(seconds: number | undefined): seconds is number {
  return seconds !== undefined && Math.abs(seconds) <= 8.64e12;
}
