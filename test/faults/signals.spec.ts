import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RealAgent } from '../durability/real-agent.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { REJECT, ServerProcess, THROW } from './server-process.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterEach(() => ServerProcess.killAll());
afterAll(() => sources.remove());

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('drains the server, for %s', async (signal) => {
    const server = await ServerProcess.start(sources);
    const stream = await server.stream(await server.createSession());
    server.program.signal(signal);
    expect(await server.program.ended()).toBe(0);
    await stream.ended();
    expect(stream.isCut).toBe(false);
    expect(stream.names()).toContain('done');
    expect(server.program.output).toMatch(
      new RegExp(`LOG \\[Server\\] Received ${signal}\\. Shutting down\\.`),
    );
  });

  it('of a terminal and of npm at the same time does not cut the shutdown short', async () => {
    const server = await ServerProcess.start(sources);
    const stream = await server.stream(await server.createSession());
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      server.program.signal(signal);
    }
    expect(await server.program.ended()).toBe(0);
    await stream.ended();
    expect(stream.isCut).toBe(false);
  });
});

describe('a defect', () => {
  it.each([
    ['an error that nothing catches', THROW],
    ['a rejection that nothing handles', REJECT],
  ] as const)('ends the server with status 1 and one log line: %s', async (_, signal) => {
    const server = await ServerProcess.start(sources);
    server.program.signal(signal);
    expect(await server.program.ended()).toBe(1);
    const told = server.program.lines.filter((line) => line.includes('a defect'));
    expect(told).toEqual([expect.stringMatching(/ERROR \[Server\] .*Error: a defect/)]);
  });

  it('leaves no agent behind', async () => {
    const agent = await RealAgent.create();
    const server = await ServerProcess.start(sources, 'exec "$@"', { env: agent.settings });
    await server.serveTurn();
    expect(await agent.processes()).not.toEqual([server.program.pid]);
    server.program.signal(THROW);
    expect(await server.program.ended()).toBe(1);
    await agent.gone();
    await agent.close();
  });

  it('ends the server also when the log line cannot be written', async () => {
    const server = await ServerProcess.start(sources, 'exec "$@" > >(exec true) 2>&1');
    server.program.signal(THROW);
    expect(await server.program.ended()).toBe(1);
  });
});
