import type {
  EventPayloads,
  RequestDecisionData,
  UserContent,
  WireEvent,
} from '../../protocol/events.js';
import { detailsAfter, NO_DETAILS, type SessionDetails, titleOf } from '../session-details.js';
import type { SessionEvent } from '../session-event.js';
import { sumUsd } from '../sum-usd.js';
import { type Asked, readAsked } from './asked.js';
import { type DecisionLimits, KeptDecisions } from './kept-decisions.js';
import { OpenMessages } from './open-messages.js';
import { eventsOf, type QueuedMessage, QueuedMessages } from './queued-messages.js';

export type { QueuedMessage } from './queued-messages.js';

/** A turn that was started and has not ended. */
export interface RunningTurn {
  readonly event: SessionEvent;
  /** The id of its own message. */
  readonly messageId: string;
  readonly message: QueuedMessage | null;
  /** The ids of the callers who have sent or edited the messages that the turn has received, as far as they are known. */
  readonly askedBy: readonly string[];
  /** The events of those messages that it received while it ran: of each caller the first one. */
  readonly steerEvents: readonly SessionEvent[];
  /** The newest event of the turn that says that it waits without an agent; null without one. */
  readonly waitingEvent: SessionEvent | null;
  /** The cost of the agents that were stopped in the turn, in US dollars, which no result has yet. */
  readonly costUsd: number;
}

/** A task of the agent that has not ended. */
export interface RunningTask {
  /** The events that describe the task, oldest first: its start, and its move to the background. */
  readonly events: readonly [SessionEvent, ...SessionEvent[]];
  readonly taskId: string;
  readonly toolUseId: string | undefined;
  readonly isInBackground: boolean;
}

/** A request of the agent without a reply. */
export interface OpenRequest extends Asked {
  readonly event: SessionEvent;
  /** The ids of the callers who have approved it, in their order. */
  readonly approvedBy: readonly string[];
  /** To whom it was escalated; absent until then. */
  readonly escalatedTo?: readonly string[];
  /** The events of its approvals and of its escalation. */
  readonly laterEvents: readonly SessionEvent[];
}

/** The limits of a state from which nothing is trimmed. */
const LAST_DECISION: DecisionLimits = { maxDecisions: 1, maxDecisionChars: 0 };
/** A durable request with its answer, which no agent has received. */
export interface DecidedRequest {
  /** The event of the answer. */
  readonly event: SessionEvent;
  readonly request: OpenRequest;
  readonly decision: RequestDecisionData;
  /** The input that was allowed; undefined when it is that of the request. */
  readonly updatedInput: Record<string, unknown> | undefined;
}

/** How many conversations of a session are remembered, the newest last. */
const MAX_CONVERSATIONS = 100;

/**
 * The fold of a session's events from the first to the last. There is no other bookkeeping: recovery
 * reads the events and folds them again.
 */
export class SessionState {
  readonly requests = new Map<string, OpenRequest>();
  /** The answered requests that no agent has received, in the order of their answers. */
  readonly decided = new Map<string, DecidedRequest>();
  /** The requests of durable tools of the newest message whose answers an agent has received, and their events. */
  readonly answered = new Map<string, readonly SessionEvent[]>();
  /** The running tasks, by id, in the order of their starts. */
  readonly tasks = new Map<string, RunningTask>();
  readonly messages = new OpenMessages();
  readonly decisions: KeptDecisions;
  turn: RunningTurn | null = null;
  /** True once a turn was started, so that there is a conversation to resume. */
  hasConversation = false;
  costUsd = 0;
  closed = false;
  /** Replaced by each event that changes it. */
  details: SessionDetails;
  #workChanges = 0;
  /** The id of the newest message of the agent itself. */
  #messageId: string | null = null;
  #lastResult: SessionEvent | null = null;
  readonly #queued = new QueuedMessages();
  #lastAskedBy: readonly string[] = [];
  #rewind: { readonly event: SessionEvent; readonly messageId: string } | null = null;
  readonly #resets: { readonly event: SessionEvent; readonly conversationId: string }[] = [];

