import { describe, expect, it } from '@jest/globals';
import type {
  AskPeople,
  Elicitation,
  ElicitationResult,
} from '../../../src/agent-webkit/engine/agent-asks.js';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import { startSession } from './scripted-session.js';

const FORM: Elicitation = { serverName: 'crm', message: 'Which customer?' };

const script: Script = async (turn) => {
  const reply = await turn.elicit(FORM);
  await turn.say(JSON.stringify(reply));
};

describe('an elicitation of a scripted agent', () => {
  it('returns the reply of a person to the script', async () => {
    const asked: unknown[] = [];
    const reply: ElicitationResult = { action: 'accept', content: { name: 'Ada' } };
    const askPeople = (async (kind: string, request: unknown) => {
      asked.push([kind, request]);
      return reply;
    }) as AskPeople;
    const session = startSession(script, { askPeople });
    await session.turn();
    expect(asked).toEqual([['elicitation', FORM]]);
    expect(session.story).toContain(`text: ${JSON.stringify(reply)}`);
  });

  it('is withdrawn when its turn is interrupted', async () => {
    const withdrawn = new Promise<void>((resolve) => {
      const askPeople = ((_: string, __: unknown, signal: AbortSignal) => {
        signal.addEventListener('abort', () => resolve());
        void session.client.interrupt();
        return new Promise(() => undefined);
      }) as AskPeople;
      const session = startSession(script, { askPeople });
      session.send();
    });
    await withdrawn;
  });
});
