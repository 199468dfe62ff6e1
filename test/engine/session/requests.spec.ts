import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import { digestOf } from '../../../src/agent-webkit/engine/digest.js';
import { NoPendingRequestError } from '../../../src/agent-webkit/engine/errors.js';
import { Requests } from '../../../src/agent-webkit/engine/session/requests.js';
import { MAX_PLAN_CHARS } from '../../../src/agent-webkit/engine/session/shown-plan.js';
import { wireEventOf } from '../../support/event-time.js';
import type { PermissionResult } from '../../../src/agent-webkit/engine/agent-client.js';
import type {
  PermissionResponse,
  QuestionResponse,
} from '../../../src/agent-webkit/protocol/inbound.js';
import { HeldEventStore } from '../../support/held-storage.js';
import { openLog } from '../../support/open-log.js';
import { settle } from '../../support/session-bench.js';

const ADA = { id: 'ada' };
const NOT_DURABLE = {
  isDurable: null,
  holdMs: 1,
  onWaiting: () => undefined,
  onHeld: () => undefined,
  onDecided: () => undefined,
  onEscalated: () => undefined,
  logger: { log: () => undefined, warn: () => undefined, error: () => undefined },
};
const OPTIONS = {
  ...NOT_DURABLE,
  sessionId: 's',
  owner: 'ann',
  timeoutMs: null,
  answering: null,
  onDecision: () => undefined,
};

const told = async (log: EventLog) =>
  (await log.read(0, 1000)).events.map((event) => wireEventOf(event)) as {
    event: string;
    data: Record<string, unknown>;
  }[];

const never = new AbortController().signal;
const allow = (correlation_id: string, more = {}): PermissionResponse => ({
  type: 'permission_response',
  correlation_id,
  behavior: 'allow',
  ...more,
});
const deny = (correlation_id: string, more = {}): PermissionResponse => ({
  type: 'permission_response',
  correlation_id,
  behavior: 'deny',
  ...more,
});
const answers = (correlation_id: string, given: unknown = { q: 'a' }): QuestionResponse => ({
  type: 'question_response',
  correlation_id,
  answers: given,
});

/** Asks to approve a plan. Returns the data of the event, too. */
function askForApproval(input: Record<string, unknown>) {
  const log = openLog();
  const requests = new Requests(log, OPTIONS);
  const result = requests.ask('ExitPlanMode', input, { signal: never, toolUseID: 't1' });
  const { event } = log.state.requests.get('t1') ?? {};
  const data = JSON.parse(event?.data ?? '{}') as Record<string, Record<string, unknown>>;
  return { requests, result, data };
}

describe('requests that a program in the place of the agent makes up', () => {
  it('are denied when two hundred are open, until some of them are answered', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    const ask = (id: string, input = {}) =>
      requests.ask('Bash', input, { signal: never, toolUseID: id });
    const first = ask('t0');
    const asked = Array.from({ length: 300 }, (_, index) => ask(`t${index % 250}`));
    const denied = await Promise.all(asked.slice(199));
    expect(new Set(denied.map(({ behavior }) => behavior))).toEqual(new Set(['deny']));
    expect(log.state.requests.size).toBe(199);
    await requests.reply(allow('t0'), ADA);
    expect(await first).toMatchObject({ behavior: 'allow' });
    void ask('another');
    expect(log.state.requests.has('another')).toBe(true);
    requests.cancelAll();
    await settle();
  });

  it('are denied when their inputs are too long together', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    const input = { text: 'x'.repeat(20 * 1024 * 1024) };
    const ask = (id: string) => requests.ask('Bash', input, { signal: never, toolUseID: id });
    void ask('t1');
    expect(await ask('t2')).toMatchObject({ behavior: 'deny' });
    expect([...log.state.requests.keys()]).toEqual(['t1']);
    requests.cancelAll();
    await settle();
  });
});

