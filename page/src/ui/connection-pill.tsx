import type { ConnectionState } from '../client/stream-watch.js';

/** Shows the state of the connection. */
export function ConnectionPill({ connection }: { connection: ConnectionState }) {
  const { label, detail } = describe(connection);
  return (
    <span className="pill" data-connection={connection.kind} role="status" title={detail}>
      <span className="pill-dot" aria-hidden="true" />
      {label}
    </span>
  );
}

export function describe(connection: ConnectionState): { label: string; detail: string } {
  switch (connection.kind) {
    case 'connecting':
      return { label: 'Connecting…', detail: 'Waiting for the server to respond.' };
    case 'open':
      return { label: 'Live', detail: 'New events are shown as they arrive.' };
    case 'lost':
      if (connection.attempts === 0) {
        return {
          label: 'Reconnecting…',
          detail: 'The connection was lost. The page reconnects without losing events.',
        };
      }
      return {
        label: connection.status === null ? 'Server unreachable' : 'Server not ready',
        detail: `${connection.attempts} failed attempts. The page retries within 8 seconds and reconnects without losing events.`,
      };
    default:
      connection satisfies never;
      return { label: '', detail: '' };
  }
}
