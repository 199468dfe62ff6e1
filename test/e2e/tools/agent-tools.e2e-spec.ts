import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  type Provider,
  Scope,
  SetMetadata,
  type Type as Class,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MinLength, ValidateNested } from 'class-validator';
import { map } from 'rxjs';
import { z } from 'zod';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script, ToolOutcome } from '../../../src/agent-webkit/agents/scripted/script.js';
import {
  AgentTool,
  type AgentToolCall,
  AgentToolError,
  AgentWebkitModule,
  type Caller,
  CurrentCaller,
  CurrentSession,
  CurrentToolCall,
  type SessionHandle,
  toolCallOf,
  ToolInput,
} from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

class Address {
  @IsString() city!: string;
}

class OrderQuery {
  @IsString() @MinLength(2) id!: string;
  @IsOptional() @IsInt() @Max(9) count?: number;
  @IsOptional() @ValidateNested() @Type(() => Address) to?: Address;
}

const Roles = (...roles: string[]) => SetMetadata('roles', roles);

/** A guard as a host has it, which knows tools besides HTTP. */
@Injectable()
class RolesGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const roles = Reflect.getMetadata('roles', context.getHandler()) as string[];
    return roles.includes(toolCallOf(context)?.caller.id ?? '');
  }
}

@Injectable()
class Shouting implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((text) => String(text).toUpperCase()));
  }
}

class StockError extends Error {}

@Catch(StockError)
class StockFilter implements ExceptionFilter {
  catch(error: StockError) {
    return `out of stock: ${error.message}`;
  }
}

@Injectable()
class OrderTools {
  @AgentTool({ description: 'Finds an order.', schema: OrderQuery, readOnly: true })
  findOrder(
    @ToolInput() query: OrderQuery,
    @CurrentCaller() caller: Caller,
    @CurrentSession() session: SessionHandle,
  ) {
    return { id: query.id, isDto: query instanceof OrderQuery, caller: caller.id, in: session.id };
  }

  @AgentTool({
    name: 'refund',
    server: 'pay',
    description: 'Refunds.',
    schema: z.object({ cents: z.coerce.number().int().positive() }),
    alwaysAsks: true,
  })
  refund(@ToolInput() { cents }: { cents: number }) {
    return `refunded ${cents}`;
  }

  @AgentTool({ description: 'For ann only.' })
  @UseGuards(RolesGuard)
  @Roles('ann')
  secret() {
    return 'the secret';
  }

  @AgentTool({ description: 'Shouts.' })
  @UseInterceptors(Shouting)
  shout() {
    return Promise.resolve('hello');
  }

  @AgentTool({ description: 'Fails in a way that a filter knows.' })
  @UseFilters(StockFilter)
  stock() {
    throw new StockError('bolts');
  }

  @AgentTool({ description: 'Fails.' })
  fail(): never {
    throw new Error('password=hunter2 at /srv/app');
  }

  @AgentTool({ description: 'Refuses.' })
  refuse(): never {
    throw new ForbiddenException('Only on Mondays.');
  }

  @AgentTool({ description: 'Explains.' })
  explain(): never {
    throw new AgentToolError('Ask for a smaller range.');
  }

  @AgentTool({ description: 'At most two in an hour.', rateLimit: { calls: 2, perMs: 3_600_000 } })
  seldom() {
    return 'ok';
  }

  @AgentTool({ description: 'Never ends.', timeoutMs: 30 })
  endless() {
    return new Promise(() => undefined);
  }
}

const aborted: string[] = [];

@Injectable()
class SlowTools {
  @AgentTool({ description: 'Works until it is aborted.' })
  work(@CurrentToolCall() call: AgentToolCall) {
    call.report({ done: 1, total: 2, message: 'half' });
    return new Promise((resolve) => {
      call.signal.addEventListener('abort', () => {
        aborted.push(call.session.id);
        resolve('too late');
      });
    });
  }
}

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class RequestTools {
  readonly #number = (made += 1);

  constructor(@Inject(REQUEST) private readonly call: AgentToolCall) {}

  @AgentTool({ description: 'Counts instances.' })
  count() {
    return `${this.#number} for ${this.call.caller.id}`;
  }
}

/** A module with a request-scoped tool, under a token that another module has, too. */
function moduleWithTool(module: Class<object>): DynamicModule {
  @Injectable({ scope: Scope.REQUEST })
  class Tools {
    constructor(@Inject('NAME') private readonly name: string) {}
    @AgentTool({ name: `name_of_${module.name}`, description: 'Names its module.' })
    tell() {
      return this.name;
    }
  }
  return {
    module,
    providers: [
      { provide: 'NAME', useValue: module.name },
      { provide: 'TOOLS', useClass: Tools, scope: Scope.REQUEST },
    ],
  };
}

const outcomes: ToolOutcome[] = [];

