import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { PostgresStorage } from '../../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import type { AgentWebkitModuleOptions } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { ancestors, parents, RecordedSpans, spanNamed } from '../../support/recorded-spans.js';
import { describePostgres, PostgresBench } from '../../support/postgres.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const SECRET = 'correct horse battery staple';
const SLOW_MS = 150;

const msOf = ({ duration: [seconds, nanos] }: ReadableSpan) => seconds * 1000 + nanos / 1e6;

const starts: AgentStart[] = [];
const play = scriptedSdkFactory(async (turn) => {
  const [word] = turn.input.text.split(' ');
  if (word === 'fail') throw new Error(SECRET);
  if (word === 'hang') await turn.hang();
  if (word === 'write') await turn.useTool('Write', { file_path: SECRET }, { run: () => SECRET });
  if (word === 'delegate') {
    await turn.subAgent(SECRET, async (sub) => {
      await sub.useTool('Glob', { pattern: SECRET }, { ask: false, run: () => SECRET });
      await sub.say(SECRET);
    });
  }
  await turn.say(SECRET);
});
const sdkFactory = Object.assign((start: AgentStart) => {
  starts.push(start);
  return play(start);
}, play);

let spans: RecordedSpans;
let server: TestApp;
beforeAll(() => {
  spans = new RecordedSpans();
});
afterAll(() => spans.end());
afterEach(() => server.close());

const start = async (options: AgentWebkitModuleOptions = {}, settings: StartAppOptions = {}) => {
  server = await startApp({ ...options, agent: { sdkFactory, ...options.agent } }, settings);
};

/** Sends a message with headers, as a client that is traced. */
const send = async (id: string, content: string, headers: Record<string, string> = {}) => {
  const path = `/sessions/${id}/input`;
  const answer = await server.request('POST', path, { type: 'user_message', content }, headers);
  expect(answer.status).toBe(204);
};

const allow = async (id: string) => {
  const stream = await server.stream(id, {}, '?after=0');
  const request = await stream.next('permission_request');
  const { correlation_id } = request.data as { correlation_id: string };
  await server.input(id, { type: 'permission_response', correlation_id, behavior: 'allow' });
};

