import type { AgentStart, EndedSession, SdkFactory } from '../../engine/agent-client.js';
import { SandboxUnavailableError } from '../../engine/errors.js';
import { ClaudeAgentClient } from './claude-agent-client.js';
import type { ClaudeConfiguration } from './claude-options.js';
import { loadSdk } from './claude-sdk.js';
import { missingCredentials } from './credentials.js';
import { forgetSession } from './session-files.js';
import { hasTurn } from './present-branch.js';
import { findReceived } from './received-messages.js';
import { walledWarning } from './walled-refusal.js';

/**
 * Creates a factory of agents that are processes of Claude Code. The Claude Agent SDK is loaded when the
 * server starts. To customize the agents, wrap the factory or pass overrides:
 *
 * ```ts
 * claudeSdkFactory((start) => ({ mcpServers: { crm: crmServer(start.sessionId) } }))
 * ```
 */
export function claudeSdkFactory(overrides: ClaudeConfiguration = {}): SdkFactory {
  const startAgent = (start: AgentStart) => {
    if (start.wallsRequired && !start.walls) throw new SandboxUnavailableError();
    return new ClaudeAgentClient(start, overrides);
  };
  return Object.assign(startAgent, {
    usesWalls: true,
    forget: (session: EndedSession) => forgetSession(session, overrides),
    findMessages: findReceived,
    hasTurn,
    check: async (hasWalls?: boolean) => {
      // Node never loads a module again that it could not read once, for want of file descriptors. Each
      // start of an agent reports any other failure.
      await loadSdk().catch(() => undefined);
      // What a function returns is known only when an agent starts.
      if (typeof overrides === 'function') return null;
      return hasWalls ? walledWarning(overrides) : missingCredentials(overrides);
    },
  });
}
