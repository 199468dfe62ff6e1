import type { ApproveOptions, DenyOptions, Session } from '@agent-webkit/core';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { DeliveredEvent, UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type {
  ChangeSession,
  InboundMessage,
  MessageDelivery,
  RequestReply,
} from '../../../src/agent-webkit/protocol/inbound.js';
import type { SessionMember } from '../../../src/agent-webkit/protocol/session-members.js';
import { addEvents } from '../session/add-events.js';
import { type Conversation, emptyConversation } from '../session/conversation.js';
import { addRows, eventRow, type Row } from '../session/event-rows.js';
import { type Outgoing, stillOutgoing } from '../session/outbox.js';
import type { AgentApi } from './agent-api.js';
import { onNextFrame } from './frame.js';
import { allowance, answer, denial, identify, type ShownRequest } from './replies.js';
import { ServerClock } from './server-clock.js';
import { type ConnectionState, StreamWatch } from './stream-watch.js';
import { explain, toRefusal } from './words.js';

/** The events after which the description of the session is another one. */
const DESCRIBING: ReadonlySet<string> = new Set(['session_changed', 'members_changed']);

/** Everything that the page shows of the open session. */
export interface SessionSnapshot {
  readonly info: SessionInfo | null;
  readonly conversation: Conversation;
  readonly rows: readonly Row[];
  readonly outbox: readonly Outgoing[];
  readonly connection: ConnectionState;
  /** The reason why the stream has ended. */
  readonly problem: { text: string; code: string } | null;
}

/**
 * Subscribes to one session with the published client and provides a snapshot of it. Events are
 * collected and shown once per frame, however fast they arrive.
 */
export class SessionStore {
  readonly id: string;
  readonly api: AgentApi;
  readonly #watch: StreamWatch;
  readonly #clock = new ServerClock();
  readonly #listeners = new Set<() => void>();
  #session: Session;
  #snapshot: SessionSnapshot = {
    info: null,
    conversation: emptyConversation,
    rows: [],
    outbox: [],
    connection: { kind: 'connecting' },
    problem: null,
  };
  #arrived: Row[] = [];
  #isFrameDue = false;
  #isStopped = false;
  /** Events up to this id were replayed: they happened before the page connected. */
  #replayedTo = 0;

  constructor(api: AgentApi, id: string) {
    this.id = id;
    this.api = api;
    this.#watch = new StreamWatch({
      changed: (connection) => {
        this.#change({ connection });
        if (connection.kind === 'open' && this.#snapshot.info === null) void this.refresh();
      },
      noted: (text) => this.#arrive({ kind: 'mark', text, at: Date.now() }),
    });
    this.#session = api.attach(id, this.#watch.fetch);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): SessionSnapshot => this.#snapshot;

  /** The time of the server, in milliseconds since 1970. */
  serverNow(): number {
    return this.#clock.now();
  }

  async follow(): Promise<void> {
    await this.refresh();
    this.#replayedTo = this.#snapshot.info?.last_id ?? 0;
    while (!this.#isStopped) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- connections follow one after the other
        for await (const event of this.#session.events()) this.#take(event as DeliveredEvent);
        return;
      } catch (error) {
        if (!this.#restart(error)) return;
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#session.detach();
  }

  cut(): void {
    this.#watch.cut('You closed the connection');
  }

  async refresh(): Promise<void> {
    try {
      this.#change({ info: await this.api.info(this.id) });
    } catch (error) {
      const refusal = toRefusal(error);
      if (refusal && refusal.status < 500) this.#stopFor(error);
    }
  }

  /** Sends a message, or retries it: its id ensures that it is accepted only once. */
  async say(
    content: UserContent,
    delivery: MessageDelivery,
    messageId: string = crypto.randomUUID(),
  ): Promise<void> {
    const without = () => this.#snapshot.outbox.filter((other) => other.messageId !== messageId);
    const message = { messageId, content, delivery };
    this.#change({ outbox: [...without(), { ...message, problem: null }] });
    try {
      await this.api.say(this.id, messageId, content, delivery);
    } catch (error) {
      const outbox = stillOutgoing(
        [...without(), { ...message, problem: explain(error) }],
        this.#snapshot.conversation,
      );
      this.#change({ outbox });
    }
  }

  /** Sends a message in place of an earlier one: the agent forgets that, and what followed. */
  replace(messageId: string, content: UserContent): Promise<void> {
    const message_id = crypto.randomUUID();
    return this.api.send(this.id, {
      type: 'user_message',
      content,
      message_id,
      replaces: messageId,
    });
  }

  discard(messageId: string): void {
    const { outbox } = this.#snapshot;
    this.#change({ outbox: outbox.filter((message) => message.messageId !== messageId) });
  }

  interrupt(): Promise<void> {
    return this.#session.interrupt();
  }

  stopTask(taskId: string): Promise<void> {
    return this.#session.stopTask(taskId);
  }

  allow(correlationId: string, options: ApproveOptions = {}): Promise<void> {
    return this.api.reply(this.id, allowance(this.#shown(correlationId), options));
  }

  deny(correlationId: string, options: DenyOptions = {}): Promise<void> {
    return this.api.reply(this.id, denial(this.#shown(correlationId), options));
  }

  answer(correlationId: string, answers: Record<string, string>): Promise<void> {
    return this.api.reply(this.id, answer(this.#shown(correlationId), answers));
  }

  #shown(correlation_id: string): ShownRequest {
    const { requests } = this.#snapshot.conversation;
    return requests.find((open) => open.correlation_id === correlation_id) ?? { correlation_id };
  }

  /** Sends a reply of another kind. */
  reply(reply: RequestReply): Promise<void> {
    const shown = identify(this.#shown(reply.correlation_id));
    return this.api.reply(this.id, { ...reply, ...shown });
  }

  async setMode(mode: string): Promise<void> {
    await this.#session.setPermissionMode(mode);
    await this.refresh();
  }

  /** Changes a setting of the agent. */
  async set(setting: InboundMessage): Promise<void> {
    await this.api.send(this.id, setting);
    await this.refresh();
  }

  /** Changes the title or the archive mark. */
  async change(change: ChangeSession): Promise<void> {
    this.#change({ info: await this.api.change(this.id, change) });
  }

  /** Shares the session with these users and no others. If they were changed meanwhile, shows those and rejects. */
  async setMembers(
    members: readonly SessionMember[],
    shown: readonly SessionMember[],
  ): Promise<void> {
    try {
      this.#change({ info: await this.api.setMembers(this.id, members, shown) });
    } catch (error) {
      if (toRefusal(error)?.code === 'members_changed') await this.refresh();
      throw error;
    }
  }

  #take(event: DeliveredEvent): void {
    const isReplayed = event.id <= this.#replayedTo;
    const row = eventRow(event, isReplayed, Date.now());
    this.#clock.take(row.at, isReplayed);
    this.#arrive(row);
    if (DESCRIBING.has(event.event) && !isReplayed) void this.refresh();
  }

  #arrive(row: Row): void {
    this.#arrived.push(row);
    if (this.#isFrameDue) return;
    this.#isFrameDue = true;
    onNextFrame(() => {
      this.#isFrameDue = false;
      this.#show(this.#arrived.splice(0));
    });
  }

  #show(arrived: readonly Row[]): void {
    const events = arrived.flatMap((row) => (row.kind === 'event' ? [row.event] : []));
    const conversation = addEvents(this.#snapshot.conversation, events);
    this.#change({
      conversation,
      info: this.#changedInfo(arrived),
      rows: addRows(this.#snapshot.rows, arrived),
      outbox: stillOutgoing(this.#snapshot.outbox, conversation),
    });
  }

  /** Returns the session's settings after these events. Those of replayed events were in its `info` already. */
  #changedInfo(arrived: readonly Row[]): SessionInfo | null {
    const { info } = this.#snapshot;
    const changes = arrived.flatMap((row) =>
      row.kind === 'event' && !row.isReplayed && row.event.event === 'permission_mode_changed'
        ? [row.event.data.permission_mode]
        : [],
    );
    const mode = changes.at(-1);
    return info === null || mode === undefined ? info : { ...info, permission_mode: mode };
  }

  /** Reloads all retained events when the server rejects the cursor. */
  #restart(error: unknown): boolean {
    const refusal = toRefusal(error);
    if (this.#isStopped || refusal?.status !== 412) {
      this.#stopFor(error);
      return false;
    }
    this.#arrived = [];
    const text = 'The server no longer has the events after the last one: session reloaded';
    this.#change({
      conversation: emptyConversation,
      rows: [{ kind: 'mark', text, at: Date.now() }],
    });
    this.#session = this.api.attach(this.id, this.#watch.fetch);
    return true;
  }

  #stopFor(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#change({ problem: { text: explain(error), code: toRefusal(error)?.code ?? '' } });
  }

  #change(change: Partial<SessionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
