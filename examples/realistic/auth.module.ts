import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JWT_KEY } from './jwt.guard.js';

/** The key comes from the environment. Without one, tokens are good for one run. */
@Module({
  providers: [
    {
      provide: JWT_KEY,
      useFactory: () =>
        new TextEncoder().encode(process.env['JWT_SECRET'] ?? randomBytes(32).toString('hex')),
    },
  ],
  exports: [JWT_KEY],
})
export class AuthModule {}
