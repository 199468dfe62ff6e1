// The standalone server with the limits in the variable LIMITS. Tests start it in a process of its own.
import 'reflect-metadata';
import { createServer } from '../../src/standalone/server.js';
import { readSettings } from '../../src/standalone/settings.js';
import type { Limits } from './walls-world.js';

const { LIMITS = '', ...env } = process.env;
const { sandbox, workspace } = JSON.parse(LIMITS) as Limits;
const settings = readSettings(env);
const { module } = settings;
const app = await createServer({
  ...settings,
  module: {
    ...module,
    sandbox: { ...module.sandbox, ...sandbox },
    workspace: { ...module.workspace, ...workspace },
  },
});
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(settings.port, settings.host);
process.stdout.write(`Listening on ${await app.getUrl()}\n`);
