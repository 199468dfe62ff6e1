/**
 * The words that this repository does not use in anything a person reads, each with what to write
 * instead. A word is listed only if it can be matched without false alarms.
 */
export const WORDS = [
  { found: /\bmend(?:s|ed|ing)?\b/gi, write: 'fix, correct' },
  {
    found: /\b(?:is|are|was|were|be|been|being) told\b/gi,
    write: 'receives, is notified, is reported as',
  },
  {
    found:
      /\b(?:take|takes|took|taken|taking)(?: (?:it|them|one|that|this|these))? up\b(?! to\b)/gi,
    write: 'resume, take over',
  },
  {
    found: /\b(?:let|lets|letting)(?: \w+){0,2} go\b/gi,
    write: 'release, evict, close',
  },
  {
    found: /\b(?:give|gives|gave|given|giving)(?: (?:it|them|one|that|this|itself))? up\b/gi,
    write: 'release ownership, stop retrying, evict',
  },
  { found: /\bstir(?:s|red|ring)?\b/gi, write: 'start, resume' },
  { found: /(?<!encrypt\w* )\bat rest\b/gi, write: 'idle' },
  { found: /\bwho (?:comes|listens|follows)\b/gi, write: 'client, caller, subscriber' },
  {
    found: /\b(?:nobody|somebody|everybody|anybody)\b/gi,
    write: 'no client, a client, every caller, a user',
  },
  {
    found: /\b(?:is|are|was|were) no more\b(?! than\b)/gi,
    write: 'does not exist, was deleted, has ended',
  },
  { found: /\bfellows?\b|\bfollowers?\b/gi, write: 'subscriber' },
  { found: /\bsa(?:y|ys|id) no\b/gi, write: 'reject' },
  { found: /\basked(?: for)? again\b/gi, write: 'retried, re-authenticated' },
  { found: /\bwhat waits\b/gi, write: 'queue, queued message' },
  { found: /\bwhat (?:was|is) said\b/gi, write: 'the events' },
];

/** How a docblock must not begin: it states the thing itself, as in "Returns ..." or "True while ...". */
export const OPENING = {
  found: /^(?:What|Who|Whose|Whom|Whether|Every how many)\b/i,
  write: 'Returns ..., True while ..., The ..., How long ...',
};
