import type { Meter } from '@opentelemetry/api';
import type { EngineObserver, TurnEnded } from '../engine/engine-observer.js';
import { boundedNames } from './bounded-names.js';

/** How many names of models, and of reasons for the end of a turn, have a value of their own. */
const MAX_NAMES = 50;

const SHORT_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LONG_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const PEOPLE_S = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800];
/** Those that the conventions of OpenTelemetry for generative AI name. */
const TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
  67_108_864,
];

/** Creates the counters and histograms of an engine. docs/metrics.md describes each of them. */
export function createMetrics(meter: Meter): EngineObserver {
  const seconds = (name: string, description: string, bounds: number[]) => {
    const advice = { explicitBucketBoundaries: bounds };
    const histogram = meter.createHistogram(name, { description, unit: 's', advice });
    return (ms: number, attributes = {}) => histogram.record(ms / 1000, attributes);
  };
  const count = (name: string, unit: string, description: string) => {
    const counter = meter.createCounter(name, { description, unit });
    return (by: number, attributes = {}) => counter.add(by, attributes);
  };
  const accepted = count('agent_webkit.messages.accepted', '{message}', 'Accepted user messages.');
  const queued = seconds('agent_webkit.turn.queue.duration', 'Time from message to turn.', LONG_S);
  const first = seconds(
    'agent_webkit.turn.time_to_first_token',
    'Time from the start of a turn to the first output of its agent.',
    LONG_S,
  );
  const turn = seconds('agent_webkit.turn.duration', 'Duration of turns.', LONG_S);
  const tool = seconds('agent_webkit.tool.duration', 'Duration of tool calls.', LONG_S);
  const answer = seconds(
    'agent_webkit.request.duration',
    'How long requests to people were open.',
    PEOPLE_S,
  );
  const start = seconds(
    'agent_webkit.agent.start.duration',
    'Time until a started agent sends its first message.',
    LONG_S,
  );
  const ends = count('agent_webkit.agent.ends', '{agent}', 'Agents that ended.');
  const commit = seconds('agent_webkit.commit.duration', 'Time until events are durable.', SHORT_S);
  const appended = count('agent_webkit.events.appended', '{event}', 'Events that became durable.');
  const loaded = count('agent_webkit.sessions.loaded', '{session}', 'Sessions read from storage.');
  const lost = count('agent_webkit.sessions.lost', '{session}', 'Sessions that were taken over.');
  const refused = count('agent_webkit.refusals', '{request}', 'Rejected requests.');
  const failed = count('agent_webkit.storage.failures', '{call}', 'Failed calls of the storage.');
  const cost = count('agent_webkit.cost', '{USD}', 'Cost of turns in US dollars.');
  const spend = createSpending(meter, cost);
  const reasonOf = boundedNames(MAX_NAMES);
  return {
    messageAccepted: () => accepted(1),
    turnStarted: ({ queuedMs }) => queuedMs !== null && queued(queuedMs),
    firstOutput: ({ afterMs }) => first(afterMs),
    turnEnded: (ended) => {
      const { durationMs, isError, subtype } = ended;
      const error = isError || subtype !== 'success';
      const reason = subtype === 'success' ? 'error' : reasonOf(subtype);
      if (durationMs !== null) turn(durationMs, error ? { 'error.type': reason } : {});
      spend(ended);
    },
    toolEnded: ({ durationMs, isError }) =>
      tool(durationMs, isError ? { 'error.type': 'tool_error' } : {}),
    requestResolved: ({ openMs, type }) => answer(openMs, { 'agent_webkit.request.type': type }),
    agentStarted: ({ durationMs }) => start(durationMs),
    agentEnded: ({ outcome }) => ends(1, { 'agent_webkit.agent.outcome': outcome }),
    committed: ({ events, durationMs }) => {
      appended(events);
      commit(durationMs);
    },
    sessionLoaded: ({ wasUnfinished, wasTakenOver }) =>
      loaded(1, {
        'agent_webkit.session.unfinished': wasUnfinished,
        'agent_webkit.session.taken_over': wasTakenOver,
      }),
    sessionLost: () => lost(1),
    refused: ({ code }) => refused(1, { 'error.type': code }),
    storageFailed: ({ call }) => failed(1, { 'agent_webkit.storage.call': call }),
  };
}

type Add = (by: number, attributes?: Record<string, string>) => void;

function createSpending(meter: Meter, cost: Add): (ended: TurnEnded) => void {
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    description: 'Tokens of turns.',
    unit: '{token}',
    advice: { explicitBucketBoundaries: TOKENS },
  });
  const modelOf = boundedNames(MAX_NAMES);
  return ({ costUsd, modelUsage }) => {
    // A counter does not go down: a result may take back what an earlier one has counted.
    if (costUsd > 0) cost(costUsd);
    for (const [model, usage] of Object.entries(modelUsage)) {
      const attributes = {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.response.model': modelOf(model),
      };
      const input =
        usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
      tokens.record(input, { ...attributes, 'gen_ai.token.type': 'input' });
      tokens.record(usage.output_tokens, { ...attributes, 'gen_ai.token.type': 'output' });
    }
  };
}
