import type { EventPayloads, WireEvent } from '../../protocol/events.js';
import type { AgentClient, AgentStart } from '../agent-client.js';
import type { EventLog } from '../event-log/event-log.js';
import type { Requests } from './requests.js';
import { SessionAgent, type AgentExit, type SessionAgentOptions } from '../agent/session-agent.js';
import type { QueuedMessage } from '../event-log/session-state.js';

export interface TurnGateOptions extends Pick<
  SessionAgentOptions,
  'sdkFactory' | 'slots' | 'holder' | 'logger'
> {
  sessionId: string;
  log: EventLog;
  requests: Requests;
  createStart: (resume: boolean) => AgentStart;
  interruptTimeoutMs: number;
  agentGraceMs: number;
  /** Called when a turn or the agent has ended, so that there may be nothing left to do. */
  onQuiet: () => void;
}

/** A turn from its `turn_start` to its `result`. */
interface Turn {
  isHandedOver: boolean;
  isInterrupted: boolean;
}

/**
 * Lets one turn at a time pass to the agent, and brings the agent up when there is none.
 *
 * Closed while a turn runs; open otherwise, and then the oldest waiting message passes: its
 * `turn_start` is committed, then an agent is started if there is none, then the message is handed
 * over. The `result` event ends the turn, whether it comes from the agent or, where the agent
 * cannot say it any more, from here.
 */
export class TurnGate {
  readonly #options: TurnGateOptions;
  readonly #log: EventLog;
  readonly #agent: SessionAgent;
  /** Whether some agent was given a message of this session, which the next one is to remember. */
  #hasConversation: boolean;
  #isPassing = false;
  #turn: Turn | null = null;
  #interruptTimer: NodeJS.Timeout | undefined;
  #isAsleep: boolean;
  #isClosed = false;

