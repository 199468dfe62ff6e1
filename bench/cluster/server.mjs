// One of the measured servers, controlled by its parent process. Every delta contains the time at which it was
// due, on the clock of the machine, so that a subscriber in another process can compute its latency.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { AgentWebkitModule, PostgresStorage, RedisBus } from '../../dist/index.js';
import { ManualAgent, messageStart, textDelta } from '../agent.mjs';
import { clockMs } from './clock.mjs';

const WORDS = 'some words of an answer';
const RESULT = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  total_cost_usd: 0,
  duration_ms: 0,
  num_turns: 1,
  usage: {},
};

const { databaseUrl, schema, bus, redisUrl, endsTurns } = JSON.parse(process.argv[2]);
const statements = countStatements();
/** The agents whose turn is running. */
const agents = [];
const storage = await PostgresStorage.connect(databaseUrl, { schema });

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      storage,
      ...(bus === 'redis' && { bus: await RedisBus.connect(redisUrl) }),
      ...(bus === 'none' && { bus }),
      agent: { sdkFactory: createAgent, maxAgents: 1000 },
      stream: { maxSubscribers: 20_000 },
      // The turns still run when the measurement ends.
      timeouts: { drainTimeoutMs: 1 },
      limits: { maxCreationsPerMinute: 10_000, maxSessionsPerOwner: 1_000_000 },
    }),
  ],
})(HostModule);
const app = await NestFactory.create(HostModule, {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(0, '127.0.0.1');
// A delayed client would send its next request on a connection that is just being closed.
app.getHttpServer().keepAliveTimeout = 60_000;

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));
process.send({ url: await app.getUrl() });

async function handle(request) {
  if (request.do === 'emit') process.send(await emit(request));
  if (request.do === 'totals') process.send(totals());
  if (request.do !== 'close') return;
  await app.close();
  process.send({});
}

function createAgent() {
  const agent = new ManualAgent(() => {
    agent.emit({ type: 'system', subtype: 'init', mcp_servers: [] });
    agent.emit(messageStart());
    if (endsTurns) agent.emit(RESULT);
    else agents.push(agent);
  });
  return agent;
}

/** Emits `events` deltas by each agent, one each `everyMs`. The agents are not in step. */
async function emit({ events, everyMs }) {
  const startedAt = clockMs();
  const turns = agents.map((agent, index) => ({
    agent,
    dueAt: startedAt + (everyMs * index) / agents.length,
    left: events,
  }));
  while (turns.some(({ left }) => left > 0)) {
    const now = clockMs();
    for (const turn of turns) {
      for (; turn.left > 0 && turn.dueAt <= now; turn.dueAt += everyMs) {
        turn.agent.emit(textDelta(`${turn.dueAt.toFixed(3)} ${WORDS}`));
        turn.left -= 1;
      }
    }
    // oxlint-disable-next-line no-await-in-loop -- sets the pace
    await delay(1);
  }
  return {};
}

function totals() {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, statements: statements.count };
}

/** Counts the statements of all connections of this process. */
function countStatements() {
  const counter = { count: 0 };
  const run = Reflect.get(Client.prototype, 'query');
  Client.prototype.query = function query(...statement) {
    counter.count += 1;
    return run.apply(this, statement);
  };
  return counter;
}
