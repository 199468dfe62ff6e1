// A page with the hooks, as a host writes it: through the proxy of a dev server, and in StrictMode.
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AgentClient } from 'nestjs-agent-webkit/client';
import { AgentProvider, useRequests, useSession, useSessions } from 'nestjs-agent-webkit/react';

const { searchParams } = new URL(location.href);
const client = new AgentClient({
  url: '/agents',
  transport: searchParams.get('transport') ?? 'stream',
  backoff: { minMs: 50, maxMs: 200 },
  // The proxy does not end its responses when the server is killed.
  silenceMs: 3000,
});

/** Every request that was ever on the screen, since the page was loaded. */
globalThis.seen = [];

function Request({ request }) {
  globalThis.seen.push(request.id);
  return h('button', { className: 'allow', onClick: () => request.allow() }, request.id);
}

function textOf(item) {
  if (item.kind === 'user') return `user: ${item.content} (${item.state})`;
  if (item.kind === 'assistant') return `agent: ${item.text}`;
  if (item.kind === 'tool') return `tool: ${item.name} ${item.result ? 'done' : 'runs'}`;
  return `error: ${item.code}`;
}

function Session({ id }) {
  const { status, items, requests, isRunning, connection, send } = useSession(id);
  const [draft, setDraft] = useState('');
  const submit = (event) => {
    event.preventDefault();
    setDraft('');
    void send(draft);
  };
  return h(
    'section',
    null,
    h('p', { id: 'status' }, `${status} ${connection.state} ${isRunning ? 'running' : 'idle'}`),
    h(
      'ol',
      { id: 'items' },
      items.map((item) => h('li', { key: `${item.kind} ${item.id}` }, textOf(item))),
    ),
    h(
      'div',
      { id: 'requests' },
      requests.map((request) => h(Request, { key: request.id, request })),
    ),
    h(
      'form',
      { onSubmit: submit },
      h('input', { value: draft, onChange: (event) => setDraft(event.target.value) }),
    ),
  );
}

function Overview() {
  const { sessions } = useSessions();
  const { requests } = useRequests();
  return h(
    'nav',
    null,
    h('p', { id: 'sessions' }, sessions.map((one) => `${one.title}: ${one.state}`).join(', ')),
    h('p', { id: 'open' }, `${requests.length} open`),
  );
}

const id = searchParams.get('session');
createRoot(document.getElementById('root')).render(
  h(
    StrictMode,
    null,
    h(
      AgentProvider,
      { client },
      h(Overview),
      h(Session, { id }),
      h(() => h('i', null, useSession(id).status)),
    ),
  ),
);
