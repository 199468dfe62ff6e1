import { useId, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import { explain } from '../client/words.js';
import type { OpenRequest } from '../session/conversation.js';
import { useConfirmKey } from './confirm-key.js';
import { EscalationNote } from './escalation-note.js';
import { Markdown } from './markdown.js';
import { describeSuggestion, forThisSession } from './suggestions.js';

type Permission = Extract<OpenRequest, { kind: 'permission' }>;

const KEEP_PLANNING = 'Keep planning. Do not begin yet.';
const WRITE_AGAIN = 'I cannot see your plan. Write it to the plan file again, then ask again.';

/** The plan of an agent, to approve or to send back. */
export function PlanCard({ request, store }: { request: Permission; store: SessionStore }) {
  const { correlation_id: id, input, context } = request;
  const [wish, setWish] = useState('');
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const titleId = useId();
  const plan = typeof input['plan'] === 'string' ? input['plan'].trim() : '';
  // A plan that the user cannot see is not to be approved.
  const isMissing = plan === '';
  const suggestions = isMissing ? [] : forThisSession(context['suggestions']);

  const reply = (send: () => Promise<void>) => {
    setSending(true);
    setProblem(null);
    send().catch((error: unknown) => {
      setProblem(explain(error));
      setSending(false);
    });
  };
  const keepPlanning = () =>
    reply(() =>
      store.deny(id, { message: wish.trim() || (isMissing ? WRITE_AGAIN : KEEP_PLANNING) }),
    );

  const approve = () => reply(() => store.allow(id));
  const card = useConfirmKey(() => {
    if (!isSending && !isMissing && wish.trim() === '') approve();
  });

  return (
    <section ref={card} className="card permission plan" aria-labelledby={titleId} tabIndex={-1}>
      <header>
        <h3 id={titleId}>The agent asks to carry out its plan</h3>
        <span className="chip">Plan</span>
      </header>
      <EscalationNote to={request.escalatedTo} />
      {isMissing ? (
        <p className="problem">
          The server does not have the plan, so you cannot approve it. Ask the agent to write it
          again.
        </p>
      ) : (
        <div className="plan-text" tabIndex={0} role="region" aria-label="Plan">
          <Markdown text={plan} />
        </div>
      )}
      <label className="field">
        What to change (shown to the agent if it keeps planning)
        <textarea rows={2} value={wish} onChange={(event) => setWish(event.target.value)} />
      </label>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <fieldset className="actions" disabled={isSending} aria-label="Your answer">
        {isMissing ? null : (
          <button type="button" className="primary" onClick={approve}>
            Approve <kbd>Ctrl Enter</kbd>
          </button>
        )}
        {suggestions.map((suggestion, index) => (
          <button
            type="button"
            key={index}
            onClick={() => reply(() => store.allow(id, { updatedPermissions: [suggestion] }))}
          >
            Approve and {describeSuggestion(suggestion)}
          </button>
        ))}
        <button type="button" className={isMissing ? 'primary' : undefined} onClick={keepPlanning}>
          {isMissing ? 'Ask for the plan' : 'Keep planning'}
        </button>
      </fieldset>
    </section>
  );
}
