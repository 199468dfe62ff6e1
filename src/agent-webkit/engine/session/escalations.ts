import type { EngineLogger } from '../engine-logger.js';
import type { EventLog } from '../event-log/event-log.js';
import type { OpenRequest } from '../event-log/session-state.js';
import {
  type EscalateTo,
  readEscalatedTo,
  type RequestEscalationByTool,
} from '../request-escalation.js';
import { TIMED_OUT, within } from '../timing/within.js';
import { firstMatch } from '../tool-names.js';

export interface EscalationsOptions {
  sessionId: string;
  /** The id of the caller who owns the session. */
  owner: string;
  byTool: RequestEscalationByTool;
  logger: EngineLogger;
  /** Called when an escalation is committed. */
  onEscalated: () => void;
}

/** A request that is to be escalated. It is the same object until that has happened, or is not wanted any more. */
interface Waiting {
  timer: NodeJS.Timeout | undefined;
  failures: number;
}

/** How long the host's function may take, and the delays between its calls when it fails, in milliseconds. */
const TIMEOUT_MS = 15_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 10 * 60_000;

/**
 * Escalates the open requests of one session when their time comes.
 *
 * The time of a request, and whether it was escalated, are in the log's state. This class has the timers alone, so a
 * server that takes the session over starts its own. The function of the host is called until it succeeds or the request
 * is resolved, and only the server that owns the log can append its result.
 */
export class Escalations {
  readonly #log: EventLog;
  readonly #options: EscalationsOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(log: EventLog, options: EscalationsOptions) {
    this.#log = log;
    this.#options = options;
  }

  /**
   * Starts the timer of a request, if it is to be escalated and no timer runs. One whose tool has no escalation in the
   * options any more stays as it is, until a server has one again.
   */
  start({
    correlationId: id,
    toolName,
    escalation,
    escalatedTo,
  }: Pick<OpenRequest, 'correlationId' | 'toolName' | 'escalation' | 'escalatedTo'>): void {
    if (!escalation || escalatedTo || this.#waiting.has(id)) return;
    const to = firstMatch(this.#options.byTool, toolName)?.to;
    if (!to) return;
    const waiting: Waiting = { timer: undefined, failures: 0 };
    this.#waiting.set(id, waiting);
    this.#schedule(id, waiting, to, Date.parse(escalation.at) - Date.now());
  }

  /** Starts the timers of all open requests, in a restored session. */
  resume(): void {
    for (const request of this.#log.state.requests.values()) this.start(request);
  }

  /** Stops the timer of a request that is resolved. */
  stop(correlationId: string): void {
    clearTimeout(this.#waiting.get(correlationId)?.timer);
    this.#waiting.delete(correlationId);
  }

  /** Stops all timers, because the session leaves this server. */
  stopAll(): void {
    for (const id of this.#waiting.keys()) this.stop(id);
  }

  #schedule(id: string, waiting: Waiting, to: EscalateTo, delayMs: number): void {
    waiting.timer = setTimeout(
      () => void this.#escalate(id, waiting, to),
      Math.max(0, delayMs),
    ).unref();
  }

  async #escalate(id: string, waiting: Waiting, to: EscalateTo): Promise<void> {
    const request = this.#log.state.requests.get(id);
    if (!request) return this.stop(id);
    let names: string[];
    try {
      names = await this.#ask(request, to);
    } catch (error) {
      if (this.#waiting.get(id) === waiting) this.#retry(id, waiting, to, error);
      return;
    }
    // It may have been resolved meanwhile, or the session may have left this server.
    if (this.#waiting.get(id) !== waiting) return;
    this.stop(id);
    await this.#append(id, names);
  }

  async #ask(request: OpenRequest, to: EscalateTo): Promise<string[]> {
    const { sessionId, owner } = this.#options;
    const { correlationId, kind, toolName, input, approvedBy } = request;
    const call = async () =>
      to({
        sessionId,
        owner,
        correlationId,
        kind,
        toolName,
        input: structuredClone(input),
        approvedBy: [...approvedBy],
      });
    const returned = await within(TIMEOUT_MS, call());
    if (returned === TIMED_OUT) throw new Error(`It took longer than ${TIMEOUT_MS / 1000} s.`);
    return readEscalatedTo(returned);
  }

  #retry(id: string, waiting: Waiting, to: EscalateTo, error: unknown): void {
    const { sessionId, logger } = this.#options;
    if (waiting.failures === 0) {
      logger.error(
        `Session ${sessionId}: the option requests.escalation failed for the request ${id}. ` +
          'The request stays open. Trying again until it is escalated or resolved.',
        error,
      );
    }
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** waiting.failures, MAX_RETRY_MS);
    waiting.failures += 1;
    this.#schedule(id, waiting, to, delayMs);
  }

  async #append(correlation_id: string, to: string[]): Promise<void> {
    const data = { correlation_id, to, at: new Date().toISOString() };
    try {
      await this.#log.append({ event: 'request_escalated', data });
    } catch {
      return; // a log that has failed ends the session by itself
    }
    this.#options.onEscalated();
  }
}
