import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SignJWT } from 'jose';
import { AppModule } from './app.module.js';
import { JWT_KEY } from './jwt.guard.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.useBodyParser('json', { limit: '10mb' });
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');

// A token to try the example with. In your app, tokens come from your sign-in.
const token = await new SignJWT()
  .setProtectedHeader({ alg: 'HS256' })
  .setSubject('ann')
  .setAudience('agents')
  .setExpirationTime('1h')
  .sign(app.get<Uint8Array>(JWT_KEY, { strict: false }));
process.stdout.write(
  `\nListening on ${await app.getUrl()}\nToken for ann, valid for one hour: ${token}\n\n`,
);
