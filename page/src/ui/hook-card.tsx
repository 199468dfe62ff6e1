import { useId, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import type { OpenRequest } from '../session/conversation.js';
import { InputFields } from './input-fields.js';
import { useReply } from './use-reply.js';

type Hook = Extract<OpenRequest, { kind: 'hook' }>;

const TITLES: Readonly<Record<string, string>> = {
  PreToolUse: 'May the agent use this tool?',
  UserPromptSubmit: 'May the agent receive this message?',
  PreCompact: 'May the conversation be summarized?',
};

/** The decision that a hook of the host leaves to the user. The card disappears when the request is resolved. */
export function HookCard({ request, store }: { request: Hook; store: SessionStore }) {
  const { correlation_id, hook_event: event, hook_input: input } = request;
  const { send, isSending, problem } = useReply();
  const [reason, setReason] = useState('');
  const titleId = useId();
  const { tool_name: tool, tool_input: toolInput } = input;

  const reply = (fields: { behavior: 'allow' } | { behavior: 'deny'; message?: string }) =>
    send(() => store.reply({ type: 'hook_decision_response', correlation_id, ...fields }));
  const deny = () => {
    const message = reason.trim();
    return reply({ behavior: 'deny', ...(message !== '' && { message }) });
  };

  return (
    <section className="card hook" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>{TITLES[event] ?? 'A decision is needed'}</h3>
        <span className="chip">{typeof tool === 'string' ? tool : event}</span>
      </header>
      <InputFields input={isFields(toolInput) ? toolInput : input} />
      <label className="field">
        Reason of a denial (shown to the agent)
        <input
          type="text"
          value={reason}
          maxLength={1000}
          onChange={(change) => setReason(change.target.value)}
        />
      </label>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <fieldset className="actions" disabled={isSending} aria-label="Your answer">
        <button type="button" className="primary" onClick={() => void reply({ behavior: 'allow' })}>
          Allow
        </button>
        <button type="button" onClick={() => void deny()}>
          Deny
        </button>
      </fieldset>
    </section>
  );
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
