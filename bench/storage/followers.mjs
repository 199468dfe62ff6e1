import { createHistogram } from 'node:perf_hooks';
import { dueAtOf } from './load.mjs';

/** Subscribers, each of which reads whatever there is, and takes its time. */
export class Followers {
  /** How many words they have seen. */
  seen = 0;
  /** How long each took since it was due, in microseconds. */
  lagUs = createHistogram();

  follow(session) {
    const subscription = session.subscribe(0, () => this.#read(subscription));
    this.#read(subscription);
  }

  #read(subscription) {
    for (;;) {
      const reading = subscription.read(Number.POSITIVE_INFINITY);
      if (reading.kind === 'overtaken') throw new Error('Events were missed.');
      if (reading.kind === 'ended') subscription.close();
      if (reading.kind !== 'events') return;
      for (const event of reading.events) this.#see(event);
    }
  }

  #see(event) {
    const dueAt = dueAtOf(event);
    if (dueAt === null) return;
    this.seen += 1;
    this.lagUs.record(Math.max(1, Math.round((performance.now() - dueAt) * 1000)));
  }
}
