import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createSessionEngine } from '../../../src/engine.js';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import { AGENT_SANDBOX } from '../../../src/agent-webkit/agent-webkit.tokens.js';
import type {
  AgentSandbox,
  SandboxLimits,
} from '../../../src/agent-webkit/engine/agent-sandbox.js';
import type { SandboxOptions } from '../../../src/agent-webkit/options/groups/sandbox.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { SessionRegistryService } from '../../../src/agent-webkit/session-registry.service.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { fakeSandbox, MISSING, walledAgents } from '../../support/fake-sandbox.js';
import { startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

const RISK = 'agents can read and change everything that the server can';
const ACCEPT = /To accept this risk, set the option .*use: 'none' }, .*AGENT_WEBKIT_SANDBOX=none/;

const production = () => {
  process.env['NODE_ENV'] = 'production';
};
const agent = () => ({ sdkFactory: walledAgents().factory });

let logged: Record<'log' | 'warn' | 'error', string[]>;
let server: TestApp | null;
let nodeEnv: string | undefined;

beforeEach(() => {
  server = null;
  nodeEnv = process.env['NODE_ENV'];
  logged = { log: [], warn: [], error: [] };
  for (const level of ['log', 'warn', 'error'] as const) {
    jest
      .spyOn(Logger.prototype, level)
      .mockImplementation((line: unknown) => void logged[level].push(String(line)));
  }
});
afterEach(async () => {
  await server?.close();
  process.env['NODE_ENV'] = nodeEnv;
  jest.restoreAllMocks();
});

/** Starts the module with a sandbox of the test in place of the system's. */
const start = async (
  sandbox: AgentSandbox,
  options: AgentWebkitModuleOptions,
  settings: StartAppOptions = {},
): Promise<TestApp> => {
  server = await startApp(options, {
    ...settings,
    override: (builder) => builder.overrideProvider(AGENT_SANDBOX).useValue(sandbox),
  });
  return server;
};

const describeBox = ({ processes, memoryBytes }: SandboxLimits) =>
  `The box holds ${processes} processes and ${memoryBytes} bytes.`;

