import { describe, expect, it } from '@jest/globals';
import type { AgentClient, AgentStart } from '../../src/agent-webkit/engine/agent-client.js';
import { startingWith } from '../../src/agent-webkit/engine/starting-with.js';

/** A factory whose methods use `this`, as those of a host may. */
class Factory {
  readonly found = ['a'];
  readonly usesWalls = true;
  async findMessages(): Promise<readonly string[]> {
    return this.found;
  }
  async hasTurn(): Promise<boolean> {
    return this.found.length > 0;
  }
  async forget(): Promise<void> {
    this.found.length = 0;
  }
  async check(): Promise<string> {
    return this.found.join();
  }
}

const CONVERSATION = { sessionId: 's', conversationId: 's', cwd: '/' };

describe('A factory that starts its agents in another way', () => {
  it('does everything else as before', async () => {
    const agent = {} as AgentClient;
    const inner = Object.assign(() => ({}) as AgentClient, { usesWalls: true });
    const methods = new Factory();
    for (const name of ['findMessages', 'hasTurn', 'forget', 'check'] as const) {
      Object.assign(inner, { [name]: methods[name].bind(methods) });
    }
    const outer = startingWith(inner, () => agent);
    expect(outer({} as AgentStart)).toBe(agent);
    expect(outer.usesWalls).toBe(true);
    expect(await outer.findMessages?.(CONVERSATION, ['a'])).toEqual(['a']);
    expect(await outer.hasTurn?.(CONVERSATION, 'a')).toBe(true);
    expect(await outer.check?.()).toBe('a');
    await outer.forget?.({} as never);
    expect(methods.found).toEqual([]);
  });

  it('has no method that the factory does not have', () => {
    const outer = startingWith(
      () => ({}) as AgentClient,
      () => ({}) as AgentClient,
    );
    expect(Object.keys(outer)).toEqual([]);
  });
});
