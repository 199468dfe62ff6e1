// A server that only stores sessions, for tests that kill it. Its argument is JSON:
// { module, url, schema, records }. It creates the sessions of the records, appends one event to each,
// which leaves the session unfinished, and writes a line when everything is committed.
const { module, url, schema, records } = JSON.parse(process.argv[2]);
const { PostgresStorage } = await import(module);
const storage = await PostgresStorage.connect(url, { schema, leaseMs: 1000 });
await storage.open();
const renew = () => storage.cluster.renew({ freeAgents: 0, isDraining: false });
await renew();
setInterval(renew, 250);
await Promise.all(
  records.map(async ({ id, ...record }) => {
    const dates = { createdAt: new Date(), lastActivityAt: new Date() };
    await storage.records.create({ id, ...record, ...dates }, null);
    const events = [{ seq: 1, name: 'user_message', data: '{}' }];
    await storage.events.append({
      sessionId: id,
      epoch: 1,
      events,
      keys: [],
      isUnfinished: true,
      summary: { firstSeq: 1, costUsd: 0 },
    });
  }),
);
process.stdout.write('ready\n');