  /** @param details those in the record, which are as of the last event or an earlier one */
  constructor(limits: DecisionLimits = LAST_DECISION, details: SessionDetails = NO_DETAILS) {
    this.details = details;
    this.decisions = new KeptDecisions(limits);
  }

  /** The queued messages, in the order of their acceptance. */
  get queue(): readonly QueuedMessage[] {
    return this.#queued.list;
  }

  /** The id of the message of the running turn, or else of the last one; null before the first turn. */
  get lastTurnId(): string | null {
    return this.#queued.lastTurnId;
  }

  /**
   * The ids of the callers on whose behalf the agent works, besides the owner: those of the running turn, or else of
   * the last one, those of the turns before as long as a task runs, and those whose messages it may have received already.
   */
  get askedBy(): readonly string[] {
    const steering = this.queue.filter(({ isForNextStep }) => isForNextStep);
    const asked = this.turn ? [...this.#askedEarlier, ...this.turn.askedBy] : this.#lastAskedBy;
    return [...asked, ...steering.flatMap(({ askers }) => askers)];
  }

  /** Those of earlier turns, whose tasks may run in the background and ask. */
  get #askedEarlier(): readonly string[] {
    return this.tasks.size > 0 ? this.#lastAskedBy : [];
  }

  /** The number of changes of the open requests and the running tasks. */
  get workChanges(): number {
    return this.#workChanges;
  }

