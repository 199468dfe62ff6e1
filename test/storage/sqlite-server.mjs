// A server with only a SQLite file, for tests that kill it. Its argument is JSON:
// { module, file, driver, sessionIds, isEndless }. It opens the file, writes `opened` or `refused`,
// takes over or creates the sessions, and appends to all of them as fast as it can: one event each, or
// without end. It writes `<session> <seq>` when an event is acknowledged, and `failed` when not.
import { setTimeout } from 'node:timers/promises';

const { module, file, driver, sessionIds, isEndless } = JSON.parse(process.argv[2]);
const { SqliteStorage } = await import(module);
const { events, records } = new SqliteStorage({ file, driver });
const say = (line) => process.stdout.write(`${line}\n`);

async function takeOver(id) {
  const lastActivityAt = new Date();
  const record = { id, owner: 'a', config: {}, epoch: 1, createdAt: new Date(), lastActivityAt };
  const { epoch } = (await records.claim(id)) ?? (await records.create(record, null));
  let last = 0;
  for (;;) {
    const page = await events.read(id, last, 1000);
    if (page.length === 0) return { epoch, last };
    last = page.at(-1).seq;
  }
}

async function write(sessionId) {
  let { epoch, last } = await takeOver(sessionId);
  for (;;) {
    const seq = last + 1;
    const data = JSON.stringify({ sessionId, seq, filler: 'x'.repeat(seq % 700) });
    const append = { sessionId, epoch, events: [{ seq, name: 'text_delta', data }] };
    try {
      await events.append({
        ...append,
        keys: [`key ${seq}`],
        isUnfinished: true,
        summary: { firstSeq: 1, costUsd: 0 },
      });
    } catch (error) {
      say(`failed ${error.name}`);
      await setTimeout(20);
      continue;
    }
    last = seq;
    say(`${sessionId} ${seq}`);
    if (!isEndless) return;
  }
}

try {
  await records.count('a');
  say('opened');
} catch (error) {
  say(`refused ${error.message}`);
  sessionIds.length = 0;
}
await Promise.all(sessionIds.map(write));