  constructor(options: TurnGateOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#hasConversation = options.log.state.hasConversation;
    this.#isAsleep = options.log.lastSeq > 0;
    this.#agent = new SessionAgent({
      sdkFactory: options.sdkFactory,
      slots: options.slots,
      holder: options.holder,
      logger: options.logger,
      onEvents: (events) => this.#onAgentEvents(events),
      onExit: (exit) => this.#onAgentExit(exit),
      onRest: () => {
        if (!this.#turn) clearTimeout(this.#interruptTimer);
        options.onQuiet();
      },
    });
  }

  /** The running agent, or null. */
  get agent(): AgentClient | null {
    return this.#agent.client;
  }

  get isAgentAlive(): boolean {
    return this.#agent.isAlive;
  }

  /** What the agent is at, besides the turns that were asked for, too. */
  get agentWork(): SessionAgent['work'] {
    return this.#agent.work;
  }

  /** Starts the agent ahead of the first message. */
  warmUp(): void {
    void this.#startAgent();
  }

  /** Lets the next waiting message pass, if no turn runs. */
  pass(): void {
    void this.#pass();
  }

  /** Aborts the running turn, also one nobody asked for; what waits stays waiting. */
  interrupt(): void {
    const turn = this.#turn;
    if (turn ? turn.isInterrupted : !this.#agent.work.isInTurn) return;
    this.#options.requests.cancelAll();
    if (turn) turn.isInterrupted = true;
    if (turn && !turn.isHandedOver) {
      // There may be none for long: for the last one to be gone, or for a slot.
      if (!this.#agent.client) this.#endWithoutStart();
      return;
    }
    clearTimeout(this.#interruptTimer);
    this.#interruptTimer = setTimeout(() => {
      void this.#agent.close(0);
      this.#endWithoutAgent(
        'agent_crashed',
        'The agent did not stop when interrupted, so it was ended.',
      );
    }, this.#options.interruptTimeoutMs);
    this.#interruptAgent();
  }

  /** Ends the agent of a session that has nothing to do; the next message wakes it. */
  async sleep(): Promise<void> {
    this.#isAsleep = true;
    const gone = this.#agent.close(this.#options.agentGraceMs);
    await this.#log.append(sessionState('dormant'));
    await gone;
  }

  /** Takes up a session whose server stopped: what ran is told to be interrupted, what waits passes. */
  recover(): void {
    this.abandonTurn().catch(() => undefined); // a log that fails gives the session up
    this.pass();
  }

  /** Ends the running turn, if there is one, as interrupted by the server's stop. */
  async abandonTurn(): Promise<void> {
    this.#options.requests.cancelAll();
    if (!this.#log.state.turn) return;
    const message = 'The server stopped while this turn ran. Its message may be sent again.';
    this.#turn = null;
    this.#isAsleep = true;
    await this.#log.append(
      { event: 'error', data: { code: 'turn_interrupted', message } },
      this.#failedResult(),
      sessionState('dormant'),
    );
  }

  /** Lets nothing pass any more, for good. Resolves when the agent is gone. */
  close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#interruptTimer);
    this.#options.requests.cancelAll();
    return this.#agent.close(graceMs);
  }

  async #pass(): Promise<void> {
    if (this.#isPassing) return;
    this.#isPassing = true;
    try {
      for (;;) {
        const [next] = this.#log.state.queue;
        if (!next || this.#log.state.turn || this.#isClosed) return;
        // oxlint-disable-next-line no-await-in-loop -- one turn after the other
        await this.#startTurn(next);
      }
    } catch {
      // The log has failed, which gives the session up; there is nothing to hand over any more.
    } finally {
      this.#isPassing = false;
    }
  }

  async #startTurn(message: QueuedMessage): Promise<void> {
    const turn: Turn = { isHandedOver: false, isInterrupted: false };
    this.#turn = turn;
    const start: WireEvent = { event: 'turn_start', data: { message_id: message.messageId } };
    const isWaking = this.#isAsleep;
    this.#isAsleep = false;
    await this.#log.append(...(isWaking ? [sessionState('idle'), start] : [start]));
    // It may have ended while its start was being committed, by a crash or with the session.
    if (this.#turn !== turn || this.#isClosed) return;
    const agent = await this.#startAgent();
    // Where there is no agent, its failed start has ended the turn, or the session is closed.
    if (!agent || this.#turn !== turn) return;
    if (turn.isInterrupted) {
      this.#endTurn(this.#log.append(this.#failedResult()));
      return;
    }
    turn.isHandedOver = true;
    this.#hasConversation = true;
    agent.send({ messageId: message.messageId, content: message.content });
  }

  #interruptAgent(): void {
    this.#agent.client?.interrupt().catch((error: unknown) => {
      this.#options.logger.warn(
        `Session ${this.#options.sessionId}: the interrupt failed: ${String(error)}`,
      );
    });
  }

  #startAgent(): Promise<AgentClient | null> {
    return this.#agent.start(
      () => this.#options.createStart(this.#hasConversation),
      this.#log.state.costUsd,
    );
  }

  #onAgentEvents(events: WireEvent[]): void | Promise<void> {
    const committed = this.#log.append(...events);
    const endsTurn = events.some((event) => event.event === 'result' && !event.data.unasked);
    if (endsTurn) this.#endTurn(committed);
    return this.#log.isBacklogged ? committed : undefined;
  }

  #onAgentExit({ hasSpoken, reason, cause }: AgentExit): void {
    const code = hasSpoken ? 'agent_crashed' : 'agent_start_failed';
    this.#options.logger.error(`Session ${this.#options.sessionId}: ${code}`, cause);
    this.#endWithoutAgent(code, reason);
  }

  /** Says on the agent's behalf what it cannot say any more. */
  #endWithoutAgent(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#options.requests.cancelAll();
    this.#isAsleep = true;
    const events: WireEvent[] = [{ event: 'error', data: { code, message } }];
    if (this.#log.state.turn) events.push(this.#failedResult());
    this.#endTurn(this.#log.append(...events, sessionState('dormant')));
  }

  /** Ends a turn whose agent has not been started yet, and is not to be. */
  #endWithoutStart(): void {
    void this.#agent.close(0);
    this.#isAsleep = true;
    this.#endTurn(this.#log.append(this.#failedResult(), sessionState('dormant')));
  }

  #endTurn(committed: void | Promise<void>): void {
    this.#turn = null;
    clearTimeout(this.#interruptTimer);
    void this.#passAfter(committed);
  }

  async #passAfter(committed: void | Promise<void>): Promise<void> {
    try {
      await committed;
    } catch {
      return; // the log has failed, which gives the session up
    }
    this.#options.onQuiet();
    await this.#pass();
  }

  #failedResult(): WireEvent {
    const data: EventPayloads['result'] = {
      session_id: this.#options.sessionId,
      subtype: 'error_during_execution',
      is_error: true,
      total_cost_usd: 0,
      session_cost_usd: this.#log.state.costUsd,
      duration_ms: 0,
      num_turns: 0,
      usage: {},
    };
    return { event: 'result', data };
  }
}

function sessionState(state: 'dormant' | 'idle'): WireEvent {
  return { event: 'session_state', data: { state } };
}
