import { randomUUID } from 'node:crypto';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { AwaitedCall, StoredConversation } from '../../engine/agent-client.js';
import type { UserContent } from '../../protocol/events.js';
import type { PastTurn, ToolOutcome } from './script.js';
import { type RememberedTurn, turnsBefore } from './session-memory.js';

/** The message of a turn. */
export interface TurnInput {
  text: string;
  content: UserContent;
}

/** A call of a turn, with its outcome if it has one. */
export interface RecordedCall {
  readonly id: string;
  outcome?: ToolOutcome;
}

/** A message that a running turn has received. */
export interface RecordedMessage {
  readonly input: TurnInput;
  /** The number of calls of the turn that had begun before. */
  readonly calls: number;
}

/** A turn that an earlier agent has begun. */
export interface RecordedTurn {
  readonly messageId: string;
  readonly input: TurnInput;
  /** In the order in which they began. */
  readonly calls: RecordedCall[];
  readonly messages: RecordedMessage[];
}

type Entry =
  | { type: 'turn'; input: TurnInput; messageId: string }
  | { type: 'message'; input: TurnInput; messageId: string }
  | { type: 'call'; id: string }
  | { type: 'outcome'; id: string; outcome: ToolOutcome }
  | { type: 'end'; past: PastTurn; costUsd: number }
  | { type: 'rewind'; messageId: string };

const UNKNOWN: ToolOutcome = { allowed: false, message: 'The outcome of this call is unknown.' };

/**
 * The transcript of a scripted agent whose requests are durable. A later agent plays the script of the last turn
 * again, up to the call that waits: the calls before it get the outcomes that they had, and nothing is written.
 */
export class Journal {
  readonly #store: SessionStore;
  readonly #key: SessionKey;
  readonly #entries: Promise<Entry[]>;
  #written: Promise<void> = Promise.resolve();

  constructor(store: SessionStore, sessionId: string, isResumed: boolean) {
    this.#store = store;
    this.#key = keyOf(sessionId);
    const loaded = isResumed ? store.load(this.#key) : Promise.resolve(null);
    this.#entries = loaded.then((entries) => (entries ?? []) as unknown as Entry[]);
  }

  /** Returns the finished turns, and the cost of the session in US dollars. */
  async past(): Promise<{ turns: readonly RememberedTurn[]; costUsd: number }> {
    const entries = await this.#entries;
    const end = entries.findLast((entry) => entry.type === 'end');
    return { turns: turnsOf(entries), costUsd: end?.costUsd ?? 0 };
  }

  /** Returns the last turn. The calls that are lost, because they began and nothing waits for them, have failed. */
  async lastTurn({ toolUseID, others }: AwaitedCall): Promise<RecordedTurn | null> {
    const entries = await this.#entries;
    const begin = entries.findLastIndex(({ type }) => type === 'turn');
    const first = entries[begin];
    if (first?.type !== 'turn') return null;
    const calls: RecordedCall[] = [];
    const messages: RecordedMessage[] = [];
    for (const entry of entries.slice(begin)) {
      if (entry.type === 'call') calls.push({ id: entry.id });
      if (entry.type === 'message') messages.push({ input: entry.input, calls: calls.length });
      if (entry.type !== 'outcome') continue;
      const call = calls.find(({ id }) => id === entry.id);
      if (call) call.outcome = entry.outcome;
    }
    const waiting = new Set([toolUseID, ...others]);
    for (const call of calls) if (!waiting.has(call.id)) call.outcome ??= UNKNOWN;
    return { messageId: first.messageId, input: first.input, calls, messages };
  }

  begin(input: TurnInput, messageId: string): Promise<void> {
    return this.#append({ type: 'turn', input, messageId });
  }

  /** Records a message that the running turn receives. */
  message(input: TurnInput, messageId: string): Promise<void> {
    return this.#append({ type: 'message', input, messageId });
  }

  /** Records that the turn of a message, and all later ones, are forgotten. */
  rewindTo(messageId: string): Promise<void> {
    return this.#append({ type: 'rewind', messageId });
  }

  call(id: string): Promise<void> {
    return this.#append({ type: 'call', id });
  }

  outcome(id: string, outcome: ToolOutcome): Promise<void> {
    return this.#append({ type: 'outcome', id, outcome });
  }

  end(past: PastTurn, costUsd: number): Promise<void> {
    return this.#append({ type: 'end', past, costUsd });
  }

  #append(entry: Entry): Promise<void> {
    const stored = { ...entry, uuid: randomUUID() } as unknown as SessionStoreEntry;
    const append = () => this.#store.append(this.#key, [stored]);
    this.#written = this.#written.then(append, append);
    return this.#written;
  }
}

/** Returns true when the journal of a session has the turn of a message, and it is not forgotten. */
export async function hasTurn(
  { sessionId, transcripts }: StoredConversation,
  messageId: string,
  rewindTo?: string,
): Promise<boolean> {
  const entries = (await transcripts?.load(keyOf(sessionId))) ?? [];
  const turns = turnsOf(entries as unknown as Entry[]);
  const remembered = rewindTo === undefined ? turns : turnsBefore(rewindTo, turns);
  return remembered.some((turn) => turn.messageId === messageId);
}

/** Returns the finished turns that are not forgotten. */
function turnsOf(entries: readonly Entry[]): readonly RememberedTurn[] {
  let turns: readonly RememberedTurn[] = [];
  let messageId = '';
  for (const entry of entries) {
    if (entry.type === 'turn') ({ messageId } = entry);
    if (entry.type === 'end') turns = [...turns, { messageId, past: entry.past }];
    if (entry.type === 'rewind') turns = turnsBefore(entry.messageId, turns);
  }
  return turns;
}

/** Returns those of the messages that the journal of a session has. */
export async function findMessages(
  { sessionId, transcripts }: StoredConversation,
  messageIds: readonly string[],
): Promise<string[]> {
  const entries = (await transcripts?.load(keyOf(sessionId))) ?? [];
  const found = new Set((entries as unknown as Entry[]).flatMap(messageIdsOf));
  return messageIds.filter((id) => found.has(id));
}

function messageIdsOf(entry: Entry): string[] {
  return entry.type === 'turn' || entry.type === 'message' ? [entry.messageId] : [];
}

function keyOf(sessionId: string): SessionKey {
  return { projectKey: 'scripted', sessionId };
}
