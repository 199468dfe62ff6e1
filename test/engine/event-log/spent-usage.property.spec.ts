import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { EventAppend } from '../../../src/agent-webkit/engine/storage.js';
import { sumUsd } from '../../../src/agent-webkit/engine/sum-usd.js';
import { UNKNOWN_MODEL } from '../../../src/agent-webkit/engine/usage.js';
import type { EventPayloads, WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { SOME_TIME } from '../../support/event-time.js';
import { logOptions } from '../../support/open-log.js';

type Models = NonNullable<EventPayloads['result']['model_usage']>;

const cents = fc.integer({ min: 0, max: 500 }).map((count) => count / 100);
const tokens = fc.oneof(fc.nat(10_000), fc.constantFrom(-1, 0.4, Number.NaN, 1e300));
const models: fc.Arbitrary<Models> = fc.dictionary(
  fc.constantFrom('opus', 'haiku', 'x'.repeat(300), '\ud800', '__proto__'),
  fc.record({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: tokens,
    cache_creation_input_tokens: tokens,
    cost_usd: fc.oneof(cents, fc.constantFrom(Number.NaN, -1)),
  }),
);

/** The moves of a session: turns that end, wait or are started, and restarts of its server. */
const step = fc.oneof(
  fc.record({ do: fc.constant('result' as const), models, otherUsd: cents, unasked: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), usd: cents }),
  fc.constant({ do: 'start' as const }),
  fc.constant({ do: 'restart' as const }),
);

/** A log whose appends are kept. */
class UsageRun {
  readonly appends: EventAppend[] = [];
  readonly #options = logOptions();
  log = new EventLog(this.#recording());
  turns = 0;

  #recording() {
    const { store } = this.#options;
    const append = (added: EventAppend) => {
      this.appends.push(added);
      return store.append(added);
    };
    return {
      ...this.#options,
      store: {
        append,
        read: store.read.bind(store),
        hasKey: store.hasKey.bind(store),
        trim: store.trim.bind(store),
      },
    };
  }

  async play(move: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Promise<void> {
    if (move.do === 'restart') this.log = await EventLog.open(this.#recording());
    else await this.log.append(...this.#eventsOf(move));
  }

  #eventsOf(move: Exclude<Parameters<UsageRun['play']>[0], { do: 'restart' }>): WireEvent[] {
    const { state } = this.log;
    if (move.do === 'start') {
      return state.turn ? [] : [{ event: 'turn_start', data: { message_id: 'm' } }];
    }
    if (move.do === 'wait') {
      const turn_cost_usd = sumUsd(state.turn?.costUsd ?? 0, move.usd);
      return [{ event: 'turn_waiting', data: { turn_cost_usd } }];
    }
    this.turns += 1;
    const costs = Object.values(move.models).map(({ cost_usd }) => (cost_usd > 0 ? cost_usd : 0));
    const session_cost_usd = sumUsd(state.spentUsd, ...costs, move.otherUsd);
    const data: EventPayloads['result'] = {
      session_id: 's',
      subtype: 'success',
      is_error: false,
      total_cost_usd: 0,
      session_cost_usd,
      duration_ms: 1,
      num_turns: 1,
      usage: { input_tokens: 7 },
      model_usage: move.models,
      ...(move.unasked && { unasked: true }),
    };
    return [{ event: 'result', data }];
  }
}

describe('The usage in the appends of a session', () => {
  it('adds up to its cost and its turns, whatever its agents report, also over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const run = new UsageRun();
        for (const move of steps) {
          // oxlint-disable-next-line no-await-in-loop -- one event after the other
          await run.play(move);
        }
        const rows = run.appends.flatMap(({ usage = [] }) => usage);
        expect(sumUsd(...rows.map(({ costUsd }) => costUsd))).toBe(run.log.state.spentUsd);
        expect(rows.reduce((sum, { turns }) => sum + turns, 0)).toBe(run.turns);
        for (const { usage = [], events } of run.appends) {
          const seqs = events.map(({ seq }) => seq);
          for (const { seq, day, model, costUsd: _, turns: __, ...counts } of usage) {
            expect(seqs).toContain(seq);
            expect(day).toBe(SOME_TIME.slice(0, 10));
            expect(model.length).toBeLessThanOrEqual(200);
            for (const count of Object.values(counts)) {
              expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('counts the tokens of a result without models for the unknown model', async () => {
    const run = new UsageRun();
    await run.play({ do: 'result', models: {}, otherUsd: 0.5, unasked: false });
    expect(run.appends.flatMap(({ usage = [] }) => usage)).toEqual([
      {
        seq: 1,
        day: SOME_TIME.slice(0, 10),
        model: UNKNOWN_MODEL,
        costUsd: 0.5,
        inputTokens: 7,
        outputTokens: 0,
        cacheReadTokens: 0,
        cacheCreationTokens: 0,
        turns: 1,
      },
    ]);
  });
});
