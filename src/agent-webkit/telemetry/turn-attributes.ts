import type { Attributes } from '@opentelemetry/api';
import type { EventPayloads } from '../protocol/events.js';
import type { TracedSession } from '../engine/turn-tracer.js';

/** Returns the attributes of every span of a session. */
export function sessionAttributes({ id, owner }: TracedSession): Attributes {
  return {
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.conversation.id': id,
    'agent_webkit.session.owner': owner,
  };
}

/** Returns the attributes of a turn that ended: its tokens, its cost and how it ended, and nothing that anyone wrote. */
export function resultAttributes(result: EventPayloads['result']): Attributes {
  const models = Object.values(result.model_usage ?? {});
  const sum = (key: keyof (typeof models)[number]) =>
    models.reduce((total, usage) => total + usage[key], 0);
  const cached = sum('cache_read_input_tokens');
  const created = sum('cache_creation_input_tokens');
  return {
    'agent_webkit.turn.subtype': result.subtype,
    'agent_webkit.turn.cost_usd': result.total_cost_usd,
    'agent_webkit.turn.model_requests': result.num_turns,
    ...(result.stop_reason && { 'gen_ai.response.finish_reasons': [result.stop_reason] }),
    ...(models.length > 0 && {
      'gen_ai.usage.input_tokens': sum('input_tokens') + cached + created,
      'gen_ai.usage.output_tokens': sum('output_tokens'),
      'gen_ai.usage.cache_read.input_tokens': cached,
      'gen_ai.usage.cache_creation.input_tokens': created,
    }),
  };
}
