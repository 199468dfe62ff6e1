// Measures the cost of a delivery as servers are added, with sessions and subscribers spread over all of them.
import { percentile, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { BUSES, connect, sum, withFleet, withSubscribers } from './fleet.mjs';

const FULL = { repetitions: 3, sessions: 48, perSession: 4, warmUp: 40, events: 120, everyMs: 50 };
const BRIEF = { repetitions: 1, sessions: 12, perSession: 1, warmUp: 5, events: 20, everyMs: 10 };
const SERVERS = [1, 2, 3, 4];

export async function measureGrowth(isBrief, { buses, redisUrl }) {
  const setup = isBrief ? BRIEF : FULL;
  const withBus = buses.filter((bus) => bus !== 'none');
  const rows = [];
  const begin = countSteps(withBus.length * SERVERS.length);
  for (const bus of withBus) {
    for (const servers of SERVERS) {
      begin(`${servers} servers, ${BUSES[bus]}`);
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      rows.push(...(await measure({ ...setup, bus, servers, redisUrl })));
    }
  }
  print(
    `${setup.sessions} sessions with ${1000 / setup.everyMs} events per second and ${setup.perSession} subscribers ` +
      'each, spread over the servers: CPU microseconds of all servers per delivery, as a ratio to one server. The ' +
      'servers, PostgreSQL and the subscribers share the machine.',
    withBus.flatMap((bus) => SERVERS.map((servers) => lineOf(rows, bus, servers))),
  );
  return { setup, rows };
}

function lineOf(rows, bus, servers) {
  const of = (count) => rows.filter((row) => row.bus === bus && row.servers === count);
  const own = of(servers);
  const one = of(1);
  const columns = {
    'deliveries/s': spread(
      own.map((row) => row.perSecond),
      0,
    ),
    'p50 ms': spread(own.map((row) => row.p50Ms)),
    'p99 ms': spread(own.map((row) => row.p99Ms)),
    'CPU µs': spread(
      own.map((row) => row.cpuUs),
      1,
    ),
    ...line(own.map((row, index) => row.cpuUs / one[index].cpuUs)),
  };
  return [`${servers} ${servers === 1 ? 'server' : 'servers'}, ${BUSES[bus]}`, columns];
}

function measure({ bus, servers, redisUrl, repetitions, sessions, perSession, ...pace }) {
  return withFleet({ servers, bus, redisUrl }, (fleet) =>
    withSubscribers(async (subscribers) => {
      const { members } = fleet;
      const ids = await Promise.all(
        members.map((member) => member.createSessions(sessions / servers)),
      );
      const spreadOver = (index) =>
        ids.flatMap((own) => own.filter((_, i) => i % servers === index));
      for (const [index, member] of members.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- more at the same time would exceed the listen backlog
        await connect(subscribers, `server ${index}`, member, spreadOver(index), perSession);
      }
      await fleet.deliver(subscribers, pace.warmUp, pace.everyMs);
      const rows = [];
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        const startedAt = performance.now();
        // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
        const { result, cpuMs } = await fleet.measure(() =>
          fleet.deliver(subscribers, pace.events, pace.everyMs),
        );
        const seconds = (performance.now() - startedAt) / 1000;
        const latencies = Object.values(result)
          .flat()
          .sort((a, b) => a - b);
        rows.push({
          bus,
          servers,
          repetition,
          perSecond: latencies.length / seconds,
          cpuUs: (sum(cpuMs) * 1000) / latencies.length,
          p50Ms: percentile(latencies, 0.5),
          p99Ms: percentile(latencies, 0.99),
        });
      }
      return rows;
    }),
  );
}
