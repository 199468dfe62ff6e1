import type { LoadOptions } from './load.js';

/** The messages for the demo agent: they make it ask, use tools, fail, crash, or just answer. */
const WORDS = ['permission', 'question', 'tools', 'fail', 'fail', 'crash', 'hello'];

/** A load for the demo agent, which starts at once. */
export const DEMO_LOAD: LoadOptions = {
  sessions: 4,
  readers: 2,
  writers: 2,
  maxSeen: 200,
  compose: (place) => `${WORDS[place % WORDS.length]} ${place}`,
};