/** Calls the tool that the message names, with the input after it. */
const script: Script = async (turn) => {
  const [name = '', ...rest] = turn.input.text.split(' ');
  const input = JSON.parse(rest.join(' ') || '{}') as Record<string, unknown>;
  outcomes.push(await turn.useTool(name, input));
};

describe.each(ADAPTERS)('A method with @AgentTool() on %s', (adapter) => {
  let server: TestApp;
  afterEach(async () => {
    await server.close();
    outcomes.length = 0;
  });

  const start = async (providers: Provider[] = [OrderTools], imports: DynamicModule[] = []) => {
    server = await startApp(
      {
        auth: { tokens: ['ann:a', 'bob:b'] },
        agent: { sdkFactory: scriptedSdkFactory(script), permissionModes: ['bypassPermissions'] },
      },
      { adapter, providers, imports, headers: { authorization: 'Bearer a' } },
    );
  };
  /** Has the agent of a new session call a tool. Resolves to its outcome. */
  const call = async (name: string, input: object = {}, headers = {}) => {
    const before = outcomes.length;
    const { body } = await server.request('POST', '/sessions', {}, headers);
    const id = String(body['session_id']);
    const content = `${name} ${JSON.stringify(input)}`;
    await server.request(
      'POST',
      `/sessions/${id}/input`,
      { type: 'user_message', content },
      headers,
    );
    await eventually(() => outcomes.length > before);
    return { id, ...outcomes.at(-1) };
  };
  const asBob = { authorization: 'Bearer b' };

  it('runs with the validated input, the caller and the session', async () => {
    await start();
    const { id, ...outcome } = await call('mcp__app__find_order', { id: 'o-1' });
    expect(outcome).toMatchObject({ allowed: true, isError: false });
    expect(JSON.parse((outcome as { output: string }).output)).toEqual({
      id: 'o-1',
      isDto: true,
      caller: 'ann',
      in: id,
    });
  });

  it.each([
    [{}, /id must be a string/],
    [{ id: 'x' }, /id must be longer than or equal to 2/],
    [{ id: 'o-1', count: 10 }, /count must not be greater than 9/],
    [{ id: 'o-1', more: 1 }, /property more should not exist/],
    [{ id: 'o-1', to: { city: 1 } }, /to\.city must be a string/],
    [{ id: 1, count: 'x' }, /id must be.*; count must/],
  ])('does not run with the input %j: the model learns what is wrong', async (input, message) => {
    await start();
    expect(await call('mcp__app__find_order', input)).toMatchObject({
      isError: true,
      output: expect.stringMatching(message),
    });
  });

  it('takes a schema of zod, and asks a person in every mode if it always asks', async () => {
    await start();
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.say(id, 'mcp__pay__refund {"cents":"5"}');
    const { data } = await stream.next('permission_request');
    expect(data).toMatchObject({ tool_name: 'mcp__pay__refund' });
    const { correlation_id } = data as { correlation_id: string };
    await server.input(id, { type: 'permission_response', correlation_id, behavior: 'allow' });
    await eventually(() => outcomes.length === 1);
    expect(outcomes[0]).toMatchObject({ isError: false, output: 'refunded 5' });
    await server.say(id, 'mcp__pay__refund {"cents":-1}');
    const { data: second } = await stream.next('permission_request');
    await server.input(id, {
      type: 'permission_response',
      correlation_id: (second as { correlation_id: string }).correlation_id,
      behavior: 'allow',
    });
    await eventually(() => outcomes.length === 2);
    expect(outcomes[1]).toMatchObject({ isError: true, output: expect.stringMatching(/cents: /) });
  });

  it('has the guards, interceptors and filters of the host', async () => {
    await start();
    expect(await call('mcp__app__secret')).toMatchObject({ output: 'the secret' });
    expect(await call('mcp__app__secret', {}, asBob)).toMatchObject({
      isError: true,
      output: 'Forbidden resource',
    });
    expect(await call('mcp__app__shout')).toMatchObject({ output: 'HELLO' });
    expect(await call('mcp__app__stock')).toMatchObject({ output: 'out of stock: bolts' });
  });

  it('fails without what only the operator may read', async () => {
    await start();
    expect(await call('mcp__app__fail')).toMatchObject({
      isError: true,
      output: 'The tool failed. The log of the server has the reason.',
    });
    expect(await call('mcp__app__refuse')).toMatchObject({ output: 'Only on Mondays.' });
    expect(await call('mcp__app__explain')).toMatchObject({ output: 'Ask for a smaller range.' });
    expect(await call('mcp__app__endless')).toMatchObject({
      isError: true,
      output: 'No result after 30 ms.',
    });
  });

  it('is limited for each caller', async () => {
    await start();
    for (const expected of [false, false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await call('mcp__app__seldom')).toMatchObject({ isError: expected });
    }
    expect(outcomes.at(-1)).toMatchObject({
      output: expect.stringMatching(/Too many calls. Try again in 3600 seconds/),
    });
    expect(await call('mcp__app__seldom', {}, asBob)).toMatchObject({ isError: false });
  });

  it('is aborted when the turn is interrupted', async () => {
    await start([SlowTools]);
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.say(id, 'mcp__app__work');
    await stream.next('tool_use');
    await server.input(id, { type: 'interrupt' });
    await stream.next('result');
    await eventually(() => aborted.includes(id));
  });

  it('can be of a provider with the scope of a request: each call has its own', async () => {
    await start([RequestTools]);
    const before = made;
    expect(await call('mcp__app__count')).toMatchObject({ output: `${before + 1} for ann` });
    expect(await call('mcp__app__count', {}, asBob)).toMatchObject({
      output: `${before + 2} for bob`,
    });
  });

  it('can be of request-scoped providers that two modules have under one token', async () => {
    class Sales {}
    class Support {}
    await start([], [moduleWithTool(Sales), moduleWithTool(Support)]);
    expect(await call('mcp__app__name_of_Sales')).toMatchObject({ output: 'Sales' });
    expect(await call('mcp__app__name_of_Support')).toMatchObject({ output: 'Support' });
  });

  it.each<[string, () => Provider]>([
    ['description', () => toolWith({ description: '' })],
    ['name', () => toolWith({ description: 'x', name: 'a b' })],
    ['readOnly', () => toolWith({ description: 'x', readOnly: true, alwaysAsks: true })],
    ['rateLimit', () => toolWith({ description: 'x', rateLimit: { calls: 0, perMs: 1 } })],
    ['timeoutMs', () => toolWith({ description: 'x', timeoutMs: 0 })],
    ['object', () => toolWith({ description: 'x', schema: z.string() })],
    ['class-validator', () => toolWith({ description: 'x', schema: class Plain {} })],
  ])('is refused when the app starts, with a wrong %s', async (what, provider) => {
    const app = startApp({}, { adapter, providers: [provider()] });
    await expect(app).rejects.toThrow(new RegExp(`@AgentTool\\(\\) of Wrong.tool: .*${what}`));
  });

  it('is refused when the app starts, if another tool has its name', async () => {
    class Other {
      @AgentTool({ name: 'find_order', description: 'x' }) find() {}
    }
    const app = startApp({}, { adapter, providers: [OrderTools, Other] });
    await expect(app).rejects.toThrow(/OrderTools.findOrder and Other.find are both the tool/);
  });
});

