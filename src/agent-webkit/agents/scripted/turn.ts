import type { AgentAsks, AskKind, AskPeople } from '../../engine/agent-asks.js';
import type {
  AgentInput,
  CanUseTool,
  SDKMessage,
  SessionConfig,
  SteeredMessages,
} from '../../engine/agent-client.js';
import { type HostTool, toolNameOf } from '../../engine/host-tool.js';
import type { MessageStream } from './message-stream.js';
import {
  initMessage,
  type Ending,
  type Origin,
  resultMessage,
  textOf,
  userTextMessage,
} from './sdk-message.js';
import type { Journal, RecordedCall, RecordedMessage, TurnInput } from './journal.js';
import type { ToolOutcome } from './script.js';
import type { SessionMemory } from './session-memory.js';

/** A text block or a tool call that has started. `close` writes the messages that end it for a reader. */
export interface Unfinished {
  kind: 'text' | 'tool';
  close: () => void;
}

/** Everything that a turn needs from its agent. */
export interface TurnStart {
  sessionId: string;
  config: SessionConfig;
  stream: MessageStream;
  canUseTool: CanUseTool;
  askPeople: AskPeople;
  memory: SessionMemory;
  /** The id of the user's message. */
  messageId: string;
  /** The text of the user's message. */
  inputText: string;
  /** The record of the calls of the turn; null for an agent without durable requests. */
  journal: Journal | null;
  /** The calls of this turn that an earlier agent has begun. @default none */
  recorded?: readonly RecordedCall[];
  /** The messages that this turn has received with an earlier agent. @default none */
  recordedMessages?: readonly RecordedMessage[];
  /** The messages for the running turn. @default none */
  steering?: SteeredMessages;
  /** Returns true for a call that always needs a person. */
  alwaysAsks: (toolName: string, input: Record<string, unknown>) => boolean;
  /** The tools of the host. @default none */
  hostTools?: readonly HostTool[];
  /** Called once, when all messages of the turn are written. */
  onEnd: (ending: Ending) => void;
}

/** The error with which the steps of a script reject when the turn is over. */
export class TurnAbortedError extends Error {
  override readonly name = 'AbortError';
}

/** An error in a script: a crash that it plays, or an invalid step. */
export class ScriptedAgentError extends Error {
  override readonly name = 'ScriptedAgentError';
}

/**
 * One turn, from its first message to its last. It ends with whichever comes first: the script returns
 * or throws, the turn is interrupted, the script fails or crashes it, or the agent is closed.
 *
 * From then on, every step rejects and nothing more is written. A script that ignores this cannot keep
 * the turn open.
 */
export class Turn {
  readonly #start: TurnStart;
  readonly #startedAtMs = performance.now();
  readonly #controller = new AbortController();
  readonly #unfinished = new Set<Unfinished>();
  readonly #said: string[] = [];
  readonly #messages: TurnInput[] = [];
  readonly #recordedMessages: RecordedMessage[];
  #repeatedCalls = 0;
  /** The recorded calls that the script has not repeated yet. */
  readonly #recorded: RecordedCall[];
  /** The calls that this agent has begun, each until it is recorded. */
  readonly #begun = new Map<string, Promise<void>>();
  /** The calls that wait for a person, and that a later agent can repeat. */
  readonly #waiting = new Set<string>();
  /** True while the script repeats the steps of an earlier agent, which are not written again. */
  #isRepeating: boolean;
  #messageCount = 0;
  /** The structured output; undefined for none. */
  output: unknown;
  #isSilent = false;

  constructor(start: TurnStart) {
    this.#start = start;
    this.#recorded = [...(start.recorded ?? [])];
    this.#recordedMessages = [...(start.recordedMessages ?? [])];
    this.#isRepeating = this.#recorded.length > 0;
    start.stream.write(initMessage(start.sessionId, start.config));
  }

