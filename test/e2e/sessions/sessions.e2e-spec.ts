import { afterEach, describe, expect, it } from '@jest/globals';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { assistant, init, result, text } from '../../support/sdk-messages.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

describe.each(ADAPTERS)('A turn on %s', (adapter) => {
  let server: TestApp;
  afterEach(() => server.close());

  it('streams its events from the message to the result, byte for byte', async () => {
    const agents = fakeAgents();
    server = await startApp({ agent: { sdkFactory: agents.factory } }, { adapter });
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.input(id, {
      type: 'user_message',
      content: 'hi',
      message_id: '5e0f5a5e-3c1b-4d9c-9a57-0d2f4f6a8b10',
    });
    await agents.newest().received(1);
    agents.newest().say(init(), assistant([text('hello')], { id: 'm1' }), result({ cost: 0.5 }));
    await stream.next('result');
    expect(stream.status).toBe(200);
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const withoutTimes = stream.raw.replaceAll(/,"time":"[^"]+"\}$/gm, '}');
    expect(withoutTimes).toBe(
      [
        ':\n',
        `id: 1\nevent: session_ready\ndata: {"session_id":"${id}","protocol_version":"1.0"}\n\n`,
        `id: 2\nevent: user_message\ndata: {"message_id":"5e0f5a5e-3c1b-4d9c-9a57-0d2f4f6a8b10","content":"hi","by":"anonymous"}\n\n`,
        `id: 3\nevent: turn_start\ndata: {"message_id":"5e0f5a5e-3c1b-4d9c-9a57-0d2f4f6a8b10","by":"anonymous"}\n\n`,
        `id: 4\nevent: message_complete\ndata: {"message_id":"m1","message":{"id":"m1","role":"assistant","content":[{"type":"text","text":"hello"}],"model":"test","stop_reason":null}}\n\n`,
        `id: 5\nevent: result\ndata: {"session_id":"${id}","subtype":"success","is_error":false,"total_cost_usd":0.5,"session_cost_usd":0.5,"duration_ms":1,"num_turns":1,"usage":{"input_tokens":1,"output_tokens":1},"result":""}\n\n`,
      ].join(''),
    );
  });
});
