import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';

/** The app's connections to PostgreSQL, which sessions use, too. */
export const PG_POOL = Symbol('pg-pool');

@Module({
  providers: [
    {
      provide: PG_POOL,
      useFactory: () => {
        const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });
        // A connection that breaks while nobody uses it: the pool opens another one.
        pool.on('error', () => undefined);
        return pool;
      },
    },
  ],
  exports: [PG_POOL],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(PG_POOL) private readonly pool: Pool) {}

  /** After the sessions have ended, which they do in `onModuleDestroy`. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
