import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Conversation } from './conversation.js';

/** A message on its way to the server. */
export interface Outgoing {
  readonly messageId: string;
  readonly content: UserContent;
  /** Why it did not arrive; null while it is on its way. */
  readonly problem: string | null;
}

/** What is still on its way, once the conversation has the rest. */
export function stillOutgoing(
  outbox: readonly Outgoing[],
  { queue, items }: Conversation,
): readonly Outgoing[] {
  if (outbox.length === 0) return outbox;
  const arrived = new Set([
    ...queue.map(({ messageId }) => messageId),
    ...items.filter(({ kind }) => kind === 'user').map(({ key }) => key),
  ]);
  const left = outbox.filter(({ messageId }) => !arrived.has(messageId));
  return left.length === outbox.length ? outbox : left;
}
