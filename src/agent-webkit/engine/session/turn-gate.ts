import { isDeepStrictEqual } from 'node:util';
import type { WireEvent } from '../../protocol/events.js';
import type { OutputFormat } from '../../protocol/output-format.js';
import type { AgentClient, AwaitedCall } from '../agent-client.js';
import type { AgentFailureCode } from '../agent-failure.js';
import { SessionAgent, type AgentExit } from '../agent/session-agent.js';
import type { EventLog } from '../event-log/event-log.js';
import type { QueuedMessage } from '../event-log/session-state.js';
import { isPermittedCommand } from '../slash-command.js';
import { AgentInterrupt } from './agent-interrupt.js';
import type { GateState } from './gate-state.js';
import { turnInterrupted } from './interrupted-turn.js';
import type { TurnGateOptions } from './turn-gate-options.js';
import { lostTasks } from './tasks.js';
import { errorEvent, rewound, sessionState } from './turn-events.js';
import { Steering } from './steering.js';
import { TurnRecord } from './turn-record.js';
import { type NextCall, WaitingTurn } from './waiting-turn.js';

/**
 * Lets one turn at a time reach the agent, and starts the agent when there is none.
 *
 * The log records that a turn runs, from its `turn_start` to its `result`. It does not record if the
 * agent has received the turn's message, because that is a fact about this process alone. The gate's
 * state adds just that.
 *
 * See {@link GateState}. The end of a turn is committed before the agent receives the next message.
 */
export class TurnGate {
  readonly #options: TurnGateOptions;
  readonly #log: EventLog;
  readonly #agent: SessionAgent;
  readonly #record: TurnRecord;
  readonly #waiting: WaitingTurn;
  readonly #steering: Steering;
  #state: GateState;
  /** The format of the message for which the agent was started; undefined for that of the session. */
  #outputFormat: OutputFormat | undefined;
  /**
   * True once an agent has received a message, so that the next agent resumes the conversation. The
   * log's own flag is true from the first `turn_start` on, before there is anything to resume.
   */
  #hasConversation: boolean;

