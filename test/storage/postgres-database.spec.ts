import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { Database } from '../../src/agent-webkit/storage/postgres/database.js';

/** A connection that breaks in the very moment in which the pool hands it over. */
class BreakingClient extends EventEmitter {
  released: unknown[] = [];
  query(): Promise<never> {
    return Promise.reject(new Error('The connection is broken.'));
  }
  release(destroy?: boolean): void {
    this.released.push(destroy);
  }
}

it('outlives a connection that breaks while the pool hands it over', async () => {
  const client = new BreakingClient();
  const database = new Database(
    {
      connect: (callback) => {
        callback(undefined, client);
        // An EventEmitter throws when nobody listens, as pg's would out of its socket's handler.
        client.emit('error', new Error('terminating connection due to administrator command'));
      },
    },
    1000,
  );
  await expect(database.query('select 1')).rejects.toThrow('The connection is broken.');
  expect(client.released).toEqual([true]);
  expect(client.listenerCount('error')).toBe(0);
});
