import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { startApp, type TestApp } from '../../support/start-app.js';

describe('The effort of a scripted agent', () => {
  let server: TestApp;
  afterEach(() => server.close());

  it('is that of the request, and changes while the agent runs', async () => {
    const sdkFactory = scriptedSdkFactory(async (turn) => {
      await turn.say(`${turn.config.effort} ${turn.config.maxThinkingTokens}`);
    });
    server = await startApp({ agent: { sdkFactory } });
    const id = await server.createSession({ effort: 'low' });
    const stream = await server.stream(id);
    const said = async () => {
      await server.say(id, 'go');
      const { data } = await stream.next('message_complete');
      await stream.next('result');
      return JSON.stringify(data);
    };
    expect(await said()).toContain('"low null"');
    await server.input(id, { type: 'set_effort', effort: 'high' });
    await server.input(id, { type: 'set_max_thinking_tokens', max_thinking_tokens: 2000 });
    expect(await said()).toContain('"high 2000"');
    expect(await server.info(id)).toMatchObject({ effort: 'high', agent: 'running' });
    expect(stream.names()).not.toContain('session_state');
  });
});
