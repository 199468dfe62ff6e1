import type { BusEngine, BusLink, OutgoingMessage } from '../bus-link.js';
import type { RedisClient } from './redis-client.js';

/** The channels of a Redis server, of which each server that receives messages has one. */
export class RedisEngine implements BusEngine {
  /** Far below the limit of Redis for a subscriber that reads too slowly, which disconnects it. */
  readonly maxBytes = 65_536;
  readonly name: string;
  readonly #createClient: () => RedisClient;

  constructor(name: string, createClient: () => RedisClient) {
    this.name = name;
    this.#createClient = createClient;
  }

  async connect(
    address: string,
    onMessage: (message: string) => void,
    signal: AbortSignal,
  ): Promise<BusLink> {
    // A connection with a subscription can do nothing else.
    const subscriber = this.#createClient();
    const publisher = this.#createClient();
    const end = () => {
      signal.removeEventListener('abort', end);
      subscriber.destroy();
      publisher.destroy();
    };
    const lost = new Promise<Error>((resolve) => {
      subscriber.on('error', resolve);
      publisher.on('error', resolve);
    });
    signal.addEventListener('abort', end);
    try {
      await Promise.all([subscriber.connect(), publisher.connect()]);
      await subscriber.subscribe(channelOf(address), onMessage);
    } catch (error) {
      end();
      throw error;
    }
    // From now on, the bus ends it, after it has sent what is waiting.
    signal.removeEventListener('abort', end);
    return {
      lost,
      end,
      send: (messages: readonly OutgoingMessage[]) =>
        Promise.all(
          messages.map(({ address: to, text }) => publisher.publish(channelOf(to), text)),
        ),
      probe: () => Promise.all([subscriber.ping(), publisher.ping()]),
    };
  }
}

function channelOf(address: string): string {
  return `agent-webkit:${address}`;
}
