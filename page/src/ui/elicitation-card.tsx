import { type FormEvent, useId, useState } from 'react';
import type { ElicitationResponse } from '../../../src/agent-webkit/protocol/inbound.js';
import type { SessionStore } from '../client/session-store.js';
import type { OpenRequest } from '../session/conversation.js';
import { FormFieldInput } from './form-fields.js';
import { type FormValue, readForm, toContent } from './form.js';
import { useReply } from './use-reply.js';

type Elicitation = Extract<OpenRequest, { kind: 'elicitation' }>;

/** The request of an MCP server: a form, or a page to visit. The card disappears when the request is resolved. */
export function ElicitationCard({ request, store }: { request: Elicitation; store: SessionStore }) {
  const { correlation_id, server_name: server, message, url } = request;
  const fields = readForm(request.requested_schema);
  const [values, setValues] = useState<Readonly<Record<string, FormValue>>>({});
  const { send, isSending, problem } = useReply();
  const titleId = useId();

  const reply = (choice: Pick<ElicitationResponse, 'action' | 'content'>) =>
    send(() => store.reply({ type: 'elicitation_response', correlation_id, ...choice }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void reply({ action: 'accept', content: toContent(fields, values) });
  };
  const open = () => {
    window.open(url, '_blank', 'noopener,noreferrer');
    void reply({ action: 'accept' });
  };

  return (
    <section className="card elicitation" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>
          {request.title ??
            (url === undefined
              ? 'An MCP server asks for input'
              : 'An MCP server asks you to visit a page')}
        </h3>
        <span className="chip">{server}</span>
      </header>
      {request.description === undefined ? null : <p>{request.description}</p>}
      <p className="elicitation-message">{message}</p>
      {url === undefined ? null : (
        <>
          <p>
            Site: <strong>{new URL(url).host}</strong>
          </p>
          <code className="elicitation-url">{url}</code>
          <p className="hint">
            Open the page only if you trust the site. The agent does not see your input there.
          </p>
        </>
      )}
      <form onSubmit={submit}>
        {fields.map((field) => (
          <FormFieldInput
            key={field.name}
            field={field}
            value={values[field.name] ?? field.initial}
            onChange={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
        {problem === null ? null : (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <fieldset className="actions" disabled={isSending} aria-label="Your answer">
          {url === undefined ? (
            <button type="submit" className="primary">
              Send to {server}
            </button>
          ) : (
            <button type="button" className="primary" onClick={open}>
              Open the page
            </button>
          )}
          <button type="button" onClick={() => void reply({ action: 'decline' })}>
            Decline
          </button>
          <button type="button" className="quiet" onClick={() => void reply({ action: 'cancel' })}>
            Dismiss
          </button>
        </fieldset>
      </form>
    </section>
  );
}
