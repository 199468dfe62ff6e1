import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';

/** The app's pool of connections to PostgreSQL. Sessions use it, too. */
export const PG_POOL = Symbol('pg-pool');

@Module({
  providers: [
    {
      provide: PG_POOL,
      useFactory: () => {
        const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });
        // An idle connection failed. The pool opens another one when it is needed.
        pool.on('error', () => undefined);
        return pool;
      },
    },
  ],
  exports: [PG_POOL],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(PG_POOL) private readonly pool: Pool) {}

  /** Closes the pool after the sessions have ended, which happens in `onModuleDestroy`. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
