import type { EventPayloads, UserContent } from '../../../src/agent-webkit/protocol/events.js';
import { type Activity, noActivity } from './activity.js';
import type { Block } from './blocks.js';
import type { Task } from './tasks.js';

export interface QueuedMessage {
  readonly messageId: string;
  readonly content: UserContent;
}

interface WhenEscalated {
  /** To whom the request was escalated; absent until then. */
  readonly escalatedTo?: readonly string[];
}

/** A request that waits for the user. */
export type OpenRequest =
  | ({
      readonly kind: 'permission';
      /** The callers who have approved it, if it needs several approvals. */
      readonly approvedBy?: readonly string[];
    } & WhenEscalated &
      EventPayloads['permission_request'])
  | ({ readonly kind: 'question' } & WhenEscalated & EventPayloads['ask_user_question'])
  | ({ readonly kind: 'elicitation' } & EventPayloads['elicitation_request'])
  | ({ readonly kind: 'dialog' } & EventPayloads['dialog_request'])
  | ({ readonly kind: 'hook' } & EventPayloads['hook_decision_request']);

interface Entry {
  readonly key: string;
  /** When it began, in milliseconds since 1970; 0 for an event that was stored without a time. */
  readonly at: number;
  /** True when the agent has forgotten it, because another message replaced this one or one before it. */
  readonly isReplaced?: boolean;
}

export interface AgentMessage extends Entry {
  readonly kind: 'agent';
  readonly blocks: readonly Block[];
  /** The number of complete blocks, counted from the first. */
  readonly settled: number;
  readonly isStreaming: boolean;
  /** The tool call of the sub-agent that wrote this; null for the agent itself. */
  readonly parent: string | null;
}

/** An entry of the conversation. Entries are added and replaced, never moved or removed. */
export type Item =
  | (Entry & { readonly kind: 'user'; readonly content: UserContent })
  | AgentMessage
  | (Entry & { readonly kind: 'result'; readonly model: string | null } & EventPayloads['result'])
  | (Entry & { readonly kind: 'error' } & EventPayloads['error'])
  | (Entry & { readonly kind: 'note'; readonly text: string });

/** The visible state of a session. */
export interface Conversation {
  /** The id of the last event that is included. */
  readonly lastId: number;
  /** When that event happened, in milliseconds since 1970. */
  readonly lastAt: number;
  readonly items: readonly Item[];
  /** The queued messages. */
  readonly queue: readonly QueuedMessage[];
  readonly requests: readonly OpenRequest[];
  readonly isRunning: boolean;
  readonly activity: Activity;
  /** When the first of the open requests was made, in milliseconds since 1970; null if none is open. */
  readonly waitingSince: number | null;
  readonly tasks: readonly Task[];
  readonly isDormant: boolean;
  readonly isClosed: boolean;
  readonly costUsd: number;
  /** The model that wrote the last message of the agent itself; null if it is not known. */
  readonly model: string | null;
  /** True when the server no longer has the first events. */
  readonly lacksBeginning: boolean;
}

export const emptyConversation: Conversation = {
  lastId: 0,
  lastAt: 0,
  items: [],
  queue: [],
  requests: [],
  isRunning: false,
  activity: noActivity,
  waitingSince: null,
  tasks: [],
  isDormant: false,
  isClosed: false,
  costUsd: 0,
  model: null,
  lacksBeginning: false,
};
