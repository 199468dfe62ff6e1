import { describe, expect, it } from '@jest/globals';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { EventAppend, EventStore } from '../../../src/agent-webkit/engine/storage.js';
import { SOME_TIME } from '../../support/event-time.js';
import { memoryEvents } from '../../support/memory-events.js';
import { logOptions, openLog } from '../../support/open-log.js';

const asked = (correlation_id: string): WireEvent => ({
  event: 'ask_user_question',
  data: { correlation_id, questions: {} },
});
const resolved = (correlation_id: string): WireEvent => ({
  event: 'request_resolved',
  data: { correlation_id, kind: 'question', outcome: 'answered' },
});
const payment: WireEvent = {
  event: 'permission_request',
  data: {
    correlation_id: 'p',
    tool_name: 'Pay',
    input: {},
    context: {},
    approvals: { required: 3, except_owner: false },
  },
};
const approved = (by: string, approvals: number): WireEvent => ({
  event: 'request_approved',
  data: { correlation_id: 'p', by, at: SOME_TIME, input_digest: '', approvals, required: 3 },
});
const escalated: WireEvent = {
  event: 'request_escalated',
  data: { correlation_id: 'p', to: ['bob', 'on-call'], at: SOME_TIME },
};
const other: WireEvent = { event: 'mcp_status_change', data: { servers: [] } } as never;

/** Returns storage that remembers the requests of each append. */
function recording(): { store: EventStore; requests: EventAppend['requests'][] } {
  const store = memoryEvents();
  const requests: EventAppend['requests'][] = [];
  const append = (given: EventAppend) => {
    requests.push(given.requests);
    return store.append(given);
  };
  return { store: { ...store, append, read: store.read.bind(store) }, requests };
}

const marks = (...seqs: number[]) => seqs.map((seq) => ({ seq, openedAt: new Date(SOME_TIME) }));

describe('the open requests in the appends of a log', () => {
  it('are part of each append that changes them, and of no other', async () => {
    const { store, requests } = recording();
    const log = openLog({ store });
    for (const wire of [other, asked('a'), other, asked('b'), resolved('a'), resolved('a')]) {
      await log.append(wire);
    }
    await log.append(asked('c'), resolved('c'));
    await log.append({ event: 'done', data: {} });
    const none = undefined;
    expect(requests).toEqual([none, marks(2), none, marks(2, 4), marks(4), none, none, []]);
  });

  it('have those who have approved them, if they need several approvals', async () => {
    const { store, requests } = recording();
    const log = openLog({ store });
    for (const wire of [asked('a'), payment, approved('ann', 1), other, approved('bob', 2)]) {
      await log.append(wire);
    }
    const all = (...approvedBy: string[]) => [...marks(1), { ...marks(2)[0], approvedBy }];
    expect(requests).toEqual([marks(1), all(), all('ann'), undefined, all('ann', 'bob')]);
    const again = await EventLog.open(logOptions({ store, now: () => 0 }));
    await again.append(other);
    expect(requests.at(-1)).toEqual(all('ann', 'bob'));
  });

  it('have those to whom they were escalated', async () => {
    const { store, requests } = recording();
    const log = openLog({ store });
    for (const wire of [payment, escalated, other, approved('ann', 1)]) await log.append(wire);
    const mark = { ...marks(1)[0], approvedBy: [] };
    const escalatedTo = ['bob', 'on-call'];
    const later = { ...mark, approvedBy: ['ann'], escalatedTo };
    expect(requests).toEqual([[mark], [{ ...mark, escalatedTo }], undefined, [later]]);
    const again = await EventLog.open(logOptions({ store, now: () => 0 }));
    await again.append(other);
    expect(requests.at(-1)).toEqual([later]);
  });

  it('are part of the first append of a log that was read, as an earlier release stored none', async () => {
    const { store, requests } = recording();
    const log = openLog({ store });
    await log.append(asked('a'));
    await log.append(asked('b'));
    const again = await EventLog.open(logOptions({ store, now: () => 0 }));
    requests.length = 0;
    await again.append(other);
    await again.append(other);
    expect(requests).toEqual([marks(1, 2), undefined]);
  });
});
