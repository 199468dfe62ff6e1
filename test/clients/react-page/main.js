// A page with the hooks, as a host writes it: through the proxy of a dev server, and in StrictMode.
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AgentClient } from 'nestjs-agent-webkit/client';
import {
  AgentProvider,
  useGenerativeUI,
  useRequests,
  useSession,
  useSessions,
} from 'nestjs-agent-webkit/react';

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

/** The props with which the components were drawn, since the page was loaded. */
globalThis.drawn = [];

function WeatherCard({ props, state }) {
  globalThis.drawn.push({ ...props, state });
  return h(
    'b',
    { className: 'weather', 'data-state': state },
    `${props.place}: ${props.temperature}`,
  );
}

/** Throws until the list is there. */
function BarChart({ props, state }) {
  const sum = props.bars.reduce((all, { value }) => all + value, 0);
  return h('b', { className: 'chart', 'data-state': state }, `${props.title}: ${sum}`);
}

const COMPONENTS = { weather_card: WeatherCard, bar_chart: BarChart };

function textOf(item) {
  if (item.kind === 'user') return `user: ${item.content} (${item.state})`;
  if (item.kind === 'assistant') return `agent: ${item.text}`;
  if (item.kind === 'tool') return `tool: ${item.name} ${item.result ? 'done' : 'runs'}`;
  return `error: ${item.code}`;
}

function Session({ id }) {
  const { status, items, requests, isRunning, connection, send } = useSession(id);
  const [draft, setDraft] = useState('');
  const ui = useGenerativeUI(COMPONENTS);
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
      items.map((item) => {
        const drawn = ui.render(item);
        const shown = drawn === undefined ? textOf(item) : drawn;
        return h('li', { key: `${item.kind} ${item.id}` }, shown);
      }),
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
