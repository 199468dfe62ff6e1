import type { HostFolder } from './host-folder.js';

/**
 * Boots the `AppModule` of each file, one after the other, in one Node process as a host would.
 *
 * @returns for each path the status of the answer to GET /sessions with these headers
 */
export async function bootModules(
  host: HostFolder,
  paths: readonly string[],
  headers: Record<string, string>,
): Promise<Map<string, number>> {
  const boot = await host.write(
    'boot.ts',
    `
      import { NestFactory } from '@nestjs/core';
      for (const path of ${JSON.stringify(paths)}) {
        try {
          const { AppModule } = await import(path);
          const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
          await app.listen(0, '127.0.0.1');
          const response = await fetch(await app.getUrl() + '/sessions', {
            headers: ${JSON.stringify(headers)},
          });
          await response.text();
          await app.close();
          process.stdout.write('<' + path + ' ' + response.status + '>');
        } catch (error) {
          process.stdout.write(path + ': ' + (error.stack ?? error));
        }
      }
    `,
  );
  const program = host.run(process.execPath, [boot]);
  await program.ended();
  const statuses = new Map(
    [...program.output.matchAll(/<(\S+) (\d+)>/g)].map(([, path = '', status]) => [
      path,
      Number(status),
    ]),
  );
  if (statuses.size !== paths.length) throw new Error(program.output);
  return statuses;
}
