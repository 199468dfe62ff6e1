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

export interface AgentMessage {
  readonly kind: 'agent';
  readonly key: string;
  readonly blocks: readonly Block[];
  /** The number of complete blocks, counted from the first. */
  readonly settled: number;
  readonly isStreaming: boolean;
  /** The tool call of the sub-agent that wrote this; null for the agent itself. */
  readonly parent: string | null;
}

/** An entry of the conversation. Entries are added and replaced, never moved or removed. */
export type Item =
  | { readonly kind: 'user'; readonly key: string; readonly content: UserContent }
  | AgentMessage
  | ({ readonly kind: 'result'; readonly key: string } & EventPayloads['result'])
  | ({ readonly kind: 'error'; readonly key: string } & EventPayloads['error'])
  | { readonly kind: 'note'; readonly key: string; readonly text: string };

/** The visible state of a session. */
export interface Conversation {
  /** The id of the last event that is included. */
  readonly lastId: number;
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
  /** True when the server no longer has the first events. */
  readonly lacksBeginning: boolean;
}

export const emptyConversation: Conversation = {
  lastId: 0,
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
  lacksBeginning: false,
};
