/** Set on the events of a sub-agent: the id of the tool use that started it. */
export type FromSubAgent = { parent_tool_use_id?: string };

/**
 * Notices: events about what the agent does or waits for. No reply is expected, and a client may
 * ignore them. In one turn, at most 32 events of a name are published, and after these only the 64th,
 * the 128th, the 256th and so on. `thinking_delta` is the exception: it is as frequent as `message_delta`.
 */
export interface NoticePayloads {
  /** A request to the model's API failed. The agent retries it after a delay. */
  api_retry: {
    /** The number of this retry, from 1. */
    attempt: number;
    max_retries: number;
    retry_delay_ms: number;
    /** The HTTP status of the failed request. Null if there was no response. */
    status: number | null;
    /** The kind of the failure, such as `overloaded`, `rate_limit` or `authentication_failed`. */
    kind: string;
  } & FromSubAgent;
  /** The rate limit of the agent's account changed its status. Only for accounts with a subscription. */
  rate_limit: {
    /** `allowed`, `allowed_warning` (near the limit) or `rejected`. */
    status: string;
    /** The limit, such as `five_hour` or `seven_day`. */
    kind?: string;
    /** When the limit is reset, in ISO 8601. */
    resets_at?: string;
    /** The used share of the limit, as the SDK reports it. */
    utilization?: number;
  };
  /** The agent obtains new credentials (`is_authenticating`), or has finished. */
  auth_status: { is_authenticating: boolean };
  /** The agent begins to summarize the conversation, because it is too long or because the user asked for it. */
  compaction_start: Record<string, never>;
  /** The summary is complete, has failed or was cancelled. Each `compaction_start` has one, unless the agent ends. */
  compaction_end: {
    outcome: 'completed' | 'failed' | 'cancelled';
    /** `manual` if the user asked for it, `auto` if the agent did. */
    trigger?: 'manual' | 'auto';
    /** The tokens of the conversation before it. */
    tokens_before?: number;
    /** The tokens of the conversation after it. */
    tokens_after?: number;
    duration_ms?: number;
    /** The reason of a failure. */
    message?: string;
  };
  /** A part of the agent's thinking. Sent with `include_partial_messages`. The complete block is in `message_complete`. */
  thinking_delta: { message_id: string; thinking: string } & FromSubAgent;
  /** The agent is thinking. Sent at the start of a block of thinking, and each time its tokens have doubled. */
  thinking_progress: {
    /** An estimate of the tokens of this block so far. */
    estimated_tokens: number;
  };
  /** A tool is still running. */
  tool_progress: {
    /** The same as in the event `tool_use`. */
    tool_use_id: string;
    tool_name: string;
    elapsed_ms: number;
    /** The background task of this tool call. */
    task_id?: string;
  } & FromSubAgent;
  /** A summary of the latest tool calls, if the host has enabled it. */
  tool_use_summary: { summary: string; tool_use_ids: string[] };
  /** A tool call was denied without a request: by a rule, by the permission mode or by a classifier. */
  permission_denied: {
    tool_name: string;
    /** The same as in the event `tool_use`. */
    tool_use_id: string;
    /** The part that decided, such as `rule`, `mode` or `classifier`. */
    kind?: string;
    reason?: string;
  };
  /** A suggestion for the user's next message, if the host has enabled it. */
  prompt_suggestion: { suggestion: string };
  /** A message of the agent's program for the user, such as the reason of a hook that blocked a message. */
  notification: {
    text: string;
    level: 'info' | 'notice' | 'suggestion' | 'warning';
    /** The tool call that it is about. */
    tool_use_id?: string;
  };
  /** The model refused to answer. With a `fallback_model`, the agent asks that model. */
  model_refusal: {
    model: string;
    fallback_model: string | null;
    /** The category of the refusal, if the API names one. */
    category: string | null;
  };
  /** The user has finished at the page of an `elicitation_request`, as its MCP server reports. */
  elicitation_complete: { server_name: string; elicitation_id: string };
}

/** The names of all notices. */

export const NOTICE_NAMES = {
  api_retry: true,
  rate_limit: true,
  auth_status: true,
  compaction_start: true,
  compaction_end: true,
  thinking_delta: true,
  thinking_progress: true,
  tool_progress: true,
  tool_use_summary: true,
  permission_denied: true,
  prompt_suggestion: true,
  notification: true,
  model_refusal: true,
  elicitation_complete: true,
} satisfies Record<keyof NoticePayloads, true>;
