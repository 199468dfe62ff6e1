// The servers side by side, and how one of them is measured.
import { ask, start } from '../children.mjs';
import { countSteps } from '../progress.mjs';

/** The title of each server in tables, by its name in `server.mjs`. */
export const SERVERS = {
  raw: 'raw node:http',
  nest: 'Nest @Sse',
  'better-sse': 'better-sse',
  '@fastify/sse': '@fastify/sse',
  express: 'ours on Express',
  fastify: 'ours on Fastify',
  'never-express': 'Nest @Sse that never emits, on Express',
  'never-fastify': 'Nest @Sse that never emits, on Fastify',
};

/** They only wait: they cannot say anything. */
export const SILENT = ['never-express', 'never-fastify'];
export const SPEAKING = Object.keys(SERVERS).filter((kind) => !SILENT.includes(kind));
export const OURS = ['express', 'fastify'];

/** Runs with a server and `count` processes for its subscribers, and ends them all. */
export async function withServer(kind, run, { keeps = false, count = 1 } = {}) {
  const server = start(new URL('server.mjs', import.meta.url), [kind, keeps ? 'keeps' : '']);
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

/** Measures the servers that a setup names, under each setup, one after the other, so many times over. */
export async function measureAll(setups, repetitions, measure) {
  const rows = [];
  const kinds = setups.flatMap((setup) => setup.kinds);
  const begin = countSteps(repetitions * kinds.length);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const setup of setups) {
      for (const kind of setup.kinds) {
        begin(`${setup.name}, ${SERVERS[kind]}, repetition ${repetition + 1} of ${repetitions}`);
        // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
        const figures = await measure(kind, setup);
        rows.push({ repetition, setup: setup.name, kind, ...figures });
      }
    }
  }
  return rows;
}

/** A figure of one server under one setup, in each repetition. */
export function figuresOf(rows, setup, kind, figure) {
  return rows.filter((row) => row.setup === setup && row.kind === kind).map((row) => row[figure]);
}

/** The same as a ratio to another server's in the same repetition. */
export function ratiosOf(rows, setup, kind, figure, to = 'raw') {
  const others = figuresOf(rows, setup, to, figure);
  return figuresOf(rows, setup, kind, figure).map((value, index) => value / others[index]);
}
