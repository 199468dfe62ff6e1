import { EventEmitter, once } from 'node:events';
import type { AgentAsks, AskKind } from '../../src/agent-webkit/engine/agent-asks.js';
import type {
  AgentClient,
  AgentInput,
  AgentStart,
  PermissionContext,
  PermissionMode,
  PermissionResult,
  SDKMessage,
  SdkFactory,
} from '../../src/agent-webkit/engine/agent-client.js';

/** An agent that a test controls: it emits the given messages and records all calls. */
export class FakeAgentClient implements AgentClient {
  readonly start: AgentStart;
  readonly inputs: AgentInput[] = [];
  readonly calls: string[] = [];
  isClosed = false;
  unreportedUsd = 0;
  /** The promise for which `close` waits. */
  closing: Promise<void> = Promise.resolve();
  /** True when an interrupt ends the turn, as with a healthy agent. */
  onInterrupt: () => void = () => undefined;
  /** The value an interrupt resolves to. */
  interruptOutcome: 'withdrawn' | undefined;
  readonly #events = new EventEmitter();
  readonly #said: SDKMessage[] = [];
  #end: { error: Error | null } | null = null;

  constructor(start: AgentStart) {
    this.start = start;
  }

  get messages(): AsyncIterable<SDKMessage> {
    return this.#messages();
  }

  say(...messages: SDKMessage[]): void {
    this.#said.push(...messages);
    this.#events.emit('said');
  }

  /** Ends by itself, with or without an error. */
  die(reason?: string, code?: string): void {
    const error = reason === undefined ? null : new Error(reason);
    this.#end = { error: error && code ? Object.assign(error, { code }) : error };
    this.#events.emit('said');
  }

  ask(
    toolName: string,
    input: Record<string, unknown>,
    context: Partial<PermissionContext> & { toolUseID: string },
  ): Promise<PermissionResult> {
    return this.start.canUseTool(toolName, input, {
      signal: new AbortController().signal,
      ...context,
    });
  }

  askPeople<Kind extends AskKind>(
    kind: Kind,
    asked: AgentAsks[Kind]['asked'],
    signal = new AbortController().signal,
  ): Promise<AgentAsks[Kind]['result']> {
    if (!this.start.askPeople) throw new Error('The session cannot be asked.');
    return this.start.askPeople(kind, asked, signal);
  }

  /** Resolves when the agent has received its nth message. */
  async received(n: number): Promise<AgentInput> {
    while (this.inputs.length < n) await once(this.#events, 'input');
    return this.inputs[n - 1] as AgentInput;
  }

  async called(name: string): Promise<void> {
    while (!this.calls.includes(name)) await once(this.#events, 'called');
  }

  send(input: AgentInput): void {
    this.inputs.push(input);
    this.#events.emit('input');
  }

  async interrupt(): Promise<'withdrawn' | void> {
    this.#note('interrupt');
    this.onInterrupt();
    return this.interruptOutcome;
  }

  async setModel(model: string | null): Promise<void> {
    this.#note(`setModel ${model}`);
  }

  async setPermissionMode(mode: PermissionMode): Promise<void> {
    this.#note(`setPermissionMode ${mode}`);
  }

  async setEffort(effort: string | null): Promise<void> {
    this.#note(`setEffort ${effort}`);
  }

  async setMaxThinkingTokens(tokens: number | null): Promise<void> {
    this.#note(`setMaxThinkingTokens ${tokens}`);
  }

  async stopTask(taskId: string): Promise<void> {
    this.#note(`stopTask ${taskId}`);
  }

  async close(): Promise<void> {
    this.#note('close');
    await this.closing;
    this.isClosed = true;
    this.#end ??= { error: null };
    this.#events.emit('said');
  }

  #note(call: string): void {
    this.calls.push(call);
    this.#events.emit('called');
  }

  async *#messages(): AsyncGenerator<SDKMessage> {
    for (;;) {
      const message = this.#said.shift();
      if (message) yield message;
      else if (this.#end?.error) throw this.#end.error;
      else if (this.#end) return;
      else await once(this.#events, 'said');
    }
  }
}

/** A factory of such agents, the newest last. */
export function fakeAgents(): {
  factory: SdkFactory;
  agents: FakeAgentClient[];
  /** Called with each agent before the session has it. */
  prepare: (agent: FakeAgentClient) => unknown;
  newest(): FakeAgentClient;
} {
  const agents: FakeAgentClient[] = [];
  const made: ReturnType<typeof fakeAgents> = {
    agents,
    prepare: () => undefined,
    factory: (start) => {
      const agent = new FakeAgentClient(start);
      made.prepare(agent);
      agents.push(agent);
      return agent;
    },
    newest: () => {
      const agent = agents.at(-1);
      if (!agent) throw new Error('No agent was started.');
      return agent;
    },
  };
  return made;
}
