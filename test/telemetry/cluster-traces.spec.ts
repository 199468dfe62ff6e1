import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withTraceContext } from '../../src/agent-webkit/engine/trace-context.js';
import { TurnTraces } from '../../src/agent-webkit/telemetry/turn-traces.js';
import { ClusterBench } from '../support/cluster-bench.js';
import { RecordedSpans, spanNamed } from '../support/recorded-spans.js';
import { ADA } from '../support/registry-bench.js';
import { user } from '../support/session-bench.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';

describe('Traces of several servers', () => {
  let spans: RecordedSpans;
  beforeAll(() => {
    spans = new RecordedSpans();
  });
  afterAll(() => spans.end());

  it('continue the request of the server that received it', async () => {
    const tracer = new TurnTraces();
    await tracer.load();
    const bench = new ClusterBench();
    const [first, second] = await bench.startAll(2, { tracer });
    if (!first || !second) throw new Error('There are no servers.');
    const { id } = await first.registry.create({}, ADA);

    const trace = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'vendor=1' };
    await withTraceContext(trace, () => second.registry.send(id, user('hi'), ADA));

    const accept = spanNamed(spans.of(id), 'accept message');
    expect(accept.parentSpanContext).toMatchObject({ traceId: TRACE_ID, spanId: PARENT_ID });
    expect(await bench.data(id, 'user_message')).toMatchObject([
      {
        traceparent: `00-${TRACE_ID}-${accept.spanContext().spanId}-01`,
        tracestate: 'vendor=1',
      },
    ]);
    expect(second.agents).toHaveLength(0);
    await Promise.all(bench.servers.map(({ registry }) => registry.lifecycle.shutdown()));
  });
});
