import { Controller, Get, Query, UseGuards, UseInterceptors } from '@nestjs/common';
import { AgentWebkitErrorInterceptor } from './http/agent-webkit-error.interceptor.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import type { Caller } from './engine/caller.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import { CurrentCaller } from './http/current-caller.decorator.js';
import { ValidatedPipe } from './http/validated.pipe.js';
import type { Usage } from './protocol/answers.js';
import { ReadUsageDto } from './protocol/dto.js';

/**
 * The route of the usage of a caller. A host names this class beside `SessionsController` where it applies
 * middleware or a decorator to the routes of the protocol. Its methods are not public.
 */
@Controller('usage')
@UseGuards(AgentWebkitAuthGuard)
export class UsageController {
  /** @internal */
  constructor(private readonly engine: SessionEngine) {}

  /** @internal */
  @Get()
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async read(
    @Query(new ValidatedPipe(ReadUsageDto)) range: Readonly<Pick<ReadUsageDto, 'from' | 'to'>>,
    @CurrentCaller() caller: Caller,
  ): Promise<Usage> {
    const { from, to, usage, budget } = await this.engine.usage(caller, range);
    return {
      from,
      to,
      usage: usage.map((row) => ({
        day: row.day,
        model: row.model,
        cost_usd: row.costUsd,
        input_tokens: row.inputTokens,
        output_tokens: row.outputTokens,
        cache_read_input_tokens: row.cacheReadTokens,
        cache_creation_input_tokens: row.cacheCreationTokens,
        turns: row.turns,
      })),
      budget: budget && {
        max_usd: budget.maxUsd,
        spent_usd: budget.spentUsd,
        resets_at: budget.resetsAt.toISOString(),
      },
    };
  }
}
