import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  AnsweredRequest,
  CanAnswer,
} from '../../../src/agent-webkit/engine/session/answering.js';
import type { Caller } from '../../../src/agent-webkit/engine/caller.js';
import { SessionBench, settle } from '../../support/session-bench.js';

const ADA: Caller = { id: 'ada' };
const BOB: Caller = { id: 'bob' };
const FORBIDDEN = { code: 'forbidden' };

describe('canAnswer', () => {
  let bench: SessionBench;
  const asked: [AnsweredRequest, Caller][] = [];
  const start = async (canAnswer: CanAnswer) => {
    asked.length = 0;
    bench = await SessionBench.start({
      canAnswer: (request, caller) => {
        asked.push([request, caller]);
        return canAnswer(request, caller);
      },
    });
    await settle();
  };
  const answer = (behavior: 'allow' | 'deny', by: Caller) =>
    bench.session.accept({ type: 'permission_response', correlation_id: 't1', behavior }, by);
  const isOpen = () => bench.session.info().pending.length === 1;
  afterEach(() => bench.close());

  it('decides by the request, the answer and the caller, and a refused request stays open', async () => {
    await start(({ answer: wanted }, { id }) => wanted === 'deny' || id === 'bob');
    const result = bench.agent.ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await settle();
    await expect(answer('allow', ADA)).rejects.toMatchObject(FORBIDDEN);
    expect(isOpen()).toBe(true);
    await answer('allow', BOB);
    expect(await result).toMatchObject({ behavior: 'allow', updatedInput: { command: 'ls' } });
    expect(bench.decisions).toMatchObject([{ caller: BOB, outcome: 'allowed' }]);
    expect(asked).toEqual([
      [
        {
          sessionId: bench.session.id,
          owner: 'ada',
          correlationId: 't1',
          kind: 'permission',
          toolName: 'Bash',
          input: { command: 'ls' },
          escalatedTo: [],
          answer: 'allow',
        },
        ADA,
      ],
      [expect.objectContaining({ answer: 'allow' }), BOB],
    ]);
  });

  it('is asked for questions, and cannot change what the agent gets', async () => {
    await start(({ input }) => {
      (input as Record<string, unknown>)['questions'] = 'changed';
      return true;
    });
    const questions = [{ question: 'Which?', options: [] }];
    const result = bench.agent.ask('AskUserQuestion', { questions }, { toolUseID: 't1' });
    await settle();
    const answers = { type: 'question_response', correlation_id: 't1', answers: { 'Which?': 'a' } };
    await bench.session.accept(answers as never, ADA);
    expect(await result).toMatchObject({ updatedInput: { questions, answers: { 'Which?': 'a' } } });
    expect(asked).toMatchObject([[{ kind: 'question', answer: 'answers' }, ADA]]);
  });

  it('refuses when it fails, or returns anything but true', async () => {
    await start((_request, { id }) => {
      if (id === 'ada') throw new Error('the directory of users is away');
      return 'yes' as never;
    });
    void bench.agent.ask('Bash', {}, { toolUseID: 't1' });
    await settle();
    await expect(answer('allow', ADA)).rejects.toMatchObject(FORBIDDEN);
    await expect(answer('allow', BOB)).rejects.toMatchObject(FORBIDDEN);
    expect(isOpen()).toBe(true);
  });

  it('is not asked when there is no such request, and its answer counts only while the request is open', async () => {
    let permit!: (isPermitted: boolean) => void;
    const first = new Promise<boolean>((resolve) => (permit = resolve));
    await start((_request, { id }) => (id === 'ada' ? first : true));
    await expect(answer('allow', ADA)).rejects.toMatchObject({ code: 'no_pending_request' });
    expect(asked).toEqual([]);
    const result = bench.agent.ask('Bash', {}, { toolUseID: 't1' });
    await settle();
    const late = answer('allow', ADA);
    await answer('deny', BOB);
    permit(true);
    await expect(late).rejects.toMatchObject({ code: 'no_pending_request' });
    expect(await result).toMatchObject({ behavior: 'deny' });
    expect(bench.decisions).toHaveLength(1);
  });
});
