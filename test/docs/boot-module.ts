import { createServer, type AddressInfo } from 'node:net';
import type { HostFolder } from './host-folder.js';

/**
 * Boots a file's `AppModule` in a Node of its own, as a host would.
 *
 * @returns the status with which GET /sessions is answered to who sends these headers
 */
export async function bootModule(
  host: HostFolder,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  const boot = await host.write(
    `boot-${path.replaceAll(/\W/g, '')}.ts`,
    `
      import { NestFactory } from '@nestjs/core';
      const { AppModule } = await import(${JSON.stringify(path)});
      const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
      await app.listen(0, '127.0.0.1');
      const response = await fetch(await app.getUrl() + '/sessions', {
        headers: ${JSON.stringify(headers)},
      });
      await response.text();
      await app.close();
      process.stdout.write('status ' + response.status + ';');
    `,
  );
  const program = host.run(process.execPath, [boot]);
  const [, status] = await program.says(/status (\d+);/);
  return Number(status);
}

/** A port that nobody listens on, for a server that cannot say which one it was given. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
