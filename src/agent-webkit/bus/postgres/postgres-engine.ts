import { nameDatabase } from '../../storage/postgres/connecting.js';
import { connectionSettings, Database, queryOn } from '../../storage/postgres/database.js';
import { PostgresError } from '../../storage/postgres/postgres-error.js';
import type {
  OwnPool,
  PostgresClient,
  PostgresNotification,
  PostgresPool,
} from '../../storage/postgres/postgres-pool.js';
import type { BusEngine, BusLink, OutgoingMessage } from '../bus-link.js';

const TIMEOUT_MS = 5000;

const SEND =
  'select pg_notify(channel, message) from unnest($1::text[], $2::text[]) as t(channel, message)';
const PROBE = 'select 1 from pg_listening_channels() as channel where channel = $1';

/** The notifications of a PostgreSQL database. The channel of a server has its address in the name. */
export class PostgresEngine implements BusEngine {
  /** PostgreSQL accepts payloads below 8,000 bytes. */
  readonly maxBytes = 7999;
  readonly name: string;
  readonly #database: Database;
  readonly #ownPool: OwnPool | undefined;

  constructor(pool: PostgresPool, ownPool?: OwnPool) {
    this.name = nameDatabase(pool).replace(/,$/, '');
    this.#database = new Database(pool, TIMEOUT_MS);
    this.#ownPool = ownPool;
  }

  async connect(address: string, onMessage: (message: string) => void): Promise<BusLink> {
    let lose!: (error: Error) => void;
    const lost = new Promise<Error>((resolve) => {
      lose = resolve;
    });
    const client = await this.#database.connect(lose);
    const channel = channelOf(address);
    const onNotification = (notification: PostgresNotification) => {
      if (notification.channel === channel) onMessage(notification.payload ?? '');
    };
    client.on('notification', onNotification);
    let isEnded = false;
    const end = () => {
      if (isEnded) return;
      isEnded = true;
      client.removeListener('notification', onNotification);
      client.removeListener('error', lose);
      // It is not reused, so a pool of a host does not get it back with these settings.
      client.release(true);
    };
    try {
      await listen(client, channel);
    } catch (error) {
      end();
      throw error;
    }
    return { lost, end, send: sender(client), probe: prober(client, channel) };
  }

  async close(): Promise<void> {
    await this.#ownPool?.end();
  }
}

function channelOf(address: string): string {
  return `agent_webkit_${address}`;
}

async function listen(client: PostgresClient, channel: string): Promise<void> {
  const query = queryOn(client, TIMEOUT_MS);
  await query(connectionSettings(TIMEOUT_MS));
  await query(`listen "${channel}"`);
}

function sender(client: PostgresClient): BusLink['send'] {
  const query = queryOn(client, TIMEOUT_MS);
  return (messages: readonly OutgoingMessage[]) =>
    query(SEND, [
      messages.map(({ address }) => channelOf(address)),
      messages.map(({ text }) => text),
    ]);
}

function prober(client: PostgresClient, channel: string): BusLink['probe'] {
  const query = queryOn(client, TIMEOUT_MS);
  return async () => {
    const rows = await query(PROBE, [channel]);
    if (rows.length > 0) return;
    throw new PostgresError(
      'The connection does not listen any more. Behind PgBouncer in the mode `transaction`, connect the bus to the database itself.',
    );
  };
}
