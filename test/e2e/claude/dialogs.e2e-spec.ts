import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

describe('A dialog of the real agent', () => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      overrides: {
        supportedDialogKinds: ['refusal_fallback_prompt'],
        settings: { switchModelsOnFlag: false },
      },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** Opens a session whose model refuses to answer. */
  const refused = async () => {
    tab = await app.open({ model: 'claude-opus-5' });
    await tab.session.send('refuse');
    const asked = await tab.next('dialog_request');
    const reply = (fields: object) =>
      app.server.input(tab.id, {
        type: 'dialog_response',
        correlation_id: asked['correlation_id'],
        ...fields,
      });
    return { asked, reply };
  };

  it('asks a person if another model may answer, which then does', async () => {
    const { asked, reply } = await refused();
    expect(asked).toMatchObject({
      dialog_kind: 'refusal_fallback_prompt',
      payload: { originalModel: 'claude-opus-5', fallbackModel: 'claude-opus-4-8' },
    });
    expect(await app.server.info(tab.id)).toMatchObject({
      state: 'awaiting',
      pending: [{ event: 'dialog_request', correlation_id: asked['correlation_id'] }],
    });
    expect((await reply({ behavior: 'completed', result: 'retry_fallback' })).status).toBe(204);
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(tab.said().at(-1)).toBe('answered');
    expect(await tab.next('request_resolved')).toMatchObject({
      kind: 'dialog',
      outcome: 'answered',
    });
  });

  it('ends the turn when a person wants to change the message', async () => {
    const { reply } = await refused();
    await reply({ behavior: 'completed', result: 'edit_prompt' });
    expect(await tab.next('result')).toMatchObject({ stop_reason: 'refusal' });
    expect(tab.said()).not.toContain('answered');
    expect(await tab.turn('other words')).toMatchObject({ subtype: 'success' });
  });

  it('is as if there was none when a person dismisses it', async () => {
    const { reply } = await refused();
    await reply({ behavior: 'cancelled' });
    expect(await tab.next('result')).toMatchObject({ is_error: true, stop_reason: 'refusal' });
    expect(await tab.next('request_resolved')).toMatchObject({ outcome: 'cancelled' });
  });

  it('is cancelled by an interrupt', async () => {
    const { asked } = await refused();
    await tab.session.interrupt();
    await tab.next('result');
    expect(await tab.next('request_resolved')).toMatchObject({
      correlation_id: asked['correlation_id'],
      outcome: 'cancelled',
    });
    expect(await tab.turn('after')).toMatchObject({ subtype: 'success' });
  });
});
