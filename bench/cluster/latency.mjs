// Measures how much later a subscriber at another server receives an event than one at the session's server.
import { percentile, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { BUSES, connect, withFleet, withSubscribers } from './fleet.mjs';

const FULL = { repetitions: 3, sessions: 10, warmUp: 20, events: 80, everyMs: 50 };
const BRIEF = { repetitions: 1, sessions: 2, warmUp: 5, events: 20, everyMs: 10 };
/** The most milliseconds that a bus adds, at the median. */
const TARGETS = { postgres: 25, redis: 10 };

export async function measureLatency(isBrief, { buses, redisUrl }) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(buses.length);
  for (const bus of buses) {
    begin(`latency, ${BUSES[bus]}`);
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    rows.push(...(await measure({ ...setup, bus, redisUrl })));
  }
  print(
    `Milliseconds by which an event is received later at another server, ${setup.sessions} sessions with ` +
      `${1000 / setup.everyMs} events per second each.`,
    buses.map((bus) => {
      const own = rows.filter((row) => row.bus === bus);
      const ms = (figure) => spread(own.map((row) => row[figure]));
      const columns = {
        'session server p50': ms('sameP50Ms'),
        'p99 added': ms('addedP99Ms'),
        ...line(
          own.map(({ addedP50Ms }) => addedP50Ms),
          { atMost: TARGETS[bus] },
        ),
      };
      return [BUSES[bus], columns];
    }),
  );
  return { setup, rows };
}

function measure({ bus, redisUrl, repetitions, sessions, warmUp, events, everyMs }) {
  return withFleet({ servers: 2, bus, redisUrl }, (fleet) =>
    withSubscribers(async (subscribers) => {
      const [owner, other] = fleet.members;
      const ids = await owner.createSessions(sessions);
      await connect(subscribers, 'same', owner, ids);
      await connect(subscribers, 'other', other, ids);
      await fleet.deliver(subscribers, warmUp, everyMs);
      const rows = [];
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
        const latencies = await fleet.deliver(subscribers, events, everyMs);
        const same = latencies.same.toSorted(ascending);
        const added = latencies.other
          .map((ms, index) => ms - latencies.same[index])
          .toSorted(ascending);
        rows.push({
          bus,
          repetition,
          sameP50Ms: percentile(same, 0.5),
          addedP50Ms: percentile(added, 0.5),
          addedP99Ms: percentile(added, 0.99),
        });
      }
      return rows;
    }),
  );
}

function ascending(a, b) {
  return a - b;
}
