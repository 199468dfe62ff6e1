import { describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { BUS } from '../../src/agent-webkit/agent-webkit.tokens.js';
import { InProcessBus } from '../../src/agent-webkit/bus/in-process-bus.js';
import type { StorageProvider } from '../../src/agent-webkit/engine/storage.js';
import { busFor } from '../../src/agent-webkit/hosting/chosen-bus.js';
import { createSessionEngine } from '../../src/agent-webkit/hosting/create-session-engine.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { demoScript, scriptedSdkFactory } from '../../src/testing.js';
import { eventually } from '../support/eventually.js';
import { MemoryCluster } from '../support/memory-cluster.js';

const ignore = () => undefined;
const SILENT = { log: ignore, warn: ignore, error: ignore };

/** A storage that servers share, as far as the choice of a bus can see. */
const shared = (own?: Pick<StorageProvider, 'createBus'>) =>
  ({ cluster: {}, ...own }) as StorageProvider;

const opens = (bus: InProcessBus) => jest.spyOn(bus, 'open');
const closes = (bus: InProcessBus) => jest.spyOn(bus, 'close');

describe('The bus of a server', () => {
  const chosen = new InProcessBus();
  const ofStorage = new InProcessBus();
  const createBus = () => ofStorage;

  it('is that of the storage, unless the option names another one', () => {
    expect(busFor(null, shared({ createBus }))).toBe(ofStorage);
    expect(busFor(chosen, shared({ createBus }))).toBe(chosen);
    expect(busFor(chosen, shared())).toBe(chosen);
  });

  it('does not exist when the option is none, or when the storage has none', () => {
    const create = jest.fn(createBus);
    expect(busFor('none', shared({ createBus: create }))).toBeNull();
    expect(create).not.toHaveBeenCalled();
    expect(busFor(null, shared())).toBeNull();
    expect(busFor(null, shared({ createBus: () => null }))).toBeNull();
  });

  it('does not exist, and is not created, when servers cannot share the storage', () => {
    expect(busFor(null, new MemoryStorage())).toBeNull();
    expect(busFor(chosen, new MemoryStorage())).toBeNull();
  });

  it('is opened at the address of the server, and closed, by the engine', async () => {
    const bus = new InProcessBus();
    const [opened, closed] = [opens(bus), closes(bus)];
    const storage = new MemoryCluster().server('server-1');
    const sdkFactory = scriptedSdkFactory(demoScript);
    const engine = createSessionEngine({ storage, bus, agent: { sdkFactory }, logger: SILENT });
    await engine.start();
    expect(opened.mock.calls.map(([address]) => address)).toEqual(['server-1']);
    await engine.stop();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('can be overridden by its token in a Nest app', async () => {
    const bus = new InProcessBus();
    const [opened, closed] = [opens(bus), closes(bus)];
    const storage = new MemoryCluster().server('server-1');
    const sdkFactory = scriptedSdkFactory(demoScript);
    const module = await Test.createTestingModule({
      imports: [
        AgentWebkitModule.forRoot({ auth: 'none', storage, bus: 'none', agent: { sdkFactory } }),
      ],
    })
      .overrideProvider(BUS)
      .useValue(bus)
      .setLogger(SILENT)
      .compile();
    await module.init();
    await eventually(() => opened.mock.calls.length);
    await module.close();
    expect(opened.mock.calls.map(([address]) => address)).toEqual(['server-1']);
    expect(closed).toHaveBeenCalledTimes(1);
  });
});
