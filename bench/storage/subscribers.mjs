import { createHistogram } from 'node:perf_hooks';
import { dueAtOf } from './load.mjs';

/** Subscribers that read all available events, and record how late each one is. */
export class Subscribers {
  /** The number of received deltas. */
  received = 0;
  /** How long each delta took since it was due, in microseconds. */
  lagUs = createHistogram();

  subscribe(session) {
    const subscription = session.subscribe(0, () => this.#read(subscription));
    this.#read(subscription);
  }

  #read(subscription) {
    for (;;) {
      const reading = subscription.read(Number.POSITIVE_INFINITY);
      if (reading.kind === 'overtaken') throw new Error('Events were missed.');
      if (reading.kind === 'ended') subscription.close();
      if (reading.kind !== 'events') return;
      for (const event of reading.events) this.#receive(event);
    }
  }

  #receive(event) {
    const dueAt = dueAtOf(event);
    if (dueAt === null) return;
    this.received += 1;
    this.lagUs.record(Math.max(1, Math.round((performance.now() - dueAt) * 1000)));
  }
}
