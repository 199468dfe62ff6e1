// Measures what servers cost that do nothing, with sessions stored.
import { setTimeout as delay } from 'node:timers/promises';
import { fill } from '../dormant/fill.mjs';
import { countSteps } from '../progress.mjs';
import { print } from '../targets.mjs';
import { BUSES, withFleet } from './fleet.mjs';

const FULL = { sessions: 10_000, warmUpMs: 20_000, measuredMs: 60_000 };
const BRIEF = { sessions: 30, warmUpMs: 0, measuredMs: 2000 };

/** All fleets are idle at the same time, which disturbs none of them. */
export async function measureIdle(isBrief, { buses, redisUrl }) {
  const setup = isBrief ? BRIEF : FULL;
  const fleets = [
    { bus: 'postgres', servers: 1, sessions: 10 },
    { bus: 'postgres', servers: 1, sessions: setup.sessions },
    ...buses.map((bus) => ({ bus, servers: 2, sessions: setup.sessions })),
  ];
  countSteps(1)('idle servers');
  const rows = await Promise.all(fleets.map((fleet) => measure({ ...setup, ...fleet, redisUrl })));
  print(
    'An idle server: CPU seconds per minute and statements per second.',
    rows.map(({ bus, servers, sessions, cpuSeconds, statements }) => [
      `${sessions} sessions, ${servers} ${servers === 1 ? 'server' : 'servers'}, ${BUSES[bus]}`,
      { 'CPU s per minute': cpuSeconds.toFixed(2), 'statements/s': statements.toFixed(2) },
    ]),
  );
  return { setup, rows };
}

function measure({ bus, servers, sessions, redisUrl, warmUpMs, measuredMs }) {
  const prepare = (schema) => fill('postgres', schema, { sessions, ofOne: sessions });
  return withFleet({ servers, bus, redisUrl, prepare }, async (fleet) => {
    await delay(warmUpMs);
    const { cpuMs, statements } = await fleet.measure(() => delay(measuredMs));
    return {
      bus,
      servers,
      sessions,
      // Of the first server.
      cpuSeconds: (cpuMs[0] / measuredMs) * 60,
      statements: statements[0] / (measuredMs / 1000),
    };
  });
}