function toolWith(options: Parameters<typeof AgentTool>[0]): Provider {
  class Wrong {
    @AgentTool(options) tool() {}
  }
  return Wrong;
}

describe('AgentWebkitModule.forFeature()', () => {
  it('gives tools to the agents of its module only, which inject what the feature imports', async () => {
    @Injectable()
    class Prices {
      readonly ofBolts = 3;
    }
    @Module({ providers: [Prices], exports: [Prices] })
    class PricesModule {}
    @Injectable()
    class PriceTools {
      constructor(private readonly prices: Prices) {}
      @AgentTool({ description: 'The price of bolts.', readOnly: true }) price() {
        return String(this.prices.ofBolts);
      }
    }
    class Sales extends AgentWebkitModule {}
    class Support extends AgentWebkitModule {}
    const found = new Map<string, string[]>();
    const factory = (name: string) => {
      const play = scriptedSdkFactory(async (turn) => {
        const outcome = await turn.useTool('mcp__app__price', {});
        found.set(name, [...(found.get(name) ?? []), outcome.allowed ? outcome.output : '']);
      });
      return Object.assign((start: Parameters<typeof play>[0]) => {
        const { instructions } = start.hostTools ?? {};
        found.set(name, [instructions?.get('app') ?? 'nothing']);
        return play({ ...start, permissionMode: 'bypassPermissions' });
      }, play);
    };
    const server = await startApp(
      {},
      {
        metadata: {
          imports: [
            Sales.forRoot({ auth: 'none', agent: { sdkFactory: factory('sales') } }),
            Support.forRoot({ auth: 'none', agent: { sdkFactory: factory('support') } }),
            Sales.forFeature({
              tools: [PriceTools],
              prompts: ['Prices are in dollars.', 'Never guess one.'],
              imports: [PricesModule],
            }),
          ],
        },
      },
    );
    const caller = { id: 'ann' };
    const { getSessionRegistryToken } = await import('../../../src/index.js');
    for (const module of [Sales, Support]) {
      const registry = server.app.get(getSessionRegistryToken(module), { strict: false });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const session = await registry.create({}, caller);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await session.send({ type: 'user_message', content: 'price' });
    }
    await eventually(() => found.get('sales')?.length === 2 && found.get('support')?.length === 2);
    expect([...found]).toEqual([
      ['sales', ['Prices are in dollars.\n\nNever guess one.', '3']],
      ['support', ['nothing', '']],
    ]);
    await server.close();
  });
});
