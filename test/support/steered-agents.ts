import type {
  AgentInput,
  SdkFactory,
  StoredConversation,
} from '../../src/agent-webkit/engine/agent-client.js';
import type { UserContent } from '../../src/agent-webkit/protocol/events.js';
import { FakeAgentClient } from './fake-agent-client.js';
import { result } from './sdk-messages.js';

/** Agents that a test controls, whose conversations outlive them and their servers. */
export class SteeredAgents {
  /** The messages that are stored in the conversation, in their order. */
  readonly conversation: { messageId: string; content: UserContent }[] = [];
  readonly agents: SteeredAgent[] = [];
  readonly searches: string[][] = [];
  readonly factory: SdkFactory;

  constructor() {
    this.factory = Object.assign(
      (start: ConstructorParameters<typeof FakeAgentClient>[0]) => {
        const agent = new SteeredAgent(start, this);
        this.agents.push(agent);
        return agent;
      },
      {
        findMessages: async (_: StoredConversation, messageIds: readonly string[]) => {
          this.searches.push([...messageIds]);
          const stored = new Set(this.conversation.map(({ messageId }) => messageId));
          return messageIds.filter((id) => stored.has(id));
        },
      },
    );
  }

  get newest(): SteeredAgent | undefined {
    return this.agents.at(-1);
  }
}

/** One of these agents. It stores the message of a turn when it receives it. */
export class SteeredAgent extends FakeAgentClient {
  readonly #agents: SteeredAgents;
  /** The messages that it has taken, until they are stored. */
  #taken: AgentInput[] = [];
  #stored: AgentInput[] = [];
  #isInTurn = false;

  constructor(start: FakeAgentClient['start'], agents: SteeredAgents) {
    super(start);
    this.#agents = agents;
    this.onInterrupt = () => this.endTurn('error_during_execution');
  }

  override send(input: AgentInput): void {
    this.#isInTurn = true;
    this.#store(input);
    super.send(input);
  }

  /** Takes the messages for the next step. Returns their ids. */
  take(): string[] {
    const taken = this.start.steering?.take() ?? [];
    this.#taken.push(...taken);
    return taken.map(({ messageId }) => messageId);
  }

  /** Stores what it has taken. One that is gone stores nothing. */
  store(): void {
    if (this.isClosed) return;
    for (const input of this.#taken) this.#store(input);
    this.#stored.push(...this.#taken);
    this.#taken = [];
  }

  /** Reports what it has stored. */
  deliver(): void {
    for (const { messageId } of this.#stored) this.start.steering?.delivered(messageId);
    this.#stored = [];
  }

  /** Makes its next request to the model, with the messages for the next step. Returns their ids. */
  step(): string[] {
    const taken = this.take();
    this.store();
    this.deliver();
    return taken;
  }

  endTurn(subtype = 'success'): void {
    if (!this.#isInTurn) return;
    this.#isInTurn = false;
    this.deliver();
    this.#taken = [];
    this.say(result({ subtype }));
  }

  #store({ messageId, content }: AgentInput): void {
    this.#agents.conversation.push({ messageId, content });
  }
}
