import { afterEach, describe, expect, it } from '@jest/globals';
import type { PermissionMode } from '@anthropic-ai/claude-agent-sdk';
import { Injectable } from '@nestjs/common';
import { IsNumber, IsString } from 'class-validator';
import type { ClaudeOverrides } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import { AgentComponent, AgentTool, AgentWebkitModule } from '../../../src/index.js';
import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';
import { PERMISSION_MODES } from '../../../src/agent-webkit/protocol/inbound.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';

@AgentComponent({ description: 'Shows the weather of a place.' })
class WeatherCard {
  @IsString() place!: string;
  @IsNumber() temperature!: number;
}

@Injectable()
class Changes {
  @AgentTool({ description: 'Changes something.' })
  change() {
    return 'changed';
  }
}

const TOOL = 'mcp__genui__render_weather_card';
const PROPS = { place: 'Boston', temperature: 21.5 };
const ADDENDUM = `- ${TOOL}: Shows the weather of a place.`;

describe('A component with @AgentComponent() and the real agent', () => {
  let app: ClaudeApp;
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  const start = async (overrides: ClaudeOverrides = {}, config = {}) => {
    app = await ClaudeApp.start('express', {
      overrides,
      agent: { permissionModes: [...PERMISSION_MODES] },
      providers: [Changes],
      imports: [AgentWebkitModule.forFeature({ components: [WeatherCard] })],
    });
    return app.open(config);
  };

  it('is rendered without asking, with its props while the model writes them', async () => {
    const tab = await start();
    await tab.session.send(`use ${TOOL} ${JSON.stringify(PROPS)}`);
    const delta = await tab.next('message_delta');
    expect(delta['delta']).toMatchObject({ type: 'input_json_delta', name: TOOL });
    const used = await tab.next('tool_use');
    expect(used).toMatchObject({ tool_name: TOOL, input: PROPS });
    expect((delta['delta'] as { tool_use_id: string }).tool_use_id).toBe(used['tool_use_id']);
    const { output, is_error } = await tab.next('tool_result');
    expect(is_error).toBe(false);
    expect(JSON.stringify(output)).toContain('rendered:weather_card');
    await tab.next('result');
    expect(tab.names()).not.toContain('permission_request' satisfies DeliveredEvent['event']);
  });

  it.each<[PermissionMode, string]>([
    ['default', 'asked'],
    ['acceptEdits', 'asked'],
    ['plan', 'asked'],
    ['dontAsk', 'denied'],
    // Here the model decides, whose answer is not a decision.
    ['auto', 'denied'],
    ['bypassPermissions', 'done'],
  ])('is rendered without asking in the mode %s, where another tool is %s', async (mode, other) => {
    const tab = await start({ env: { IS_SANDBOX: '1' } }, { permission_mode: mode });
    await tab.session.send(`use ${TOOL} ${JSON.stringify(PROPS)}`);
    const rendered = await tab.next('tool_result');
    await tab.next('result');
    expect(tab.all('permission_request')).toEqual([]);
    expect(JSON.stringify(rendered['output'])).toContain('rendered:weather_card');

    // The agent does have this mode.
    await tab.session.send('use mcp__app__change {}');
    await tab.next('tool_use');
    const outcome = () => {
      if (tab.all('permission_request').length > 0) return 'asked';
      const [, result] = tab.all('tool_result');
      return result && (result['is_error'] === true ? 'denied' : 'done');
    };
    expect(await eventually(outcome)).toBe(other);
  });

  it('fails with props that are not valid: the model learns what is wrong', async () => {
    const tab = await start();
    await tab.session.send(`use ${TOOL} {"place":"Boston","temperature":"hot"}`);
    const { output, is_error } = await tab.next('tool_result');
    expect(is_error).toBe(true);
    expect(JSON.stringify(output)).toMatch(/temperature must be a number.*call the tool again/);
    await tab.next('result');
  });

  it.each<[string, ClaudeOverrides['systemPrompt'], string]>([
    ['none', undefined, ''],
    ['a text', 'You are a host.', 'You are a host.'],
    ['parts', ['You are a host.', 'Be brief.'], 'Be brief.'],
    ['a custom one', { type: 'custom', prompt: 'You are a host.' }, 'You are a host.'],
    ['the preset', { type: 'preset', preset: 'claude_code' }, 'Claude Code'],
    [
      'the preset with more',
      { type: 'preset', preset: 'claude_code', append: 'Be brief.' },
      'Be brief.',
    ],
  ])('is in the system prompt, where the one of the host is %s', async (_, systemPrompt, given) => {
    const tab = await start(systemPrompt === undefined ? {} : { systemPrompt });
    await tab.session.send('hello');
    await tab.next('result');
    const request = app.asked('hello').at(-1);
    expect(request?.system).toContain(ADDENDUM);
    expect(request?.system).toContain(given);
    expect(request?.tools).toContain(TOOL);
  });
});