describe.each(ADAPTERS)('Traces on %s', (adapter) => {
  it('are one tree for each turn, in the trace of the request', async () => {
    await start({}, { adapter });
    const id = await server.createSession();
    await send(id, `write ${SECRET}`, { traceparent: TRACEPARENT, tracestate: 'vendor=1' });
    await allow(id);

    const tree = await spans.turns(id);
    expect(new Set(tree.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
    const accept = spanNamed(tree, 'accept message');
    expect(accept.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(accept.kind).toBe(SpanKind.PRODUCER);
    expect(accept.spanContext().traceState?.serialize()).toBe('vendor=1');
    expect(parents(tree, 'commit')).toEqual(['accept message', 'invoke_agent']);
    expect(ancestors(tree, 'queue')).toEqual(['accept message']);
    expect(ancestors(tree, 'invoke_agent')).toEqual(['accept message']);
    const inTurn = ['invoke_agent', 'accept message'];
    expect(ancestors(tree, 'execute_tool Write')).toEqual(inTurn);
    expect(ancestors(tree, 'permission_request')).toEqual(inTurn);
    const turn = spanNamed(tree, 'invoke_agent');
    expect(turn.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.conversation.id': id,
      'agent_webkit.session.owner': 'anonymous',
      'agent_webkit.turn.subtype': 'success',
      'agent_webkit.turn.outcome': 'completed',
    });
    expect(turn.events.map(({ name }) => name)).toEqual(['agent_webkit.first_token']);
    expect(spanNamed(tree, 'execute_tool Write').attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'Write',
      'gen_ai.tool.call.id': expect.any(String),
    });
    expect(spanNamed(tree, 'permission_request').attributes).toMatchObject({
      'agent_webkit.request.outcome': 'allowed',
    });
  });
});

describe('Traces', () => {
  it('change nothing in a session when a part of the host’s OpenTelemetry fails', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-traces-'));
    await start({ storage: new SqliteStorage({ file: join(folder, 's.db') }) });
    spans.isBroken = true;
    const id = await server.createSession();
    await send(id, 'write it');
    await allow(id);
    await send(id, 'again');
    const stream = await server.stream(id, {}, '?after=0');
    await stream.until(() => stream.events.filter(({ event }) => event === 'result').length === 2);
    expect(stream.events.map(({ event }) => event)).not.toContain('error');
    spans.isBroken = false;
    await send(id, 'a last time');
    await spans.turns(id);
    await server.close();
    await rm(folder, { recursive: true });
    await start();
  });

  it('contain nothing that a person, the agent or a tool wrote', async () => {
    await start();
    const id = await server.createSession();
    await send(id, `delegate ${SECRET}`);
    await send(id, `fail ${SECRET}`);

    const tree = await spans.turns(id, 2);
    const written = tree.map(({ name, attributes, events, status }) => [
      name,
      attributes,
      events,
      status,
    ]);
    expect(JSON.stringify(written)).not.toContain(SECRET);
    expect(JSON.stringify(written)).not.toContain('horse');
  });

  it('have the tools of a sub-agent in the call that started it', async () => {
    await start();
    const id = await server.createSession();
    await send(id, 'delegate');

    const tree = await spans.turns(id);
    const [parent] = ancestors(tree, 'execute_tool Glob');
    expect(parent).toMatch(/^execute_tool (?:Task|Agent)$/);
  });

  it('begin with the request when it has no context, or one that is not valid', async () => {
    await start();
    const sent: Record<string, string>[] = [
      {},
      { traceparent: 'no' },
      { traceparent: `ff${TRACEPARENT.slice(2)}` },
    ];
    for (const headers of sent) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      const id = await server.createSession();
      // oxlint-disable-next-line no-await-in-loop -- as above
      await send(id, 'hello', headers);
      // oxlint-disable-next-line no-await-in-loop -- as above
      const tree = await spans.turns(id);
      const accept = spanNamed(tree, 'accept message');
      expect(accept.parentSpanContext).toBeUndefined();
      expect(ancestors(tree, 'invoke_agent')).toEqual(['accept message']);
    }
  });

  it('continue the active span of the host rather than the header', async () => {
    const tracer = trace.getTracer('host');
    await start(
      {},
      {
        configure: (app) =>
          app.use((_request: unknown, response: { on: Function }, next: () => void) => {
            const span = tracer.startSpan('POST');
            response.on('finish', () => span.end());
            context.with(trace.setSpan(context.active(), span), next);
          }),
      },
    );
    const id = await server.createSession();
    await send(id, 'hello', { traceparent: TRACEPARENT });

    const tree = await spans.turns(id);
    const parent = spanNamed(tree, 'accept message').parentSpanContext?.spanId;
    await eventually(async () => spans.all.some((span) => span.spanContext().spanId === parent));
    expect(spans.all.find((span) => span.spanContext().spanId === parent)?.name).toBe('POST');
  });

  it('hand the context of the turn to the agent that it starts', async () => {
    await start({ timeouts: { idleTimeoutMs: 1 } });
    const created = await server.request('POST', '/sessions', {}, { traceparent: TRACEPARENT });
    const id = String(created.body['session_id']);
    const startsOf = () => starts.filter(({ sessionId }) => sessionId === id);
    await eventually(() => startsOf().length === 1);
    expect(startsOf()[0]?.trace).toEqual({ traceparent: TRACEPARENT });

    await eventually(async () => (await server.info(id))['state'] === 'dormant');
    await send(id, 'hello', { traceparent: TRACEPARENT, tracestate: 'vendor=1' });
    const tree = await spans.turns(id);
    const turnId = spanNamed(tree, 'invoke_agent').spanContext().spanId;
    expect(startsOf()[1]?.trace).toEqual({
      traceparent: `00-${TRACE_ID}-${turnId}-01`,
      tracestate: 'vendor=1',
    });
    const above = tree
      .filter(({ name }) => name === 'start agent')
      .map((span) => span.parentSpanContext?.spanId);
    expect(above).toEqual([PARENT_ID, turnId]);
  });

  it('show the commits that are slow within a turn', async () => {
    const storage = new MemoryStorage();
    const append = storage.events.append.bind(storage.events);
    storage.events.append = async (given) => {
      if (given.events.some(({ name }) => name === 'permission_request')) await delay(SLOW_MS);
      return append(given);
    };
    await start({ storage });
    const id = await server.createSession();
    await send(id, 'write');
    await allow(id);

    const tree = await spans.turns(id);
    const slow = tree.filter((span) => span.name === 'commit' && msOf(span) >= SLOW_MS - 1);
    expect(slow.length).toBeGreaterThan(0);
    const turnId = spanNamed(tree, 'invoke_agent').spanContext().spanId;
    expect(new Set(slow.map((span) => span.parentSpanContext?.spanId))).toEqual(new Set([turnId]));
  });

  it('have a part for each time that a turn waits for people without an agent', async () => {
    await start({ agent: { durableTools: ['Write'] }, timeouts: { holdMs: 1 } });
    const id = await server.createSession();
    await send(id, 'write', { traceparent: TRACEPARENT });
    const [waiting] = (await spans.turns(id)).filter(({ name }) => name === 'invoke_agent');
    expect(waiting?.attributes).toMatchObject({
      'agent_webkit.turn.outcome': 'waiting',
      'agent_webkit.turn.resumed': false,
    });
    await allow(id);

    const tree = await spans.turns(id, 2);
    const [, second] = tree.filter(({ name }) => name === 'invoke_agent');
    expect(second?.attributes).toMatchObject({
      'agent_webkit.turn.outcome': 'completed',
      'agent_webkit.turn.resumed': true,
    });
    expect(parents(tree, 'invoke_agent')).toEqual(['accept message', 'accept message']);
    expect(new Set(tree.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
  });

  it('end the queue of a message that the running turn has received', async () => {
    await start();
    const id = await server.createSession();
    await send(id, 'write');
    const stream = await server.stream(id, {}, '?after=0');
    await stream.next('permission_request');
    const steered = { type: 'user_message', content: 'faster', delivery: 'next_step' };
    const answer = await server.request('POST', `/sessions/${id}/input`, steered, {
      traceparent: TRACEPARENT,
    });
    expect(answer.status).toBe(204);
    await allow(id);
    await stream.next('message_delivered');

    const tree = await spans.turns(id);
    expect(spanNamed(tree, 'invoke_agent').events.map(({ name }) => name)).toContain(
      'agent_webkit.message_delivered',
    );
    const queue = tree.find(
      (span) => span.name === 'queue' && span.spanContext().traceId === TRACE_ID,
    );
    expect(queue).toBeDefined();
  });

  it('mark a message that is rejected, with its code', async () => {
    await start({ limits: { maxQueuedMessages: 1 } });
    const id = await server.createSession();
    await send(id, 'hang');
    await eventually(async () => (await server.info(id))['state'] === 'running');
    await send(id, 'hello');
    const message = { type: 'user_message', content: 'one more' };
    const answer = await server.request('POST', `/sessions/${id}/input`, message);
    expect(answer.body['code']).toBe('backpressure');
    const accepted = spans.of(id).filter(({ name }) => name === 'accept message');
    expect(accepted.map(({ attributes }) => attributes['error.type'])).toEqual([
      undefined,
      undefined,
      'backpressure',
    ]);
  });

  it('mark a turn that failed', async () => {
    await start();
    const id = await server.createSession();
    await send(id, 'fail');

    const turn = spanNamed(await spans.turns(id), 'invoke_agent');
    expect(turn.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(turn.attributes['error.type']).toEqual(expect.any(String));
    expect(turn.attributes['agent_webkit.turn.outcome']).toBe('failed');
  });

  it('end with the session, and mark a message that was rejected', async () => {
    await start();
    const id = await server.createSession();
    await send(id, 'hang');
    await send(id, 'hello');
    await server.request('DELETE', `/sessions/${id}`);

    const tree = await spans.turns(id);
    expect(tree.filter(({ name }) => name === 'queue')).toHaveLength(2);
    expect(spanNamed(tree, 'invoke_agent').attributes['agent_webkit.turn.outcome']).toBe('moved');
  });

  it('go on with the same trace after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'traces-'));
    const file = join(folder, 'sessions.db');
    try {
      await goesOn(() => new SqliteStorage({ file }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describePostgres('Traces with PostgreSQL', () => {
  it('go on with the same trace at the next server', async () => {
    const bench = new PostgresBench();
    try {
      // Each server closes its own.
      await goesOn(() => PostgresStorage.connect(bench.url, { schema: bench.schema }));
    } finally {
      await server.close();
      await bench.close();
    }
  });
});

/** Stops a server in a turn, and starts another one on the same storage. */
async function goesOn(connect: () => StorageProvider | Promise<StorageProvider>): Promise<void> {
  await start({ storage: await connect() });
  const id = await server.createSession();
  await send(id, 'hang', { traceparent: `00-${'a'.repeat(32)}-${PARENT_ID}-01` });
  await send(id, 'hello', { traceparent: TRACEPARENT });
  await eventually(async () => (await server.info(id))['state'] === 'running');
  await server.close();
  const before = spans.of(id).length;

  await start({ storage: await connect() });
  await eventually(async () =>
    spans
      .of(id)
      .slice(before)
      .some(({ name }) => name === 'invoke_agent'),
  );
  const tree = spans.of(id);
  const [interrupted] = tree.filter(({ name }) => name === 'invoke_agent');
  expect(interrupted?.spanContext().traceId).toBe('a'.repeat(32));
  expect(interrupted?.attributes['error.type']).toBe('turn_interrupted');
  const resumed = spanNamed(tree.slice(before), 'invoke_agent');
  expect(resumed.spanContext().traceId).toBe(TRACE_ID);
  const accepted = tree.find(
    (span) => span.spanContext().spanId === resumed.parentSpanContext?.spanId,
  );
  expect(accepted?.name).toBe('accept message');
}
