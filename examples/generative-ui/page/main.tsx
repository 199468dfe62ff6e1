import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AgentClient } from 'nestjs-agent-webkit/client';
import {
  type AgentComponentProps,
  AgentProvider,
  useGenerativeUI,
  useSession,
} from 'nestjs-agent-webkit/react';

const client = new AgentClient({ url: '/agents', token: location.hash.slice(1) });

interface Weather {
  place: string;
  temperature: number;
  condition?: string;
}

function WeatherCard({ props, state }: AgentComponentProps<Weather>) {
  return (
    <article className="weather" data-state={state}>
      <h2>{props.place ?? '…'}</h2>
      <p>{props.temperature === undefined ? '…' : `${props.temperature} °C`}</p>
      <p>{props.condition}</p>
    </article>
  );
}

interface Prices {
  plans: { name?: string; cents?: number }[];
}

function PriceTable({ props, state }: AgentComponentProps<Prices>) {
  return (
    <table className="prices" data-state={state}>
      <tbody>
        {props.plans?.map(({ name, cents }, index) => (
          <tr key={index}>
            <th>{name}</th>
            <td>{cents === undefined ? '…' : `${(cents / 100).toFixed(2)} €`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const COMPONENTS = { weather_card: WeatherCard, price_table: PriceTable };

function Conversation({ id }: { id: string }) {
  const { items, isRunning, send } = useSession(id);
  const ui = useGenerativeUI(COMPONENTS);
  return (
    <>
      {items.map((item) => {
        const drawn = ui.render(item);
        if (drawn !== undefined) return <div key={item.id}>{drawn}</div>;
        return item.kind === 'assistant' ? <p key={item.id}>{item.text}</p> : null;
      })}
      <button disabled={isRunning} onClick={() => void send('Show me the weather and the prices.')}>
        Show me the weather and the prices
      </button>
    </>
  );
}

function App() {
  const [id, setId] = useState<string | null>(null);
  useEffect(() => {
    // The session of this tab, also after a reload. The same key never creates two.
    const key = sessionStorage.getItem('key') ?? crypto.randomUUID();
    sessionStorage.setItem('key', key);
    void client
      .create({ include_partial_messages: true }, { key })
      .then(({ id: created }) => setId(created));
  }, []);
  return id === null ? <p>Loading</p> : <Conversation id={id} />;
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <AgentProvider client={client}>
      <App />
    </AgentProvider>,
  );
}
