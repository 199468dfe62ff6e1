import type { UserContent, WireEvent } from '../../protocol/events.js';
import type { OutputFormat } from '../../protocol/output-format.js';
import type { SessionEvent } from '../session-event.js';
import { readTraceContext, type TraceContext } from '../trace-context.js';

/** A user message that was accepted and whose turn has not started. */
export interface QueuedMessage {
  readonly event: SessionEvent;
  /** The newest event that has changed its content; null without one. */
  readonly editEvent: SessionEvent | null;
  readonly messageId: string;
  readonly content: UserContent;
  /** The id of the caller who sent or last edited it; undefined for one that an earlier release stored. */
  readonly by: string | undefined;
  /** The ids of all callers who have sent or edited it, as far as they are known. */
  readonly askers: readonly string[];
  /** True if the running turn receives it before its next step. */
  readonly isForNextStep: boolean;
  /** The id of the message that it replaces; undefined for none. */
  readonly replaces: string | undefined;
  /** The format of the last answer of its turn; undefined for that of the session. */
  readonly outputFormat: OutputFormat | undefined;
  /** The span of its acceptance; null if it belongs to no trace. */
  readonly trace: TraceContext | null;
}

/** The last turn of a user message that was started. */
export interface LastTurn {
  readonly event: SessionEvent;
  readonly messageId: string;
}

/** The events that add messages to a queue, change them and remove them. */
export type QueueEvent = Extract<
  WireEvent,
  { event: 'user_message' | 'message_edited' | 'message_withdrawn' | 'message_delivered' }
>;

/** The queued messages of a session, as its events define them. */
export class QueuedMessages {
  /** In the order of their acceptance. */
  readonly list: QueuedMessage[] = [];
  #lastTurn: LastTurn | null = null;

  apply(event: SessionEvent, wire: QueueEvent): void {
    const { message_id: messageId } = wire.data;
    switch (wire.event) {
      case 'user_message': {
        const { content, delivery, replaces, output_format: outputFormat, by } = wire.data;
        const isForNextStep = delivery === 'next_step';
        this.list.push({
          event: { ...event },
          editEvent: null,
          messageId,
          content,
          by,
          askers: by === undefined ? [] : [by],
          isForNextStep,
          replaces,
          outputFormat,
          trace: readTraceContext(wire.data),
        });
        return;
      }
      case 'message_edited': {
        const index = this.#indexOf(messageId);
        const message = this.list[index];
        if (!message) return;
        const { content, by } = wire.data;
        const askers = by === undefined ? message.askers : [...message.askers, by];
        this.list[index] = { ...message, editEvent: { ...event }, content, by, askers };
        return;
      }
      case 'message_withdrawn':
      case 'message_delivered':
        this.#take(messageId);
        return;
      default:
        wire satisfies never;
    }
  }

  /** Records that a turn was started. Returns its message; null when that was not queued. */
  start(event: SessionEvent, messageId: string): QueuedMessage | null {
    this.#lastTurn = { event, messageId };
    return this.#take(messageId);
  }

  /** The id of the message of the running turn, or else of the last one; null before the first turn. */
  get lastTurnId(): string | null {
    return this.#lastTurn?.messageId ?? null;
  }

  /** The number of characters of the messages together. */
  get chars(): number {
    const events = this.list.map(({ event, editEvent }) => editEvent ?? event);
    return events.reduce((chars, { data }) => chars + data.length, 0);
  }

  /** Returns the events that define this state. That of the last turn is always among them: it may have received a queued message. */
  openEvents(): SessionEvent[] {
    const open = this.list.flatMap(eventsOf);
    if (this.#lastTurn) open.push(this.#lastTurn.event);
    return open;
  }

  #indexOf(messageId: string): number {
    return this.list.findIndex((message) => message.messageId === messageId);
  }

  #take(messageId: string): QueuedMessage | null {
    const index = this.#indexOf(messageId);
    return (index === -1 ? undefined : this.list.splice(index, 1)[0]) ?? null;
  }
}

/** Returns the events that define a message. */
export function eventsOf({ event, editEvent }: QueuedMessage): SessionEvent[] {
  return editEvent ? [event, editEvent] : [event];
}
