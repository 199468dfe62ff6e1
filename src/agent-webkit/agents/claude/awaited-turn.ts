import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Query } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';
import { AgentFailure } from './agent-failure.js';
import type { AwaitedConversation } from './awaited-entries.js';
import type { MessageDelivery } from './message-delivery.js';

/** How long the servers of tools may take to connect, and how often they are asked. */
const CONNECT_MS = 30_000;
const ASK_MS = 100;
/** The text with which Claude Code itself goes on after a call that it asks for again. */
const GO_ON = 'Continue from where you left off.';

/** The meaning of a message of the process of an awaited call. */
export type AwaitedStep =
  /** The message is part of the turn. */
  | 'pass'
  /** The message is dropped. */
  | 'drop'
  /** The message is dropped, and the process is not needed any more: other calls of the message wait. */
  | 'end';

/**
 * The turn of a process that asks again for a call, up to its `result`.
 *
 * Claude Code asks when it starts. If the server of the tool is not connected by then, as those inside the
 * process of the SDK never are, it reports that, and asks again before the next message of a user.
 */
export class AwaitedTurn {
  readonly #conversation: AwaitedConversation;
  readonly #delivery: MessageDelivery;
  #isOver = false;
  #hasPushed = false;

  constructor(conversation: AwaitedConversation, delivery: MessageDelivery) {
    this.#conversation = conversation;
    this.#delivery = delivery;
  }

  /** True while the turn must not go on: other calls of the message have no results. */
  get isBlocked(): boolean {
    return !this.#isOver && this.#conversation.hasMore;
  }

  /** @throws AgentFailure when the tool of the call is not there */
  async observe(message: SDKMessage, query: Query): Promise<AwaitedStep> {
    // The notice that the turn does not go on yet.
    const isNotice = message.type === 'system' && message.subtype === 'informational';
    if (isNotice && this.isBlocked) return 'drop';
    if (this.#isOver || message.type !== 'result') return 'pass';
    if (message.terminal_reason === 'tool_deferred_unavailable') {
      if (this.#hasPushed) throw new AgentFailure('The tool of the answered call is gone.');
      this.#hasPushed = true;
      await serversConnected(query);
      this.#delivery.send({ messageId: randomUUID(), content: GO_ON, isCommand: false });
      return 'drop';
    }
    const { isBlocked } = this;
    this.#isOver = true;
    if (isBlocked && message.subtype === 'success') return 'end';
    // The agent has begun the turn by itself. For the session, it is that of the message before.
    delete message.origin;
    return 'pass';
  }
}

async function serversConnected(query: Query): Promise<void> {
  await query.initializationResult();
  const until = performance.now() + CONNECT_MS;
  while (performance.now() < until) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    const servers = await query.mcpServerStatus();
    if (servers.every(({ status }) => status !== 'pending')) return;
    // oxlint-disable-next-line no-await-in-loop -- so is this
    await delay(ASK_MS);
  }
}
