import type { CanUseTool as SdkCanUseTool } from '@anthropic-ai/claude-agent-sdk';
import type { PermissionContext } from '../../engine/agent-client.js';

type SdkContext = Parameters<SdkCanUseTool>[2];

/** The fields of the SDK that are not for clients: the id of its own control request. */
type Internal = 'requestId';

/** The fields of the port that the agent does not send. */
type Added = 'stored';

/** The fields that clients receive. The compiler requires every field of the SDK that is not internal. */
const FIELDS = Object.keys({
  signal: true,
  toolUseID: true,
  agentID: true,
  suggestions: true,
  blockedPath: true,
  decisionReason: true,
  title: true,
  displayName: true,
  description: true,
  mcpServer: true,
  defaultToNo: true,
  suppressAlwaysAllowRule: true,
  matchedAskRule: true,
} satisfies Record<Exclude<keyof SdkContext | keyof PermissionContext, Internal | Added>, true>);

/** Picks the fields of the port. Other fields that a process sends are not meant for clients. */
export function permissionContext(context: SdkContext): PermissionContext {
  const picked = Object.entries(context).filter(
    ([field, value]) => value !== undefined && FIELDS.includes(field),
  );
  // All fields that the port requires are in the list.
  return Object.fromEntries(picked) as unknown as PermissionContext;
}
