// Measures the processor time of a delivered event, at the session's server and at another one.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../children.mjs';
import { spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { BUSES, connect, sum, withFleet, withSubscribers } from './fleet.mjs';

const FULL = {
  repetitions: 3,
  sessions: 20,
  counts: [1, 20],
  warmUp: 25,
  events: 100,
  everyMs: 40,
  restMs: 6000,
};
const BRIEF = {
  repetitions: 1,
  sessions: 2,
  counts: [2],
  warmUp: 5,
  events: 20,
  everyMs: 10,
  restMs: 0,
};
const AT_ANOTHER_SERVER = 1.5;

export async function measureDeliveries(isBrief, { buses, redisUrl }) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(buses.length);
  for (const bus of buses) {
    begin(`CPU of a delivery, ${BUSES[bus]}`);
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    rows.push(...(await measure({ ...setup, bus, redisUrl })));
  }
  const lines = buses.flatMap((bus) =>
    setup.counts.map((count) => {
      const own = rows.filter((row) => row.bus === bus && row.count === count);
      const us = (figure) => spread(own.map((row) => row[figure] * 1000));
      const columns = {
        'session server': us('sameMs'),
        'another server': us('otherMs'),
        'both, for the other': us('bothMs'),
        ...line(
          own.map(({ sameMs, otherMs }) => otherMs / sameMs),
          { atMost: AT_ANOTHER_SERVER },
        ),
        'ratio of both': spread(own.map(({ sameMs, bothMs }) => bothMs / sameMs)),
      };
      return [`${BUSES[bus]}, ${count} per session`, columns];
    }),
  );
  print(
    `CPU microseconds per delivered event, ${setup.sessions} sessions: where all subscribers are at the session's ` +
      'server, its time (with the agent and the storage); where all are at another one, the time of that one, and ' +
      'of both. Then the first ratio.',
    lines,
  );
  return { setup, rows };
}

function measure({ bus, redisUrl, repetitions, sessions, counts, ...pace }) {
  return withFleet({ servers: 2, bus, redisUrl }, (fleet) =>
    withSubscribers(async (subscribers) => {
      const [owner, other] = fleet.members;
      const ids = await owner.createSessions(sessions);
      const rows = [];
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        for (const count of counts) {
          /* oxlint-disable no-await-in-loop -- measurements at the same time would disturb each other */
          const same = await cpuOf(owner, count);
          const others = await cpuOf(other, count);
          /* oxlint-enable no-await-in-loop */
          const bothMs = sum(others);
          rows.push({ bus, repetition, count, sameMs: same[0], otherMs: others[1], bothMs });
        }
      }
      return rows;

      /** Resolves to the CPU milliseconds of each server per delivery. */
      async function cpuOf(member, count) {
        await connect(subscribers, 'all', member, ids, count);
        await fleet.deliver(subscribers, pace.warmUp, pace.everyMs);
        const { cpuMs } = await fleet.measure(() =>
          fleet.deliver(subscribers, pace.events, pace.everyMs),
        );
        await ask(subscribers, { do: 'disconnect' });
        // Until it is sent no more events of the sessions.
        if (member === other) await delay(pace.restMs);
        return cpuMs.map((ms) => ms / (pace.events * sessions * count));
      }
    }),
  );
}
