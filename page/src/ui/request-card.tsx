import type { SessionStore } from '../client/session-store.js';
import type { OpenRequest } from '../session/conversation.js';
import { DialogCard } from './dialog-card.js';
import { ElicitationCard } from './elicitation-card.js';
import { HookCard } from './hook-card.js';
import { PermissionCard } from './permission-card.js';
import { PLAN_TOOL } from './ask-words.js';
import { PlanCard } from './plan-card.js';
import { QuestionCard } from './question-card.js';

/** The card of any open request. */
export function RequestCard({ request, store }: { request: OpenRequest; store: SessionStore }) {
  switch (request.kind) {
    case 'permission':
      return request.tool_name === PLAN_TOOL ? (
        <PlanCard request={request} store={store} />
      ) : (
        <PermissionCard request={request} store={store} />
      );
    case 'question':
      return <QuestionCard request={request} store={store} />;
    case 'elicitation':
      return <ElicitationCard request={request} store={store} />;
    case 'dialog':
      return <DialogCard request={request} store={store} />;
    case 'hook':
      return <HookCard request={request} store={store} />;
    default:
      return request satisfies never;
  }
}
