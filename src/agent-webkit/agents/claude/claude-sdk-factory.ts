import type { AgentStart, EndedSession, SdkFactory } from '../../engine/agent-client.js';
import { ClaudeAgentClient } from './claude-agent-client.js';
import type { ClaudeConfiguration } from './claude-options.js';
import { missingCredentials } from './credentials.js';
import { forgetSession } from './session-files.js';

/**
 * Creates a factory of agents that are processes of Claude Code. It loads the Claude Agent SDK when
 * the first agent starts. To customize the agents, wrap the factory or pass overrides:
 *
 * ```ts
 * claudeSdkFactory((start) => ({ mcpServers: { crm: crmServer(start.sessionId) } }))
 * ```
 */
export function claudeSdkFactory(overrides: ClaudeConfiguration = {}): SdkFactory {
  return Object.assign((start: AgentStart) => new ClaudeAgentClient(start, overrides), {
    forget: (session: EndedSession) => forgetSession(session, overrides),
    // What a function returns is known only when an agent starts.
    check: async () => (typeof overrides === 'function' ? null : missingCredentials(overrides)),
  });
}
