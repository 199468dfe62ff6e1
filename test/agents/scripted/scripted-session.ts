import { randomUUID } from 'node:crypto';
import type {
  AgentClient,
  AgentStart,
  PermissionContext,
  PermissionResult,
  SdkFactory,
  SDKMessage,
} from '../../../src/agent-webkit/engine/agent-client.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';

export type Result = Extract<SDKMessage, { type: 'result' }>;

/** A permission request, as `canUseTool` received it. */
export interface Ask {
  toolName: string;
  input: Record<string, unknown>;
  context: PermissionContext;
  reply: (result: PermissionResult) => void;
}

/** A list of facts that a test can wait for. */
class Facts<T> {
  readonly all: T[] = [];
  #watchers: (() => void)[] = [];
  #taken = 0;

  add(fact: T): void {
    this.all.push(fact);
    for (const watch of this.#watchers.splice(0)) watch();
  }

  /** Resolves to the next matching fact that was not returned before. */
  async next<Fact extends T = T>(fits?: (fact: T) => boolean): Promise<Fact> {
    for (;;) {
      while (this.#taken < this.all.length) {
        const fact = this.all[this.#taken] as Fact;
        this.#taken += 1;
        if (!fits || fits(fact)) return fact;
      }
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}

/** The session's side of a scripted agent. It reads the messages, and the test answers its requests. */
export class ScriptedSession {
  readonly client: AgentClient;
  readonly id: string;
  /** Resolves when `messages` has ended: to the thrown error or to null. */
  readonly ended: Promise<unknown>;
  readonly #messages = new Facts<SDKMessage>();
  readonly #asks = new Facts<Ask>();

  constructor(createAgent: SdkFactory, start: Partial<AgentStart> = {}) {
    this.id = start.sessionId ?? randomUUID();
    this.client = createAgent({
      model: null,
      permissionMode: 'default',
      cwd: '/work',
      includePartialMessages: false,
      owner: 'ada',
      resume: false,
      canUseTool: (toolName, input, context) =>
        new Promise((reply) => this.#asks.add({ toolName, input, context, reply })),
      ...start,
      sessionId: this.id,
      conversationId: this.id,
    });
    this.ended = this.#read();
  }

  get messages(): SDKMessage[] {
    return this.#messages.all;
  }

  get asks(): Ask[] {
    return this.#asks.all;
  }

  send(content: UserContent = 'hi'): void {
    this.client.send({ messageId: randomUUID(), content, isCommand: false });
  }

  /** Sends a message and waits for the end of its turn. */
  async turn(content?: UserContent): Promise<Result> {
    this.send(content);
    return this.result();
  }

  result(): Promise<Result> {
    return this.#messages.next<Result>(({ type }) => type === 'result');
  }

  next(type: SDKMessage['type']): Promise<SDKMessage> {
    return this.#messages.next((message) => message.type === type);
  }

  asked(): Promise<Ask> {
    return this.#asks.next();
  }

  /** The messages in order, each in short form. */
  get story(): string[] {
    return this.messages.flatMap(tell);
  }

  async #read(): Promise<unknown> {
    try {
      for await (const message of this.client.messages) this.#messages.add(message);
      return null;
    } catch (error) {
      return error;
    }
  }
}

/** Starts a session with its own script. */
export function startSession(script: Script, start?: Partial<AgentStart>): ScriptedSession {
  return new ScriptedSession(scriptedSdkFactory(script), start);
}

/** Starts sessions that share one factory, for facts that outlive an agent. */
export function sessionsOf(script: Script): (start?: Partial<AgentStart>) => ScriptedSession {
  const createAgent = scriptedSdkFactory(script);
  return (start) => new ScriptedSession(createAgent, start);
}

function tell(message: SDKMessage): string[] {
  switch (message.type) {
    case 'system':
      return [message.subtype];
    case 'stream_event':
      return [`~${message.event.type}`];
    case 'assistant':
      return message.message.content.map((block) => {
        const aborted = message.aborted ? ' (aborted)' : '';
        if (block.type === 'text') return `text: ${block.text}${aborted}`;
        return block.type === 'tool_use' ? `tool: ${block.name}` : block.type;
      });
    case 'user':
      return tellUser(message.message.content);
    case 'result':
      return [`result: ${message.subtype}`];
    default:
      return [message.type];
  }
}

function tellUser(content: Extract<SDKMessage, { type: 'user' }>['message']['content']): string[] {
  if (typeof content === 'string') return [`user: ${content}`];
  return content.map((block) => {
    if (block.type === 'text') return `user: ${block.text}`;
    if (block.type !== 'tool_result') return block.type;
    return `${block.is_error ? 'tool failed' : 'tool gave'}: ${typeof block.content === 'string' ? block.content : JSON.stringify(block.content)}`;
  });
}
