import type { ConnectionState } from '../client/stream-watch.js';

/** The connection's state in words. */
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
      return { label: 'Connecting…', detail: 'Waiting for the server’s answer.' };
    case 'open':
      return { label: 'Live', detail: 'What happens is shown as it happens.' };
    case 'lost':
      if (connection.attempts === 0) {
        return {
          label: 'Reconnecting…',
          detail: 'The connection was lost. Nothing is: it resumes where it was.',
        };
      }
      return {
        label: connection.status === null ? 'Server not reachable' : 'Server not ready',
        detail: `Tried ${connection.attempts} times; the next time is within 8 seconds. Nothing is lost: it resumes where it was.`,
      };
    default:
      connection satisfies never;
      return { label: '', detail: '' };
  }
}
