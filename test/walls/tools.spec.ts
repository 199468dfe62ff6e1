import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AgentBench } from '../agents/claude/agent-bench.js';
import { describeNeeding } from '../support/needs.js';
import { missingSandbox } from '../support/walls.js';
import { TOOL_ATTEMPTS } from './file-attempts.js';

/** The tools that no attempt calls, with the reason. */
const NOT_ATTEMPTED: Readonly<Record<string, string>> = {
  Task: 'starts a sub-agent with the same tools',
  TaskStop: 'ends what the agent has started',
  Monitor: 'runs a command as Bash does',
  WebFetch: 'uses the proxy that the network attempts reach by Bash',
  WebSearch: 'runs at the model',
  AskUserQuestion: 'asks the user',
  EnterPlanMode: 'restricts the agent',
  ExitPlanMode: 'asks the user',
  Skill: 'loads text',
  ToolSearch: 'loads the descriptions of tools',
};

describeNeeding(missingSandbox)('The tools of the agent', () => {
  let bench: AgentBench;
  beforeAll(async () => {
    bench = await AgentBench.open();
  });
  afterAll(() => bench?.close());

  // A version that brings back Grep or Glob, or adds a tool, fails here: add attempts with it.
  it('are attempted, unless there is a reason not to', async () => {
    const agent = bench.start();
    agent.send('hello');
    const { tools } = (await agent.next('system', 'init')) as unknown as { tools: string[] };

    const attempted = ['Bash', ...TOOL_ATTEMPTS.map(({ tool }) => tool)];
    expect(tools).toEqual(expect.arrayContaining(attempted));
    expect(tools).not.toContain('Grep');
    expect(tools).not.toContain('Glob');
    const others = tools.filter((tool) => !attempted.includes(tool));
    expect(others.toSorted()).toEqual(Object.keys(NOT_ATTEMPTED).toSorted());
  });
});
