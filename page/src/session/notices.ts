import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';

/** Returns the lasting note that an event leaves in the conversation; null if there is none. */
export function describeNotice(event: DeliveredEvent): string | null {
  switch (event.event) {
    case 'rate_limit':
      return rateLimit(event.data);
    case 'compaction_end':
      return compaction(event.data);
    case 'permission_denied': {
      const { tool_name: tool, reason } = event.data;
      return `${tool} was denied without a request${reason === undefined ? '.' : `: ${reason}`}`;
    }
    case 'notification':
      return event.data.text;
    case 'model_refusal': {
      const { model, fallback_model: fallback } = event.data;
      return `The model ${model} refused to answer.${fallback === null ? '' : ` The agent asks ${fallback}.`}`;
    }
    case 'tool_use_summary':
      return event.data.summary;
    case 'elicitation_complete':
      return `${event.data.server_name}: you have finished at its page.`;
    default:
      return null;
  }
}

type DataOf<Name extends DeliveredEvent['event']> = Extract<
  DeliveredEvent,
  { event: Name }
>['data'];

function rateLimit({ status, kind, resets_at: resetsAt }: DataOf<'rate_limit'>): string | null {
  if (status === 'allowed') return null;
  const limit = kind === undefined ? '' : ` (${inWords(kind)})`;
  const reset =
    resetsAt === undefined ? '' : ` It is reset at ${new Date(resetsAt).toLocaleString()}.`;
  return status === 'rejected'
    ? `The rate limit${limit} is reached.${reset}`
    : `The rate limit${limit} is almost reached.${reset}`;
}

function compaction({
  outcome,
  tokens_before: before,
  tokens_after: after,
  message,
}: DataOf<'compaction_end'>): string {
  if (outcome === 'cancelled') return 'The summary of the conversation was cancelled.';
  if (outcome === 'failed')
    return `The conversation could not be summarized${message === undefined ? '.' : `: ${message}`}`;
  const tokens =
    before === undefined || after === undefined ? '' : `: ${before} tokens became ${after}`;
  return `The conversation was summarized${tokens}.`;
}

function inWords(kind: string): string {
  return kind.replaceAll('_', ' ');
}
