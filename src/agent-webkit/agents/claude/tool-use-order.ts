import type { CanUseTool, SDKMessage } from '../../engine/agent-client.js';
import { createDeferred } from './deferred.js';

/** How long a permission request waits for the message with its tool use. */
const MAX_WAIT_MS = 1000;
/** How many tool uses are remembered. A request comes within milliseconds of its message. */
const MAX_REMEMBERED = 256;

/**
 * Delays a permission request until the session has read the message with its tool use.
 *
 * Requests and messages take different ways through the SDK, and the process sends the request of a
 * sub-agent before its message. A request for a tool use that no message has is delayed for a second.
 */
export class ToolUseOrder {
  readonly #read = new Set<string>();
  /** Functions that end a delay, by the id of the tool use. */
  readonly #waiting = new Map<string, () => void>();

  /** Records that the session has read a message, so that its tool uses are published. */
  observe(message: SDKMessage): void {
    if (message.type !== 'assistant') return;
    for (const block of message.message.content) {
      if (block.type !== 'tool_use') continue;
      this.#read.add(block.id);
      this.#waiting.get(block.id)?.();
    }
    for (const id of this.#read) {
      if (this.#read.size <= MAX_REMEMBERED) break;
      this.#read.delete(id);
    }
  }

  /** Returns a function that delays each request, and then calls the given one. */
  delay(canUseTool: CanUseTool): CanUseTool {
    return async (toolName, input, context) => {
      await this.wait(context.toolUseID, context.signal);
      return canUseTool(toolName, input, context);
    };
  }

  /** Resolves when the request may be published. Returns nothing if it may be now. */
  wait(toolUseId: string, signal: AbortSignal): Promise<void> | undefined {
    if (this.#read.has(toolUseId) || signal.aborted) return undefined;
    const { promise, resolve } = createDeferred<void>();
    const earlier = this.#waiting.get(toolUseId);
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (this.#waiting.get(toolUseId) === end) this.#waiting.delete(toolUseId);
      earlier?.();
      resolve();
    };
    const timer = setTimeout(end, MAX_WAIT_MS);
    signal.addEventListener('abort', end);
    this.#waiting.set(toolUseId, end);
    return promise;
  }
}
