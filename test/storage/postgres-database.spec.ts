import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { Database } from '../../src/agent-webkit/storage/postgres/database.js';

/** A connection that breaks at the moment at which the pool returns it. */
class BreakingClient extends EventEmitter {
  released: unknown[] = [];
  query(): Promise<never> {
    return Promise.reject(new Error('The connection is broken.'));
  }
  release(destroy?: boolean): void {
    this.released.push(destroy);
  }
}

it('the process survives a PostgreSQL connection that breaks while the pool returns it', async () => {
  const client = new BreakingClient();
  const database = new Database(
    {
      connect: (callback) => {
        callback(undefined, client);
        // An EventEmitter throws when it has no listener; pg's would throw in a handler of its socket.
        client.emit('error', new Error('terminating connection due to administrator command'));
      },
    },
    1000,
  );
  await expect(database.query('select 1')).rejects.toThrow('The connection is broken.');
  expect(client.released).toEqual([true]);
  expect(client.listenerCount('error')).toBe(0);
});
