import {
  assistantMessage,
  createId,
  messageStart,
  type Origin,
  streamEvent,
} from './sdk-message.js';
import type { Turn } from './turn.js';

/** A piece of the input of a tool, as long as a few tokens. */
const PIECE = /[^]{1,8}/gu;

/** Writes one message of an agent, block by block, and its partial messages when the session includes them. */
export class MessageWriter {
  readonly #turn: Turn;
  readonly #origin: Origin;
  readonly #id = createId('msg');
  #blockCount = 0;
  #hasToolUse = false;

  constructor(turn: Turn, origin: Origin) {
    this.#turn = turn;
    this.#origin = origin;
  }

  /** Writes a text chunk by chunk. Returns the whole text. */
  async text(chunks: readonly string[], paceMs: number): Promise<string> {
    const index = this.#begin({ type: 'text', text: '' });
    let text = '';
    const finish = this.#turn.begin({
      kind: 'text',
      close: () => {
        if (text !== '') this.#complete({ type: 'text', text }, true);
      },
    });
    for (const chunk of chunks) {
      if (paceMs > 0) await this.#turn.pause(paceMs);
      text += chunk;
      this.#stream({
        type: 'content_block_delta',
        index,
        delta: { type: 'text_delta', text: chunk },
      });
    }
    finish();
    this.#complete({ type: 'text', text });
    this.#stream({ type: 'content_block_stop', index });
    return text;
  }

  /** Writes a tool call. Its result is a message of its own. */
  toolUse(id: string, name: string, input: Record<string, unknown>): void {
    const index = this.#beginTool(id, name);
    const json = JSON.stringify(input);
    const half = Math.ceil(json.length / 2);
    for (const part of [json.slice(0, half), json.slice(half)]) this.#streamInput(index, part);
    this.#endTool(index, { id, name, input });
  }

  /** Writes a tool call piece by piece, with a delay before each. A call that is not complete when the turn ends was not made. */
  async slowToolUse(
    id: string,
    name: string,
    input: Record<string, unknown>,
    paceMs: number,
  ): Promise<void> {
    const index = this.#beginTool(id, name);
    for (const part of JSON.stringify(input).match(PIECE) ?? []) {
      // oxlint-disable-next-line no-await-in-loop -- pieces follow one another
      await this.#turn.pause(paceMs);
      this.#streamInput(index, part);
    }
    this.#endTool(index, { id, name, input });
  }

  /** Ends the message. A message without blocks is not written at all. */
  end(): void {
    if (this.#blockCount === 0) return;
    this.#stream({
      type: 'message_delta',
      delta: { stop_reason: this.#hasToolUse ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 0 },
    });
    this.#stream({ type: 'message_stop' });
  }

  #beginTool(id: string, name: string): number {
    this.#hasToolUse = true;
    return this.#begin({ type: 'tool_use', id, name, input: {} });
  }

  #streamInput(index: number, json: string): void {
    const delta = { type: 'input_json_delta', partial_json: json };
    this.#stream({ type: 'content_block_delta', index, delta });
  }

  #endTool(
    index: number,
    call: { id: string; name: string; input: Record<string, unknown> },
  ): void {
    this.#complete({ type: 'tool_use', ...call });
    this.#stream({ type: 'content_block_stop', index });
  }

  #begin(block: Parameters<typeof assistantMessage>[2]): number {
    if (this.#blockCount === 0) {
      if (this.#isAgent) this.#turn.countMessage();
      if (this.#turn.config.includePartialMessages) {
        this.#turn.write(messageStart(this.#origin, this.#id));
      }
    }
    const index = this.#blockCount;
    this.#blockCount += 1;
    this.#stream({ type: 'content_block_start', index, content_block: block });
    return index;
  }

  #complete(block: Parameters<typeof assistantMessage>[2], isAborted = false): void {
    if (block.type === 'text' && this.#isAgent) this.#turn.remember(block.text);
    this.#turn.write(assistantMessage(this.#origin, this.#id, block, isAborted));
  }

  #stream(event: Record<string, unknown>): void {
    if (this.#turn.config.includePartialMessages) {
      this.#turn.write(streamEvent(this.#origin, event));
    }
  }

  /** True when the agent itself writes the message, not one of its sub-agents. */
  get #isAgent(): boolean {
    return this.#origin.parentToolUseId === null;
  }
}
