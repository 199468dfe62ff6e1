import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { DEV_PROXIES } from './dev-proxies.js';
import { createSession, HeldAgentServer, openStream } from './held-agent-server.js';
import { PROXIES } from './proxies.js';
import { describeBehind, findBlock, StartedProxy } from './started-proxy.js';

let sources: CompiledSources;
let server: HeldAgentServer;
beforeAll(async () => {
  sources = await CompiledSources.create(['src', 'test/proxies']);
  server = await HeldAgentServer.start(sources, null);
});
afterAll(async () => {
  await server?.kill();
  await sources.remove();
});

const immediate = [...PROXIES, ...DEV_PROXIES].filter(({ noticesByWriting }) => !noticesByWriting);

describe.each(immediate)('The block for $name', (proxy) => {
  describeBehind(proxy)('without keep-alive comments', () => {
    let started: StartedProxy;
    beforeAll(async () => {
      started = await StartedProxy.start(proxy, findBlock(proxy), server.port);
    });
    afterAll(() => started?.stop());

    it.each(proxy.versions)('passes on the disconnect of a client (%s)', async (version) => {
      const client = started.connect(version);
      const id = await createSession(client);
      const stream = await openStream(client, id);
      expect(await server.subscribersOf(id)).toBe(1);
      stream.close();

      await eventually(
        () => server.subscribersOf(id),
        (count) => count === 0,
        10_000,
      );
      client.close();
    });
  });
});
