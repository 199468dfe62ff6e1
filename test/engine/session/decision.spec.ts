import { afterEach, describe, expect, it } from '@jest/globals';
import type { PermissionResult } from '../../../src/agent-webkit/engine/agent-client.js';
import type {
  RequestDecision,
  OnDecision,
} from '../../../src/agent-webkit/engine/session/decision.js';
import { digestOf } from '../../../src/agent-webkit/engine/digest.js';
import { HeldStorage } from '../../support/held-storage.js';
import { SessionBench, settle } from '../../support/session-bench.js';

const BOB = { id: 'bob', team: 'red' };

describe('onDecision', () => {
  let bench: SessionBench;
  const start = async (options: Parameters<typeof SessionBench.start>[0] = {}) => {
    bench = await SessionBench.start(options);
    await settle();
  };
  const ask = (tool = 'Bash', input: Record<string, unknown> = { command: 'ls' }) =>
    bench.agent.ask(tool, input, { toolUseID: 't1' });
  const allow = (more = {}) =>
    bench.session.accept(
      { type: 'permission_response', correlation_id: 't1', behavior: 'allow', ...more },
      BOB,
    );
  const account = () => ({
    sessionId: bench.session.id,
    owner: 'ada',
    caller: BOB,
    correlationId: 't1',
    openedAt: expect.any(Date),
    number: 1,
    prev: null,
    hash: expect.stringMatching(/^sha256:/),
    at: expect.any(Date),
  });
  afterEach(() => bench.close());

  it('receives the caller who allowed a tool, and the input', async () => {
    await start();
    void ask();
    await allow({ updated_input: { command: 'ls -l' } });
    expect(bench.decisions).toEqual([
      {
        ...account(),
        kind: 'permission',
        toolName: 'Bash',
        input: { command: 'ls' },
        inputDigest: digestOf({ command: 'ls' }),
        updatedInput: { command: 'ls -l' },
        updatedInputDigest: digestOf({ command: 'ls -l' }),
        outcome: 'allowed',
      },
    ]);
    expect(bench.decisions[0]?.caller).toBe(BOB);
  });

  it.each([
    ['no input', {}],
    ['the input that was shown', { updated_input: { command: 'ls' } }],
  ])('receives no edited input of an answer with %s', async (_, answer) => {
    await start();
    void ask();
    await allow(answer);
    const allowed = { kind: 'permission', toolName: 'Bash', input: { command: 'ls' } };
    const inputDigest = digestOf(allowed.input);
    expect(bench.decisions).toEqual([
      { ...account(), ...allowed, inputDigest, outcome: 'allowed' },
    ]);
  });

  it('receives the caller who denied a tool', async () => {
    await start();
    void ask();
    await bench.session.accept(
      { type: 'permission_response', correlation_id: 't1', behavior: 'deny', message: 'No.' },
      BOB,
    );
    const denied = { kind: 'permission', toolName: 'Bash', input: { command: 'ls' } };
    const inputDigest = digestOf(denied.input);
    expect(bench.decisions).toEqual([{ ...account(), ...denied, inputDigest, outcome: 'denied' }]);
  });

  it('receives questions and their answers', async () => {
    await start();
    const questions = [{ question: 'Why?', options: [] }];
    void ask('AskUserQuestion', { questions });
    await bench.session.accept(
      { type: 'question_response', correlation_id: 't1', answers: { 'Why?': 'So.' } },
      BOB,
    );
    expect(bench.decisions).toEqual([
      {
        ...account(),
        kind: 'question',
        toolName: 'AskUserQuestion',
        input: { questions },
        inputDigest: digestOf({ questions }),
        updatedInput: { questions, answers: { 'Why?': 'So.' } },
        updatedInputDigest: digestOf({ questions, answers: { 'Why?': 'So.' } }),
        outcome: 'answered',
      },
    ]);
  });

  it('is called once for a request that is cancelled, and not for a later reply', async () => {
    await start();
    void ask();
    await bench.session.end('deleted', 0);
    await expect(allow()).rejects.toMatchObject({ code: 'session_not_found' });
    expect(bench.decisions).toMatchObject([{ outcome: 'cancelled', caller: null }]);
  });

  it('is called when the decision is committed, and never for one that is lost', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    await start({ storage });
    void ask();
    await bench.said('permission_request');
    storage.events.isHeld = true;
    const replied = allow().catch((error: unknown) => error);
    await storage.events.holds('request_resolved');
    expect(bench.decisions).toEqual([]);
    storage.events.refuse();
    expect(await replied).toMatchObject({ code: 'storage_unavailable' });
    expect(bench.decisions).toEqual([]);
  });

  it('cannot change the decision', async () => {
    await start();
    bench.deps.onDecision = ({ input, updatedInput }) => {
      for (const secret of [input, updatedInput]) if (secret) secret['command'] = '***';
    };
    const asked = ask();
    await allow();
    expect(await asked).toEqual({ behavior: 'allow', updatedInput: { command: 'ls' } });
    expect(await bench.data('permission_request')).toMatchObject([{ input: { command: 'ls' } }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('The ledger is full.');
      },
    ],
    ['rejects', () => Promise.reject(new Error('The ledger is full.'))],
    ['never answers', () => new Promise<void>(() => undefined)],
  ] as [string, OnDecision][])('changes nothing when it %s', async (how, onDecision) => {
    // prettier-ignore
    await start();
    const errors: unknown[][] = [];
    bench.deps.logger.error = (...told: unknown[]) => errors.push(told);
    bench.deps.onDecision = onDecision;
    const asked: Promise<PermissionResult> = ask();
    await allow();
    expect(await asked).toMatchObject({ behavior: 'allow' });
    await settle();
    expect(errors).toHaveLength(how === 'never answers' ? 0 : 1);
    expect(errors.flat().join(' ')).not.toContain('ls');
  });

  it('receives the caller object as the host returned it', async () => {
    await start();
    const told: RequestDecision[] = [];
    bench.deps.onDecision = (decision) => void told.push(decision);
    void ask();
    const caller = { id: 'bob', can: () => true };
    const reply = { type: 'permission_response', correlation_id: 't1', behavior: 'deny' } as const;
    await bench.session.accept(reply, caller);
    expect(told[0]?.caller).toBe(caller);
    expect(await bench.data('request_resolved')).toMatchObject([{ by: 'bob' }]);
  });
});
