import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { count } from './client.js';
import { describeCluster } from './world.js';

const LOADED = /^agent_webkit_sessions_loaded_total\{(.*)\} (\d+)$/gm;

describeCluster('the metrics of several servers', (world) => {
  it('tell the sessions of a killed server, which another one has taken over, from those that were released', async () => {
    const site = await world.open({ settings: { AGENT_WEBKIT_METRICS_TOKEN: 'scrape' } });
    const client = world.client();
    const scraper = world.client({ token: 'scrape' });
    /** The number of loaded sessions of the servers that run, by whether they were taken over. */
    const loaded = async (indexes: number[]) => {
      const counts = { taken: 0, released: 0 };
      for (const index of indexes) {
        // oxlint-disable-next-line no-await-in-loop -- one server after the other
        const { body } = await scraper.ask(site.at(index), 'GET', '/metrics');
        for (const [, labels = '', value] of body.matchAll(LOADED)) {
          const isTaken = labels.includes('agent_webkit_session_taken_over="true"');
          counts[isTaken ? 'taken' : 'released'] += Number(value);
        }
      }
      return counts;
    };
    const id = await client.create(site.at(0));
    expect(await site.at(0).stop()).toBe(0);
    await client.say(site.at(1), id, 'hello');
    await eventually(async () => count(await client.events(site.at(1), id), 'result') === 1);
    expect(await loaded([1, 2])).toEqual({ taken: 0, released: 1 });

    const other = await client.create(site.at(1));
    await client.say(site.at(1), other, 'long');
    await eventually(
      async () => count(await client.events(site.at(2), other), 'message_delta') > 0,
    );
    await site.at(1).kill();
    await eventually(async () => count(await client.events(site.at(2), other), 'result') === 1);
    expect((await loaded([2])).taken).toBeGreaterThan(0);
  }, 90_000);
});
