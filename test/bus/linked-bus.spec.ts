import { afterEach, describe, expect, it } from '@jest/globals';
import type { BusEngine, BusLink, OutgoingMessage } from '../../src/agent-webkit/bus/bus-link.js';
import { LinkedBus } from '../../src/agent-webkit/bus/linked-bus.js';
import { eventually } from '../support/eventually.js';

const TIMING = { responseMs: 100, probeMs: 20 };

class FakeLink implements BusLink {
  readonly sent: (readonly OutgoingMessage[])[] = [];
  readonly lost: Promise<Error>;
  lose!: (error: Error) => void;
  isEnded = false;
  probes = 0;
  /** The response of the engine to each batch and each probe. */
  respond: () => Promise<unknown> = () => Promise.resolve();

  constructor() {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  send(messages: readonly OutgoingMessage[]): Promise<unknown> {
    this.sent.push(messages);
    return this.respond();
  }

  probe(): Promise<unknown> {
    this.probes += 1;
    return this.respond();
  }

  end(): void {
    this.isEnded = true;
  }

  get texts(): string[] {
    return this.sent.flat().map(({ text }) => text);
  }
}

class FakeEngine implements BusEngine {
  readonly name = 'the engine';
  readonly maxBytes = 1000;
  readonly links: FakeLink[] = [];
  readonly signals: AbortSignal[] = [];
  /** How the next attempts end: by default with a new link. */
  attempt: () => Promise<FakeLink> = () => Promise.resolve(new FakeLink());
  deliver!: (message: string) => void;

  async connect(_: string, onMessage: (message: string) => void, signal: AbortSignal) {
    this.deliver = onMessage;
    this.signals.push(signal);
    const link = await this.attempt();
    this.links.push(link);
    return link;
  }