  /** The messages that the turn has received, oldest first. */
  get messages(): readonly TurnInput[] {
    return this.#messages;
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

  /** Asks the people of the session. Rejects when the turn ends before there is a result. */
  async askPeople<Kind extends AskKind>(
    kind: Kind,
    asked: AgentAsks[Kind]['asked'],
  ): Promise<AgentAsks[Kind]['result']> {
    // As with the real agent, the session has read what was written before.
    await this.read();
    return this.untilOver(this.#start.askPeople(kind, asked, this.signal));
  }

  /** Plays a script until it or the turn ends. Never rejects. */
  async play(script: () => Promise<void> | void): Promise<void> {
    try {
      await script();
      this.end(
        this.#unfinished.size === 0
          ? { kind: 'completed' }
          : {
              kind: 'failed',
              message: 'The script returned while a step was running. Await every step.',
            },
      );
    } catch (error) {
      this.end({ kind: 'failed', message: errorMessage(error) });
    }
  }

  origin(parentToolUseId: string | null): Origin {
    return { sessionId: this.#start.sessionId, parentToolUseId, model: this.config.model };
  }

  write(message: SDKMessage): void {
    if (!this.#isSilent && !this.#isRepeating) this.#start.stream.write(message);
  }

  get isRepeating(): boolean {
    return this.#isRepeating;
  }

  /** True while calls that wait for a person are all that the turn does. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0 && this.#unfinished.size === this.#waiting.size;
  }

  get alwaysAsks(): TurnStart['alwaysAsks'] {
    return this.#start.alwaysAsks;
  }

  /** Returns the tool of the host that the agent calls by this name, if there is one. */
  hostTool(name: string): HostTool | undefined {
    return this.#start.hostTools?.find((tool) => toolNameOf(tool) === name);
  }

  /** Returns the call of the earlier agent that the script repeats now; null for a new one. */
  nextRecorded(): RecordedCall | null {
    if (!this.#isRepeating) return null;
    this.#repeatedCalls += 1;
    return this.#recorded.shift() ?? null;
  }

  /** Records a new call of the agent itself. */
  recordCall(id: string): void {
    const recorded = this.#start.journal?.call(id);
    recorded?.catch(() => undefined); // so that its request is not durable
    if (recorded) this.#begun.set(id, recorded);
  }

  /** Records that a call asks a person. Resolves to true when a later agent can repeat it; undefined without a journal. */
  recordRequest(id: string): Promise<boolean> | undefined {
    if (!this.#start.journal) return undefined;
    return (this.#begun.get(id) ?? Promise.resolve()).then(
      () => {
        this.#waiting.add(id);
        return true;
      },
      () => false,
    );
  }

  /** Records that a call has its answer: from here on, the steps are new. */
  endWaiting(id: string): void {
    this.#waiting.delete(id);
    this.#isRepeating = false;
  }

  /** Records the outcome of a call. Resolves when it is stored. */
  async recordOutcome(id: string, outcome: ToolOutcome): Promise<void> {
    // Without it, a later agent says that the outcome is unknown.
    await this.#start.journal?.outcome(id, outcome).catch(() => undefined);
  }

  /** Resolves when the session has read all messages written so far. */
  read(): Promise<void> {
    return this.untilOver(this.#start.stream.read());
  }

  /** Counts a message of the agent itself. */
  countMessage(): void {
    this.#messageCount += 1;
  }

  /** Remembers a text of the agent itself. */
  remember(text: string): void {
    this.#said.push(text);
  }

  /** Runs a step of the script. A step that is not awaited causes no unhandled rejection. */
  step<T>(work: () => Promise<T>): Promise<T> {
    const running = this.signal.aborted ? Promise.reject<T>(this.signal.reason as Error) : work();
    running.catch(() => {
      // A script that awaits the step receives this error from the returned promise.
    });
    return running;
  }

  /** Receives the messages for the turn, as an agent does before its next request to the model. */
  async takeMessages(): Promise<void> {
    this.repeatMessages();
    const taken = this.signal.aborted ? [] : (this.#start.steering?.take() ?? []);
    if (taken.length > 0) await this.untilOver(this.#receive(taken));
  }

  /** Repeats what an earlier agent had received by now. */
  repeatMessages(): void {
    for (;;) {
      const [next] = this.#recordedMessages;
      if (!next || (this.#isRepeating && next.calls > this.#repeatedCalls)) return;
      this.#recordedMessages.shift();
      this.#messages.push(next.input);
    }
  }

  async #receive(taken: readonly AgentInput[]): Promise<void> {
    const { journal, steering } = this.#start;
    for (const { messageId, content } of taken) {
      const input = { text: textOf(content), content };
      // oxlint-disable-next-line no-await-in-loop -- in their order
      await journal?.message(input, messageId);
      this.#messages.push(input);
      steering?.delivered(messageId);
    }
  }

  /** Waits for the work. Rejects when the turn ends before. */
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
    if (this.#isRepeating) return Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, durationMs)));
    return this.untilOver(elapsed).finally(() => clearTimeout(timer));
  }

  /** Registers work that the end of the turn closes. Returns the function to call when it has finished. */
  begin(unfinished: Unfinished): () => void {
    this.#unfinished.add(unfinished);
    return () => this.#unfinished.delete(unfinished);
  }

  /** Ends the turn from within the script, and throws. */
  stop(ending: Ending): never {
    this.end(ending);
    throw this.signal.reason;
  }

  /** Ends the turn. Does nothing when it has already ended. */
  end(ending: Ending): void {
    if (this.signal.aborted) return;
    // First, so that a pending permission request is cancelled before the result is written.
    this.#controller.abort(new TurnAbortedError(`The turn was ${ending.kind}.`));
    const { memory, messageId, inputText, onEnd } = this.#start;
    const isReported = !['crashed', 'closed', 'parked'].includes(ending.kind);
    this.#isRepeating = false;
    const isInTool = [...this.#unfinished].some(({ kind }) => kind === 'tool');
    // The innermost first: a sub-agent's tool before the call of the sub-agent.
    if (isReported) for (const { close } of [...this.#unfinished].toReversed()) close();
    const past = { input: inputText, output: this.#said.join('\n') };
    if (ending.kind !== 'parked') {
      memory.remember({ messageId, past });
      void this.#start.journal?.end(past, memory.costUsd).catch(() => undefined);
    }
    if (isReported) this.#writeResult(ending, isInTool);
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
        durationMs: Math.round(performance.now() - this.#startedAtMs),
        messageCount: this.#messageCount,
        sessionCostUsd: memory.costUsd,
        inputText,
        output: this.output,
      }),
    );
  }
}

/** Returns the message of a thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
