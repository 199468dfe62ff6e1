import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger as NestLogger } from '@nestjs/common';
import { Logger, LoggerModule } from 'nestjs-pino';
import { agentLogFields } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { startFakeApp, type TestApp } from '../../support/start-app.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

describe('The log of a host with nestjs-pino', () => {
  let server: TestApp;
  afterEach(async () => {
    await server.close();
    NestLogger.overrideLogger(false);
  });

  it('has the ids of the session, the turn and the trace in the lines about a session', async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    });
    const pino = LoggerModule.forRoot({
      pinoHttp: [{ mixin: () => ({ ...agentLogFields() }), autoLogging: false }, stream],
    });
    const started = await startFakeApp({}, { imports: [pino] });
    ({ server } = started);
    server.app.useLogger(server.app.get(Logger));
    const id = await server.createSession();
    const message_id = '6f1c2c4e-3b1e-4a44-9d0c-3a3b6a8c1d11';
    const message = { type: 'user_message', content: 'hello', message_id };
    await server.request('POST', `/sessions/${id}/input`, message, { traceparent: TRACEPARENT });
    await eventually(async () => (await server.info(id))['state'] === 'running');
    const agent = started.agents.newest();
    await agent.received(1);
    agent.die('The agent was killed.');

    const line = await eventually(() => lines.find(({ msg }) => String(msg).includes(id)));
    expect(line).toMatchObject({
      session_id: id,
      owner: 'anonymous',
      turn_id: message_id,
      trace_id: TRACE_ID,
    });
    expect(JSON.stringify(lines)).not.toContain('hello');
  });
});
