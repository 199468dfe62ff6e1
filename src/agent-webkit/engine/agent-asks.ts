import type { FormContent } from '../protocol/inbound.js';

/** A request of an MCP server of the agent: a form to fill in, or a page to visit. A subset of the SDK's own one. */
export interface Elicitation {
  serverName: string;
  /** The text for the user. */
  message: string;
  /** @default 'form' */
  mode?: 'form' | 'url';
  /** The page to visit, with the mode `url`. */
  url?: string;
  elicitationId?: string;
  /** The JSON Schema of the form. */
  requestedSchema?: Record<string, unknown>;
  title?: string;
  displayName?: string;
  description?: string;
}

/** The reply to an {@link Elicitation}: `cancel` when it was dismissed, expired or can no longer be answered. */
export type ElicitationResult =
  { action: 'accept'; content?: FormContent } | { action: 'decline' } | { action: 'cancel' };

/** A dialog of the agent itself. A subset of the SDK's own one. */
export interface AgentDialog {
  /** The kind, which determines the fields of `payload`, and the result. */
  dialogKind: string;
  payload: Record<string, unknown>;
  toolUseID?: string;
}

/** The reply to an {@link AgentDialog}: `cancelled` when it was dismissed, expired or can no longer be answered. */
export type AgentDialogResult =
  { behavior: 'completed'; result: unknown } | { behavior: 'cancelled' };

/** The decision that a hook of the host leaves to people. */
export interface HookQuestion {
  /** The event of the hook. */
  event: string;
  /** The input of the hook, without paths of the server. */
  input: Record<string, unknown>;
}

/** The decision about a {@link HookQuestion}: a denial when there was none in time. */
export type HookDecision = { behavior: 'allow' } | { behavior: 'deny'; message: string };

/** The requests of an agent to people, besides those for tools, and their results. */
export interface AgentAsks {
  elicitation: { asked: Elicitation; result: ElicitationResult };
  dialog: { asked: AgentDialog; result: AgentDialogResult };
  hook: { asked: HookQuestion; result: HookDecision };
}

export type AskKind = keyof AgentAsks;

/**
 * Asks the people of the session. Resolves to the result for a request without a reply when the signal aborts,
 * the request expires, or the agent or the session ends.
 */
export type AskPeople = <Kind extends AskKind>(
  kind: Kind,
  asked: AgentAsks[Kind]['asked'],
  signal: AbortSignal,
) => Promise<AgentAsks[Kind]['result']>;
