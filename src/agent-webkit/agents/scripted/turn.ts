import type { CanUseTool, SDKMessage, SessionConfig } from '../../engine/agent-client.js';
import type { MessageStream } from './message-stream.js';
import {
  initMessage,
  type Ending,
  type Origin,
  resultMessage,
  userTextMessage,
} from './sdk-message.js';
import type { SessionMemory } from './session-memory.js';

/** A block or a tool call that has begun. `close` writes what a reader needs to see it ended. */
export interface Unfinished {
  kind: 'text' | 'tool';
  close: () => void;
}

/** Everything a turn needs of its agent. */
export interface TurnStart {
  sessionId: string;
  config: SessionConfig;
  stream: MessageStream;
  canUseTool: CanUseTool;
  memory: SessionMemory;
  /** The text of the user's message. */
  inputText: string;
  /** Called once, when everything the turn had to say is written. */
  onEnd: (ending: Ending) => void;
}

/** What a step of a script rejects with when its turn is over. */
export class TurnAbortedError extends Error {
  override readonly name = 'AbortError';
}

/** An error of a script's making: a crash that it played, or a step out of place. */
export class ScriptedAgentError extends Error {
  override readonly name = 'ScriptedAgentError';
}

/**
 * One turn, from its first message to its last. It is over by whichever comes first: the script
 * returns or throws, it is interrupted, the script fails or crashes it, the agent is closed.
 *
 * From then on every step rejects and nothing more is written. What a script does that pays no heed
 * to this cannot hold the turn open.
 */
export class Turn {
  readonly #start: TurnStart;
  readonly #startedAtMs = Date.now();
  readonly #controller = new AbortController();
  readonly #unfinished = new Set<Unfinished>();
  readonly #said: string[] = [];
  #messageCount = 0;
  #isSilent = false;

  constructor(start: TurnStart) {
    this.#start = start;
    this.write(initMessage(start.sessionId, start.config));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get config(): SessionConfig {
    return this.#start.config;
  }

  get canUseTool(): CanUseTool {
    return this.#start.canUseTool;
  }

  /** Plays a script to its end, or to the turn's. Never rejects. */
  async play(script: () => Promise<void> | void): Promise<void> {
    try {
      await script();
      this.end(
        this.#unfinished.size === 0
          ? { kind: 'completed' }
          : { kind: 'failed', message: 'The script returned while a step was running; await it.' },
      );
    } catch (error) {
      this.end({ kind: 'failed', message: sentence(error) });
    }
  }

  origin(parentToolUseId: string | null): Origin {
    return { sessionId: this.#start.sessionId, parentToolUseId, model: this.config.model };
  }

  write(message: SDKMessage): void {
    if (!this.#isSilent) this.#start.stream.write(message);
  }

  /** Resolves when the session has read everything written so far. */
  read(): Promise<void> {
    return this.untilOver(this.#start.stream.read());
  }

  /** Counts a message that the agent itself began. */
  countMessage(): void {
    this.#messageCount += 1;
  }

  /** Remembers what the agent itself said. */
  remember(text: string): void {
    this.#said.push(text);
  }

  /** Runs a step of the script. A step that nobody awaits does no harm when it rejects. */
  step<T>(work: () => Promise<T>): Promise<T> {
    const running = this.signal.aborted ? Promise.reject<T>(this.signal.reason as Error) : work();
    running.catch(() => {
      // Whoever awaits the step gets this error from the promise below.
    });
    return running;
  }

  /** Waits for something, but no longer than the turn lasts: then it rejects. */
  untilOver<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      const stop = () => reject(signal.reason as Error);
      const settle = () => signal.removeEventListener('abort', stop);
      work.then(resolve, reject).finally(settle);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  pause(durationMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, durationMs)));
    return this.untilOver(elapsed).finally(() => clearTimeout(timer));
  }

  /** Begins what the turn's end must close if it is open then. Returns how to say that it ended. */
  begin(unfinished: Unfinished): () => void {
    this.#unfinished.add(unfinished);
    return () => this.#unfinished.delete(unfinished);
  }

  /** Ends the turn from within the script. */
  stop(ending: Ending): never {
    this.end(ending);
    throw this.signal.reason;
  }

  /** Ends the turn. Does nothing when it is over. */
  end(ending: Ending): void {
    if (this.signal.aborted) return;
    // First, so that a request for a permission is withdrawn before the result that it delayed.
    this.#controller.abort(new TurnAbortedError(`The turn is over: it was ${ending.kind}.`));
    const { memory, inputText, onEnd } = this.#start;
    const isTold = ending.kind !== 'crashed' && ending.kind !== 'closed';
    const isInTool = [...this.#unfinished].some(({ kind }) => kind === 'tool');
    // The innermost first: a sub-agent's tool before the call of the sub-agent.
    if (isTold) for (const { close } of [...this.#unfinished].toReversed()) close();
    memory.remember({ input: inputText, output: this.#said.join('\n') });
    if (isTold) this.#writeResult(ending, isInTool);
    this.#isSilent = true;
    onEnd(ending);
  }

  #writeResult(ending: Ending, isInTool: boolean): void {
    const { sessionId, memory, inputText } = this.#start;
    if (ending.kind === 'interrupted') {
      const suffix = isInTool ? ' for tool use' : '';
      this.write(userTextMessage(this.origin(null), `[Request interrupted by user${suffix}]`));
    }
    this.write(
      resultMessage(sessionId, {
        ending,
        isInTool,
        said: this.#said,
        durationMs: Date.now() - this.#startedAtMs,
        messageCount: this.#messageCount,
        sessionCostUsd: memory.costUsd,
        inputText,
      }),
    );
  }
}

/** What a thrown value says. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
