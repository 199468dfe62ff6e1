import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MessageNotFoundError,
  MessageNotQueuedError,
} from '../../../src/agent-webkit/engine/errors.js';
import { SessionBench, settle } from '../../support/session-bench.js';
import { SteeredAgents } from '../../support/steered-agents.js';

const BY = { id: 'ada' };
const MESSAGES = 6;

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

type Step =
  | { do: 'send'; delivery: 'queue' | 'next_step' }
  | { do: 'edit' | 'withdraw'; message: number }
  | { do: 'take' | 'store' | 'deliver' | 'end' | 'interrupt' | 'agent' | 'server' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      delivery: fc.constantFrom('queue' as const, 'next_step' as const, 'next_step' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('edit' as const, 'withdraw' as const),
      message: fc.integer({ min: 1, max: MESSAGES }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'take',
        'take',
        'store',
        'deliver',
        'end',
        'interrupt',
        'agent',
        'server',
      ),
    }) as fc.Arbitrary<Step>,
  },
);

/** A session whose agents and servers are killed at any moment, and the messages that it has accepted. */
class Trial {
  readonly agents = new SteeredAgents();
  /** The accepted messages, with the contents that were confirmed last. */
  readonly accepted = new Map<string, string>();
  readonly withdrawn = new Set<string>();
  bench!: SessionBench;
  #edits = 0;

  async run(steps: readonly Step[]): Promise<void> {
    this.bench = await SessionBench.start({ sdkFactory: this.agents.factory });
    for (const next of steps) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      await this.#play(next);
    }
    await this.#finish();
  }

  async #play(next: Step): Promise<void> {
    const { newest: agent } = this.agents;
    switch (next.do) {
      case 'send':
        return this.#send(next.delivery);
      case 'edit': {
        const content = `edit ${(this.#edits += 1)}`;
        const change = this.bench.session.editMessage(id(next.message), content, { id: 'ann' });
        if (await this.#isDone(change, next.message)) this.accepted.set(id(next.message), content);
        return;
      }
      case 'withdraw': {
        const change = this.bench.session.withdrawMessage(id(next.message), { id: 'ada' });
        if (await this.#isDone(change, next.message)) this.withdrawn.add(id(next.message));
        return;
      }
      case 'take':
        agent?.take();
        return;
      case 'store':
        return agent?.store();
      case 'deliver':
        return agent?.deliver();
      case 'end':
        agent?.endTurn();
        return settle();
      case 'interrupt':
        await this.bench.session.accept({ type: 'interrupt' }, BY);
        return settle();
      case 'agent':
        agent?.die('It was killed.');
        return settle(8);
      case 'server':
        return this.#restart();
      default:
        next satisfies never;
    }
  }

  async #send(delivery: 'queue' | 'next_step'): Promise<void> {
    const number = this.accepted.size + 1;
    if (number > MESSAGES) return;
    const content = `message ${number}`;
    const message_id = id(number);
    this.accepted.set(message_id, content);
    await this.bench.session.accept({ type: 'user_message', content, message_id, delivery }, BY);
    await settle(1);
  }

  /** Resolves to true for an accepted change. The only reason to reject one is that the message is not queued. */
  async #isDone(change: Promise<void>, number: number): Promise<boolean> {
    const isKnown = this.accepted.has(id(number));
    try {
      await change;
      expect(isKnown).toBe(true);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(isKnown ? MessageNotQueuedError : MessageNotFoundError);
      return false;
    }
  }

  async #restart(): Promise<void> {
    const lost = this.bench;
    this.bench = await SessionBench.restart(lost, { sdkFactory: this.agents.factory });
    await lost.session.end('released', 0);
    await settle(8);
  }

  /** Runs all turns to their ends. */
  async #finish(): Promise<void> {
    for (let turns = 0; turns <= MESSAGES + 1; turns += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await settle(8);
      this.agents.newest?.store();
      this.agents.newest?.deliver();
      this.agents.newest?.endTurn();
    }
    await settle(8);
    expect(['idle', 'dormant']).toContain(this.bench.session.state);
  }
}

describe('the messages of a session', () => {
  it('each have one end, in whatever order they are sent, steered, changed and cut off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 8, maxLength: 30, size: 'max' }),
        async (steps) => {
          const trial = new Trial();
          await trial.run(steps);
          const { accepted, withdrawn, agents, bench } = trial;
          const events = await bench.events();
          const ends = events.flatMap(({ event, data }) => {
            const isEnd = ['turn_start', 'message_delivered', 'message_withdrawn'].includes(event);
            return isEnd ? [(data as { message_id: string }).message_id] : [];
          });
          expect(ends.toSorted()).toEqual([...accepted.keys()].toSorted());
          for (const [messageId, content] of accepted) {
            const stored = agents.conversation.filter((entry) => entry.messageId === messageId);
            const isDelivered = events.some(
              ({ event, data }) =>
                event === 'message_delivered' &&
                (data as { message_id: string }).message_id === messageId,
            );
            if (withdrawn.has(messageId)) expect(stored).toEqual([]);
            else if (isDelivered) expect(stored).toEqual([{ messageId, content }]);
            else expect(stored.length).toBeLessThanOrEqual(1);
            for (const entry of stored) expect(entry.content).toBe(content);
          }
          await bench.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});
