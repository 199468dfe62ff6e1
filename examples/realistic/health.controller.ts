import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import { SessionRegistryService } from 'nestjs-agent-webkit';
import type { Pool } from 'pg';
import { PG_POOL } from './database.module.js';

/** Reports to a load balancer that this server can reach its database. */
@Controller('health')
@SkipThrottle()
export class HealthController {
  constructor(
    @Inject(PG_POOL) private readonly pool: Pool,
    private readonly sessions: SessionRegistryService,
  ) {}

  @Get()
  async check(): Promise<{ status: 'ok'; sessions: number }> {
    try {
      await this.pool.query('select 1');
    } catch {
      throw new ServiceUnavailableException('The database does not answer.');
    }
    return { status: 'ok', sessions: this.sessions.size };
  }
}