  apply(event: SessionEvent, wire: WireEvent): void {
    this.messages.apply(wire);
    switch (wire.event) {
      case 'user_message':
        this.#queued.apply(event, wire);
        this.#entitle(wire.data.content);
        return;
      case 'message_delivered':
        this.#steer(event, wire.data);
        this.#queued.apply(event, wire);
        return;
      case 'message_edited':
      case 'message_withdrawn':
        this.#queued.apply(event, wire);
        return;
      case 'session_changed':
        this.details = detailsAfter(this.details, wire.data);
        return;
      case 'members_changed':
        this.details = { ...this.details, members: wire.data.members };
        return;
      case 'turn_start':
        this.#startTurn(event, wire.data);
        return;
      case 'result':
        if (!wire.data.unasked) this.#endTurn();
        this.hasConversation = true;
        this.costUsd = wire.data.session_cost_usd;
        this.#lastResult = copyOf(event);
        return;
      case 'permission_request':
      case 'ask_user_question':
      case 'elicitation_request':
      case 'dialog_request':
      case 'hook_decision_request':
        this.#workChanges += 1;
        this.requests.set(wire.data.correlation_id, {
          event: copyOf(event),
          ...readAsked(wire),
          approvedBy: [],
          laterEvents: [],
        });
        return;
      case 'request_approved':
        this.#approve(event, wire.data);
        return;
      case 'request_escalated':
        this.#escalate(event, wire.data);
        return;
      case 'request_resolved':
        this.#resolve(event, wire.data);
        return;
      case 'turn_waiting':
        this.#wait(event, wire.data);
        return;
      case 'request_delivered':
        this.#deliver(event, wire.data.correlation_id);
        return;
      case 'message_complete':
        this.#beginMessage(wire.data);
        return;
      case 'task_started':
        this.#workChanges += 1;
        this.tasks.set(wire.data.task_id, {
          events: [copyOf(event)],
          taskId: wire.data.task_id,
          toolUseId: wire.data.tool_use_id,
          isInBackground: wire.data.in_background,
        });
        return;
      case 'task_progress':
        this.#moveToBackground(event, wire.data);
        return;
      case 'task_ended':
        if (this.tasks.delete(wire.data.task_id)) this.#workChanges += 1;
        return;
      case 'conversation_reset':
        this.#resets.push({ event: copyOf(event), conversationId: wire.data.conversation_id });
        if (this.#resets.length > MAX_CONVERSATIONS) this.#resets.shift();
        this.#rewind = null;
        return;
      case 'conversation_rewound':
        this.#rewind = { event: copyOf(event), messageId: wire.data.message_id };
        return;
      case 'done':
        this.closed = true;
        return;
      case 'session_ready':
      case 'message_delta':
      case 'tool_use':
      case 'tool_result':
      case 'error':
      case 'mcp_status_change':
      case 'permission_mode_changed':
      case 'effort_changed':
      case 'session_state':
      case 'api_retry':
      case 'rate_limit':
      case 'auth_status':
      case 'compaction_start':
      case 'compaction_end':
      case 'thinking_delta':
      case 'thinking_progress':
      case 'tool_progress':
      case 'tool_use_summary':
      case 'permission_denied':
      case 'prompt_suggestion':
      case 'notification':
      case 'model_refusal':
      case 'elicitation_complete':
        return;
      default:
        wire satisfies never;
    }
  }

  /**
   * True while work is left: a message is queued, a turn or a task runs, a request is open, or the session is
   * to be removed. A turn that only waits for people is none: it goes on with their answer, unless a request
   * {@link isTimed}.
   */
  get isUnfinished(): boolean {
    const { closed, queue, turn, requests, tasks } = this;
    if (!closed && this.isWaiting && !this.isTimed) return false;
    return closed || queue.length > 0 || turn !== null || requests.size > 0 || tasks.size > 0;
  }

  /** True while the turn can go on without the agent that began it: with the answer to a durable request. */
  get outlivesAgent(): boolean {
    if (this.turn === null) return false;
    return this.decided.size > 0 || [...this.requests.values()].some(({ isDurable }) => isDurable);
  }

  /** True while an open request will expire, or be escalated. */
  get isTimed(): boolean {
    return [...this.requests.values()].some(
      ({ expiry, escalation, escalatedTo }) => expiry || (escalation && !escalatedTo),
    );
  }

  /** True while the turn only waits for people, and needs no agent for that. */
  get isWaiting(): boolean {
    const { turn, tasks, requests, decided } = this;
    if (turn === null || tasks.size > 0 || decided.size > 0 || requests.size === 0) return false;
    return [...requests.values()].every(({ isDurable }) => isDurable);
  }

  /**
   * The ids of the conversations that followed the first one, whose id is the session's. The last one
   * is the current one. At most 100: older ones are dropped.
   */
  get laterConversations(): string[] {
    return this.#resets.map(({ conversationId }) => conversationId);
  }

  /**
   * The id of the message that was replaced last in the current conversation; null for none. An agent that still finds it
   * there has to forget it.
   */
  get replacedMessage(): string | null {
    return this.#rewind?.messageId ?? null;
  }

  /** The cost of the session in US dollars, with that of the agents that were stopped in the running turn. */
  get spentUsd(): number {
    return sumUsd(this.costUsd, this.turn?.costUsd ?? 0);
  }

  /** The number of characters of the queued messages together. */
  get queuedChars(): number {
    return this.#queued.chars;
  }

  /** Returns the events that define this state, oldest first. They are kept regardless of their age. */
  openEvents(): SessionEvent[] {
    const open = [
      ...this.#queued.openEvents(),
      ...[...this.requests.values()].flatMap(({ event, laterEvents }) => [event, ...laterEvents]),
      ...[...this.decided.values()].flatMap(({ event, request }) => [
        request.event,
        ...request.laterEvents,
        event,
      ]),
      ...[...this.answered.values()].flat(),
      ...[...this.tasks.values()].flatMap((task) => task.events),
      ...this.#resets.map((reset) => reset.event),
    ];
    if (this.turn && !open.includes(this.turn.event)) open.push(this.turn.event);
    if (this.turn?.message) open.push(...eventsOf(this.turn.message));
    if (this.turn) open.push(...this.turn.steerEvents);
    if (this.turn?.waitingEvent) open.push(this.turn.waitingEvent);
    if (this.#rewind) open.push(this.#rewind.event);
    if (this.#lastResult) open.push(this.#lastResult);
    return open.sort((a, b) => a.seq - b.seq);
  }

  #entitle(content: UserContent): void {
    if (this.details.messageTitle !== null) return;
    const messageTitle = titleOf(content);
    if (messageTitle !== null) this.details = { ...this.details, messageTitle };
  }

  #endTurn(): void {
    const { turn } = this;
    if (turn) this.#lastAskedBy = [...new Set([...this.#askedEarlier, ...turn.askedBy])];
    this.turn = null;
    this.decided.clear();
    this.answered.clear();
  }

  #resolve(
    event: SessionEvent,
    {
      correlation_id,
      decision,
      link,
      updated_input: updatedInput,
    }: EventPayloads['request_resolved'],
  ): void {
    const request = this.requests.get(correlation_id);
    if (link) this.decisions.add(request?.event, event, link);
    if (!request) return;
    this.requests.delete(correlation_id);
    this.#workChanges += 1;
    if (!request.isForDurableTool || !this.turn) return;
    if (!decision) {
      this.answered.set(correlation_id, [request.event, copyOf(event)]);
      return;
    }
    this.decided.set(correlation_id, { event: copyOf(event), request, decision, updatedInput });
  }

