import { describe, expect, it } from '@jest/globals';
import type { ScriptedTurn } from '../../../src/agent-webkit/agents/scripted/script.js';
import { sessionsOf, startSession } from './scripted-session.js';

describe('a turn of a scripted agent', () => {
  it('receives the text of the message and its blocks', async () => {
    const inputs: ScriptedTurn['input'][] = [];
    const session = startSession((turn) => {
      inputs.push(turn.input);
    });
    const image = { type: 'base64', media_type: 'image/png', data: 'AA==' } as const;
    const content = [
      { type: 'text' as const, text: 'Look' },
      { type: 'image' as const, source: image },
      { type: 'text' as const, text: 'here' },
    ];
    await session.turn('plain');
    await session.turn(content);
    expect(inputs).toEqual([
      { text: 'plain', content: 'plain' },
      { text: 'Look\nhere', content },
    ]);
  });

  it('receives its session, its number and the earlier turns', async () => {
    const seen: unknown[] = [];
    const session = startSession(async (turn) => {
      seen.push([turn.sessionId, turn.turnNumber, turn.history]);
      await turn.say('One.');
      await turn.subAgent('x', (sub) => sub.say('Not remembered.'));
      await turn.say('Two.');
    });
    await session.turn('first');
    await session.turn('second');
    expect(seen).toEqual([
      [session.id, 1, []],
      [session.id, 2, [{ input: 'first', output: 'One.\nTwo.' }]],
    ]);
  });

  it('remembers the last hundred turns and counts all of them', async () => {
    const session = startSession((turn) =>
      turn.say(`${turn.turnNumber} ${turn.history.length} ${turn.history[0]?.input}`),
    );
    for (let number = 1; number <= 102; number += 1) await session.turn(`${number}`);
    expect(await session.turn('last')).toMatchObject({ result: '103 100 3' });
  });

  it('uses the configuration of its start; a change applies to the next turn', async () => {
    const session = startSession(async (turn) => {
      await turn.useTool('Bash', {});
      await turn.say(`${turn.config.model} ${turn.config.permissionMode} ${turn.config.cwd}`);
    });
    session.send();
    const ask = await session.asked();
    await session.client.setModel('claude-y');
    await session.client.setPermissionMode('bypassPermissions');
    ask.reply({ behavior: 'allow' });
    expect(await session.result()).toMatchObject({ result: 'null default /work' });
    expect(await session.turn()).toMatchObject({ result: 'claude-y bypassPermissions /work' });
    expect(session.asks).toHaveLength(1);
    await session.client.setModel(null);
    session.send();
    expect(await session.next('system')).toMatchObject({
      model: 'scripted',
      permissionMode: 'bypassPermissions',
    });
  });

  it('adds its cost to the total of the session', async () => {
    const session = startSession((turn) => turn.spend(0.25));
    expect(await session.turn()).toMatchObject({ total_cost_usd: 0.25 });
    expect(await session.turn()).toMatchObject({ total_cost_usd: 0.5 });
  });

  it('adds decimal fractions exactly', async () => {
    const session = startSession((turn) => turn.spend(0.1));
    await session.turn();
    await session.turn();
    expect(await session.turn()).toMatchObject({ total_cost_usd: 0.3 });
  });

  it('continues the history of its session after a resume', async () => {
    const start = sessionsOf(async (turn) => {
      turn.spend(0.5);
      await turn.say(`${turn.turnNumber}: ${turn.history.map(({ input }) => input).join()}`);
    });
    const before = start();
    await before.turn('one');
    await before.client.close(0);
    const after = start({ sessionId: before.id, resume: true });
    expect(await after.turn('two')).toMatchObject({ result: '2: one', total_cost_usd: 1 });
  });

  it('remembers an earlier turn that crashed or was closed', async () => {
    const start = sessionsOf(async (turn) => {
      await turn.say('I was here.');
      if (turn.turnNumber === 1) turn.crash('Dead.');
      if (turn.turnNumber === 2) await turn.hang();
      await turn.say(JSON.stringify(turn.history));
    });
    const crashed = start();
    crashed.send('one');
    await crashed.ended;
    const closed = start({ sessionId: crashed.id, resume: true });
    closed.send('two');
    await closed.next('assistant');
    await closed.client.close(0);
    const after = start({ sessionId: crashed.id, resume: true });
    expect(JSON.parse(((await after.turn('three')) as { result: string }).result)).toEqual([
      { input: 'one', output: 'I was here.' },
      { input: 'two', output: 'I was here.' },
    ]);
  });

  it('has no history of another session, a restarted session or a forgotten session', async () => {
    const start = sessionsOf((turn) => turn.say(String(turn.turnNumber)));
    const first = start();
    await first.turn();
    expect(await start().turn()).toMatchObject({ result: '1' });
    expect(await start({ sessionId: first.id, resume: true }).turn()).toMatchObject({
      result: '2',
    });
    expect(await start({ sessionId: first.id }).turn()).toMatchObject({ result: '1' });
    for (let count = 0; count < 1000; count += 1) await start().client.close(0);
    expect(await start({ sessionId: first.id, resume: true }).turn()).toMatchObject({
      result: '1',
    });
  });

  it('is remembered for the thousand sessions that were started last', async () => {
    const start = sessionsOf((turn) => turn.say(String(turn.turnNumber)));
    const first = start();
    await first.turn();
    for (let count = 0; count < 600; count += 1) await start().client.close(0);
    await start({ sessionId: first.id, resume: true }).client.close(0);
    for (let count = 0; count < 600; count += 1) await start().client.close(0);
    expect(await start({ sessionId: first.id, resume: true }).turn()).toMatchObject({
      result: '2',
    });
  });
});
