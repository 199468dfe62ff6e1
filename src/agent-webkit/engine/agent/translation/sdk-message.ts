import type { SDKMessage } from '../../agent-client.js';

/** The kind of a message of the SDK: its type, and for a `system` message `system/` and its subtype. */
export type MessageKind = KindOf<SDKMessage>;

/** The message of a kind. */
export type MessageOf<Kind extends MessageKind> = Kind extends `system/${infer Subtype}`
  ? Extract<SDKMessage, { type: 'system'; subtype: Subtype }>
  : Extract<SDKMessage, { type: Kind }>;

type KindOf<Message> = Message extends { type: 'system'; subtype: infer Subtype extends string }
  ? `system/${Subtype}`
  : Message extends { type: infer Type extends string }
    ? Type
    : never;

/** Returns the kind of a message. It is no {@link MessageKind} if the SDK is newer than its types. */
export function kindOf(message: SDKMessage): string {
  if (message.type === 'system') return `system/${message.subtype}`;
  const { type }: { type: string } = message;
  return type.startsWith('system/') ? 'unknown' : type;
}

/** Returns the field that the events of a sub-agent have. */
export function fromSubAgent(message: { parent_tool_use_id: string | null }): {
  parent_tool_use_id?: string;
} {
  return message.parent_tool_use_id === null
    ? {}
    : { parent_tool_use_id: message.parent_tool_use_id };
}