  newest(): FakeLink {
    const link = this.links.at(-1);
    if (!link) throw new Error('There is no link.');
    return link;
  }
}

class TestedBus extends LinkedBus {}

describe('a bus with a connection', () => {
  const buses: LinkedBus[] = [];
  const open = async (of: FakeEngine, timing = TIMING) => {
    const bus = new TestedBus(of, timing);
    buses.push(bus);
    const messages: string[] = [];
    const problems: string[] = [];
    const news: string[] = [];
    await bus.open('server-1', {
      onMessage: (message) => messages.push(message),
      onTrouble: (problem) => problems.push(problem),
      onRecovered: (one) => news.push(one),
    });
    return { bus, messages, problems, news };
  };
  afterEach(() => Promise.all(buses.splice(0).map((bus) => bus.close())));

  const QUIET = { ...TIMING, probeMs: 1_000_000 };

  it('sends the messages of one turn of the event loop together', async () => {
    const fake = new FakeEngine();
    const { bus } = await open(fake, QUIET);
    for (const text of ['a', 'b']) bus.send('server-2', text);
    await Promise.resolve();
    bus.send('server-3', 'c');
    const { sent } = fake.newest();
    await eventually(() => sent.length);
    expect(sent).toEqual([
      [
        { address: 'server-2', text: 'a' },
        { address: 'server-2', text: 'b' },
        { address: 'server-3', text: 'c' },
      ],
    ]);
  });

  it('collects messages while the engine has not responded, and loses those beyond its bound', async () => {
    const fake = new FakeEngine();
    const { bus } = await open(fake, { ...QUIET, responseMs: 20_000 });
    const link = fake.newest();
    let respond!: () => void;
    link.respond = () =>
      new Promise<void>((resolve) => {
        respond = resolve;
      });
    bus.send('server-2', 'first');
    await eventually(() => link.sent.length);
    const text = 'x'.repeat(1000);
    for (let count = 0; count < 5000; count += 1) bus.send('server-2', text);
    link.respond = () => Promise.resolve();
    respond();
    await eventually(() => link.sent.length === 2);
    const { length } = link.sent[1] ?? [];
    expect(length).toBeGreaterThan(900);
    expect(length).toBeLessThanOrEqual(1_048_576 / 1000);
    bus.send('server-2', 'later');
    await eventually(() => link.texts.includes('later'));
  });

  it('loses messages that no engine carries', async () => {
    const fake = new FakeEngine();
    const { bus } = await open(fake, QUIET);
    bus.send('server-2', 'x'.repeat(1001));
    bus.send('server-2', '\u{1F600}'.repeat(251));
    bus.send('server-2', 'nul \0');
    bus.send('server"2', 'no address');
    bus.send('s'.repeat(41), 'no address');
    bus.send('server-2', 'good');
    await eventually(() => fake.newest().sent.length);
    expect(fake.newest().texts).toEqual(['good']);
  });

  it.each(['', 'a b', 'x'.repeat(41), 'a"b', 'a\0'])(
    'rejects to open at the address %j',
    async (address) => {
      const bus = new TestedBus(new FakeEngine(), TIMING);
      const opening = bus.open(address, { onMessage: () => undefined, onTrouble: () => undefined });
      await expect(opening).rejects.toThrow(TypeError);
    },
  );

  it('connects again when its connection is lost, and loses the messages meanwhile', async () => {
    const fake = new FakeEngine();
    const { bus, problems } = await open(fake, QUIET);
    const [first] = fake.links;
    bus.send('server-2', 'not sent yet');
    first?.lose(new Error('cut.'));
    await eventually(() => first?.isEnded);
    bus.send('server-2', 'without a connection');
    await eventually(() => fake.links.length === 2);
    await eventually(() => {
      bus.send('server-2', 'again');
      return fake.newest().texts.length;
    });
    expect(new Set(fake.newest().texts)).toEqual(new Set(['again']));
    expect(problems).toEqual([
      'The bus has no connection to the engine (cut). Events and messages of other servers arrive up to a ' +
        'second later. Retrying until it is connected.',
    ]);
  });

  it.each<[string, (link: FakeLink, bus: LinkedBus) => void]>([
    [
      'does not respond to a probe',
      (link) => {
        link.respond = () => new Promise(() => undefined);
      },
    ],
    [
      'rejects a message',
      (link, bus) => {
        link.respond = () => Promise.reject(new Error('no permission'));
        bus.send('server-2', 'rejected');
      },
    ],
    ['reports an error', (link) => link.lose(new Error('reset'))],
  ])('replaces a connection that %s', async (_, breakIt) => {
    const fake = new FakeEngine();
    const { bus, problems, news } = await open(fake);
    breakIt(fake.newest(), bus);
    await eventually(() => fake.links.length === 2);
    expect(fake.links[0]?.isEnded).toBe(true);
    expect(problems).toHaveLength(1);
    await eventually(() => fake.newest().probes > 0);
    await eventually(() => news.length === 1);
    expect(news).toEqual(['The bus is connected to the engine again.']);
    fake.newest().lose(new Error('a second outage'));
    await eventually(() => fake.links.length === 3);
    expect(problems).toHaveLength(2);
  });

  it('reports one outage while every connection is lost at once, with growing delays', async () => {
    const fake = new FakeEngine();
    const startedAt = performance.now();
    fake.attempt = () => {
      const link = new FakeLink();
      link.lose(new Error('at once'));
      return Promise.resolve(link);
    };
    const { problems } = await open(fake, QUIET);
    await eventually(() => fake.links.length === 4);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100 + 200 + 400 - 5);
    expect(problems).toHaveLength(1);
  });

  it('stops an attempt without a response, and ends a connection that comes too late', async () => {
    const fake = new FakeEngine();
    let arrive!: (link: FakeLink) => void;
    fake.attempt = () =>
      new Promise((resolve) => {
        arrive = resolve;
      });
    const { problems } = await open(fake, QUIET);
    expect(problems).toEqual([expect.stringContaining('(no response within 100 ms)')]);
    expect(fake.signals[0]?.aborted).toBe(true);
    fake.attempt = () => Promise.resolve(new FakeLink());
    const late = new FakeLink();
    arrive(late);
    await eventually(() => late.isEnded);
    await eventually(() => fake.links.length === 2);
    expect(fake.newest().isEnded).toBe(false);
  });

  it('sends what is waiting before it closes, delivers nothing then, and never connects again', async () => {
    const fake = new FakeEngine();
    const { bus, messages, problems } = await open(fake);
    bus.send('server-2', 'the last one');
    const closing = bus.close();
    bus.send('server-2', 'too late');
    fake.deliver('a late message');
    await closing;
    const link = fake.newest();
    expect(link.texts).toEqual(['the last one']);
    expect(link.isEnded).toBe(true);
    link.lose(new Error('ended'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([messages, problems, fake.links.length]).toEqual([[], [], 1]);
  });

  it('closes while it connects, and ends the connection', async () => {
    const fake = new FakeEngine();
    let arrive!: (link: FakeLink) => void;
    fake.attempt = () =>
      new Promise((resolve) => {
        arrive = resolve;
      });
    const bus = new TestedBus(fake, { ...QUIET, responseMs: 20_000 });
    const problems: string[] = [];
    const opening = bus.open('server-1', {
      onMessage: () => undefined,
      onTrouble: (problem) => problems.push(problem),
    });
    const closing = bus.close();
    expect(fake.signals[0]?.aborted).toBe(true);
    const link = new FakeLink();
    arrive(link);
    await Promise.all([opening, closing]);
    expect(link.isEnded).toBe(true);
    expect(problems).toEqual([]);
  });

  it('never waits for an engine that does not respond when it closes', async () => {
    const fake = new FakeEngine();
    const { bus } = await open(fake, { ...QUIET, responseMs: 20_000 });
    fake.newest().respond = () => new Promise(() => undefined);
    bus.send('server-2', 'no response');
    await eventually(() => fake.newest().sent.length);
    await bus.close();
    expect(fake.newest().isEnded).toBe(true);
  });
});
