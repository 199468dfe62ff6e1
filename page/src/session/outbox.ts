import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { MessageDelivery } from '../../../src/agent-webkit/protocol/inbound.js';
import type { Conversation } from './conversation.js';

/** A message that is being sent to the server. */
export interface Outgoing {
  readonly messageId: string;
  readonly content: UserContent;
  readonly delivery: MessageDelivery;
  /** The reason why sending failed; null while it is being sent. */
  readonly problem: string | null;
}

/** Returns the messages that are not yet part of the conversation. */
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
