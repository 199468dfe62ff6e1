import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { AgentWebkitModule, PostgresStorage } from 'nestjs-agent-webkit';
import type { Pool } from 'pg';
import { createAgents } from './agent.js';
import { AuthModule } from './auth.module.js';
import { DatabaseModule, PG_POOL } from './database.module.js';
import { HealthController } from './health.controller.js';
import { JwtGuard } from './jwt.guard.js';
import { OrdersModule, OrdersService } from './orders.service.js';

@Module({
  imports: [
    AuthModule,
    DatabaseModule,
    // Limits requests per address, over all routes. A stream counts once, when it is opened.
    ThrottlerModule.forRoot([{ ttl: 60_000, limit: Number(process.env['MAX_PER_MINUTE'] ?? 600) }]),
    AgentWebkitModule.forRootAsync({
      imports: [AuthModule, DatabaseModule, OrdersModule],
      guard: JwtGuard,
      inject: [PG_POOL, OrdersService],
      useFactory: (pool: Pool, orders: OrdersService) => ({
        storage: new PostgresStorage({
          pool,
          schema: process.env['DATABASE_SCHEMA'] ?? 'agent_webkit',
        }),
        agent: { sdkFactory: createAgents(orders), permissionModes: ['default'] },
        limits: { maxSessionsPerOwner: 100 },
        timeouts: { requestTimeoutMs: 15 * 60_000 },
        retention: { retentionMs: 30 * 24 * 60 * 60_000 },
      }),
    }),
  ],
  controllers: [HealthController],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
export class AppModule {}
