import type { RequestResult } from './settlement.js';

/** Calls that may wait at the same time, and the length of their events and inputs together, in characters. */
const MAX_CALLS = 200;
const MAX_CHARS = 64 * 1024 * 1024;

interface WaitingCall {
  /** Gives the agent the result. */
  readonly resolve: (result: RequestResult) => void;
  /** Ends the waiting without a result. */
  readonly drop: () => void;
}

/** The calls of the running agent that wait for the outcome of a request, by its correlation id. */
export class WaitingCalls {
  readonly #calls = new Map<string, WaitingCall>();
  #count = 0;
  #chars = 0;

  get ids(): Iterable<string> {
    return this.#calls.keys();
  }

  /** Returns false when too much would wait with a call of this length. One call may always wait. */
  hasRoom(chars: number): boolean {
    if (this.#count === 0) return true;
    return this.#count < MAX_CALLS && this.#chars + chars <= MAX_CHARS;
  }

  /**
   * Resolves to the outcome of the request. Calls that wait for the same request all get it.
   *
   * @param chars the length of the request's event and input
   * @param onAbort called when the agent gives the call up
   */
  wait(id: string, chars: number, signal: AbortSignal, onAbort: () => void) {
    this.#count += 1;
    this.#chars += chars;
    const earlier = this.#calls.get(id);
    signal.addEventListener('abort', onAbort, { once: true });
    const end = () => {
      this.#count -= 1;
      this.#chars -= chars;
      signal.removeEventListener('abort', onAbort);
    };
    return new Promise<RequestResult>((resolve) => {
      this.#calls.set(id, {
        drop: () => {
          end();
          earlier?.drop();
        },
        resolve: (result) => {
          end();
          earlier?.resolve(result);
          resolve(result);
        },
      });
    });
  }

  /** Removes the calls of one request. Returns the function that gives them the result; undefined if there are none. */
  take(id: string): ((result: RequestResult) => void) | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call?.resolve;
  }

  /** Removes the calls of one request. They get no result. */
  drop(id: string): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.drop();
  }
}
