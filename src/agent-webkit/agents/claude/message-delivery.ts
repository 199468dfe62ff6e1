import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentInput } from '../../engine/agent-client.js';
import type { ControlCalls } from './control-calls.js';
import { InputStream } from './input-stream.js';

/**
 * The newest user message of an agent, on its way to the SDK.
 *
 * It waits for the process and for the changes of model and permission mode that precede it, then for
 * the SDK to read it. Until then, it can be withdrawn. When the process is replaced, the next one gets
 * it again.
 */
export class MessageDelivery {
  readonly #controls: ControlCalls;
  #inputs: InputStream | undefined;
  /** The newest message, unless it is withdrawn. */
  #message: SDKUserMessage | undefined;
  /** The newest message that the SDK can read. */
  #delivered: SDKUserMessage | undefined;

  constructor(controls: ControlCalls) {
    this.#controls = controls;
  }

  /** The id of the newest message; undefined before the first one, and when it is withdrawn. */
  get messageId(): string | undefined {
    return this.#message?.uuid;
  }

  send(input: AgentInput): void {
    this.#message = userMessage(input);
    this.#deliver();
  }

  /** Adds a message to the running turn of the current process. */
  steer(input: AgentInput): void {
    this.#inputs?.push({ ...userMessage(input), priority: 'next' });
  }

  /** Removes a steered message. Returns false when the SDK has read it. */
  removeSteered(messageId: string): boolean {
    return this.#inputs?.removeById(messageId) ?? false;
  }

  /** Returns the messages for a new process, with the newest one if there is one. */
  begin(): InputStream {
    this.#inputs = new InputStream();
    this.#deliver();
    return this.#inputs;
  }

  /** Withdraws the newest message. Returns false when the SDK has read it. */
  withdraw(): boolean {
    const message = this.#message;
    if (message === undefined) return false;
    const isUnread = this.#delivered !== message || this.#inputs?.remove(message);
    if (isUnread) this.#message = undefined;
    return isUnread ?? false;
  }

  /** Ends the messages for the current process. */
  end(): void {
    this.#inputs?.end();
  }

  #deliver(): void {
    const message = this.#message;
    const inputs = this.#inputs;
    if (message === undefined || inputs === undefined) return;
    this.#controls.afterPending(() => {
      if (this.#message !== message) return; // it was withdrawn
      this.#delivered = message;
      inputs.push(message);
    });
  }
}

function userMessage({ messageId, content, isCommand }: AgentInput): SDKUserMessage {
  return {
    type: 'user',
    // The port permits any media type, the SDK only known ones. The agent rejects the others.
    message: { role: 'user', content: content as SDKUserMessage['message']['content'] },
    parent_tool_use_id: null,
    // Else Claude Code runs what looks like a command, and reads files that the text mentions.
    ...(!isCommand && { client_composed: true }),
    uuid: messageId as NonNullable<SDKUserMessage['uuid']>,
  };
}
