import { describe, expect, it } from '@jest/globals';
import { ServerClock } from '../../page/src/client/server-clock.js';
import { addEvents } from '../../page/src/session/add-events.js';
import { type Conversation, emptyConversation } from '../../page/src/session/conversation.js';
import { activityWords } from '../../page/src/ui/activity-words.js';
import type { DeliveredEvent, WireEvent } from '../../src/agent-webkit/protocol/events.js';
import {
  asked,
  called,
  complete,
  delta,
  inputDelta,
  resolved,
  result,
  said,
  started,
  text,
  toolResult,
} from './page-events.js';

const START = Date.parse('2026-01-02T03:04:05.000Z');

/** Adds events, each with the second in which it happened. */
function after(...timed: [number, WireEvent][]): Conversation {
  const events = timed.map(([second, event], index) => {
    const time = new Date(START + second * 1000).toISOString();
    return { ...event, data: { ...event.data, time }, id: index + 1 } as DeliveredEvent;
  });
  return addEvents(emptyConversation, events);
}

const words = (second: number, ...timed: [number, WireEvent][]) =>
  activityWords(after(...timed), START + second * 1000);

const turn: [number, WireEvent][] = [
  [0, said('a')],
  [2, started('a')],
];

const mcp = (status: string): WireEvent => ({
  event: 'mcp_status_change',
  data: { server_name: 'crm', status },
});

describe('what the agent is doing, in words', () => {
  it('says nothing of an agent that does nothing', () => {
    expect(words(9)).toBeNull();
    expect(words(9, ...turn, [3, result()])).toBeNull();
  });

  it('counts the seconds of the start, of the model, of thinking and of writing', () => {
    expect(words(1, [0, said('a')])).toBe('Starting the agent, 1 s');
    expect(words(2, ...turn)).toBe('Waiting for the model');
    expect(words(7, ...turn)).toBe('Waiting for the model, 5 s');
    const thought: WireEvent = {
      event: 'thinking_delta',
      data: { message_id: 'm', thinking: 'so' },
    };
    expect(words(15, ...turn, [3, thought], [9, thought])).toBe('Thinking, 12 s');
    const progress: WireEvent = { event: 'thinking_progress', data: { estimated_tokens: 1200 } };
    expect(words(15, ...turn, [3, progress])).toBe('Thinking (about 1,200 tokens), 12 s');
    expect(words(8, ...turn, [3, delta('m', 'so')], [7, delta('m', 'on')])).toBe('Writing, 5 s');
    expect(words(5, ...turn, [3, inputDelta('m', 't', '{')])).toBe('Preparing Bash, 2 s');
    expect(words(9, ...turn, [3, delta('m', 'so')], [4, complete('m', [text('so')])])).toBe(
      'Waiting for the model, 5 s',
    );
  });

  it('names the command that runs, for how long, and how many run beside it', () => {
    const call = called('m', 't', { command: 'npm test\nnpm run lint' });
    expect(words(66, ...turn, [3, call])).toBe('Running npm test…, 1 min 3 s');
    const other = called('m', 'u', { command: 'sleep 99' });
    expect(words(3700, ...turn, [3, call], [4, other])).toBe(
      'Running sleep 99 and 1 more, 1 h 1 min',
    );
    expect(words(9, ...turn, [3, call], [4, other], [5, toolResult('u', '')])).toBe(
      'Running npm test…, 6 s',
    );
  });

  it('says that it waits for the user, and does not count that as the time of the call', () => {
    const call = called('m', 't', { command: 'ls' });
    expect(words(14, ...turn, [3, call], [4, asked('t')])).toBe('Waiting for you, 10 s');
    expect(words(25, ...turn, [3, call], [4, asked('t')], [20, resolved('t')])).toBe(
      'Running ls, 5 s',
    );
  });

  it('counts down to a retry, and names compaction, credentials and MCP servers', () => {
    const retry: WireEvent = {
      event: 'api_retry',
      data: { attempt: 3, max_retries: 10, retry_delay_ms: 8000, status: 529, kind: 'overloaded' },
    };
    const failure = "The model's API failed (overloaded). Retry 3 of 10";
    expect(words(5, ...turn, [3, retry])).toBe(`${failure} in 6 s`);
    expect(words(12, ...turn, [3, retry])).toBe(failure);
    expect(words(12, ...turn, [3, { event: 'compaction_start', data: {} }])).toBe(
      'Summarizing the conversation, 9 s',
    );
    const signing: WireEvent = { event: 'auth_status', data: { is_authenticating: true } };
    expect(words(12, ...turn, [3, signing])).toBe('Obtaining new credentials, 9 s');
    expect(words(5, ...turn, [3, mcp('pending')])).toBe('Starting MCP server crm, 3 s');
    expect(words(5, ...turn, [3, mcp('pending')], [4, mcp('connected')])).toBe(
      'Waiting for the model, 3 s',
    );
  });

  it('leaves the words of the agent to its sub-agents calls', () => {
    const task = called('m', 't', { command: 'count' });
    expect(words(9, ...turn, [3, task], [5, delta('n', 'two', 't')])).toBe('Running count, 6 s');
  });
});

describe('the clock of the server', () => {
  it('is that of the browser until a live event shows the difference', () => {
    const clock = new ServerClock();
    expect(clock.now(10_000)).toBe(10_000);
    clock.take(1000, true, 9000);
    expect(clock.now(10_000)).toBe(10_000);
    clock.take(5000, false, 9000);
    clock.take(6000, false, 9500);
    clock.take(6100, false, 10_500);
    expect(clock.now(11_000)).toBe(7500);
  });

  it('learns from a replayed event that its own clock is behind', () => {
    const clock = new ServerClock();
    clock.take(9000, true, 1000);
    expect(clock.now(2000)).toBe(10_000);
  });
});
