// The compared servers, and how each of them is measured.
import { ask, start } from '../children.mjs';
import { countSteps } from '../progress.mjs';

/** The title of each server in tables, by its name in `server.mjs`. */
export const SERVERS = {
  raw: 'raw node:http',
  nest: "Nest's @Sse",
  'better-sse': 'better-sse',
  '@fastify/sse': '@fastify/sse',
  express: 'this package, Express',
  fastify: 'this package, Fastify',
  'never-express': 'an @Sse that never emits, Express',
  'never-fastify': 'an @Sse that never emits, Fastify',
};

/** Servers whose streams only stay open. */
export const NEVER_EMITTING = ['never-express', 'never-fastify'];
export const EMITTING = Object.keys(SERVERS).filter((kind) => !NEVER_EMITTING.includes(kind));
export const THIS_PACKAGE = ['express', 'fastify'];

/** Starts a server and `count` processes for its subscribers, calls `run`, and stops them all. */
export async function withServer(kind, run, { retains = false, count = 1 } = {}) {
  const server = start(new URL('server.mjs', import.meta.url), [kind, retains ? 'retains' : '']);
  const clients = Array.from({ length: count }, () =>
    start(new URL('subscribers.mjs', import.meta.url)),
  );
  try {
    const { url, path } = await ask(server, { do: 'listen' });
    return await run({ server, clients, client: clients[0], url: url + path });
  } finally {
    for (const child of [server, ...clients]) child.kill();
  }
}

/** Measures each server of each setup, one after the other, and repeats that `repetitions` times. */
export async function measureAll(setups, repetitions, measure) {
  const rows = [];
  const kinds = setups.flatMap((setup) => setup.kinds);
  const begin = countSteps(repetitions * kinds.length);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const setup of setups) {
      for (const kind of setup.kinds) {
        begin(`${setup.name}, ${SERVERS[kind]}, repetition ${repetition + 1} of ${repetitions}`);
        // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
        const figures = await measure(kind, setup);
        rows.push({ repetition, setup: setup.name, kind, ...figures });
      }
    }
  }
  return rows;
}

/** Returns a figure of one server in one setup, for each repetition. */
export function figuresOf(rows, setup, kind, figure) {
  return rows.filter((row) => row.setup === setup && row.kind === kind).map((row) => row[figure]);
}

/** Returns the same figure as a ratio to another server's in the same repetition. */
export function ratiosOf(rows, setup, kind, figure, to = 'raw') {
  const others = figuresOf(rows, setup, to, figure);
  return figuresOf(rows, setup, kind, figure).map((value, index) => value / others[index]);
}
