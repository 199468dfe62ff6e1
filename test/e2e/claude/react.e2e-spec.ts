import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initialState, reduce } from '@agent-webkit/react';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab, TabEvent } from './tab.js';

type State = typeof initialState;
type Action = Parameters<typeof reduce>[1];
type Served = Extract<Action, { type: 'server_event' }>['event'];

const served = (event: TabEvent): Action => ({ type: 'server_event', event: event as Served });
const replay = (events: TabEvent[], from: State = initialState): State =>
  events.reduce((state, event) => reduce(state, served(event)), from);

/** The messages as the user sees them. */
const shown = (state: State) =>
  state.messages.map((message) => {
    if (message.kind === 'tool_result') return `result: ${JSON.stringify(message.output)}`;
    if (typeof message.content === 'string') return `${message.kind}: ${message.content}`;
    const blocks = message.content.map((block) =>
      block.type === 'text' ? block.text : `<${block.type}>`,
    );
    return `${message.kind}: ${blocks.join('')}`;
  });

describe.each(ADAPTERS)("The published client's state on %s", (adapter) => {
  let app: ClaudeApp;
  let tab: Tab;
  let state: State;
  let reduced: number;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const dispatch = (action: Action) => {
    state = reduce(state, action);
  };
  /** Reduces what has arrived, as the client's hook does. */
  const catchUp = () => {
    for (const event of tab.events.slice(reduced)) dispatch(served(event));
    reduced = tab.events.length;
  };
  const say = async (content: string) => {
    dispatch({ type: 'local_user_message', content, localId: content });
    await tab.session.send(content);
  };

  it('is correct after turns with a tool and a question, live and when replayed', async () => {
    tab = await app.open();
    state = initialState;
    reduced = 0;
    await say('hold one');
    await tab.next('message_delta');
    catchUp();
    expect(state.status).toBe('streaming');
    expect(state.messages.at(-1)).toMatchObject({ kind: 'assistant', streaming: true });
    app.release('one');
    await tab.next('result');
    catchUp();
    expect(state.status).toBe('idle');

    await say('bash echo ran > made && cat made');
    const permission = await tab.asked();
    catchUp();
    expect(state.status).toBe('awaiting_permission');
    expect(state.pendingPermission).toMatchObject({
      correlation_id: permission,
      tool_name: 'Bash',
      input: { command: 'echo ran > made && cat made' },
    });
    await tab.session.approve(permission);
    dispatch({ type: 'permission_resolved', correlationId: permission });
    await tab.next('result');
    catchUp();

    await say('ask me');
    const question = await tab.asked('ask_user_question');
    catchUp();
    expect(state.status).toBe('awaiting_question');
    expect(state.pendingQuestion?.questions.questions).toHaveLength(2);
    await tab.session.answer(question, { 'Which colour?': 'red', 'Which sizes?': 'large' });
    dispatch({ type: 'question_resolved', correlationId: question });
    const { session_cost_usd } = await tab.next('result');
    catchUp();

    expect(shown(state)).toEqual([
      'user: hold one',
      'assistant: begun',
      'user: bash echo ran > made && cat made',
      'assistant: I run it.<tool_use>',
      'result: "ran"',
      'assistant: done',
      'user: ask me',
      'assistant: <tool_use>',
      expect.stringMatching(/^result: .*Which colour\?.*red/),
      'assistant: done',
    ]);
    expect(state).toMatchObject({
      status: 'idle',
      pendingPermission: null,
      pendingQuestion: null,
      lastError: null,
    });
    expect(state.totalCostUsd).toBeCloseTo(Number(session_cost_usd), 9);

    const reloaded = app.attach(tab.id);
    await reloaded.until(() => reloaded.lastId === tab.lastId);
    const again = replay(reloaded.events);
    // This client does not know `user_message`. It shows the messages that it has sent itself.
    expect(again.messages).toEqual(state.messages.filter(({ kind }) => kind !== 'user'));
    expect(again.status).toBe('idle');
    expect(again.totalCostUsd).toBeCloseTo(state.totalCostUsd, 9);
    await tab.session.close();
    expect(replay(tab.events).status).toBe('idle');
  });
});