describe('a request to approve a plan', () => {
  it('tells clients when the plan is not known', () => {
    for (const input of [{}, { plan: ' \n' }, { plan: 1 }])
      expect(askForApproval(input).data['context']).toEqual({
        tool_use_id: 't1',
        plan_missing: true,
      });
    expect(askForApproval({ plan: 'a' }).data['context']).toEqual({ tool_use_id: 't1' });
  });

  it('shows the beginning of a long plan with a note, and its approval is for the whole plan', async () => {
    // The limit is in the middle of the second emoji.
    const plan = `x${'a'.repeat(MAX_PLAN_CHARS - 4)}\u{1f600}\u{1f600} end`;
    const { requests, result, data } = askForApproval({ plan, other: 1 });
    const shown = String(data['input']?.['plan']);
    expect(shown.slice(0, MAX_PLAN_CHARS)).toBe(`${plan.slice(0, MAX_PLAN_CHARS - 1)}\n`);
    expect(shown).toContain('The rest is not shown.');
    expect(data['context']).toEqual({ tool_use_id: 't1' });
    await requests.reply(allow('t1'), ADA);
    expect(await result).toEqual({ behavior: 'allow', updatedInput: { plan, other: 1 } });

    const second = askForApproval({ plan });
    await second.requests.reply(allow('t1', { updated_input: { plan: 'edited' } }), ADA);
    expect(await second.result).toMatchObject({ updatedInput: { plan: 'edited' } });
  });
});