describe('the walls of agents', () => {
  it('contain the sandbox, its limits, and the files and hosts of the options', async () => {
    const played = walledAgents();
    const box = fakeSandbox();
    const app = await start(box, {
      agent: { sdkFactory: played.factory },
      sandbox: { readOnly: ['/srv/shared'], memoryBytes: 10 ** 9, processes: null },
      network: { allow: ['registry.npmjs.org'] },
    });
    await app.createSession();
    await eventually(() => played.agents.length > 0);

    expect(played.newest().start.walls).toMatchObject({
      sandbox: box,
      limits: expect.objectContaining({ memoryBytes: 10 ** 9, processes: null, cpus: null }),
      readOnly: ['/srv/shared'],
      allow: ['registry.npmjs.org'],
    });
  });

  it('contain the files and the hosts that configureSession returns for a session', async () => {
    const played = walledAgents();
    const app = await start(fakeSandbox(), {
      agent: { sdkFactory: played.factory },
      sandbox: { readOnly: ['/srv/shared'] },
      network: { allow: ['registry.npmjs.org'] },
      hooks: {
        configureSession: () => ({
          files: { readOnly: ['/usr/share'] },
          network: { allow: ['pypi.org'] },
        }),
      },
    });
    await app.createSession();
    await eventually(() => played.agents.length > 0);

    expect(played.newest().start.walls).toMatchObject({
      readOnly: ['/srv/shared', '/usr/share'],
      allow: ['pypi.org'],
    });
  });

  it('surround no agent in a folder with files of the server', async () => {
    const played = walledAgents();
    const app = await start(fakeSandbox(), {
      agent: { sdkFactory: played.factory },
      hooks: { configureSession: () => ({ cwd: process.cwd() }) },
    });
    const id = await app.createSession();
    const stream = await app.stream(id);
    await app.say(id, 'hello');

    expect((await stream.next('error')).data).toMatchObject({ code: 'session_folder_missing' });
    expect(played.agents).toEqual([]);
  });

  it('are there for agents that are started ahead of their sessions', async () => {
    const played = walledAgents();
    await start(fakeSandbox(), { agent: { sdkFactory: played.factory, warmPool: 1 } });
    await eventually(() => played.agents.length > 0);

    expect(played.newest().start.walls).toMatchObject({ sandbox: { name: 'box' }, allow: [] });
  });

  it('are reported by the session, the list and each turn', async () => {
    const played = walledAgents();
    const app = await start(fakeSandbox(), {
      agent: { sdkFactory: played.factory },
      network: { allow: ['registry.npmjs.org'] },
    });
    const id = await app.createSession();
    const stream = await app.stream(id);
    await app.say(id, 'hello');

    expect((await stream.next('turn_start')).data).toMatchObject({
      sandbox: 'box',
      network: ['registry.npmjs.org'],
    });
    expect(await app.info(id)).toMatchObject({ sandbox: 'box' });
    const { body } = await app.request('GET', '/sessions');
    expect(body).toMatchObject({ sessions: [{ session_id: id, sandbox: 'box' }] });
    expect(logged.log).toContain('Agents run in the sandbox box.');
  });

  it('have limits, and the log says at the start which of them hold', async () => {
    await start(
      { ...fakeSandbox(), describeLimits: describeBox },
      {
        agent: { sdkFactory: walledAgents().factory },
        sandbox: { processes: 100, memoryBytes: 2 ** 30 },
      },
    );
    expect(logged.log).toContain('The box holds 100 processes and 1073741824 bytes.');
  });

  it.each([
    ['none', { use: 'none' }, fakeSandbox()],
    ['that does not work', {}, fakeSandbox(MISSING)],
  ] as const)(
    'are absent with a sandbox %s, which the session and each turn report',
    async (_, sandbox: SandboxOptions, box) => {
      const played = walledAgents();
      const app = await start(sandbox.use === 'none' ? (null as never) : box, {
        agent: { sdkFactory: played.factory },
        sandbox,
      });
      const id = await app.createSession();
      const stream = await app.stream(id);
      await app.say(id, 'hello');

      const { data } = await stream.next('turn_start');
      expect(data).toMatchObject({ sandbox: 'none' });
      expect(data).not.toHaveProperty('network');
      expect(await app.info(id)).toMatchObject({ sandbox: 'none' });
      expect(await app.info(id)).not.toHaveProperty('network');
      expect(played.newest().start).not.toHaveProperty('walls');
      expect(played.newest().start).not.toHaveProperty('wallsRequired');
    },
  );
});

