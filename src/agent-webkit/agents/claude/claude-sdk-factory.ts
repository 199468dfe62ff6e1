import type { AgentStart, EndedSession, SdkFactory } from '../../engine/agent-client.js';
import { ClaudeAgentClient } from './claude-agent-client.js';
import type { ClaudeConfiguration } from './claude-options.js';
import { loadSdk } from './claude-sdk.js';
import { missingCredentials } from './credentials.js';
import { forgetSession } from './session-files.js';

/**
 * Creates a factory of agents that are processes of Claude Code. The Claude Agent SDK is loaded when the
 * server starts. To customize the agents, wrap the factory or pass overrides:
 *
 * ```ts
 * claudeSdkFactory((start) => ({ mcpServers: { crm: crmServer(start.sessionId) } }))
 * ```
 */
export function claudeSdkFactory(overrides: ClaudeConfiguration = {}): SdkFactory {
  return Object.assign((start: AgentStart) => new ClaudeAgentClient(start, overrides), {
    forget: (session: EndedSession) => forgetSession(session, overrides),
    check: async () => {
      // Node never loads a module again that it could not read once, for want of file descriptors. Each
      // start of an agent reports any other failure.
      await loadSdk().catch(() => undefined);
      // What a function returns is known only when an agent starts.
      return typeof overrides === 'function' ? null : missingCredentials(overrides);
    },
  });
}
