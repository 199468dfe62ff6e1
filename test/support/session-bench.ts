import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { jest } from '@jest/globals';
import type { SdkFactory, SessionConfig } from '../../src/agent-webkit/engine/agent-client.js';
import { AgentSlots } from '../../src/agent-webkit/engine/agent/agent-slots.js';
import type { RequestApprovalsByTool } from '../../src/agent-webkit/engine/request-approvals.js';
import type { RequestEscalationByTool } from '../../src/agent-webkit/engine/request-escalation.js';
import type { RequestExpiryByTool } from '../../src/agent-webkit/engine/request-expiry.js';
import type { CanAnswer } from '../../src/agent-webkit/engine/session/answering.js';
import type { RequestDecision } from '../../src/agent-webkit/engine/session/decision.js';
import type { DailyBudget } from '../../src/agent-webkit/engine/daily-budget.js';
import type { DurableTools } from '../../src/agent-webkit/engine/durable-tools.js';
import { Session } from '../../src/agent-webkit/engine/session/session.js';
import type {
  SessionDependencies,
  SessionLimits,
} from '../../src/agent-webkit/engine/session/session-dependencies.js';
import {
  EMPTY_LOG,
  type SessionRecord,
  type StorageProvider,
} from '../../src/agent-webkit/engine/storage.js';
import type { EventName, WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { wireEventOf } from './event-time.js';
import { fakeAgents, type FakeAgentClient } from './fake-agent-client.js';
import { FakeFolders } from './fake-folders.js';

export interface BenchOptions {
  dailyBudget?: DailyBudget;
  expiry?: RequestExpiryByTool;
  approvals?: RequestApprovalsByTool;
  escalation?: RequestEscalationByTool;
  canAnswer?: CanAnswer;
  durableTools?: DurableTools;
  /** By default, the server does not drain. */
  isDraining?: () => boolean;
  storage?: StorageProvider;
  limits?: Partial<SessionLimits>;
  slots?: AgentSlots;
  /** Changes the configuration of a new session. */
  config?: Partial<SessionConfig>;
  folders?: SessionDependencies['folders'];
  /** Replaces the fake agents. */
  sdkFactory?: SdkFactory;
}

const quiet = () => undefined;

/** The limits of a session unless a test sets others. */
export const LIMITS: SessionLimits = {
  maxEvents: 1000,
  maxLogChars: 1_000_000,
  maxDecisions: 100,
  maxDecisionChars: 1_000_000,
  maxEventAgeMs: null,
  maxQueuedMessages: 8,
  idleTimeoutMs: null,
  interruptTimeoutMs: 1000,
  backgroundTaskTimeoutMs: null,
  agentGraceMs: 100,
  storageTimeoutMs: 5000,
  maxSubscribers: 1000,
  requestTimeoutMs: null,
  holdMs: 60_000,
};

/** Runs everything that waits only for the event loop. */
export async function settle(rounds = 4): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the loop after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Stops the clock for timers; the event loop keeps running. */
export function stopTime(): void {
  jest.useFakeTimers({
    doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'],
  });
}

export const user = (content: string, message_id: string = randomUUID()) =>
  ({ type: 'user_message', content, message_id }) as const;

/** The record of a session that has not started. */
export function newRecord(config: Partial<SessionConfig> = {}): SessionRecord {
  return {
    id: randomUUID(),
    owner: 'ada',
    config: {
      model: null,
      permissionMode: 'default',
      cwd: '/',
      includePartialMessages: true,
      ...config,
    },
    epoch: 1,
    createdAt: new Date(),
    lastActivityAt: new Date(),
    log: EMPTY_LOG,
  };
}

/** One session with fake agents, and its events. */
export class SessionBench {
  readonly storage: StorageProvider;
  readonly agents: FakeAgentClient[];
  readonly lost: string[] = [];
  readonly reset: string[] = [];
  readonly unused: string[] = [];
  readonly decisions: RequestDecision[] = [];
  /** The errors in the log. */
  readonly errors: string[] = [];
  readonly deps: SessionDependencies;
  readonly #config: Partial<SessionConfig>;
  session!: Session;
  record!: SessionRecord;

  private constructor(options: BenchOptions) {
    const { storage = new MemoryStorage(), limits, slots, sdkFactory, config = {} } = options;
    const { folders = new FakeFolders() } = options;
    this.#config = config;
    const fakes = fakeAgents();
    this.storage = storage;
    this.agents = fakes.agents;
    this.deps = {
      storage,
      sdkFactory: sdkFactory ?? fakes.factory,
      folders,
      limits: { ...LIMITS, ...limits },
      commands: ['clear'],
      permissionModes: ['default', 'acceptEdits', 'plan'],
      slots: slots ?? new AgentSlots(100),
      canAnswer: options.canAnswer ?? null,
      dailyBudget: options.dailyBudget ?? null,
      ...(options.expiry && { expiry: options.expiry }),
      ...(options.approvals && { approvals: options.approvals }),
      ...(options.escalation && { escalation: options.escalation }),
      durableTools: options.durableTools ?? [],
      onDecision: (decision) => void this.decisions.push(decision),
      logger: { log: quiet, warn: quiet, error: (message) => void this.errors.push(message) },
      onOwnershipLost: (id) => void this.lost.push(id),
      onReset: (id) => void this.reset.push(id),
      onUnused: (id) => void this.unused.push(id),
      isDraining: options.isDraining ?? (() => false),
      onCommitted: () => undefined,
    };
  }

  /** Creates a bench without a session. */
  static empty(options: BenchOptions = {}): SessionBench {
    return new SessionBench(options);
  }

  /** Creates a bench with a new session. */
  static async start(options: BenchOptions = {}): Promise<SessionBench> {
    const bench = new SessionBench(options);
    await bench.create();
    return bench;
  }

  /** Restores the session like a restarted server, from the same storage. */
  static async restart(before: SessionBench, options: BenchOptions = {}): Promise<SessionBench> {
    const bench = new SessionBench({
      limits: before.deps.limits,
      ...options,
      storage: before.storage,
    });
    const record = await before.storage.records.claim(before.record.id);
    if (!record) throw new Error('There is no such session.');
    bench.record = record;
    const session = await Session.restore(bench.record, bench.deps);
    if (session) bench.session = session;
    await settle(1); // its agent starts if there is work
    return bench;
  }

  async create(): Promise<Session> {
    this.record = newRecord(this.#config);
    await this.storage.records.create(this.record, null);
    this.session = await Session.create(this.record, this.deps);
    await settle(1); // its agent starts
    return this.session;
  }

  get agent(): FakeAgentClient {
    const agent = this.agents.at(-1);
    if (!agent) throw new Error('No agent was started.');
    return agent;
  }

  say(content: string, messageId?: string): Promise<void> {
    return this.session.accept(user(content, messageId), { id: 'ada' });
  }

  /** Returns the retained events of the session, without their times. */
  async events(): Promise<(WireEvent & { id: number })[]> {
    const { events } = await this.session.read(0, Number.POSITIVE_INFINITY);
    return events.map((event) => ({ id: event.id, ...wireEventOf(event) }));
  }

  /** Returns the names of the session's events. */
  async names(): Promise<string[]> {
    return (await this.events()).map(({ event }) => event);
  }

  /** Returns the data of all events with this name. */
  async data(name: EventName): Promise<unknown[]> {
    return (await this.events()).flatMap(({ event, data }) => (event === name ? [data] : []));
  }

  /** Waits until there are `count` events of this name. */
  async said(name: EventName, count = 1): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- checks again in each turn of the event loop
    while ((await this.data(name)).length < count) await settle(1);
  }

  /** Waits until the nth agent has started. */
  async started(count: number): Promise<FakeAgentClient> {
    // oxlint-disable-next-line no-await-in-loop -- checks again in each turn of the event loop
    while (this.agents.length < count) await settle(1);
    return this.agents[count - 1] as FakeAgentClient;
  }

  /** Delays the end of the newest agent until the returned function is called. */
  holdEnd(): () => void {
    const events = new EventEmitter();
    this.agent.closing = once(events, 'free').then(() => undefined);
    return () => events.emit('free');
  }

  /** Ends the session, so that no agent and no timer is left. */
  async close(): Promise<void> {
    const { agentGone } = await this.session.end('deleted', 0);
    await agentGone;
  }
}
