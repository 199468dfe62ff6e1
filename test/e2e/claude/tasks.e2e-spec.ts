import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';

describe('Background tasks of the agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express');
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const stop = (id: string, task_id: unknown) =>
    app.server.input(id, { type: 'stop_task', task_id });
  const tasksOf = async (id: string) => (await app.server.info(id))['tasks'];

  it('survive an interrupt of the turn, are listed with the session, and end once when stopped', async () => {
    const tab = await app.open();
    await tab.turn('background hold sub');
    const { task_id } = await tab.next('task_started');
    const [call] = tab.all('tool_use');
    const task = {
      task_id,
      tool_use_id: call?.['tool_use_id'],
      task_type: 'local_agent',
      description: 'test',
      in_background: true,
    };
    expect(tab.all('task_started')).toMatchObject([task]);
    expect(await app.server.info(tab.id)).toMatchObject({
      state: 'idle',
      tasks: [{ ...task, started_at: expect.any(String) }],
    });

    await tab.session.send('hold mine');
    await tab.until(() => tab.said().at(-1) === 'done' && tab.names().at(-1) === 'message_delta');
    await tab.session.interrupt();
    await tab.next('result');
    expect(await tasksOf(tab.id)).toHaveLength(1);
    expect(tab.names()).not.toContain('task_ended');

    expect((await stop(tab.id, 'unknown')).status).toBe(409);
    expect((await stop(tab.id, task_id)).status).toBe(204);
    expect((await stop(tab.id, task_id)).status).toBe(409);
    expect(await tab.next('task_ended')).toMatchObject({ task_id, status: 'stopped' });
    expect(await tasksOf(tab.id)).toEqual([]);
    expect((await stop(tab.id, task_id)).status).toBe(409);
    await tab.session.close();
  });

  it('end as lost when their agent dies, and cannot be stopped any more', async () => {
    const tab = await app.open();
    await tab.turn('background hold lost');
    const { task_id } = await tab.next('task_started');
    await app.killAgent(tab.id);
    expect(await tab.next('session_state')).toMatchObject({ state: 'dormant' });
    expect(tab.all('task_ended')).toMatchObject([{ task_id, status: 'lost' }]);
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'dormant', tasks: [] });
    expect((await stop(tab.id, task_id)).status).toBe(409);
    await tab.session.close();
  });
});