describe('a server without a working sandbox', () => {
  it('does not start in production, and says what is missing, what to install and how to accept the risk', async () => {
    production();
    const starting = start(fakeSandbox(MISSING), { agent: agent() });
    await expect(starting).rejects.toThrow(
      'No sandbox works on this machine, and other machines can reach this server: NODE_ENV is ' +
        `production. Without one, ${RISK}. ${MISSING} To accept this risk, set`,
    );
    await expect(starting).rejects.toThrow(ACCEPT);
  });

  it('does not start where one is required, also with agents that need no walls', async () => {
    const required = { sandbox: { use: 'required' } } as const;
    for (const sdkFactory of [walledAgents().factory, fakeAgents().factory]) {
      // oxlint-disable-next-line no-await-in-loop -- one server at a time
      await expect(
        start(fakeSandbox(MISSING), { agent: { sdkFactory }, ...required }),
      ).rejects.toThrow(
        `No sandbox works on this machine, and the option 'sandbox.use' requires one. Without one, ${RISK}. ${MISSING}`,
      );
    }
  });

  it("does not start with a sandbox of the host's own that does not work or throws", async () => {
    const broken = { ...fakeSandbox(), check: () => Promise.reject(new Error('no such machine')) };
    for (const [own, sentence] of [
      [fakeSandbox(MISSING), MISSING],
      [broken, 'no such machine'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one server at a time
      await expect(startApp({ agent: agent(), sandbox: { use: own } })).rejects.toThrow(sentence);
    }
  });

  it('warns in one line where only this machine can reach it', async () => {
    await start(fakeSandbox(MISSING), { agent: agent() });

    expect(logged.warn).toEqual([expect.stringContaining(`so ${RISK}. ${MISSING}`)]);
    expect(logged.warn[0]).toMatch(ACCEPT);
    expect(logged.warn[0]).not.toContain('\n');
  });

  it('starts in production with none in words, and warns once', async () => {
    production();
    await start(null as never, { agent: agent(), sandbox: { use: 'none' } }, { host: '0.0.0.0' });

    expect(logged.warn).toEqual([
      `Agents run without a sandbox, because the option 'sandbox.use' is 'none': ${RISK}. ` +
        'Other machines can reach this server: NODE_ENV is production.',
    ]);
  });

  it('says nothing of the walls of agents whose factory does not tell', async () => {
    const app = await start(fakeSandbox(), { agent: { sdkFactory: fakeAgents().factory } });
    const info = await app.info(await app.createSession());

    expect(info).not.toHaveProperty('sandbox');
    expect(info).not.toHaveProperty('network');
  });

  it('reports the walls of agents whose factory passes on what another one tells', async () => {
    const { factory } = walledAgents();
    const wrapped = Object.assign((begin: AgentStart) => factory(begin), factory);
    const app = await start(fakeSandbox(), { agent: { sdkFactory: wrapped } });

    expect(await app.info(await app.createSession())).toMatchObject({
      sandbox: fakeSandbox().name,
      network: [],
    });
  });

  it('starts in production with agents that need no walls', async () => {
    production();
    const played = fakeAgents();
    await start(fakeSandbox(MISSING), {
      agent: { sdkFactory: Object.assign(played.factory, { usesWalls: false }) },
    });

    expect(logged.warn).toEqual([]);
  });

  it("passes to a host's own factory that its agents must have walls", async () => {
    production();
    const played = fakeAgents();
    const app = await start(fakeSandbox(MISSING), { agent: { sdkFactory: played.factory } });
    await app.createSession();
    await eventually(() => played.agents.length > 0);

    expect(played.newest().start).toMatchObject({ wallsRequired: true });
  });

  it('stops its agents and starts no more when it listens on a public address', async () => {
    const played = walledAgents();
    /** Uses the module before the app listens. */
    @Injectable()
    class EarlyHost implements OnApplicationBootstrap {
      static id = '';
      constructor(private readonly sessions: SessionRegistryService) {}
      async onApplicationBootstrap(): Promise<void> {
        ({ id: EarlyHost.id } = await this.sessions.create({}, { id: 'anonymous' }));
        await eventually(() => played.agents.length > 0);
      }
    }
    const app = await start(
      fakeSandbox(MISSING),
      {},
      {
        host: '0.0.0.0',
        metadata: {
          imports: [
            AgentWebkitModule.forRoot({ auth: 'none', agent: { sdkFactory: played.factory } }),
          ],
          providers: [EarlyHost],
        },
      },
    );
    await eventually(() => played.newest().isClosed);

    const refusal = {
      status: 503,
      body: { code: 'sandbox_unavailable', message: expect.not.stringContaining(MISSING) },
    };
    const message = { type: 'user_message', content: 'hello' };
    const early = `/sessions/${EarlyHost.id}`;
    expect(await app.request('POST', '/sessions', {})).toMatchObject(refusal);
    expect(await app.request('POST', `${early}/input`, message)).toMatchObject(refusal);
    expect(await app.request('GET', early)).toMatchObject({ status: 200 });
    expect(await app.request('DELETE', early)).toMatchObject({ status: 204 });
    expect(played.agents).toHaveLength(1);
    expect(logged.error).toEqual([
      expect.stringMatching(
        /^No agents are started\. .*: it listens on 0\.0\.0\.0\. .*The box is not/,
      ),
    ]);
  });
});

describe('an engine without Nest', () => {
  it('does not start without the sandbox that it requires', async () => {
    const engine = createSessionEngine({
      agent: { sdkFactory: walledAgents().factory },
      sandbox: { use: fakeSandbox(MISSING) },
    });
    await expect(engine.start()).rejects.toThrow(MISSING);
    await engine.stop();
  });

  it('starts agents in its sandbox', async () => {
    const played = walledAgents();
    const engine = createSessionEngine({
      agent: { sdkFactory: played.factory },
      sandbox: { use: fakeSandbox() },
      logger: new Logger('test'),
    });
    await engine.start();
    const session = await engine.create({}, { id: 'ann' });
    await eventually(() => played.agents.length > 0);

    expect(played.newest().start.walls).toMatchObject({ sandbox: { name: 'box' } });
    expect(await session.info()).toMatchObject({ sandbox: 'box' });
    await engine.stop();
  });
});
