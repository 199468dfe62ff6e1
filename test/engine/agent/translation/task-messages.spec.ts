import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SDKMessage } from '../../../../src/agent-webkit/engine/agent-client.js';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import { TaskMessages } from '../../../../src/agent-webkit/engine/agent/translation/task-messages.js';
import {
  backgroundTasks,
  taskEnded,
  taskProgress,
  taskStarted,
} from '../../../support/sdk-messages.js';

type Of<Kind extends keyof TaskMessages> = Parameters<TaskMessages[Kind]>[0];

describe('Task messages', () => {
  let translator: MessageTranslator;
  const translate = (...messages: SDKMessage[]) =>
    messages.flatMap((message) => translator.translate(message));
  const names = (...messages: SDKMessage[]) => translate(...messages).map(({ event }) => event);
  beforeEach(() => {
    translator = new MessageTranslator('session', 0);
  });

  it('become one start and one end for each run of a task', () => {
    const events = translate(
      backgroundTasks('t1'),
      taskStarted('t1', { run_id: '1', prompt: 'secret' }),
      taskStarted('t1', { run_id: '1' }),
      taskEnded('t1', { run_id: '1', status: 'completed', summary: 'ok', output_file: '/tmp/x' }),
      backgroundTasks(),
      taskEnded('t1', { run_id: '1' }),
      taskStarted('t1', { run_id: '2' }),
      taskEnded('t1', { run_id: '1' }),
    );
    const started = {
      event: 'task_started',
      data: {
        task_id: 't1',
        tool_use_id: 'toolu_t1',
        task_type: 'local_bash',
        description: 'test',
        in_background: true,
      },
    };
    const data = { task_id: 't1', tool_use_id: 'toolu_t1', status: 'completed', summary: 'ok' };
    expect(events).toEqual([started, { event: 'task_ended', data }, started]);
  });

  it('end a background task as lost that is no longer listed, and no other one', () => {
    translate(taskStarted('t1'), taskStarted('t2'), taskStarted('t3', { is_backgrounded: false }));
    expect(translate(backgroundTasks('t2'))).toMatchObject([
      { event: 'task_ended', data: { task_id: 't1', status: 'lost' } },
    ]);
  });

  it('report a move to the background once', () => {
    const move = {
      ...taskStarted('t1'),
      subtype: 'task_updated',
      patch: { is_backgrounded: true },
    };
    translate(taskStarted('t1', { is_backgrounded: false }));
    expect(translate(move as SDKMessage, move as SDKMessage)).toEqual([
      { event: 'task_progress', data: { task_id: 't1', in_background: true } },
    ]);
    expect(names(backgroundTasks())).toEqual(['task_ended']);
  });

  it('report progress at most once in five seconds for each task', () => {
    let now = 0;
    const tasks = new TaskMessages(() => now);
    const step = (id: string) => tasks.progress(taskProgress(id) as Of<'progress'>).length;
    tasks.started(taskStarted('t1') as Of<'started'>);
    tasks.started(taskStarted('t2') as Of<'started'>);
    expect([step('t1'), step('t1'), step('t2'), step('unknown')]).toEqual([1, 0, 1, 0]);
    now = 5000;
    expect([step('t1'), step('t1')]).toEqual([1, 0]);
  });

  it('report the progress of a long task ever less often, so that it does not evict a conversation', () => {
    let now = 0;
    const tasks = new TaskMessages(() => now);
    tasks.started(taskStarted('t1') as Of<'started'>);
    let events = 0;
    for (; now <= 3_600_000; now += 1000) {
      events += tasks.progress(taskProgress('t1') as Of<'progress'>).length;
    }
    expect(events).toBeGreaterThan(40);
    expect(events).toBeLessThan(70);
  });

  it('cut long texts between characters', () => {
    const description = `${'a'.repeat(999)}😀`;
    expect(translate(taskStarted('t1', { description }))).toMatchObject([
      { data: { description: 'a'.repeat(999) } },
    ]);
  });

  it('report at most 100 running tasks', () => {
    const all = Array.from({ length: 101 }, (_, n) => taskStarted(`t${n}`));
    expect(names(...all)).toHaveLength(100);
    expect(names(taskEnded('t100'), taskEnded('t0'), taskStarted('new'))).toEqual([
      'task_ended',
      'task_started',
    ]);
  });
});
