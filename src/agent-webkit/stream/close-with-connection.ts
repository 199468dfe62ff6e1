import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';

type Connection = IncomingMessage['socket'];

/** The members by which a response of Node.js tells whether it waits for others on its connection. */
export interface ConnectedResponse extends Writable {
  /** Null while the response waits for those before it. */
  readonly socket?: Connection | null;
  readonly req?: IncomingMessage;
}

/** The responses that wait, by connection. Each has one listener, however many requests it pipelines. */
const waiting = new WeakMap<Connection, Set<ConnectedResponse>>();

/**
 * Closes a response with its connection. Node does that for the response that is being sent. A client can
 * pipeline further requests on the connection: their responses wait, and would never be closed.
 */
export function closeWithConnection(response: ConnectedResponse): void {
  const connection = response.req?.socket;
  if (response.socket !== null || connection === undefined) return;
  if (connection.destroyed) {
    response.destroy();
    return;
  }
  const responses = waiting.get(connection) ?? watch(connection);
  responses.add(response);
  response.once('close', () => responses.delete(response));
}

function watch(connection: Connection): Set<ConnectedResponse> {
  const responses = new Set<ConnectedResponse>();
  waiting.set(connection, responses);
  connection.once('close', () => {
    for (const response of responses) {
      if (response.socket !== null) continue;
      response.destroy();
      response.emit('close');
    }
  });
  return responses;
}
