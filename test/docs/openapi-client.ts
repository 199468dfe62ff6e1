/**
 * A program as a page would have it, against the types that openapi-typescript generates from the
 * description: it starts a session, reads its events, and answers its requests.
 */
export const PROGRAM = `
import type { components, paths } from './api.js';

type Schemas = components['schemas'];
type Refusal = Schemas['AgentWebkitRefusal'];
type Listed = paths['/sessions']['get']['responses'][200]['content']['application/json'];
type Event = paths['/sessions/{id}/stream']['get']['responses'][200]['content']['text/event-stream'];

const url = process.argv[2] ?? '';
const headers = { authorization: \`Bearer \${process.argv[3]}\`, 'content-type': 'application/json' };

async function request<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const init = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as Answer;
  const { code, message }: Refusal = JSON.parse(text);
  throw new Error(code === 'session_not_found' ? 'Create a new session.' : \`\${code}: \${message}\`);
}

const create: Schemas['AgentWebkitCreateSession'] = { include_partial_messages: true };
const { session_id: id } = await request<Schemas['AgentWebkitCreatedSession']>('POST', '/sessions', create);
const send = (message: Schemas['AgentWebkitInboundMessage']) =>
  request<void>('POST', \`/sessions/\${id}/input\`, message);

let shown = '';
let turns = 0;
async function show(received: Event): Promise<void> {
  switch (received.event) {
    case 'message_delta':
      if (received.data.delta.type === 'text') shown += received.data.delta.text;
      else shown += received.data.delta.partial_json;
      break;
    case 'permission_request': {
      const { correlation_id, tool_name, input } = received.data;
      await send({
        type: 'permission_response',
        correlation_id,
        behavior: 'allow',
        updated_input: { ...input, command: \`echo \${tool_name}\` },
        updated_permissions: [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }],
      });
      break;
    }
    case 'ask_user_question':
      await send({
        type: 'question_response',
        correlation_id: received.data.correlation_id,
        answers: { 'Which color do you like best?': 'Green', 'What are you building?': 'A service' },
      });
      break;
    case 'request_resolved':
      shown += received.data.outcome === 'allowed' ? '[allowed]' : '[other]';
      break;
    case 'result':
      shown += received.data.is_error ? received.data.errors?.join() : \`[\${received.data.total_cost_usd.toFixed(3)}]\`;
      turns += 1;
      break;
    case 'error':
      throw new Error(\`\${received.data.code} at \${received.data.time}: \${received.data.message}\`);
  }
}

await send({ type: 'user_message', content: 'permission' });
await send({ type: 'user_message', content: [{ type: 'text', text: 'question' }] });
for (let after = 0; turns < 2; ) {
  const { events } = await request<Schemas['AgentWebkitEventsPage']>('GET', \`/sessions/\${id}/events?after=\${after}\`);
  for (const event of events) {
    await show(event);
    after = event.id;
  }
}
const { sessions } = await request<Listed>('GET', '/sessions');
for (const { pending } of sessions) {
  for (const open of pending) {
    if (open.event === 'permission_request') shown += Object.keys(open.context).join();
    else if (open.event === 'ask_user_question') shown += Object.keys(open.questions).join();
  }
}
console.log(shown);
`;

/** Lines that must not compile: each a mistake that the types are there to find. */
export const MISTAKES = [
  `const noEvent = (event: Event) => event.event === 'message_deltas';`,
  `const noField = (event: Event) => event.event === 'result' && event.data.total_cost;`,
  `const noOutcome: Schemas['AgentWebkitRequestOutcome'] = 'approved';`,
  `const noCode = (refusal: Refusal) => refusal.code === 'not_there';`,
  `const noType = () => send({ type: 'user_massage', content: '' });`,
  `const noContent = () => send({ type: 'user_message' });`,
  `const noReply = () => send({ type: 'permission_response', correlation_id: '', behavior: 'maybe' });`,
] as const;
