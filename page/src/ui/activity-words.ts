import type { Phase, RunningCall } from '../session/activity.js';
import type { Conversation } from '../session/conversation.js';
import { formatElapsed } from './format.js';
import { runningWords } from './running-words.js';

/**
 * Returns what the agent does or waits for, and for how long; null while it does nothing.
 *
 * @param now the time of the server, in milliseconds since 1970
 */
export function activityWords(conversation: Conversation, now: number): string | null {
  const { isRunning, isClosed, requests, queue, waitingSince } = conversation;
  const { phase, calls, starting } = conversation.activity;
  if (isClosed) return null;
  if (requests.length > 0) return `Waiting for you${after(waitingSince ?? 0, now)}`;
  if (!isRunning) {
    if (queue.length === 0) return null;
    return `Starting the agent${phase?.kind === 'starting' ? after(phase.since, now) : ''}`;
  }
  if (phase?.kind === 'retry') return retryWords(phase, now);
  if (phase?.kind === 'compacting') return `Summarizing the conversation${after(phase.since, now)}`;
  if (phase?.kind === 'signing-in') return `Obtaining new credentials${after(phase.since, now)}`;
  const call = calls.at(-1);
  if (call !== undefined) return callWords(call, calls.length - 1, now);
  const server = starting.at(-1);
  if (server !== undefined && (phase === null || phase.kind === 'model'))
    return `Starting MCP server ${server}${after(phase?.since ?? 0, now)}`;
  return phase === null ? 'Working' : `${phaseWords(phase)}${after(phase.since, now)}`;
}

function phaseWords(phase: Phase): string {
  switch (phase.kind) {
    case 'thinking':
      return phase.tokens === null
        ? 'Thinking'
        : `Thinking (about ${phase.tokens.toLocaleString('en')} tokens)`;
    case 'writing':
      return 'Writing';
    case 'calling':
      return `Preparing ${phase.tool}`;
    default:
      return 'Waiting for the model';
  }
}

function callWords({ tool, input, since }: RunningCall, others: number, now: number): string {
  const more = others === 0 ? '' : ` and ${others} more`;
  return `${runningWords(tool, input)}${more}${after(since, now)}`;
}

function retryWords(
  { attempt, max, reason, until }: Extract<Phase, { kind: 'retry' }>,
  now: number,
): string {
  const seconds = Math.ceil((until - now) / 1000);
  const when = until > 0 && seconds > 0 ? ` in ${formatElapsed(seconds * 1000)}` : '';
  const failure = `The model's API failed (${reason.replaceAll('_', ' ')}).`;
  return `${failure} Retry ${attempt} of ${max}${when}`;
}

/** Returns how long something has lasted, after a comma; nothing in its first second. */
function after(since: number, now: number): string {
  return since > 0 && now - since >= 1000 ? `, ${formatElapsed(now - since)}` : '';
}
