import type {
  HookCallback,
  HookInput,
  Options,
  Query,
  SessionStore,
  SessionStoreEntry,
} from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage, SteeredMessages } from '../../engine/agent-client.js';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { AgentFailure } from './agent-failure.js';
import { createDeferred, type Deferred } from './deferred.js';
import type { MessageDelivery } from './message-delivery.js';
import { withMethods } from './store-methods.js';
import { ReceivedMessages, steeredBy } from './received-messages.js';
import type { CommandLifecycle, Withdrawing } from './user-turns.js';

type Hooks = NonNullable<Options['hooks']>;

/** How long a process may take to report that it has a message. */
const QUEUED_MS = 2000;
/** How long after the result of a turn its entries may arrive. They usually arrive before it. */
const LATE_MS = 1000;

/** A message that the process has received in its running turn. */
interface Steered {
  isBegun: boolean;
  isCancelled: boolean;
  readonly queued: Deferred<undefined>;
  readonly stored: Deferred<undefined>;
}

export interface TurnSteeringOptions {
  readonly steered: SteeredMessages;
  readonly delivery: MessageDelivery;
  /** The maximum number of steps in a turn; undefined for no limit. */
  readonly maxTurns: number | undefined;
  /** Returns true while the turn must not go on. */
  readonly isBlocked: () => boolean;
}

/**
 * The messages that users send into the running turn of one process.
 *
 * The process receives the messages in its queue before each request to the model after a batch of tools, and
 * begins a turn with what is left in it after its result. A message therefore gets there only while a hook holds up the
 * process between the batch and that request, so that it is received at once.
 */
export class TurnSteering {
  readonly #options: TurnSteeringOptions;
  readonly #messages = new Map<string, Steered>();
  readonly #received = new ReceivedMessages();
  /** True for a process whose conversation is stored. */
  #hasStore = false;
  #steps = 0;
  /** For each hook of the host that runs after the present batch of tools, if it ends the turn. */
  #stops: Promise<boolean>[] = [];

  constructor(options: TurnSteeringOptions) {
    this.#options = options;
  }

  /** Returns the hooks of the process. */
  hooks(hooks: Hooks = {}): Hooks {
    const afterTools: NonNullable<Hooks['PostToolBatch']> = [
      {
        hooks: [
          async (input) => {
            if (isOfTurn(input)) await this.#beforeStep();
            return {};
          },
        ],
      },
    ];
    const others = hooks.PostToolBatch?.map((matcher) => ({
      ...matcher,
      hooks: matcher.hooks.map((hook) => this.#observed(hook)),
    }));
    return { ...hooks, PostToolBatch: [...(others ?? []), ...afterTools] };
  }

  /** Returns a hook of the host, whose decision is awaited before a message is handed over. */
  #observed(hook: HookCallback): HookCallback {
    return (input, ...rest) => {
      const decision = hook(input, ...rest);
      const isStop = decision.then(
        (output) => 'continue' in output && !(output.continue ?? true),
        () => false,
      );
      if (isOfTurn(input)) this.#stops.push(isStop);
      return decision;
    };
  }

  /** Returns the store for the process. */
  watchStore(store: SessionStore): SessionStore {
    this.#hasStore = true;
    return withMethods(store, {
      append: async (key, entries) => {
        await store.append(key, entries);
        if (key.subpath === undefined) this.#observeEntries(entries);
      },
    });
  }

  /** Observes a message of the process. Returns true for a report about a steered message, which concerns nothing else. */
  observe(message: SDKMessage | CommandLifecycle): boolean {
    if (message.type !== 'command_lifecycle') return false;
    const steered = this.#messages.get(message.command_uuid);
    if (!steered) return false;
    steered.queued.resolve(undefined);
    if (message.state === 'started') {
      steered.isBegun = true;
      if (!this.#hasStore) this.#deliver(message.command_uuid);
    }
    if (message.state === 'cancelled') steered.isCancelled = true;
    return true;
  }

  /** Takes back what the process has not received, because the turn is about to be interrupted. */
  async withdraw(query: Query & Partial<Withdrawing>): Promise<void> {
    for (const [messageId, { isBegun }] of this.#messages) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      if (!isBegun && (await this.#takeBack(messageId, query))) this.#messages.delete(messageId);
    }
  }

  /**
   * Ends the turn, before its result is passed on: every message is delivered, or the process does not have it.
   *
   * @throws AgentFailure when the process begins a turn of its own with a message
   */
  async endTurn(
    result: SDKMessage & { type: 'result' },
    query: Query & Partial<Withdrawing>,
  ): Promise<void> {
    this.#steps = 0;
    for (const [messageId, steered] of this.#messages) {
      if (steered.isCancelled) continue;
      /* oxlint-disable no-await-in-loop -- one message after the other */
      if (steered.isBegun) {
        const isStored = (await within(LATE_MS, steered.stored.promise)) !== TIMED_OUT;
        // Without its entry, the answer shows that the agent has it.
        if (isStored || result.subtype === 'success') this.#deliver(messageId);
      } else if (!(await this.#takeBack(messageId, query))) {
        throw new AgentFailure('The agent began a turn that the server has not started.');
      }
      /* oxlint-enable no-await-in-loop */
    }
    this.#messages.clear();
  }

  async #beforeStep(): Promise<void> {
    this.#steps += 1;
    // The hooks of the host are called before this one.
    const stops = await Promise.all(this.#stops.splice(0));
    const { steered, delivery, maxTurns = Infinity, isBlocked } = this.#options;
    // There is no step after the last one.
    if (isBlocked() || stops.includes(true) || this.#steps >= maxTurns) return;
    const taken = steered.take();
    for (const input of taken) {
      this.#messages.set(input.messageId, {
        isBegun: false,
        isCancelled: false,
        queued: createDeferred(),
        stored: createDeferred(),
      });
      delivery.steer(input);
    }
    const queued = taken.map(
      async ({ messageId }) => this.#messages.get(messageId)?.queued.promise,
    );
    await within(QUEUED_MS, Promise.all(queued));
  }

  /** Resolves to false when the process has begun the message. */
  async #takeBack(messageId: string, query: Query & Partial<Withdrawing>): Promise<boolean> {
    if (this.#options.delivery.removeSteered(messageId)) return true;
    return (await query.cancelAsyncMessage?.(messageId)) ?? false;
  }

  #observeEntries(entries: readonly SessionStoreEntry[]): void {
    for (const messageId of entries.map(steeredBy)) {
      if (messageId !== null) this.#messages.get(messageId)?.stored.resolve(undefined);
    }
    for (const messageId of this.#received.add(entries)) this.#deliver(messageId);
  }

  #deliver(messageId: string): void {
    if (this.#messages.has(messageId)) this.#options.steered.delivered(messageId);
  }
}

/** True for a batch of tools of the turn itself, and not of a sub-agent. */
function isOfTurn(input: HookInput): boolean {
  return input.hook_event_name === 'PostToolBatch' && input.agent_id === undefined;
}