describe('a request of the agent', () => {
  const QUESTIONS = { questions: [{ question: 'q', options: [{ label: 'a' }] }] };

  it('is published with everything the agent sent about it', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    void requests.ask('Bash', { command: 'ls' }, { signal: never, toolUseID: 't1', title: 'List' });
    void requests.ask('AskUserQuestion', QUESTIONS, { signal: never, toolUseID: 't2' });
    expect(await told(log)).toEqual([
      {
        event: 'permission_request',
        data: {
          correlation_id: 't1',
          tool_name: 'Bash',
          input: { command: 'ls' },
          input_digest: digestOf({ command: 'ls' }),
          context: { tool_use_id: 't1', title: 'List' },
        },
      },
      {
        event: 'ask_user_question',
        data: { correlation_id: 't2', questions: QUESTIONS, input_digest: digestOf(QUESTIONS) },
      },
    ]);
  });

  it.each([
    ['allowed unchanged', allow('t1'), { behavior: 'allow', updatedInput: { a: 1 } }],
    [
      'allowed with another input and more rights',
      allow('t1', { updated_input: { b: 2 }, updated_permissions: [] }),
      { behavior: 'allow', updatedInput: { b: 2 }, updatedPermissions: [] },
    ],
    [
      'denied with a reason',
      deny('t1', { message: 'No!', interrupt: true }),
      { behavior: 'deny', message: 'No!', interrupt: true },
    ],
    [
      'denied without a reason',
      deny('t1', { message: '' }),
      { behavior: 'deny', message: 'The user denied this.' },
    ],
  ])('is %s', async (_, reply, result) => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    const asked = requests.ask('Bash', { a: 1 }, { signal: never, toolUseID: 't1' });
    await requests.reply(reply, ADA);
    expect(await asked).toEqual(result);
    const outcome = reply.behavior === 'allow' ? 'allowed' : 'denied';
    expect((await told(log)).at(-1)).toMatchObject({
      event: 'request_resolved',
      data: { correlation_id: 't1', kind: 'permission', outcome, by: 'ada' },
    });
  });

  it('returns the questions and their answers to the agent', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    const asked = requests.ask('AskUserQuestion', QUESTIONS, { signal: never, toolUseID: 't1' });
    await requests.reply(answers('t1'), ADA);
    expect(await asked).toEqual({
      behavior: 'allow',
      updatedInput: { ...QUESTIONS, answers: { q: 'a' } },
    });
    expect((await told(log)).at(-1)?.data).toMatchObject({ kind: 'question', outcome: 'answered' });
  });

  it('stays open when a reply has the wrong type', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    void requests.ask('Bash', {}, { signal: never, toolUseID: 't1' });
    void requests.ask('AskUserQuestion', QUESTIONS, { signal: never, toolUseID: 't2' });
    await expect(requests.reply(answers('t1'), ADA)).rejects.toThrow('permission_response');
    await expect(requests.reply(allow('t2'), ADA)).rejects.toThrow('question_response');
    await expect(requests.reply(answers('t2', 7), ADA)).rejects.toThrow('answers');
    expect(log.state.requests.size).toBe(2);
    await requests.reply(allow('t1'), ADA);
    await requests.reply(deny('t2'), ADA);
    expect(log.state.requests.size).toBe(0);
  });

  it('is not published when the agent has aborted it already', async () => {
    const log = openLog();
    const signal = AbortSignal.abort();
    const asked = new Requests(log, OPTIONS).ask('Bash', {}, { signal, toolUseID: 't1' });
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(log.lastSeq).toBe(0);
  });

  it('is published as cancelled when the agent aborts it', async () => {
    const log = openLog();
    const controller = new AbortController();
    const { signal } = controller;
    const asked = new Requests(log, OPTIONS).ask('Bash', {}, { signal, toolUseID: 't1' });
    controller.abort();
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect((await told(log)).at(-1)).toMatchObject({
      event: 'request_resolved',
      data: { correlation_id: 't1', kind: 'permission', outcome: 'cancelled' },
    });
  });

  it('is denied when its log takes no events', async () => {
    const store = new HeldEventStore();
    const requests = new Requests(openLog({ store }), OPTIONS);
    const asked = requests.ask('Bash', {}, { signal: never, toolUseID: 't1' });
    store.refuse();
    expect(await asked).toMatchObject({ behavior: 'deny' });
    const late = requests.ask('Bash', {}, { signal: never, toolUseID: 't2' });
    expect(await late).toMatchObject({ behavior: 'deny' });
  });

  it('is one request when the agent sends it twice, and both calls get its result', async () => {
    const log = openLog();
    const requests = new Requests(log, OPTIONS);
    const twice = [1, 2].map(() => requests.ask('Bash', {}, { signal: never, toolUseID: 't1' }));
    await requests.reply(allow('t1'), ADA);
    expect(await Promise.all(twice)).toMatchObject([{ behavior: 'allow' }, { behavior: 'allow' }]);
    expect(await told(log)).toHaveLength(2);
  });

  it('returns to the agent only when its outcome is committed', async () => {
    const store = new HeldEventStore();
    const requests = new Requests(openLog({ store }), OPTIONS);
    let result: PermissionResult | null = null;
    void requests
      .ask('Bash', {}, { signal: never, toolUseID: 't1' })
      .then((given) => (result = given));
    store.commit();
    await settle();
    const reply = requests.reply(allow('t1'), ADA);
    await settle();
    expect(result).toBeNull();
    await expect(requests.reply(deny('t1'), { id: 'bob' })).rejects.toThrow(NoPendingRequestError);
    store.commit();
    await reply;
    expect(result).toMatchObject({ behavior: 'allow' });
  });

  it('is resolved once, by one reply, whatever replies come in whatever order', async () => {
    const id = fc.constantFrom('t0', 't1', 't2');
    const step = fc.record({
      kind: fc.constantFrom('ask', 'allow', 'deny', 'answer', 'abort', 'cancelAll', 'commit'),
      id,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isAsync) => {
        const store = new HeldEventStore();
        const log = openLog(isAsync ? { store } : {});
        const requests = new Requests(log, OPTIONS);
        const answered = new Map<string, number>();
        const controllers = new Map<string, AbortController>();
        const won: Promise<boolean>[] = [];
        let asks = 0;
        /** The newest request by its name, because an id is never used again. */
        const newest = new Map<string, string>();
        for (const { kind, id: name } of steps) {
          const open = newest.get(name) ?? name;
          if (kind === 'ask') {
            const toolUseID = `${name}.${(asks += 1)}`;
            const controller = new AbortController();
            newest.set(name, toolUseID);
            controllers.set(toolUseID, controller);
            const tool = name === 't0' ? 'AskUserQuestion' : 'Bash';
            void requests.ask(tool, {}, { signal: controller.signal, toolUseID }).then(() => {
              answered.set(toolUseID, (answered.get(toolUseID) ?? 0) + 1);
              return undefined;
            });
          }
          const replies = { allow: allow(open), deny: deny(open), answer: answers(open) };
          const reply = Object.entries(replies).find(([replied]) => replied === kind)?.[1];
          if (reply) {
            const accepted = requests.reply(reply, ADA);
            won.push(accepted.then(() => true, () => false)); // prettier-ignore
          }
          if (kind === 'abort') controllers.get(open)?.abort();
          if (kind === 'cancelAll') requests.cancelAll();
          if (kind === 'commit') store.commit();
          // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
          if (kind === 'commit') await settle(1);
        }
        requests.cancelAll();
        store.release();
        await settle();
        expect([...answered.values()]).toEqual(Array.from({ length: asks }, () => 1));
        const events = await told(log);
        const ids = (name: string) =>
          events.flatMap(({ event, data }) =>
            event.includes(name) ? [data['correlation_id'] as string] : [],
          );
        expect(ids('request_resolved').sort()).toEqual(
          [...ids('permission_request'), ...ids('ask_user')].sort(),
        );
        const accepted = (await Promise.all(won)).filter(Boolean).length;
        expect(events.filter(({ data }) => data['by'] === 'ada')).toHaveLength(accepted);
      }),
      { numRuns: 300 },
    );
  });
});
