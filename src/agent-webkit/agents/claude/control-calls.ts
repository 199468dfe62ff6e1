import type { Query } from '@anthropic-ai/claude-agent-sdk';
import { AgentFailure } from './agent-failure.js';
import { createDeferred } from './deferred.js';

/**
 * The control calls of one agent: interrupts, changes of model and permission mode, stopped tasks.
 *
 * They *wait* until `open` gives them the query of a process that is ready, or `fail` rejects them.
 * After `close`, they are rejected.
 */
export class ControlCalls {
  readonly #query = createDeferred<Query>();
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor() {
    // A failed start is also reported by the agent's messages, and there may be no call to reject.
    this.#query.promise.catch(() => {});
  }

  open(query: Query): void {
    this.#query.resolve(query);
  }

  fail(failure: AgentFailure): void {
    this.#query.reject(failure);
  }

  close(): void {
    this.#isClosed = true;
    this.fail(agentClosed());
  }

  /**
   * Calls the process and returns its response.
   *
   * @throws AgentFailure with `failureMessage` when the process rejects the call
   */
  async call<Result>(
    call: (query: Query) => Promise<Result>,
    failureMessage: string,
  ): Promise<Result> {
    const response = this.#call(call, failureMessage);
    this.#pending.add(response);
    return response.finally(() => this.#pending.delete(response));
  }

  /** Asks the process for a value. It changes nothing, so that no message waits for it. */
  async ask<Value>(question: (query: Query) => Promise<Value>): Promise<Value> {
    const query = await this.#query.promise;
    if (this.#isClosed) throw agentClosed();
    return question(query);
  }

  /** Runs the function when all pending calls have settled: at once when there is none. */
  afterPending(run: () => void): void {
    if (this.#pending.size === 0) run();
    else void Promise.allSettled(this.#pending).then(run);
  }

  async #call<Result>(
    call: (query: Query) => Promise<Result>,
    failureMessage: string,
  ): Promise<Result> {
    const query = await this.#query.promise;
    // The pipe is closed by then: the SDK would wait forever for a response to a call it cannot send.
    if (this.#isClosed) throw agentClosed();
    return call(query).catch((cause: unknown) => {
      throw new AgentFailure(failureMessage, { cause });
    });
  }
}

/** Returns the failure of everything that is requested from an agent after its `close`. */
export function agentClosed(): AgentFailure {
  return new AgentFailure('The agent is closed.');
}
