import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JWT_KEY } from './jwt.guard.js';

/** Provides the signing key from the environment, or a random key that is valid until the server stops. */
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
