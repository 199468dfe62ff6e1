import type {
  DecisionLink,
  DeliveredEvent,
  EventPayloads,
  EventTime,
  RequestKind,
  RequestOutcome,
  SessionStateName,
} from './events.js';
import type { SessionMetadata, TitleSource } from './session-details.js';
import type { SessionMember, SessionRole } from './session-members.js';

/** The field that an open request gets when it is escalated. */
export interface WhenEscalated {
  /** To whom it is escalated, as in `request_escalated`. Absent until then. */
  escalated_to?: string[];
}

/** An open request, as in its event. A request that an earlier version of the server stored has no time. */
export type PendingRequest = Partial<EventTime> &
  (
    | ({
        event: 'permission_request';
        /** The ids of the callers who have approved it, if it needs several approvals. */
        approved_by?: string[];
      } & WhenEscalated &
        EventPayloads['permission_request'])
    | ({ event: 'ask_user_question' } & WhenEscalated & EventPayloads['ask_user_question'])
    | ({ event: 'elicitation_request' } & EventPayloads['elicitation_request'])
    | ({ event: 'dialog_request' } & EventPayloads['dialog_request'])
    | ({ event: 'hook_decision_request' } & EventPayloads['hook_decision_request'])
  );

/** A running task of a session's agent, as in its event. */
export type SessionTask = EventPayloads['task_started'] & {
  /** When the task started, in ISO 8601 and UTC. */
  started_at: string;
};

/** The description of a session. Times are ISO 8601 in UTC. */
export interface SessionInfo {
  session_id: string;
  /** The id of the caller who created the session. */
  owner: string;
  /** The role of the caller who receives this: `owner`, or that of a member. Null if only the host permits to read. */
  role: SessionRole | 'owner' | null;
  /** The callers with whom the owner shares the session. */
  members: readonly SessionMember[];
  protocol_version: string;
  state: SessionStateName;
  /** `none` while the session has no agent: it is dormant, or waits for the answer to a durable request. */
  agent: 'running' | 'none';
  model: string | null;
  permission_mode: string;
  /** The effort of the model; null for the agent's default. */
  effort: string | null;
  /** The thinking budget in tokens; null for the agent's default. */
  max_thinking_tokens: number | null;
  cwd: string;
  /**
   * The sandbox of agents that this server starts for the session, such as `bubblewrap`; `none` if they have
   * the rights of the server. Absent if the agents do not tell, as in `turn_start`.
   */
  sandbox?: string;
  /** The hosts that these agents can reach from their sandbox. Absent if they run in none. */
  network?: readonly string[];
  /** The title that a client gave, else one that was made from the first message with text. Null without both. */
  title: string | null;
  /** `client` if a client gave the title, `message` if it was made from a message, null without a title. */
  title_source: TitleSource;
  /** The values that clients stored with the session. */
  metadata: SessionMetadata;
  /** True if a client has archived the session. The server treats it like any other. */
  archived: boolean;
  created_at: string;
  last_activity_at: string;
  /** The id of the first event after which no event is missing. */
  first_id: number;
  last_id: number;
  /** The number of open streams. */
  subscribers: number;
  pending: PendingRequest[];
  /** The running tasks of the agent. They may continue while the session is `idle`. */
  tasks: SessionTask[];
  total_cost_usd: number;
}

/** A model that a client may choose. */
export interface OfferedModel {
  /** The `model` of `set_model`; null for the default. */
  model: string | null;
  /** The id of the model that this name stands for. Absent if no agent has told it, like all fields below. */
  resolved_model?: string;
  name?: string;
  description?: string;
  /** The permitted effort levels of this model. */
  effort_levels?: string[];
}

/** A slash command that a client may send. */
export interface OfferedCommand {
  /** Without the slash. */
  name: string;
  description: string;
  /** The arguments, such as `<file>`; empty for none. */
  argument_hint: string;
  /** Other names of the command that a client may send. */
  aliases?: string[];
}

/** How much of the model's context is in use. */
export interface SessionContext {
  model: string;
  total_tokens: number;
  max_tokens: number;
  /** From 0 to 100. */
  percentage: number;
  /** The parts of the context. `kind` is `used`, `free`, `buffer` or `deferred`; only `used` parts occupy it. */
  categories: { id?: string; name: string; tokens: number; kind: string }[];
}

/**
 * The choices that a client may offer to its user in a session. The host permits all of them. A field that
 * only a running agent can answer is null without one, and when the agent does not answer within 3 seconds.
 */
