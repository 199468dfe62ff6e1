import { describe, expect, it } from '@jest/globals';
import { SessionRegistryService } from '../../../src/agent-webkit/session-registry.service.js';
import { createServer } from '../../../src/standalone/server.js';
import { readSettings } from '../../../src/standalone/settings.js';

describe('the probes of the standalone server', () => {
  it('answer without a token, and tell that a server which stops is not ready', async () => {
    const settings = readSettings({
      PORT: '0',
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_TOKEN: 'a-token',
    });
    const app = await createServer(settings, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const statuses = async () => [
      (await fetch(`${url}/health/live`)).status,
      (await fetch(`${url}/health/ready`)).status,
    ];
    expect(await statuses()).toEqual([204, 204]);

    // The server still listens in this phase of its shutdown.
    await app.get(SessionRegistryService, { strict: false }).onModuleDestroy();
    expect(await statuses()).toEqual([204, 503]);
    const refused = await fetch(`${url}/health/ready`);
    expect(await refused.json()).toEqual({
      statusCode: 503,
      code: 'not_ready',
      message: 'This server takes no new work. Use another one.',
    });
    await app.close();
  });
});
