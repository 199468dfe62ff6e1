import { type KeyboardEvent, useId, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import { explain } from '../client/words.js';
import type { OpenRequest } from '../session/conversation.js';
import { askWords } from './ask-words.js';
import { describeApprovals } from './approvals.js';
import { EscalationNote } from './escalation-note.js';
import { describeSuggestion, forThisSession } from './suggestions.js';
import { toJson } from './payload.js';
import { ToolInputView } from './tool-input-view.js';
import { useConfirmKey } from './confirm-key.js';

type Permission = Extract<OpenRequest, { kind: 'permission' }>;
type Step = 'choose' | 'edit' | 'deny';

const KEYS: Readonly<Record<string, 'allow' | Step>> = { a: 'allow', e: 'edit', d: 'deny' };

/** A permission request of the agent. The card disappears when the request is resolved. */
export function PermissionCard({ request, store }: { request: Permission; store: SessionStore }) {
  const { correlation_id: id, tool_name: tool, input, context, approvals, approvedBy } = request;
  const [step, setStep] = useState<Step>('choose');
  const [edited, setEdited] = useState(() => toJson(input));
  const [reason, setReason] = useState('');
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const titleId = useId();
  const suggestions =
    context['suppress_always_allow_rule'] === true || approvals !== undefined
      ? []
      : forThisSession(context['suggestions']);
  const mustBeDeliberate = context['default_to_no'] === true;

  const reply = async (send: () => Promise<void>) => {
    setSending(true);
    setProblem(null);
    try {
      await send();
      // A request that needs more approvals stays.
      if (approvals !== undefined) setSending(false);
    } catch (error) {
      setProblem(explain(error));
      setSending(false);
    }
  };
  const allow = () => reply(() => store.allow(id));
  const allowEdited = () => {
    const updatedInput = parseObject(edited);
    if (updatedInput === null) setProblem('The input must be a JSON object.');
    else void reply(() => store.allow(id, { updatedInput }));
  };
  const deny = (interrupt: boolean) => {
    const message = reason.trim() || 'The user does not want this.';
    return reply(() => store.deny(id, interrupt ? { message, interrupt } : { message }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && step !== 'choose') {
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      setStep('choose');
      return;
    }
    const isTyping =
      event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
    if (isTyping || isSending || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = KEYS[event.key.toLowerCase()];
    if (action === undefined || step !== 'choose') return;
    if (action === 'allow' && mustBeDeliberate) return;
    event.preventDefault();
    if (action === 'allow') void allow();
    else setStep(action);
  };

  const card = useConfirmKey(() => {
    if (isSending) return;
    if (step === 'edit') allowEdited();
    else if (step === 'deny') void deny(false);
    else if (!mustBeDeliberate) void allow();
  });

  return (
    <section
      ref={card}
      className="card permission"
      aria-labelledby={titleId}
      onKeyDown={onKeyDown}
      tabIndex={-1}
    >
      <header>
        <h3 id={titleId}>{text(context['title']) ?? askWords(tool, input)}</h3>
        <span className="chip">{tool}</span>
      </header>
      {[context['description'], context['decision_reason']].map((said, index) =>
        text(said) === null ? null : <p key={index}>{text(said)}</p>,
      )}
      {text(context['blocked_path']) === null ? null : (
        <p>
          Path: <code>{text(context['blocked_path'])}</code>
        </p>
      )}
      {mcpServer(context['mcp_server']) === null ? null : (
        <p>
          MCP server: <code>{mcpServer(context['mcp_server'])}</code>
        </p>
      )}
      {approvals === undefined ? null : (
        <p>{describeApprovals(approvals.required, approvedBy)}. One denial decides.</p>
      )}
      <EscalationNote to={request.escalatedTo} />
      {step === 'edit' ? (
        <label className="field">
          Input (JSON)
          <textarea
            className="code"
            rows={Math.min(14, edited.split('\n').length + 1)}
            value={edited}
            onChange={(event) => setEdited(event.target.value)}
            spellCheck={false}
            autoFocus
          />
        </label>
      ) : (
        <ToolInputView tool={tool} input={input} />
      )}
      {step === 'deny' ? (
        <label className="field">
          Reason (shown to the agent)
          <textarea
            rows={2}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            autoFocus
          />
        </label>
      ) : null}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <fieldset className="actions" disabled={isSending} aria-label="Your answer">
        {step === 'choose' ? (
          <>
            <button
              type="button"
              className={mustBeDeliberate ? undefined : 'primary'}
              onClick={() => void allow()}
            >
              Allow {mustBeDeliberate ? null : <kbd>Ctrl Enter</kbd>}
            </button>
            <button type="button" onClick={() => setStep('edit')}>
              Edit and allow <kbd>E</kbd>
            </button>
            {suggestions.length === 0 ? null : (
              <button
                type="button"
                onClick={() =>
                  void reply(() => store.allow(id, { updatedPermissions: suggestions }))
                }
                title={suggestions.map(describeSuggestion).join('\n')}
              >
                Always allow
              </button>
            )}
            <button type="button" onClick={() => setStep('deny')}>
              Deny <kbd>D</kbd>
            </button>
          </>
        ) : null}
        {step === 'edit' ? (
          <button type="button" className="primary" onClick={allowEdited}>
            Allow with this input
          </button>
        ) : null}
        {step === 'deny' ? (
          <>
            <button type="button" className="danger" onClick={() => void deny(false)}>
              Deny
            </button>
            <button type="button" onClick={() => void deny(true)}>
              Deny and stop the turn
            </button>
          </>
        ) : null}
        {step === 'choose' ? null : (
          <button type="button" className="quiet" onClick={() => setStep('choose')}>
            Back
          </button>
        )}
      </fieldset>
      {suggestions.length > 0 && step === 'choose' ? (
        <p className="hint">
          Always, in this session: {suggestions.map(describeSuggestion).join('; ')}
        </p>
      ) : null}
    </section>
  );
}

function mcpServer(server: unknown): string | null {
  if (typeof server !== 'object' || server === null || !('name' in server)) return null;
  return text(server.name);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : null;
  } catch {
    return null; // not JSON
  }
}