  constructor(options: TurnGateOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#hasConversation = options.log.state.hasConversation;
    this.#state = { name: options.log.lastSeq > 0 ? 'dormant' : 'open' };
    this.#agent = new SessionAgent(options, {
      onEvents: (events) => this.#onAgentEvents(events),
      onExit: (exit) => this.#onAgentExit(exit),
      onPermissionMode: options.onPermissionMode,
      onWorkEnded: () => options.onWorkEnded(),
    });
    this.#record = new TurnRecord({ ...options, agent: this.#agent });
    this.#waiting = new WaitingTurn(options.log, this.#agent, options.requests, this.#record);
    this.#steering = new Steering({
      ...options,
      findMessages: async (messageIds) => {
        await this.#agent.gone();
        const found = await options.findMessages(messageIds);
        // The next server finds out.
        if (this.#state.name === 'closed') throw new Error('The session was closed.');
        return found;
      },
    });
  }

  /** The messages for the next step of the running turn, for reading: only the gate changes them. */
  get steering(): Pick<Steering, 'isTaken' | 'settle'> {
    return this.#steering;
  }

  /** The session's agent, for reading: only the gate starts and stops it. */
  get agent(): Pick<SessionAgent, 'client' | 'folders' | 'isAlive' | 'reportServers' | 'work'> {
    return this.#agent;
  }

  /** Replaces the agent when its turn has ended, or now if it is idle. */
  outdateAgent(): void {
    this.#agent.outdate();
    if (!this.#log.state.turn && !this.#agent.work.isAtWork) this.#stopOutdatedAgent();
  }

  /** True in the state *open*, the only one in which {@link stopIdleAgent} stops an agent. */
  get isOpen(): boolean {
    return this.#state.name === 'open';
  }

  /** True while a turn waits for people without an agent, or has their answer. */
  get isParked(): boolean {
    return this.#state.name === 'parked';
  }

  /** True while the turn only waits for people, and its agent may be stopped by {@link park}. */
  get canPark(): boolean {
    return this.#state.name === 'running' && this.#waiting.needsNoAgent;
  }

  /** Stops the agent if its turn only waits for people. Their answer starts another one. Returns false if it does more. */
  park(): boolean {
    if (!this.canPark) return false;
    this.#leaveWaiting()?.catch(() => undefined); // a log that has failed ends the session by itself
    this.#options.onWorkEnded();
    return true;
  }

  /** Starts an agent for the oldest answer that waits for one. */
  deliver(): void {
    const call = this.#waiting.nextCall;
    if (!this.isParked || !call) return;
    if (this.#options.isDraining()) return this.#options.onWorkEnded();
    // A log that has failed ends the session by itself.
    this.#startAwaited(call).catch(() => undefined);
  }

  /** Starts the agent ahead of the first message. */
  warmUp(): void {
    if (this.#options.isDraining()) return;
    const end = this.#options.budget.end();
    if (!(end instanceof Promise))
      return end ? undefined : void this.#startAgent(this.#log.state.queue[0]?.outputFormat);
    const start = (found: WireEvent | null) => {
      if (!found && this.#state.name === 'open')
        void this.#startAgent(this.#log.state.queue[0]?.outputFormat);
    };
    end.then(start, () => undefined); // the server stops
  }

  /** Starts a turn for the oldest queued message, unless a turn runs. */
  startNextTurn(): void {
    const [message] = this.#log.state.queue;
    const isFree = this.#state.name === 'open' || this.#state.name === 'dormant';
    if (!message || !isFree) return;
    if (this.#options.isDraining()) return this.#options.onWorkEnded();
    if (this.#steering.isUncertain) {
      void this.#steering.settle().then(() => this.startNextTurn());
      return;
    }
    if (this.#agent.isAlive && !isDeepStrictEqual(message.outputFormat, this.#outputFormat)) {
      return this.#replaceAgent();
    }
    // A log that has failed ends the session by itself, and then there is no turn to start.
    this.#startTurn(message).catch(() => undefined);
  }

  /** Interrupts the running turn, or one that the agent began by itself. Queued messages stay queued. */
  interrupt(): void {
    switch (this.#state.name) {
      case 'open':
      case 'dormant':
        if (this.#agent.work.isInTurn) this.#interruptAgent();
        return;
      case 'starting':
        return this.#cancelStart();
      case 'running':
        return this.#interruptAgent();
      case 'parked':
        this.#options.requests.cancelAll();
        return this.#endTurn('dormant', this.#record.dormant(this.#record.failedResult()));
      case 'interrupting':
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** Stops the agent if it is idle. The next message starts another one. */
  async stopIdleAgent(): Promise<void> {
    if (this.#state.name !== 'open') return;
    this.#enter({ name: 'dormant' });
    const gone = this.#agent.close(this.#options.agentGraceMs);
    this.#options.requests.cancelAll();
    await this.#record.dormant();
    await gone;
  }

  /** Ends the agent at once because it exceeded a limit, and its turn if one runs. The next message starts another agent. */
  stopAgent(code: AgentFailureCode, message: string): void {
    if (!this.#agent.isAlive) return;
    void this.#agent.close(0);
    this.#endWithoutAgent(code, message);
  }

  /** Resumes a restored session: reports the turn that its last server left as interrupted, then starts the next one. */
  recover(): void {
    this.abandonTurn().catch(() => undefined); // a log that has failed ends the session by itself
    this.#options.requests.resume();
    if (this.#steering.isUncertain) void this.#steering.settle();
    this.deliver();
    this.startNextTurn();
  }

  /**
   * Ends the running turn, if there is one, as interrupted by a stop of the server, and the running tasks. A
   * turn that waits for people stays.
   */
  async abandonTurn(): Promise<void> {
    const isInterrupted = this.#state.name === 'interrupting';
    if (this.#log.state.outlivesAgent && !isInterrupted) return this.#leaveWaiting();
    this.#options.requests.cancelAll();
    const { turn, tasks, messages } = this.#log.state;
    if (!turn && messages.areOpen) return this.#record.dormant();
    if (!turn && tasks.size > 0) await this.#log.append(...lostTasks(this.#log.state));
    if (!turn) return;
    const interrupted = turnInterrupted(this.#log.state);
    const committed = this.#record.dormant(interrupted, this.#record.failedResult());
    this.#enter({ name: 'dormant' });
    await committed;
  }

  /** Starts no more turns and stops the agent. Resolves when the agent is gone; may be called again. */
  close(graceMs: number): Promise<void> {
    this.#enter({ name: 'closed' });
    this.#steering.close();
    this.#options.budget.close();
    this.#options.requests.detach();
    this.#options.requests.cancelUndurable();
    this.#options.requests.stopTimers();
    return this.#agent.close(graceMs);
  }

  #enter(state: GateState): void {
    if (this.#state.name === 'interrupting') this.#state.interrupt.end();
    this.#state = state;
  }

  async #startTurn({
    messageId,
    content,
    by,
    replaces,
    outputFormat,
  }: QueuedMessage): Promise<void> {
    const author = by === undefined ? {} : { by };
    const data = { message_id: messageId, ...author, ...this.#options.describeWalls() };
    const events: WireEvent[] = [{ event: 'turn_start', data }];
    if (replaces !== undefined) {
      events.unshift(rewound(replaces, messageId));
      // It remembers what the next one has forgotten.
      this.#agent.outdate();
    }
    if (this.#state.name === 'dormant') events.unshift(sessionState('idle'));
    // A new object, because another turn may be starting when this one compares the state.
    const starting: GateState = { name: 'starting' };
    this.#enter(starting);
    await this.#log.append(...events);
    if (this.#state !== starting) return;
    const asked = this.#options.budget.end();
    const end = asked instanceof Promise ? await asked : asked;
    if (this.#state !== starting) return;
    if (end) return this.#endWithoutSending(end);
    this.#replaceUnbounded();
    const agent = await this.#startAgent(outputFormat);
    if (this.#state !== starting || !agent) return;
    this.#enter({ name: 'running' });
    this.#hasConversation = true;
    // Checked again: the list may have changed since the message was queued.
    const isCommand = isPermittedCommand(content, this.#options.commands);
    this.#options.onTurnStarted();
    agent.send({ messageId, content, isCommand });
  }

  async #startAwaited(call: NextCall): Promise<void> {
    const starting: GateState = { name: 'starting' };
    this.#enter(starting);
    const asked = this.#options.budget.end();
    const end = asked instanceof Promise ? await asked : asked;
    if (this.#state !== starting) return;
    if (end) {
      this.#options.requests.cancelAll();
      return this.#endWithoutSending(end);
    }
    const agent = await this.#startAgent(
      this.#log.state.turn?.message?.outputFormat,
      this.#waiting.begin(call),
    );
    if (this.#state !== starting || !agent) return;
    this.#enter({ name: 'running' });
    this.#options.onTurnStarted();
  }

  /** Replaces an agent whose bound is not what the budget has left. One that works in the background is kept. */
  #replaceUnbounded(): void {
    const { client, work } = this.#agent;
    if (client && !work.isAtWork && this.#options.budget.isOutdated(client)) this.#agent.outdate();
  }

  /** Leaves the turn waiting for people, without an agent. */
  #leaveWaiting(): void | Promise<void> {
    const hadAgent = this.#state.name === 'running';
    this.#enter({ name: 'parked' });
    this.#steering.loseAgent();
    return this.#waiting.leave(hadAgent);
  }

  /** Stops the idle agent, which has another output format than the next turn, and starts that turn. */
  #replaceAgent(): void {
    if (this.#state.name !== 'open') return;
    // A log that has failed ends the session by itself.
    this.stopIdleAgent().then(
      () => this.startNextTurn(),
      () => undefined,
    );
  }

  #startAgent(
    outputFormat: OutputFormat | undefined,
    awaited?: AwaitedCall,
  ): Promise<AgentClient | null> {
    // A message may have come before an outdated agent was stopped.
    if (this.#agent.isOutdated) void this.#agent.close(this.#options.agentGraceMs);
    const isNew = !this.#agent.isAlive;
    if (isNew) this.#outputFormat = outputFormat;
    const span = isNew ? this.#options.traceStart() : null;
    const createStart = async () => ({
      ...(await this.#options.createStart(this.#hasConversation, awaited)),
      ...(outputFormat && { outputFormat }),
      ...(span?.context && { trace: span.context }),
      steering: {
        take: () => (this.#state.name === 'running' ? this.#steering.take() : []),
        delivered: (messageId: string) => this.#steering.delivered(messageId),
      },
    });
    const started = this.#agent.start(createStart, this.#log.state.spentUsd);
    return span ? started.finally(() => span.end()) : started;
  }

  #cancelStart(): void {
    this.#options.requests.cancelAll();
    this.#endWithoutSending(this.#record.failedResult());
  }

  /** Ends a turn whose message the agent has not received. A start of the agent is cancelled as well. */
  #endWithoutSending(result: WireEvent): void {
    if (this.#agent.client) return this.#endTurn('open', this.#log.append(result));
    void this.#agent.close(0);
    this.#endTurn('dormant', this.#record.dormant(result));
  }

  #interruptAgent(): void {
    const { requests, interruptTimeoutMs: timeoutMs, sessionId, logger } = this.#options;
    requests.cancelAll();
    const interrupt = new AgentInterrupt(this.#agent, {
      sessionId,
      timeoutMs,
      onWithdrawn: () => this.#endTurn('open', this.#log.append(this.#record.failedResult())),
      onTimeout: () => {
        void this.#agent.close(0);
        const message =
          'The agent did not end its turn when interrupted, so the server stopped it.';
        this.#endWithoutAgent('agent_stopped', message);
      },
      logger,
    });
    this.#enter({ name: 'interrupting', interrupt });
  }

  #onAgentEvents(events: WireEvent[]): void | Promise<void> {
    // An agent that is being closed may still report what it could not store.
    if (this.#state.name === 'closed') return;
    const committed = this.#log.append(...events.map((event) => this.#record.withTurnCost(event)));
    this.#options.requests.observe(events);
    if (events.some(({ event }) => event.startsWith('task_'))) this.#options.onTasksChanged();
    const hasResult = events.some(({ event }) => event === 'result');
    // The result of a turn that the agent began by itself leaves the running turn in the log.
    const isOver = hasResult && !this.#log.state.turn;
    if (isOver && this.#state.name !== 'open') this.#endTurn('open', committed);
    return this.#log.isBacklogged ? committed : undefined;
  }

  #onAgentExit({ hasSpoken, code, unasked, reason, cause }: AgentExit): void {
    const { logger, sessionId } = this.#options;
    this.#steering.loseAgent();
    if (code !== null) {
      logger.warn(`Session ${sessionId}: ${code}. ${reason}`);
      return this.#endWithoutAgent(code, reason);
    }
    if (this.#state.name === 'running' && this.#waiting.survivesExit) {
      if (cause !== undefined)
        logger.warn(`Session ${sessionId}: the agent ended. Its requests stay open. ${reason}`);
      this.#leaveWaiting()?.catch(() => undefined);
      this.#options.onWorkEnded();
      return this.deliver();
    }
    if (unasked && this.#state.name === 'running') {
      this.#record.waiting(true)?.catch(() => undefined);
      // A log that has failed ends the session by itself.
      this.#startAwaited(unasked).catch(() => undefined);
      return;
    }
    const crash = hasSpoken ? 'agent_crashed' : 'agent_start_failed';
    logger.error(`Session ${sessionId}: ${crash}`, cause);
    this.#endWithoutAgent(crash, reason);
  }

  /** Ends the turn on behalf of an agent that is gone. */
  #endWithoutAgent(code: string, message: string): void {
    if (this.#state.name === 'closed') return;
    this.#steering.loseAgent();
    this.#options.requests.cancelAll();
    const events = [errorEvent(code, message)];
    if (this.#log.state.turn) events.push(this.#record.failedResult());
    this.#endTurn('dormant', this.#record.dormant(...events));
  }

  #endTurn(next: 'open' | 'dormant', committed: void | Promise<void>): void {
    this.#waiting.end();
    this.#steering.endTurn();
    this.#enter({ name: next });
    void this.#startNextTurnAfter(committed);
  }

  async #startNextTurnAfter(committed: void | Promise<void>): Promise<void> {
    try {
      await committed;
    } catch {
      return; // a log that has failed ends the session by itself
    }
    this.#stopOutdatedAgent();
    this.#options.onWorkEnded();
    this.startNextTurn();
  }

  #stopOutdatedAgent(): void {
    // A log that has failed ends the session by itself.
    if (this.#agent.isOutdated) this.stopIdleAgent().catch(() => undefined);
  }
}
