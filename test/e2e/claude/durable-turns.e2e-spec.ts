import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { PermissionMode } from '../../../src/agent-webkit/engine/agent-client.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import type { ModelRequest } from '../../support/fake-messages-api.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp, type ClaudeAppOptions, findProcesses } from './claude-app.js';
import type { Tab } from './tab.js';

const DURABLE = ['Bash', 'ExitPlanMode'];
/** Small enough that 20,000 words do not fit. */
const SMALL_CONTEXT = {
  CLAUDE_CODE_AUTO_COMPACT_WINDOW: '200000',
  CLAUDE_AUTOCOMPACT_PCT_OVERRIDE: '10',
};

const bash = (command: string) => ['Bash', { command, description: 'test' }];
/** Resolves when so many turns have ended. */
const results = (tab: Tab, count: number) => tab.until(() => tab.all('result').length === count);
const calls = (...list: unknown[]) => `calls ${JSON.stringify(list)}`;

describe('The turn of a durable request of the real agent', () => {
  let app: ClaudeApp;
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  const start = async ({ agent, overrides }: ClaudeAppOptions = {}) => {
    app = await ClaudeApp.start('express', {
      storage: new MemoryStorage(),
      ...(overrides && { overrides }),
      timeouts: { holdMs: 1 },
      agent: { durableTools: DURABLE, ...agent },
    });
  };
  /** Sends a message. Resolves to the id of the request when no process waits for its answer. */
  const ask = async (tab: Tab, content: string): Promise<string> => {
    await tab.session.send(content);
    const id = await tab.asked();
    await eventually(async () => (await app.processes(tab.id)).length === 0);
    return id;
  };
  const content = (tab: Tab, file: string) => readFileSync(join(app.folder(tab.id), file), 'utf8');

  it('has a result for each call of its message, which clients and the agent know', async () => {
    await start();
    const tab = await app.open();
    const file = join(app.folder(tab.id), 'known');
    await writeFile(file, 'the word');
    const write = ['Write', { file_path: file, content: '' }];
    await tab.session.approve(
      await ask(tab, calls(['Read', { file_path: file }], bash('touch made'), write)),
    );
    await tab.next('result');
    const [first, second, third] = tab.all('tool_use').map(({ tool_use_id: id }) => id);
    const published = tab.all('tool_result').map((data) => [data['tool_use_id'], data['is_error']]);
    expect(published).toEqual([
      [first, false],
      [third, true],
      [second, false],
    ]);
    // The agent knows the same.
    const known = resultsIn(app.api.requests.at(-1)).map(({ tool_use_id: id, is_error }) => [
      id,
      is_error === true,
    ]);
    expect(new Set(known)).toEqual(new Set(published));
  }, 60_000);

  it('is compacted shortly before the call, and after it', async () => {
    await start({ overrides: { env: SMALL_CONTEXT } });
    const tab = await app.open();
    for (const text of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await tab.turn(text);
    }
    const id = await ask(tab, `bash echo x >> file # ${'word '.repeat(20_000)}`);
    expect(tab.all('compaction_end')).toMatchObject([{ outcome: 'completed' }]);
    await tab.session.approve(id);
    await results(tab, 4);
    expect(tab.all('compaction_end')).toHaveLength(2);
    expect(tab.all('result').at(-1)).toMatchObject({ subtype: 'success' });
    expect(content(tab, 'file')).toBe('x\n');
  }, 60_000);

  it.each(['/clear', '/compact'])(
    'ends before the command %s that was queued meanwhile, after which a call can wait again',
    async (command) => {
      await start({ agent: { commands: ['clear', 'compact'] } });
      const tab = await app.open();
      const first = await ask(tab, 'bash echo one >> file');
      await tab.session.send(command);
      await tab.session.approve(first);
      await results(tab, 2);
      await tab.session.approve(await ask(tab, 'bash echo two >> file'));
      await results(tab, 3);
      expect(content(tab, 'file')).toBe('one\ntwo\n');
      await tab.turn('recall');
      expect(tab.said().at(-1)).not.toContain('echo one >> file |');
      expect(tab.said().at(-1)).toContain('echo two');
    },
    60_000,
  );

  it.each<[PermissionMode]>([['bypassPermissions'], ['dontAsk']])(
    'asks in the mode %s, also about a call that the host permits, and keeps the mode',
    async (mode) => {
      await start({
        agent: { permissionModes: [mode] },
        overrides: {
          env: { IS_SANDBOX: '1' }, // else the agent rejects the mode for root
          allowedTools: ['Bash'],
          hooks: { PreToolUse: [{ hooks: [permit] }] },
        },
      });
      const tab = await app.open();
      await tab.session.approve(await ask(tab, 'bash echo x >> file'));
      await tab.next('result');
      expect(content(tab, 'file')).toBe('x\n');
      expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: mode });
    },
    60_000,
  );

  it('leaves the plan mode when the plan is approved, and goes on with planning when it is not', async () => {
    await start();
    const tab = await app.open({ permission_mode: 'plan' });
    await tab.turn('hello');
    const asked = JSON.stringify(app.asked('hello'));
    const file = /\/[^"\s\\]*\/plans\/[\w-]+\.md/.exec(asked)?.[0] ?? '';
    await tab.turn(`use Write ${JSON.stringify({ file_path: file, content: '# The plan' })}`);
    await tab.session.deny(await ask(tab, 'use ExitPlanMode {}'), { message: 'Plan more.' });
    await results(tab, 3);
    expect(tab.all('tool_result').at(-1)).toMatchObject({ output: 'Plan more.', is_error: true });
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'plan' });

    await tab.session.approve(await ask(tab, 'use ExitPlanMode {}'));
    await results(tab, 4);
    expect(tab.all('permission_request').at(-1)).toMatchObject({ input: { plan: '# The plan' } });
    expect(tab.all('tool_result').at(-1)).toMatchObject({
      output: expect.stringContaining('## Approved Plan:\n# The plan'),
    });
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'default' });
  }, 60_000);

  it('can begin with an agent that was started ahead, and asks for each call of a message', async () => {
    await start({ agent: { warmPool: 1 } });
    await eventually(async () => (await findProcesses('')).length > 0);
    const ahead = await findProcesses('');
    const tab = await app.open();
    expect(await app.processes(tab.id)).toEqual(ahead);
    await tab.session.approve(
      await ask(tab, calls(bash('echo a >> file'), bash('echo b >> file'))),
    );
    await tab.session.approve(await tab.asked());
    await tab.next('result');
    expect(content(tab, 'file')).toBe('a\nb\n');
  }, 60_000);
});

/** Returns the results of tool calls in the conversation that the model has received. */
function resultsIn(request: ModelRequest | undefined): ModelRequest['toolResults'] {
  const blocks = (request?.messages ?? []).flatMap(({ content }) =>
    Array.isArray(content) ? (content as { type: string }[]) : [],
  );
  return blocks.filter(
    ({ type }) => type === 'tool_result',
  ) as unknown as ModelRequest['toolResults'];
}

const permit = () =>
  Promise.resolve({
    hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' },
  } as const);
