import { useId, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import type { OpenRequest } from '../session/conversation.js';
import { InputFields } from './input-fields.js';
import { useReply } from './use-reply.js';

type Dialog = Extract<OpenRequest, { kind: 'dialog' }>;

/** The dialog of an agent whose model has refused: another model may continue. */
const REFUSAL = 'refusal_fallback_prompt';

/** A dialog of the agent. The card disappears when the request is resolved. */
export function DialogCard({ request, store }: { request: Dialog; store: SessionStore }) {
  const { correlation_id, dialog_kind: kind, payload } = request;
  const { send, isSending, problem, setProblem } = useReply();
  const [choice, setChoice] = useState('');
  const titleId = useId();
  const isRefusal = kind === REFUSAL;

  const reply = (result: unknown) =>
    send(() =>
      store.reply({ type: 'dialog_response', correlation_id, behavior: 'completed', result }),
    );
  const dismiss = () =>
    send(() => store.reply({ type: 'dialog_response', correlation_id, behavior: 'cancelled' }));
  const replyJson = () => {
    const result = parse(choice);
    if (result === undefined) setProblem('The result must be JSON.');
    else void reply(result);
  };

  return (
    <section className="card dialog" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>{isRefusal ? 'The model refused to answer' : 'The agent asks'}</h3>
        <span className="chip">{isRefusal ? text(payload['originalModel']) : kind}</span>
      </header>
      {isRefusal ? (
        <>
          <p>{`${text(payload['fallbackModel'])} can answer instead.`}</p>
          {text(payload['guidanceText']) === '' ? null : <p>{text(payload['guidanceText'])}</p>}
        </>
      ) : (
        <>
          <InputFields input={payload} />
          <label className="field">
            Result (JSON)
            <textarea
              className="code"
              rows={2}
              value={choice}
              onChange={(event) => setChoice(event.target.value)}
              spellCheck={false}
            />
          </label>
        </>
      )}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <fieldset className="actions" disabled={isSending} aria-label="Your answer">
        {isRefusal ? (
          <>
            <button
              type="button"
              className="primary"
              onClick={() => void reply('retry_fallback')}
            >{`Continue with ${text(payload['fallbackModel'])}`}</button>
            <button type="button" onClick={() => void reply('edit_prompt')}>
              Stop, to change the message
            </button>
          </>
        ) : (
          <button type="button" className="primary" onClick={replyJson}>
            Send
          </button>
        )}
        <button type="button" className="quiet" onClick={() => void dismiss()}>
          Dismiss
        </button>
      </fieldset>
    </section>
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined; // not JSON
  }
}
