import type { LoadOptions } from './load.js';

/** What the demo agent is told: to ask, to use tools, to fail, to die, or just to answer. */
const WORDS = ['permission', 'question', 'tools', 'fail', 'fail', 'crash', 'hello'];

/** A load for the demo agent, which needs no time to start. */
export const DEMO_LOAD: LoadOptions = {
  sessions: 4,
  readers: 2,
  writers: 2,
  maxSeen: 200,
  compose: (place) => `${WORDS[place % WORDS.length]} ${place}`,
};