  #deliver(event: SessionEvent, id: string): void {
    const decided = this.decided.get(id);
    if (!decided) return;
    this.decided.delete(id);
    this.answered.set(id, [decided.request.event, decided.event, copyOf(event)]);
  }

  /** The calls of the messages before have their results. */
  #beginMessage({ message_id, parent_tool_use_id }: EventPayloads['message_complete']): void {
    if (parent_tool_use_id !== undefined || message_id === this.#messageId) return;
    this.#messageId = message_id;
    this.answered.clear();
  }

  #startTurn(event: SessionEvent, data: EventPayloads['turn_start']): void {
    const { message_id: messageId, by } = data;
    const started = copyOf(event);
    const message = this.#queued.start(started, messageId);
    const askedBy = message?.askers ?? (by === undefined ? [] : [by]);
    this.turn = {
      event: started,
      messageId,
      message,
      askedBy,
      steerEvents: [],
      waitingEvent: null,
      costUsd: 0,
    };
    this.hasConversation = true;
  }

  /** The running turn receives a message. */
  #steer(event: SessionEvent, { message_id, by }: EventPayloads['message_delivered']): void {
    if (!this.turn) return;
    const queued = this.queue.find(({ messageId }) => messageId === message_id)?.askers ?? [];
    const askers = new Set(by === undefined ? queued : [...queued, by]);
    const { askedBy, steerEvents } = this.turn;
    const added = [...askers].filter((asker) => !askedBy.includes(asker));
    if (added.length === 0) return;
    this.turn = {
      ...this.turn,
      askedBy: [...askedBy, ...added],
      steerEvents: [...steerEvents, copyOf(event)],
    };
  }

  #wait(event: SessionEvent, { turn_cost_usd: costUsd }: EventPayloads['turn_waiting']): void {
    if (this.turn) this.turn = { ...this.turn, waitingEvent: copyOf(event), costUsd };
  }

  #moveToBackground(event: SessionEvent, data: EventPayloads['task_progress']): void {
    const task = this.tasks.get(data.task_id);
    if (!task || task.isInBackground || !data.in_background) return;
    const events = [...task.events, copyOf(event)] as const;
    this.#workChanges += 1;
    this.tasks.set(data.task_id, { ...task, events, isInBackground: true });
  }

  #approve(event: SessionEvent, { correlation_id, by }: EventPayloads['request_approved']): void {
    const request = this.requests.get(correlation_id);
    if (!request) return;
    this.#workChanges += 1;
    this.requests.set(correlation_id, {
      ...request,
      approvedBy: [...request.approvedBy, by],
      laterEvents: [...request.laterEvents, copyOf(event)],
    });
  }

  #escalate(event: SessionEvent, { correlation_id, to }: EventPayloads['request_escalated']): void {
    const request = this.requests.get(correlation_id);
    if (!request || request.escalatedTo) return;
    this.#workChanges += 1;
    this.requests.set(correlation_id, {
      ...request,
      escalatedTo: to,
      laterEvents: [...request.laterEvents, copyOf(event)],
    });
  }
}

/**
 * Open events are kept as copies. If the events themselves were kept, V8 might allocate all later
 * events in its old generation, because it predicts their lifetime from that of the first ones.
 */
function copyOf(event: SessionEvent): SessionEvent {
  return { ...event };
}