export interface SessionCapabilities {
  session_id: string;
  /** As in the description of the session. With `none`, the agent's fields are null. */
  agent: 'running' | 'none';
  /** The modes of `set_permission_mode`. */
  permission_modes: string[];
  /** The models of `set_model`. Null if the host permits any, and no agent has told its models. */
  models: OfferedModel[] | null;
  /** The levels of `set_effort`. */
  effort_levels: string[];
  commands: OfferedCommand[] | null;
  /** The kinds of sub-agents. */
  agents: { name: string; description: string; model?: string }[] | null;
  /** The MCP servers. `status` is `connected`, `pending`, `failed`, `needs-auth` or `disabled`. */
  mcp_servers: { name: string; status: string }[] | null;
  context: SessionContext | null;
}

/** The choices of a client in POST /sessions. The host permits all of them, unless `configureSession` refuses one to a caller. */
export interface Capabilities {
  /** The modes of `permission_mode`. The first one is the default. */
  permission_modes: string[];
  /** The model of a session that names none; null for the agent's default. */
  model: string | null;
  /** The models of `model`; null for any. */
  models: string[] | null;
  /** The levels of `effort`. */
  effort_levels: string[];
}

/** The response to POST /sessions. */
export interface CreatedSession {
  session_id: string;
  protocol_version: string;
}

/** The response to GET /sessions. */
export interface SessionsPage {
  sessions: SessionInfo[];
  /** The `cursor` of the next page; null on the last page. */
  next_cursor: string | null;
}

/** An open request of one of the caller's sessions, as in its event, with its approvals so far. Times are ISO 8601 in UTC. */
export type ListedRequest = {
  session_id: string;
  opened_at: string;
} & PendingRequest;

/** The usage of one model by the sessions of the caller on one UTC day. */
export interface DailyUsage {
  /** As `YYYY-MM-DD`. */
  day: string;
  /** The name of the model; `unknown` for what the agent did not report by model, such as the cost of a turn that was cut off. */
  model: string;
  cost_usd: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  /** The number of turns that ended. A turn of several models is counted for the one that cost most. */
  turns: number;
}

/** The budget of the caller's sessions for the present UTC day. */
export interface DailyBudget {
  max_usd: number;
  /** More than `max_usd` if the last turns cost more than what was left. */
  spent_usd: number;
  /** The beginning of the next UTC day. */
  resets_at: string;
}

/** The response to GET /usage. */
export interface Usage {
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** In the order of their days, and those of the same day in that of their models. Days without usage have none. */
  usage: DailyUsage[];
  /** The budget of the present UTC day; null if the server sets none. */
  budget: DailyBudget | null;
}

/** The response to GET /requests. */
export interface RequestsPage {
  requests: ListedRequest[];
  /** The `cursor` of the next page; null on the last page. */
  next_cursor: string | null;
}

/** The response to GET /sessions/:id/events. */
export interface EventsPage {
  events: DeliveredEvent[];
  /** The id of the session's last event. */
  last_id: number;
  /** True if the session has events after the last one of this page. */
  has_more: boolean;
}

/** A line of GET /sessions/:id/decisions: how one request of the agent was resolved. Times are ISO 8601 in UTC. */
export type DecisionRecord = DecisionLink & {
  session_id: string;
  correlation_id: string;
  kind: RequestKind;
  tool_name: string;
  /** The input of the tool, or the questions, as clients were shown it. */
  input: Record<string, unknown>;
  /** The digest of `input`, as in the event of the request. */
  input_digest: string;
  /** When the request was opened; null if an earlier version of the server opened it. */
  opened_at: string | null;
  outcome: RequestOutcome;
  /** The id of the caller who answered; null if the request expired or was cancelled. */
  by: string | null;
  /** The ids of all callers who approved it, in their order, if it needed several approvals. */
  approved_by?: string[];
  /** To whom it was escalated, if that happened. */
  escalated_to?: string[];
  /** Set if the request was allowed because it expired. */
  expired?: true;
  /** When the request was resolved. */
  at: string;
  /** The input that was allowed, if it is not the one that was shown: an edited input, or questions with their answers. */
  updated_input?: Record<string, unknown>;
  /** The digest of `updated_input`. */
  updated_input_digest?: string;
};

/** The components that the agents of a server can render. */
export interface GenuiSchema {
  version: '1.0';
  /** The MCP server of the tools that render them. */
  server_name: string;
  /** The text before the short name of each component, in the name of its tool. */
  prefix: string;
  tools: GenuiTool[];
}

/** A component, and the tool by which an agent renders it. */
export interface GenuiTool {
  /** The name in the events `tool_use` and `message_delta`: `mcp__<server_name>__<raw_tool_name>`. */
  name: string;
  /** The name of the component for clients. */
  short_name: string;
  /** The name of the tool in its MCP server: `prefix` and `short_name`. */
  raw_tool_name: string;
  description: string;
  /** The JSON Schema of the props. */
  schema: Record<string, unknown>;
}
