import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const format = (field: string) => ({
  type: 'json_schema',
  schema: {
    type: 'object',
    properties: { [field]: { type: 'string' } },
    required: [field],
    additionalProperties: false,
  },
});
const TOOL = 'StructuredOutput';
const give = (field: string) => `use ${TOOL} {"${field}":"yes"}`;

describe('The output format of the real agent', () => {
  let app: ClaudeApp;
  /** The format that the host gives to new sessions. */
  let ofSession: unknown;
  const start = () =>
    ClaudeApp.start('express', {
      agent: { allowOutputFormat: true },
      hooks: {
        configureSession: () =>
          ofSession === undefined ? {} : { outputFormat: ofSession as never },
      },
    });
  beforeAll(async () => {
    app = await start();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const post = async (tab: Tab, content: string, output_format?: unknown) => {
    const body = { type: 'user_message', content, ...(output_format ? { output_format } : {}) };
    expect((await app.server.input(tab.id, body)).status).toBe(204);
  };
  const turn = async (tab: Tab, content: string, output_format?: unknown) => {
    await post(tab, content, output_format);
    return tab.next('result');
  };

  const hadTool = (text: string) => app.asked(text).at(-1)?.tools.includes(TOOL);

  it('gives the validated value of a message, and of no other one, with the same conversation', async () => {
    const tab = await app.open();
    expect(await turn(tab, give('a'), format('a'))).toMatchObject({
      is_error: false,
      structured_output: { a: 'yes' },
    });
    expect(await turn(tab, 'plain')).not.toHaveProperty('structured_output');
    expect(hadTool('plain')).toBe(false);
    expect(await turn(tab, give('b'), format('b'))).toMatchObject({
      structured_output: { b: 'yes' },
    });
    expect(await turn(tab, 'recall')).toMatchObject({
      result: `${give('a')} | plain | ${give('b')} | recall`,
    });
    await tab.session.close();
  });

  it('is that of the session, which the format of a message replaces for its turn', async () => {
    ofSession = format('s');
    const tab = await app.open();
    ofSession = undefined;
    expect(await turn(tab, give('s'))).toMatchObject({ structured_output: { s: 'yes' } });
    expect(await turn(tab, give('m'), format('m'))).toMatchObject({
      structured_output: { m: 'yes' },
    });
    expect(await turn(tab, give('s'))).toMatchObject({ structured_output: { s: 'yes' } });
    await tab.session.close();
  });

  it('reports a schema that is none, and the next message has an agent again', async () => {
    const tab = await app.open();
    const schema = { type: 'objekt' };
    expect(await turn(tab, 'x', { type: 'json_schema', schema })).toMatchObject({ is_error: true });
    expect(tab.all('error')).toMatchObject([
      {
        code: 'agent_start_failed',
        message: expect.stringMatching(/^The output format is not a valid JSON Schema: /),
      },
    ]);
    expect(await turn(tab, 'plain')).toMatchObject({ result: 'heard plain' });
    await tab.session.close();
  });

  it('has the format of a queued message after its agent was killed', async () => {
    const tab = await app.open();
    // The agent has stored it: its turn has ended.
    await turn(tab, 'remember a');
    await post(tab, 'hold b');
    await tab.next('message_delta');
    await post(tab, give('q'), format('q'));
    await tab.until(() => tab.all('user_message').length === 3);
    await app.killAgent(tab.id);
    expect(await tab.next('result')).toMatchObject({ is_error: true });
    expect(await tab.next('result')).toMatchObject({ structured_output: { q: 'yes' } });
    expect(await turn(tab, 'recall')).toMatchObject({
      result: expect.stringContaining('remember a'),
    });
    await tab.session.close();
  });
});
