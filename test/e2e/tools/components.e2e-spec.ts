import { afterEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule, Type } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { Type as Nested } from 'class-transformer';
import {
  IsArray,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { z } from 'zod';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { ToolOutcome } from '../../../src/agent-webkit/agents/scripted/script.js';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import {
  AgentComponent,
  AgentTool,
  AgentWebkitModule,
  type AgentWebkitModuleOptions,
} from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../../support/start-app.js';

class Place {
  @IsString() city!: string;
}

@AgentComponent({ description: 'Shows the weather of a place.' })
class WeatherCard {
  @ValidateNested() @Nested(() => Place) place!: Place;
  @IsNumber() temperature!: number;
  @IsOptional() @IsString() @MaxLength(20) condition?: string;
}

@AgentComponent({
  name: 'prices',
  description: 'Shows prices side by side.',
  schema: z.object({ plans: z.array(z.object({ name: z.string(), cents: z.number().int() })) }),
})
class PriceTable {}

const PLACE = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const WEATHER = {
  name: 'mcp__genui__render_weather_card',
  short_name: 'weather_card',
  raw_tool_name: 'render_weather_card',
  description: 'Shows the weather of a place.',
  schema: {
    type: 'object',
    properties: {
      place: PLACE,
      temperature: { type: 'number' },
      condition: { type: 'string', maxLength: 20 },
    },
    required: ['place', 'temperature'],
    additionalProperties: false,
  },
};

const outcomes: ToolOutcome[] = [];
const starts: AgentStart[] = [];

/** Agents that call the tool that the message names, with the input after it. */
const callers = () => {
  const play = scriptedSdkFactory(async (turn) => {
    const [name = '', ...rest] = turn.input.text.split(' ');
    outcomes.push(
      await turn.useTool(name, JSON.parse(rest.join(' ') || '{}') as Record<string, unknown>),
    );
  });
  return Object.assign((start: AgentStart) => {
    starts.push(start);
    return play(start);
  }, play);
};

const MODULE = (module: typeof AgentWebkitModule, options: AgentWebkitModuleOptions = {}) =>
  module.forRoot({ auth: { tokens: ['ann:a'] }, agent: { sdkFactory: callers() }, ...options });

const authorized = { authorization: 'Bearer a' };

describe.each(ADAPTERS)('A component with @AgentComponent() on %s', (adapter) => {
  let server: TestApp;
  afterEach(async () => {
    await server.close();
    outcomes.length = 0;
    starts.length = 0;
  });

  const start = async (imports: DynamicModule[]) => {
    server = await startApp({}, { adapter, headers: authorized, metadata: { imports } });
  };
  const render = async (name: string, props: object, config = {}) => {
    const before = outcomes.length;
    const id = await server.createSession(config);
    await server.say(id, `${name} ${JSON.stringify(props)}`);
    await eventually(() => outcomes.length > before);
    return { id, outcome: outcomes.at(-1) };
  };
  const read = async (path: string) => (await server.request('GET', `/${path}`)).body;
  const withBoth = () =>
    start([
      MODULE(AgentWebkitModule),
      AgentWebkitModule.forFeature({ components: [WeatherCard, PriceTable] }),
    ]);

  it('is listed by GET /genui/schema, which needs no token', async () => {
    await withBoth();
    const response = await fetch(`${server.url}/genui/schema`);
    expect(response.status).toBe(200);
    const { tools, ...registry } = (await response.json()) as { tools: object[] };
    expect(registry).toEqual({ version: '1.0', server_name: 'genui', prefix: 'render_' });
    expect(tools).toEqual([
      WEATHER,
      expect.objectContaining({ name: 'mcp__genui__render_prices', short_name: 'prices' }),
    ]);
    expect(Object.keys(tools[1] ?? {})).toEqual(Object.keys(WEATHER));
    expect(tools[1]).toMatchObject({
      schema: { properties: { plans: { type: 'array', items: { required: ['name', 'cents'] } } } },
    });
  });

  it('renders valid props without asking, in any permission mode', async () => {
    await withBoth();
    const props = { place: { city: 'Boston' }, temperature: 21.5 };
    const { id, outcome } = await render(WEATHER.name, props);
    expect(outcome).toMatchObject({ isError: false, output: 'rendered:weather_card' });
    const stream = await server.stream(id);
    expect((await stream.next('tool_use')).data).toMatchObject({
      tool_name: WEATHER.name,
      input: props,
    });
    expect((await stream.next('tool_result')).data).toMatchObject({
      output: 'rendered:weather_card',
      is_error: false,
    });
    await stream.next('result');
    expect(stream.events.map(({ event }) => event)).not.toContain('permission_request');
    const plans = [{ name: 'Small', cents: 500 }];
    const { outcome: prices } = await render('mcp__genui__render_prices', { plans });
    expect(prices).toMatchObject({ isError: false, output: 'rendered:prices' });
  });

  it.each([
    [WEATHER.name, { place: {}, temperature: 1 }, /place\.city must be a string/],
    [WEATHER.name, { place: { city: 'x' }, temperature: 'hot' }, /temperature must be a number/],
    [WEATHER.name, { place: { city: 'x' }, temperature: 1, more: 1 }, /more should not exist/],
    ['mcp__genui__render_prices', { plans: [{ name: 'x', cents: 0.5 }] }, /plans\.0\.cents: /],
  ])('fails with what is wrong, so that the model can correct it: %s %j', async (...row) => {
    const [name, props, problem] = row;
    await withBoth();
    const { outcome } = await render(name, props);
    expect(outcome).toMatchObject({ isError: true, output: expect.stringMatching(problem) });
    expect(outcome).toMatchObject({ output: expect.stringContaining('call the tool again') });
  });

  it('is named in the system prompt of the agents, together with tools of the app', async () => {
    class Tools {
      @AgentTool({ description: 'Returns the time.', readOnly: true }) now() {
        return 'noon';
      }
    }
    await start([
      MODULE(AgentWebkitModule),
      AgentWebkitModule.forFeature({ components: [WeatherCard], tools: [Tools] }),
    ]);
    const { outcome } = await render('mcp__app__now', {});
    expect(outcome).toMatchObject({ output: 'noon' });
    const { hostTools } = starts[0] ?? {};
    expect(hostTools?.systemPrompt).toMatch(/mcp__genui__render_weather_card/);
    expect(hostTools?.tools.map(({ name }) => name)).toEqual(['now', 'render_weather_card']);
  });

  it('belongs to the agents of its module, whose server, prefix and prompt can be others', async () => {
    class Sales extends AgentWebkitModule {}
    class Support extends AgentWebkitModule {}
    await start([
      MODULE(Sales),
      MODULE(Support),
      RouterModule.register([
        { path: 'sales', module: Sales },
        { path: 'support', module: Support },
      ]),
      Sales.forFeature({ components: [PriceTable] }),
      Sales.forFeature({
        components: [WeatherCard],
        genui: { serverName: 'charts', prefix: 'draw_', prompt: 'Draw a lot.' },
      }),
    ]);
    const { tools, ...sales } = await read('sales/genui/schema');
    expect(sales).toEqual({ version: '1.0', server_name: 'charts', prefix: 'draw_' });
    expect(tools).toMatchObject([
      { name: 'mcp__charts__draw_prices', raw_tool_name: 'draw_prices' },
      { name: 'mcp__charts__draw_weather_card' },
    ]);
    expect(await read('support/genui/schema')).toEqual({
      version: '1.0',
      server_name: 'genui',
      prefix: 'render_',
      tools: [],
    });
    for (const path of ['sales', 'support']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { body } = await server.request('POST', `/${path}/sessions`, {});
      // oxlint-disable-next-line no-await-in-loop -- as above
      await server.request('POST', `/${path}/sessions/${String(body['session_id'])}/input`, {
        type: 'user_message',
        content: 'none',
      });
    }
    await eventually(() => starts.length === 2);
    expect(starts.map(({ hostTools }) => hostTools?.systemPrompt)).toEqual([
      expect.stringContaining('Draw a lot.'),
      undefined,
    ]);
  });
});

const started = (...features: Parameters<typeof AgentWebkitModule.forFeature>[0][]) =>
  startApp(
    {},
    {
      adapter: 'express' satisfies AdapterName,
      metadata: {
        imports: [
          MODULE(AgentWebkitModule),
          ...features.map((feature) => AgentWebkitModule.forFeature(feature)),
        ],
      },
    },
  );
const wrong = (options: Parameters<typeof AgentComponent>[0]): Type<object> => {
  @AgentComponent(options)
  class Wrong {
    @IsArray() rows!: unknown[];
  }
  return Wrong;
};

describe('A wrong component', () => {
  class Plain {}
  @AgentComponent({ description: 'x' })
  class Empty {}
  class Server {
    @AgentTool({ server: 'genui', name: 'render_weather_card', description: 'x' }) draw() {}
  }

  it.each<[string, Parameters<typeof AgentWebkitModule.forFeature>[0][], RegExp]>([
    ['has no decorator', [{ components: [Plain] }], /Plain has no @AgentComponent\(\)/],
    ['has no description', [{ components: [wrong({ description: '' })] }], /'description'/],
    [
      'has a wrong name',
      [{ components: [wrong({ name: 'A b', description: 'x' })] }],
      /Wrong: 'name'/,
    ],
    ['has no property that is described', [{ components: [Empty] }], /Empty.*class-validator/],
    [
      'has a schema that is not of an object',
      [{ components: [wrong({ description: 'x', schema: z.string() })] }],
      /Wrong: .*object/,
    ],
    [
      'has the name of another one',
      [{ components: [WeatherCard, wrong({ name: 'weather_card', description: 'x' })] }],
      /WeatherCard and Wrong are both the component 'weather_card'/,
    ],
    [
      'has the name of a tool',
      [{ components: [WeatherCard], tools: [Server] }],
      /mcp__genui__render_weather_card.*@AgentTool/,
    ],
    [
      'has a wrong prefix',
      [{ components: [WeatherCard], genui: { prefix: 'a b' } }],
      /'genui.prefix'/,
    ],
    [
      'has a prefix like the name of a server',
      [{ components: [WeatherCard], genui: { prefix: 'render_a__' } }],
      /'genui.prefix'/,
    ],
    [
      'has a name like that of a server and its tool',
      [{ components: [wrong({ name: 'a__b', description: 'x' })] }],
      /Wrong: 'name'/,
    ],
    [
      'has a longer name than models accept',
      [
        {
          components: [wrong({ name: 'a'.repeat(64), description: 'x' })],
          genui: { prefix: 'p'.repeat(32), serverName: 's'.repeat(32) },
        },
      ],
      /has 135 characters, but models accept 128/,
    ],
    [
      'has the options of two registries',
      [
        { components: [WeatherCard], genui: { prefix: 'a_' } },
        { components: [PriceTable], genui: { prefix: 'b_' } },
      ],
      /'genui.prefix' .*'a_'.*'b_'/,
    ],
  ])('is refused when the app starts, if it %s', async (_, features, message) => {
    await expect(started(...features)).rejects.toThrow(message);
  });
});
