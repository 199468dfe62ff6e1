import type { AgentSandbox } from '../../src/agent-webkit/engine/agent-sandbox.js';
import { noSandbox } from '../../src/agent-webkit/sandbox/no-sandbox.js';
import { fakeAgents } from './fake-agent-client.js';

/** The sentence of a sandbox that does not work. */
export const MISSING = 'The box is not installed. Install it by `apt-get install box`.';

/** A sandbox that works, or does not because of a problem. It starts no process. */
export function fakeSandbox(problem: string | null = null): AgentSandbox {
  return { ...noSandbox('It starts nothing.'), name: 'box', check: async () => problem };
}

/** Agents that a test plays, of a factory that uses walls. */
export function walledAgents(): ReturnType<typeof fakeAgents> {
  const agents = fakeAgents();
  return Object.assign(agents, {
    factory: Object.assign(agents.factory, { usesWalls: true }),
  });
}
