import type { SessionContext } from '../../../src/agent-webkit/protocol/answers.js';
import { formatTokens } from './format.js';

/** How much of the model's context is in use. */
export function ContextMeter({ context }: { context: SessionContext | null }) {
  if (context === null || !(context.max_tokens > 0)) return null;
  const text = `${formatTokens(context.total_tokens)} of ${formatTokens(context.max_tokens)} tokens`;
  return (
    <span className="context" title={`Context of ${context.model}: ${text}`}>
      <meter
        aria-label={`Context: ${text}`}
        min={0}
        max={context.max_tokens}
        high={context.max_tokens * 0.8}
        value={context.total_tokens}
      />
      <span aria-hidden="true">{Math.round(context.percentage)} %</span>
    </span>
  );
}
