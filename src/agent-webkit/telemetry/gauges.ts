import type { Meter } from '@opentelemetry/api';
import type { SessionStateName } from '../protocol/events.js';
import type { Census } from '../engine/census.js';

const STATES = ['idle', 'running', 'awaiting', 'dormant', 'closed'] as const;
const REQUEST_TYPES = [
  'permission_request',
  'ask_user_question',
  'elicitation_request',
  'dialog_request',
  'hook_decision_request',
] as const;

/**
 * Creates the gauges of an engine, which are read when the metrics are collected. docs/metrics.md describes each of them.
 *
 * @returns a function that removes them
 */
export function observeGauges(meter: Meter, takeCensus: () => Promise<Census>): () => void {
  const upDown = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { description, unit });
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { description, unit });
  const sessions = upDown('agent_webkit.sessions', '{session}', 'Sessions in memory.');
  const agents = upDown('agent_webkit.agents', '{agent}', 'Agents of this server.');
  const limit = upDown('agent_webkit.agents.limit', '{agent}', 'How many agents may run.');
  const waiting = upDown('agent_webkit.agents.waiting', '{session}', 'Sessions without a slot.');
  const queued = upDown('agent_webkit.messages.queued', '{message}', 'Queued user messages.');
  const open = upDown('agent_webkit.requests.open', '{request}', 'Open requests to people.');
  const oldest = gauge('agent_webkit.requests.oldest_age', 's', 'Age of the oldest open request.');
  const readers = upDown('agent_webkit.subscribers', '{subscriber}', 'Open subscriptions.');
  const unread = upDown('agent_webkit.subscribers.waiting', 'By', 'Published and unread bytes.');
  const lag = gauge('agent_webkit.subscribers.lag', '{event}', 'Largest replay lag.');
  const uncommitted = upDown('agent_webkit.events.uncommitted', '{event}', 'Not durable events.');
  const outage = gauge('agent_webkit.storage.outage', '1', '1 during an outage of the storage.');
  const all = [
    sessions,
    agents,
    limit,
    waiting,
    queued,
    open,
    oldest,
    readers,
    unread,
    lag,
    uncommitted,
    outage,
  ];
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    const census = await takeCensus();
    for (const state of STATES satisfies readonly SessionStateName[]) {
      result.observe(sessions, census.sessions[state] ?? 0, {
        'agent_webkit.session.state': state,
      });
    }
    for (const state of ['running', 'warm', 'free'] as const) {
      result.observe(agents, census.agents[state], { 'agent_webkit.agent.state': state });
    }
    for (const type of REQUEST_TYPES) {
      result.observe(open, census.requests[type] ?? 0, { 'agent_webkit.request.type': type });
    }
    result.observe(limit, census.agents.max);
    result.observe(waiting, census.agents.waiting);
    result.observe(queued, census.queued);
    result.observe(oldest, census.oldestRequestMs / 1000);
    for (const [scope, streams] of Object.entries({ session: census, caller: census.joint })) {
      const attributes = { 'agent_webkit.stream.scope': scope };
      result.observe(readers, streams.subscribers, attributes);
      result.observe(unread, streams.waitingBytes, attributes);
      result.observe(lag, streams.maxLag, attributes);
    }
    result.observe(uncommitted, census.uncommitted);
    result.observe(outage, census.isStorageInTrouble ? 1 : 0);
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}
