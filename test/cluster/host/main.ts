// A Nest app with code of its own that uses sessions, started by a test in a process of its own.
import 'reflect-metadata';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Module,
  Param,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom, take, toArray } from 'rxjs';
import {
  AgentWebkitErrorInterceptor,
  AgentWebkitModule,
  type Caller,
  type InboundMessage,
  PostgresStorage,
  SessionRegistryService,
} from '../../../src/index.js';
import { demoScript, scriptedSdkFactory } from '../../../src/testing.js';

const { DATABASE = '', LEASE_MS } = process.env;

/** Writes a line that the test counts. */
function note(hook: string): void {
  process.stdout.write(`HOOK ${hook}\n`);
}

/** The caller of the routes without authentication is "anonymous". */
const callerOf = (id = 'anonymous'): Caller => ({ id });

/** Calls each method of the service for any session, whichever server runs it. */
@Controller('host')
@UseInterceptors(AgentWebkitErrorInterceptor)
class HostController {
  readonly #sessions: SessionRegistryService;

  constructor(sessions: SessionRegistryService) {
    this.#sessions = sessions;
  }

  @Post()
  async create(@Headers('caller') caller?: string): Promise<{ id: string }> {
    const { id } = await this.#sessions.create({}, callerOf(caller));
    return { id };
  }

  @Get()
  list(@Headers('caller') caller?: string): Promise<object> {
    return this.#sessions.list(callerOf(caller));
  }

  @Get('block')
  block(@Query('ms') ms: string): void {
    const until = performance.now() + Number(ms);
    while (performance.now() < until);
  }

  @Get(':id')
  info(@Param('id') id: string, @Headers('caller') caller?: string): Promise<object> {
    return this.#sessions.get(id, callerOf(caller)).info();
  }

  @Get(':id/events')
  events(@Param('id') id: string): Promise<object> {
    return this.#sessions.get(id, callerOf()).read();
  }

  /** Resolves to the first events of a watch. */
  @Get(':id/watch')
  watch(@Param('id') id: string, @Query('count') count: string): Promise<object> {
    const events = this.#sessions.get(id, callerOf()).watch();
    return firstValueFrom(events.pipe(take(Number(count)), toArray()));
  }

  @Post(':id/send')
  @HttpCode(204)
  send(@Param('id') id: string, @Body() message: InboundMessage): Promise<void> {
    return this.#sessions.get(id, callerOf()).send(message);
  }

  @Post(':id/budget')
  @HttpCode(204)
  setMaxBudget(@Param('id') id: string, @Body() { usd }: { usd: number }): Promise<void> {
    return this.#sessions.get(id, callerOf()).setMaxBudget(usd);
  }

  @Delete(':id')
  @HttpCode(204)
  close(@Param('id') id: string): Promise<void> {
    return this.#sessions.get(id, callerOf()).close();
  }
}

@Module({
  imports: [
    AgentWebkitModule.forRootAsync({
      useFactory: async () => ({
        auth: 'none',
        storage: await PostgresStorage.connect(DATABASE, {
          ...(LEASE_MS && { leaseMs: Number(LEASE_MS) }),
        }),
        agent: { sdkFactory: scriptedSdkFactory(demoScript) },
        timeouts: { shutdownDelayMs: 0 },
        hooks: {
          configureSession: () => note('configureSession'),
          canAccess: (_session, caller) => {
            note('canAccess');
            return caller.id === 'bob';
          },
          onDecision: ({ outcome, caller }) => note(`onDecision ${outcome} by ${caller?.id}`),
        },
      }),
    }),
  ],
  controllers: [HostController],
})
class HostModule {}

const app = await NestFactory.create(HostModule, { logger: ['warn', 'error'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.stdout.write(`Listening on ${await app.getUrl()}\n`);
