import { useId } from 'react';
import type { OpenRequest } from '../session/conversation.js';
import { askWords } from './ask-words.js';
import { readQuestions } from './questions.js';
import { ToolInputView } from './tool-input-view.js';

/** A request that others have to answer. */
export function UnanswerableCard({ request }: { request: OpenRequest }) {
  const titleId = useId();
  return (
    <section className="card" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>{titleOf(request)}</h3>
      </header>
      {request.kind === 'permission' ? (
        <ToolInputView tool={request.tool_name} input={request.input} />
      ) : null}
      <p className="hint">Only the owner and its approvers can answer.</p>
    </section>
  );
}

function titleOf(request: OpenRequest): string {
  switch (request.kind) {
    case 'permission':
      return askWords(request.tool_name, request.input);
    case 'question':
      return readQuestions(request.questions)[0]?.question || 'The agent has a question';
    case 'elicitation':
      return `${request.server_name} asks for input`;
    case 'dialog':
      return 'The agent asks for a choice';
    case 'hook':
      return 'A hook asks for a decision';
    default:
      return request satisfies never;
  }
}
