/** The storage of the drafts. */
type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const KEY = 'agent-webkit:drafts';
const MAX_DRAFTS = 50;
const MAX_CHARS = 200_000;

/** Returns the draft of a message in a session; empty without one. */
export function readDraft(storage: Kept, sessionId: string): string {
  return readAll(storage).find(([id]) => id === sessionId)?.[1] ?? '';
}

/** Stores a draft, and removes the oldest ones when there are too many, or they are too long together. */
export function writeDraft(storage: Kept, sessionId: string, text: string): void {
  const others = readAll(storage).filter(([id]) => id !== sessionId);
  const all = text === '' ? others : [...others, [sessionId, text] as const];
  let from = all.length;
  for (let left = MAX_CHARS; from > 0 && all.length - from < MAX_DRAFTS; from -= 1) {
    left -= all[from - 1]?.[1].length ?? 0;
    if (left < 0) break;
  }
  storage.setItem(KEY, JSON.stringify(all.slice(from)));
}

/** The drafts with their sessions, the oldest first. */
function readAll(storage: Kept): readonly (readonly [string, string])[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isDraft) : [];
  } catch {
    return []; // another program has written it
  }
}

function isDraft(value: unknown): value is readonly [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
  );
}
