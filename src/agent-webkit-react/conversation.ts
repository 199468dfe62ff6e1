import type { DeliveredEvent, MessageDelta, UserContent } from '../agent-webkit/protocol/events.js';

/**
 * A part of a conversation. Its `kind` and `id` stay the same while it changes. One that the agent has forgotten, because
 * another message replaced this one or one before it, has `isReplaced`.
 */
export type ConversationItem =
  | {
      readonly kind: 'user';
      /** The id of the message. */
      readonly id: string;
      readonly content: UserContent;
      /** `sending` until the server has accepted it, `failed` if it refuses it, `queued` until the agent receives it. */
      readonly state: 'sending' | 'failed' | 'queued' | 'received';
      /** The refusal of the server. */
      readonly error?: unknown;
      readonly isReplaced?: boolean;
    }
  | {
      readonly kind: 'assistant';
      readonly id: string;
      readonly text: string;
      /** All blocks of the message, as the model gave them; empty until it is complete. */
      readonly content: readonly unknown[];
      readonly isComplete: boolean;
      readonly isReplaced?: boolean;
      /** Set on a message of a sub-agent: the tool use that started it. */
      readonly parentToolUseId?: string;
    }
  | {
      readonly kind: 'tool';
      /** The id of the tool use. */
      readonly id: string;
      readonly name: string;
      /** Undefined while the model writes it. */
      readonly input: unknown;
      /** The JSON of the input so far, while the model writes it. */
      readonly partialInput?: string;
      /** Null while the tool runs. */
      readonly result: { readonly output: unknown; readonly isError: boolean } | null;
      readonly isReplaced?: boolean;
      readonly parentToolUseId?: string;
    }
  | {
      readonly kind: 'error';
      readonly id: string;
      readonly code: string;
      readonly message: string;
      readonly isReplaced?: boolean;
    };

type Item<Kind extends ConversationItem['kind']> = Extract<ConversationItem, { kind: Kind }>;

/** The most items that are kept. The oldest ones are dropped. */
const MAX_ITEMS = 2000;

/** The conversation of a session, from its events. */
export class Conversation {
  readonly #items = new Map<string, ConversationItem>();
  /** The messages of the tool uses whose input the model writes. */
  readonly #written = new Map<string, string>();
  /** True between `turn_start` and the end of the turn. */
  isRunning = false;

  get items(): readonly ConversationItem[] {
    return [...this.#items.values()];
  }

  clear(): void {
    this.#items.clear();
    this.#written.clear();
    this.isRunning = false;
  }

  has(messageId: string): boolean {
    return this.#items.has(keyOf('user', messageId));
  }

  /** Takes an event over. */
  apply({ id, event, data }: DeliveredEvent): void {
    switch (event) {
      case 'user_message':
        return this.#put({
          kind: 'user',
          id: data.message_id,
          content: data.content,
          state: 'queued',
        });
      case 'message_edited':
        return this.#change('user', data.message_id, { content: data.content });
      case 'message_withdrawn':
        this.#items.delete(keyOf('user', data.message_id));
        return;
      case 'message_delivered':
        return this.#change('user', data.message_id, { state: 'received' });
      case 'turn_start':
        this.isRunning = true;
        return this.#change('user', data.message_id, { state: 'received' });
      case 'conversation_rewound':
        return this.#replaceFrom(data.message_id);
      case 'message_delta':
        return this.#addDelta(data.message_id, data.delta, parentOf(data));
      case 'message_complete':
        return this.#complete(data.message_id, data.message.content, parentOf(data));
      case 'tool_use':
        this.#written.delete(data.tool_use_id);
        return this.#put({
          kind: 'tool',
          id: data.tool_use_id,
          name: data.tool_name,
          input: data.input,
          result: null,
          ...parentOf(data),
        });
      case 'tool_result':
        return this.#change('tool', data.tool_use_id, {
          result: { output: data.output, isError: data.is_error },
        });
      case 'error':
        return this.#put({ kind: 'error', id: String(id), code: data.code, message: data.message });
      case 'result':
      case 'done':
        this.isRunning = false;
        return;
      default:
    }
  }

  #replaceFrom(messageId: string): void {
    const keys = [...this.#items.keys()];
    const from = keys.indexOf(keyOf('user', messageId));
    if (from === -1) return;
    for (const key of keys.slice(from)) {
      const item = this.#items.get(key);
      const isWaiting = item?.kind === 'user' && item.state !== 'received';
      if (item && !isWaiting) this.#items.set(key, { ...item, isReplaced: true });
    }
  }

  #addDelta(id: string, delta: MessageDelta, parent: Parent): void {
    // A message is before its tools, also without a text.
    this.#addText(id, delta.type === 'text' ? delta.text : '', parent);
    if (delta.type === 'text') return;
    const { tool_use_id: toolId, name, partial_json: json } = delta;
    const before = this.#find('tool', toolId);
    if (before && before.partialInput === undefined) return;
    this.#written.set(toolId, id);
    const partialInput = (before?.partialInput ?? '') + json;
    this.#put({
      kind: 'tool',
      id: toolId,
      name,
      input: undefined,
      partialInput,
      result: null,
      ...parent,
    });
  }

  #addText(id: string, text: string, parent: Parent): void {
    const before = this.#find('assistant', id);
    if (before?.isComplete) return;
    this.#put({
      kind: 'assistant',
      id,
      text: (before?.text ?? '') + text,
      content: [],
      isComplete: false,
      ...parent,
    });
  }

  /** Replaces the deltas, and what was sent of it before. */
  #complete(id: string, content: readonly unknown[], parent: Parent): void {
    const text = content.map(textOf).join('');
    for (const [toolId, messageId] of this.#written) {
      if (messageId !== id || content.some((block) => isToolUse(block, toolId))) continue;
      // The model never completed it.
      this.#written.delete(toolId);
      this.#items.delete(keyOf('tool', toolId));
    }
    const isEmpty = content.length === 0;
    if (isEmpty) this.#items.delete(keyOf('assistant', id));
    else this.#put({ kind: 'assistant', id, text, content, isComplete: true, ...parent });
  }

  #find<Kind extends ConversationItem['kind']>(kind: Kind, id: string): Item<Kind> | undefined {
    return this.#items.get(keyOf(kind, id)) as Item<Kind> | undefined;
  }

  #change<Kind extends ConversationItem['kind']>(
    kind: Kind,
    id: string,
    change: Partial<Item<Kind>>,
  ): void {
    const before = this.#find(kind, id);
    if (before) this.#put({ ...before, ...change });
  }

  #put(item: ConversationItem): void {
    this.#items.set(keyOf(item.kind, item.id), item);
    const [oldest] = this.#items.keys();
    if (this.#items.size > MAX_ITEMS && oldest !== undefined) this.#items.delete(oldest);
  }
}

type Parent = { readonly parentToolUseId?: string };

function parentOf({ parent_tool_use_id: id }: { parent_tool_use_id?: string }): Parent {
  return id === undefined ? {} : { parentToolUseId: id };
}

function textOf(block: unknown): string {
  const { type, text } = block as { type?: unknown; text?: unknown };
  return type === 'text' && typeof text === 'string' ? text : '';
}

function isToolUse(block: unknown, toolId: string): boolean {
  const { type, id } = block as { type?: unknown; id?: unknown };
  return type === 'tool_use' && id === toolId;
}

const keyOf = (kind: ConversationItem['kind'], id: string): string => `${kind} ${id}`;
