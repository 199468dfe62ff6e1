import type { Query, query } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';
import { AgentFailure } from './agent-failure.js';
import type { AgentProcess } from './agent-process.js';

/** How long the SDK may take to deliver the remaining messages of a process that is gone. */
const DRAIN_MS = 5000;

const importSdk = () => import('@anthropic-ai/claude-agent-sdk');

/** Loads the SDK, which is an optional peer: a host with its own `sdkFactory` does not need it. */
export async function loadSdk(load: () => Promise<{ query: typeof query }> = importSdk) {
  try {
    return (await load()).query;
  } catch (cause) {
    if (!isModuleNotFound(cause)) throw cause;
    throw new AgentFailure(
      'The Claude Agent SDK is not installed on this server. ' +
        'Run `npm install @anthropic-ai/claude-agent-sdk`.',
      { cause },
    );
  }
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

/** Returns true for the message with which a process reports that the conversation to resume does not exist. */
export function isMissingConversation(message: SDKMessage): boolean {
  return (
    message.type === 'result' &&
    message.subtype !== 'success' &&
    message.errors.some((error) => error.startsWith('No conversation found'))
  );
}

/**
 * Ends the messages of a process that is gone, if they do not end by themselves. A descendant that
 * could not be ended may hold its output open.
 */
export function endMessages(messages: Query, { pipes: { stdout } }: AgentProcess): void {
  if (stdout.closed) return;
  const timer = setTimeout(() => {
    messages.close();
    stdout.destroy();
  }, DRAIN_MS);
  timer.unref();
  stdout.once('close', () => clearTimeout(timer));
}
