import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { z } from 'zod';
import {
  AgentTool,
  type AgentToolCall,
  AgentWebkitModule,
  type Caller,
  CurrentCaller,
  CurrentToolCall,
  ToolInput,
} from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const refunds: number[] = [];
const started: string[] = [];
const aborted: string[] = [];

@Injectable()
class Tools {
  @AgentTool({
    description: 'Returns the state of an order.',
    schema: z.object({ id: z.string().min(2) }),
    readOnly: true,
  })
  findOrder(@ToolInput() { id }: { id: string }, @CurrentCaller() caller: Caller) {
    return { order: id, of: caller.id };
  }

  @AgentTool({
    description: 'Refunds an order.',
    schema: z.object({ cents: z.number() }),
    alwaysAsks: true,
  })
  refund(@ToolInput() { cents }: { cents: number }) {
    refunds.push(cents);
    return `refunded ${cents}`;
  }

  @AgentTool({ description: 'Shows a picture.', readOnly: true })
  picture() {
    return { content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }] };
  }

  @AgentTool({ description: 'Works until it is aborted.', readOnly: true })
  work(@CurrentToolCall() { session, signal, report }: AgentToolCall) {
    report({ done: 1, total: 2, message: 'half' });
    started.push(session.id);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.push(session.id);
        resolve('too late');
      });
    });
  }
}

const FEATURE = AgentWebkitModule.forFeature({ prompts: ['Orders begin with o-.'] })
  .providers?.[0] as Provider;

/** Returns the text of a `tool_result`. */
const text = ({ output }: Record<string, unknown>) =>
  typeof output === 'string' ? output : (output as { text: string }[])[0]?.text;

describe.each(ADAPTERS)('A method with @AgentTool() and the real agent on %s', (adapter) => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, {
      providers: [Tools, FEATURE],
      agent: { permissionModes: ['default', 'bypassPermissions'] },
      overrides: { env: { IS_SANDBOX: '1' } }, // else the agent rejects the mode for root
    });
    tab = await app.open();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const use = (tool: string, input: object, on = tab) =>
    on.session.send(`use mcp__app__${tool} ${JSON.stringify(input)}`);
  const answer = (asked: Record<string, unknown>, fields: object = {}, on = tab) =>
    app.server.input(on.id, {
      type: 'permission_response',
      correlation_id: asked['correlation_id'],
      behavior: 'allow',
      ...fields,
    });

  it('is offered to the model, and runs without asking if it is read-only', async () => {
    await use('find_order', { id: 'o-1' });
    const result = await tab.next('tool_result');
    expect(result['is_error']).toBe(false);
    expect(JSON.parse(text(result) ?? '')).toEqual({ order: 'o-1', of: 'anonymous' });
    await tab.next('result');
    expect(tab.names()).not.toContain('permission_request');
    const request = app.api.requests.at(-1);
    expect(JSON.stringify(request)).toContain('Orders begin with o-.');
    expect(request?.tools).toEqual(
      expect.arrayContaining(['mcp__app__find_order', 'mcp__app__refund']),
    );
  });

  it('tells the model what is wrong with its input', async () => {
    await use('find_order', { id: 'x' });
    const result = await tab.next('tool_result');
    expect(result).toMatchObject({ is_error: true });
    expect(text(result)).toMatch(/The input is not valid. id: .*Correct it/);
    await tab.next('result');
  });

  it('returns an image', async () => {
    await use('picture', {});
    const { output } = await tab.next('tool_result');
    // Claude Code adds where it has stored the image.
    expect(output).toEqual(
      expect.arrayContaining([
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
      ]),
    );
    await tab.next('result');
  });

  it('asks a person in the mode bypassPermissions, and runs with the input that was allowed', async () => {
    const other = await app.open({ permission_mode: 'bypassPermissions' });
    await use('refund', { cents: 5 }, other);
    const asked = await other.next('permission_request');
    expect(asked).toMatchObject({ tool_name: 'mcp__app__refund', input: { cents: 5 } });
    expect(refunds).not.toContain(5);
    await answer(asked, { updated_input: { cents: 4 } }, other);
    expect(text(await other.next('tool_result'))).toBe('refunded 4');
    await other.next('result');
    expect(refunds).toContain(4);
  });

  it('does not run when a person edits the input to an invalid one', async () => {
    const before = refunds.length;
    await use('refund', { cents: 6 });
    await answer(await tab.next('permission_request'), { updated_input: { cents: 'six' } });
    expect(await tab.next('tool_result')).toMatchObject({ is_error: true });
    await tab.next('result');
    expect(refunds).toHaveLength(before);
  });

  it('is aborted when the turn is interrupted', async () => {
    await use('work', {});
    await eventually(() => started.includes(tab.id));
    await app.server.input(tab.id, { type: 'interrupt' });
    await tab.next('result');
    await eventually(() => aborted.includes(tab.id));
  });
});

describe('A durable tool with @AgentTool()', () => {
  it('waits without an agent, and runs once when a person has allowed it', async () => {
    const app = await ClaudeApp.start('express', {
      providers: [Tools],
      agent: { durableTools: ['mcp__app__refund'] },
      timeouts: { holdMs: 100 },
    });
    const tab = await app.open();
    const before = refunds.length;
    await tab.session.send('use mcp__app__refund {"cents":7}');
    const asked = await tab.next('permission_request');
    expect(asked).toMatchObject({ durable: true });
    await tab.next('turn_waiting');
    await eventually(async () => (await app.server.info(tab.id))['agent'] === 'none');
    await app.server.input(tab.id, {
      type: 'permission_response',
      correlation_id: asked['correlation_id'],
      behavior: 'allow',
    });
    expect(await tab.next('tool_result')).toMatchObject({ is_error: false });
    await tab.next('result');
    expect(refunds.slice(before)).toEqual([7]);
    expect(await app.close()).toEqual([]);
  });
});
