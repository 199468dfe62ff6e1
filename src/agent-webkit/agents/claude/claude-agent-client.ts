import { setImmediate } from 'node:timers/promises';
import type { Query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type {
  AgentClient,
  AgentInput,
  AgentStart,
  PermissionMode,
  SDKMessage,
  SdkFactory,
} from '../../engine/agent-client.js';
import { AgentFailure, exitFailure, startFailure } from './agent-failure.js';
import { AgentProcess } from './agent-process.js';
import { type ClaudeConfiguration, claudeOptions } from './claude-options.js';
import { endMessages, isMissingConversation, loadSdk } from './claude-sdk.js';
import { createDeferred } from './deferred.js';
import { InputStream } from './input-stream.js';

/** How long a process may take to end that has closed its output. */
const EXIT_MS = 500;

/**
 * Makes agents that are processes of Claude Code, by the Claude Agent SDK, which is loaded when the
 * first one starts. A host that adds something of its own wraps the factory or gives overrides:
 *
 * ```ts
 * claudeSdkFactory((start) => ({ mcpServers: { crm: crmServer(start.sessionId) } }))
 * ```
 */
export function claudeSdkFactory(overrides: ClaudeConfiguration = {}): SdkFactory {
  return (start) => new ClaudeAgentClient(start, overrides);
}

/**
 * One agent, in at most two processes, one after the other.
 *
 * It is *starting* until a process has answered the SDK's first request, then *ready*, then *over*:
 * closed by its session, or failed. It starts by resuming the conversation or by beginning one, as
 * `resume` says. When that does not fit (there is no such conversation, or there is one already),
 * the process reports it and ends before any turn, and the agent starts once more, the other way
 * round. The first process stays invisible: its `result` is dropped, and its message is sent again.
 *
 * A turn is *requested* by `send` and *running* from its `init` message to its `result`. An interrupt
 * that reaches the process in between is ignored (SDK 0.3.330), and the turn runs on. An interrupt of
 * a turn that is only requested is therefore kept, and sent at its `init`.
 */
class ClaudeAgentClient implements AgentClient {
  readonly messages: AsyncIterable<SDKMessage>;
  readonly #start: AgentStart;
  readonly #configuration: ClaudeConfiguration;
  readonly #first: Promise<Query | undefined>;
  /** Settles with the start: the query that control calls go to, or why there is none. */
  readonly #ready = createDeferred<Query>();
  /** Resolves when `close` is called. */
  readonly #closing = createDeferred<undefined>();
  #isClosing = false;
  #closed: Promise<void> | undefined;
  /** The present query, what it reads, and its process once that is spawned. */
  #query: Query | undefined;
  #inputs: InputStream | undefined;
  #process: AgentProcess | undefined;
  /**
   * The message whose turn is requested and not running yet. Neither the session's log nor its turn
   * gate can know this: both only see that the message was sent.
   */
  #asked: SDKUserMessage | undefined;
  #interruptsAsked = false;
  /** The control requests that the process has not answered yet. */
  readonly #controls = new Set<Promise<void>>();

  constructor(start: AgentStart, configuration: ClaudeConfiguration) {
    this.#start = start;
    this.#configuration = configuration;
    this.#first = this.#launch(start.resume);
    // `messages` reports both as well, but may be read later or not at all.
    this.#first.catch(() => {});
    this.#ready.promise.catch(() => {});
    this.messages = this.#read();
  }

  send({ messageId, content }: AgentInput): void {
    const message: SDKUserMessage = {
      type: 'user',
      // The port has any media type, the SDK those it knows; the agent answers for the others.
      message: { role: 'user', content: content as SDKUserMessage['message']['content'] },
      parent_tool_use_id: null,
      uuid: messageId as NonNullable<SDKUserMessage['uuid']>,
    };
    this.#asked = message;
    this.#interruptsAsked = false;
    // Without a process yet, its launch hands over what is asked.
    if (this.#inputs !== undefined) this.#handOver(message, this.#inputs);
  }

  async interrupt(): Promise<void> {
    if (this.#asked === undefined) {
      await this.#control((query) => query.interrupt(), 'The agent could not be interrupted.');
    } else {
      this.#interruptsAsked = true;
    }
  }

  async setModel(model: string | null): Promise<void> {
    await this.#control(
      (query) => query.setModel(model ?? undefined),
      `The agent does not take the model '${model}'.`,
    );
  }

  async setPermissionMode(mode: PermissionMode): Promise<void> {
    await this.#control(
      (query) => query.setPermissionMode(mode),
      `The agent does not change to the permission mode '${mode}' while it runs.`,
    );
  }

  async stopTask(taskId: string): Promise<void> {
    await this.#control((query) => query.stopTask(taskId), `The task '${taskId}' was not stopped.`);
  }

  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#shutDown(graceMs);
    return this.#closed;
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve(undefined);
    this.#ready.reject(new AgentFailure('The agent is closed.'));
    this.#inputs?.end();
    // Not by the SDK's close, which drops what the process still says, and has a grace of its own.
    if (this.#process === undefined) this.#query?.close();
    else await this.#process.close(graceMs);
  }

  /** After the changes of model and mode that were asked for before it. */
  #handOver(message: SDKUserMessage, inputs: InputStream): void {
    if (this.#controls.size === 0) inputs.push(message);
    else void Promise.allSettled(this.#controls).then(() => inputs.push(message));
  }

  async #control(call: (query: Query) => Promise<unknown>, refusal: string): Promise<void> {
    const answered = this.#ask(call, refusal);
    this.#controls.add(answered);
    await answered.finally(() => this.#controls.delete(answered));
  }

  async #ask(call: (query: Query) => Promise<unknown>, refusal: string): Promise<void> {
    const query = await this.#ready.promise;
    // Its pipe is closed by then: the SDK would wait for the answer to what it could not ask.
    if (this.#isClosing) throw new AgentFailure('The agent is closed.');
    await call(query).catch((cause: unknown) => {
      throw new AgentFailure(refusal, { cause });
    });
  }

  async *#read(): AsyncGenerator<SDKMessage> {
    try {
      const isWrongWay = yield* this.#readProcess(await this.#first, true);
      if (isWrongWay) yield* this.#readProcess(await this.#launch(!this.#start.resume), false);
    } catch (error) {
      if (this.#isClosing) return;
      await this.#process?.close(0);
      const failure = startFailure(error);
      this.#ready.reject(failure);
      throw failure;
    }
  }

  /** Reads one process to its end. Returns whether it was started the wrong way, and ended for that. */
  async *#readProcess(
    query: Query | undefined,
    isFirst: boolean,
  ): AsyncGenerator<SDKMessage, boolean> {
    if (query === undefined) return false;
    const { cwd, resume } = this.#start;
    let isMissing = false;
    let thrown: unknown;
    try {
      for await (const message of query) {
        if (isFirst && resume && isMissingConversation(message)) {
          isMissing = true;
          continue;
        }
        this.#observe(message, query);
        yield* this.#holdingBack(message);
      }
    } catch (error) {
      thrown = error;
    }
    this.#inputs?.end();
    const ended = this.#process;
    if (ended === undefined) {
      if (thrown !== undefined) throw thrown;
      return false;
    }
    await ended.close(EXIT_MS);
    const { stderr } = ended;
    const isInUse = isFirst && !resume && stderr.includes('is already in use');
    if (isMissing || isInUse) return true;
    throw await exitFailure(await ended.gone, { cwd, stderr, thrown });
  }

  /**
   * Until the next message is asked for, the process is not read, and what it says waits in its
   * pipe: the SDK would keep all of it in memory, however long the reader takes.
   */
  *#holdingBack(message: SDKMessage): Generator<SDKMessage> {
    const stdout = this.#process?.child.stdout;
    stdout?.pause();
    try {
      yield message;
    } finally {
      stdout?.resume();
    }
  }

  #observe(message: SDKMessage, query: Query): void {
    if (message.type !== 'system' || message.subtype !== 'init') return;
    this.#asked = undefined;
    if (!this.#interruptsAsked) return;
    this.#interruptsAsked = false;
    // It fails only with its process, which `messages` reports.
    query.interrupt().catch(() => {});
  }

  /** Resolves to nothing when the agent was closed before. Nothing is spawned after that. */
  async #launch(resume: boolean): Promise<Query | undefined> {
    this.#process = undefined;
    const loaded = await Promise.race([this.#load(), this.#closing.promise]);
    if (loaded === undefined || this.#isClosing) return undefined;
    const { overrides, createQuery } = loaded;
    const { sessionId } = this.#start;
    const inputs = new InputStream();
    const options = claudeOptions(this.#start, overrides);
    const storedSession = options.sessionStore ? sessionId : null;
    const query: Query = createQuery({
      prompt: inputs,
      options: {
        ...options,
        ...(resume ? { resume: sessionId } : { sessionId }),
        spawnClaudeCodeProcess: (command) => {
          // With a session store the SDK reads that first, and spawns later.
          if (this.#isClosing) throw new AgentFailure('The agent is closed.');
          const spawned = new AgentProcess(command, storedSession, overrides.stderr);
          this.#process = spawned;
          void spawned.gone.then(() => endMessages(query, spawned));
          return spawned.child;
        },
      },
    });
    this.#query = query;
    this.#inputs = inputs;
    if (this.#asked !== undefined) this.#handOver(this.#asked, inputs);
    query.initializationResult().then(
      () => this.#ready.resolve(query),
      // The query's messages report a failure, and then there may be another query.
      () => {},
    );
    return query;
  }

  async #load() {
    // Spawning takes the event loop a while: what asked for the agent is answered first.
    await setImmediate();
    const configuration = this.#configuration;
    const overrides =
      typeof configuration === 'function' ? await configuration(this.#start) : configuration;
    return { overrides, createQuery: await loadSdk() };
  }
}
