// Measures what it costs to send a message to a server that does not run the session.
import { percentile, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { BUSES, sum, withFleet } from './fleet.mjs';

/** Without a bus a message waits for up to a second, so there are fewer. */
const FULL = { repetitions: 3, sessions: 20, messages: { postgres: 60, redis: 60, none: 10 } };
const BRIEF = { repetitions: 1, sessions: 2, messages: { postgres: 4, redis: 4, none: 2 } };

export async function measureForwarding(isBrief, { buses, redisUrl }) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(buses.length);
  for (const bus of buses) {
    begin(`forwarded messages, ${BUSES[bus]}`);
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    rows.push(...(await measure({ ...setup, bus, redisUrl })));
  }
  print(
    'A user message, one after the other, with a turn that ends at once. First at the server of the session, then ' +
      'at another one: milliseconds until accepted, CPU milliseconds and statements of both servers. The ratio is of CPU.',
    buses.map((bus) => {
      const own = rows.filter((row) => row.bus === bus);
      const of = (name, figure) => spread(own.map((row) => row[name][figure]));
      const columns = {
        'ms p50': of('same', 'p50Ms'),
        'forwarded p50': of('other', 'p50Ms'),
        'forwarded p99': of('other', 'p99Ms'),
        CPU: of('same', 'cpuMs'),
        'forwarded CPU': of('other', 'cpuMs'),
        statements: of('same', 'statements'),
        'forwarded statements': of('other', 'statements'),
        ...line(own.map(({ same, other }) => other.cpuMs / same.cpuMs)),
      };
      return [BUSES[bus], columns];
    }),
  );
  return { setup, rows };
}

function measure({ bus, redisUrl, repetitions, sessions, messages }) {
  return withFleet({ servers: 2, bus, redisUrl, endsTurns: true }, async (fleet) => {
    const [owner, other] = fleet.members;
    const ids = await owner.createSessions(sessions);
    await costOf(owner);
    await costOf(other);
    const rows = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      rows.push({ bus, repetition, same: await costOf(owner), other: await costOf(other) });
    }
    return rows;

    async function costOf(member) {
      const count = messages[bus];
      const measured = await fleet.measure(async () => {
        const durationsMs = [];
        for (let i = 0; i < count; i += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          durationsMs.push(await member.send(ids[i % ids.length]));
        }
        return durationsMs.sort((a, b) => a - b);
      });
      return {
        p50Ms: percentile(measured.result, 0.5),
        p99Ms: percentile(measured.result, 0.99),
        cpuMs: sum(measured.cpuMs) / count,
        statements: sum(measured.statements) / count,
      };
    }
  });
}
