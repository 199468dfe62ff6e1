import type { ListedRequest } from '../../../src/agent-webkit/protocol/answers.js';
import { waitingWords } from './ask-words.js';
import { describeApprovals } from './approvals.js';
import { formatAgo } from './format.js';
import { readQuestions } from './questions.js';
import type { OpenRequests } from './use-requests.js';
import { titleOf, type Titles } from './titles.js';

interface InboxProps extends OpenRequests {
  /** The session that is shown. */
  selected: string | null;
  titles: Titles;
  now: number;
  onOpen: (request: ListedRequest) => void;
}

/** The requests of all sessions that wait for the user, the oldest first. */
export function Inbox({ requests, hasMore, selected, titles, now, onOpen }: InboxProps) {
  if (requests.length === 0) return null;
  return (
    <section className="inbox" aria-label="Open requests">
      <h3>
        Needs you <span className="badge">{countOf({ requests, hasMore })}</span>
      </h3>
      <ul>
        {requests.map((request) => (
          <li key={`${request.session_id} ${request.correlation_id}`}>
            <button
              type="button"
              className="inbox-item"
              aria-current={request.session_id === selected ? 'true' : undefined}
              onClick={() => onOpen(request)}
            >
              <span className="session-title">{describeRequest(request)}</span>
              <ApprovalsOf request={request} />
              <span className="session-facts">
                <span className="inbox-session">{titleOf(request.session_id, titles)}</span>
                <span>{formatAgo(request.opened_at, now)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Says who has approved a request that needs several approvals; nothing for any other request. */
function ApprovalsOf({ request }: { request: ListedRequest }) {
  if (request.event !== 'permission_request' || !request.approvals) return null;
  const { approvals, approved_by: approvedBy } = request;
  return <span className="session-facts">{describeApprovals(approvals.required, approvedBy)}</span>;
}

/** Returns the number of open requests; with a plus when there are more. */
export function countOf({ requests, hasMore }: OpenRequests): string {
  return `${requests.length}${hasMore ? '+' : ''}`;
}

/** Returns one line about a request. */
export function describeRequest(request: ListedRequest): string {
  switch (request.event) {
    case 'permission_request': {
      const { title } = request.context;
      return typeof title === 'string' && title !== ''
        ? title
        : waitingWords(request.tool_name, request.input);
    }
    case 'ask_user_question':
      return readQuestions(request.questions)[0]?.question || 'The agent has a question';
    case 'elicitation_request':
      return `${request.server_name} asks for input`;
    case 'dialog_request':
      return 'The agent asks for a choice';
    case 'hook_decision_request':
      return 'A hook asks for a decision';
    default:
      return request satisfies never;
  }
}
